# The only entry for people and CI alike. `make` prints the targets.
.DEFAULT_GOAL := help
SHELL := /bin/sh

# Python 3.11 or 3.12 first: the embedded Redis has wheels for these.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
ARGS ?=

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --custom-compile-command "make lock" pyproject.toml

.PHONY: lock
lock: .venv/dev ## Pin the newest versions that pyproject.toml allows
	$(LOCK) --upgrade --extra local --group dev -o requirements-dev.lock
	$(LOCK) --extra local --group build -c requirements-dev.lock -o requirements-local.lock
	$(LOCK) -c requirements-dev.lock -o requirements.lock
