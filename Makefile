# Everything that people and CI run. `make` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/sh
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

# The newest Python that there is; any from 3.11 on will do.
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
PACKAGES := $(patsubst %/__init__.py,%,$(wildcard */__init__.py))
# Options that a target passes on: make run ARGS="--port 9000 --validators 2"
ARGS ?=
# Linters of the AsyncAPI document, where Node is installed; the tests' summary says when it is not.
NODE_TOOLS := $(shell node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null \
	&& command -v npm >/dev/null && echo node_modules/.stamp)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: install
install: .venv/run ## Install what is needed to run everything on this machine

.PHONY: run
run: .venv/run ## Run everything on this machine until Ctrl-C  (ARGS="--port 9000 --validators 2 --data DIR")
	@$(MAKE) --no-print-directory assets || echo "Starting without the viewers of /asyncapi and /docs." >&2
	@$(BIN)/hdv up $(ARGS)

.PHONY: service
service: .venv/run ## Run one service, restarted when its code changes  (NAME=gateway, validator, descriptor, status)
	@test -n "$(NAME)" || { echo "make: say which one: make service NAME=gateway" >&2; exit 1; }
	HDV_LOG_FORMAT=console HDV_LOG_EXCEPTION_TEXTS=true $(BIN)/python -m $(NAME) --reload

.PHONY: test
test: lint $(NODE_TOOLS) ## Check and test everything  (ARGS="-k upload" for a part)
	@$(MAKE) --no-print-directory assets
	$(BIN)/pytest --numprocesses auto $(ARGS)

.PHONY: unit
unit: .venv/dev ## Run the tests that need no server, in about a minute  (ARGS="-k upload" for a part)
	$(BIN)/pytest --numprocesses auto tests/unit tests/contract $(ARGS)

.PHONY: integration
integration: .venv/dev $(NODE_TOOLS) ## Run the other tests: real processes on a real Valkey
	@$(MAKE) --no-print-directory assets
	$(BIN)/pytest --numprocesses auto tests/integration tests/browser tests/fuzz $(ARGS)

.PHONY: test-faults
test-faults: .venv/dev ## Kill, freeze, fill, cut under load; nothing may be lost  (ARGS="-k flushall --seed 7 --studies 300 --rounds 10")
	$(BIN)/pytest tests/faults --studies 300 $(ARGS)

.PHONY: soak
soak: .venv/dev ## Run under load for a long time; nothing may grow  (ARGS="--minutes 120")
	$(BIN)/pytest tests/faults -k soak --minutes 30 $(ARGS)

.PHONY: lint
lint: .venv/dev spec-check types ## Check style, types, imports and that the events stay compatible
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

.PHONY: types
types: .venv/dev ## Check types
	$(BIN)/mypy .

.PHONY: format
format: .venv/dev ## Format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: spec
spec: .venv/run ## Write asyncapi/asyncapi.yaml from the code
	$(BIN)/python -m tools.spec

.PHONY: spec-check
spec-check: .venv/dev ## Check that the events are compatible with the last release
	@$(BIN)/python -m tools.spec check

.PHONY: docs
docs: .venv/run ## Write docs/rules.md, relations.md, problems.md, settings.md and each config.json from the code
	@$(BIN)/python -m hdv.validation.rules_page
	@$(BIN)/python -m hdv.validation.relations_page
	@$(BIN)/python -m tools.problems_page
	@$(BIN)/python -m tools.conformance_page
	@$(BIN)/python -m tools.settings_files
	@$(BIN)/python -m tools.dashboard

.PHONY: assets
assets: gateway/pages/assets ## Fetch the scripts and styles of /asyncapi and /docs
	@:

.PHONY: image
image: ## Build the container image
	docker build --tag hybrid-dicom-validator .

.PHONY: compose-up
compose-up: .env ## Run everything in containers, in the background
	docker compose up --build --detach --wait
	@echo "Upload to http://$$(docker compose port gateway 8000)/upload; stop with: docker compose down"
	@echo "Make an API key: docker compose exec gateway hdv keys create NAME --scope upload --scope read"

.PHONY: observability
observability: .env ## The same, with Prometheus and Grafana
	docker compose --profile observability up --build --detach --wait
	@echo "Grafana: http://$$(docker compose port grafana 3000)/d/hdv"

.PHONY: compose-test
compose-test: ## Build the image, test everything in containers, remove it again  (needs Docker, curl)
	deploy/compose-test

UV := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock"

.PHONY: lock
lock: .venv/dev ## Pin the newest versions that pyproject.toml allows
	$(UV) pyproject.toml --upgrade --extra local --extra otel --group dev -o requirements-dev.lock
	$(UV) pyproject.toml -c requirements-dev.lock --extra local --group build -o requirements-local.lock
	$(UV) pyproject.toml -c requirements-dev.lock --extra server -o requirements.lock
	$(UV) -c requirements-dev.lock --group build -o requirements-build.lock
	$(UV) --upgrade --group npm -o requirements-npm.lock
	$(UV) --upgrade --group supply -o requirements-supply.lock
	$(UV) --upgrade --no-deps --group standard -o requirements-standard.lock

.PHONY: wheel
wheel: .venv/dev ## Build the wheel into dist/, the same byte for byte for each commit
	@$(MAKE) --no-print-directory assets
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m hatchling build -t wheel

.PHONY: audit
audit: .venv-supply/.stamp $(NODE_TOOLS) ## Ask for known vulnerabilities of everything that is locked
	@for lock in requirements*.lock; do echo "$$lock"; \
		.venv-supply/bin/pip-audit --require-hashes --disable-pip --requirement $$lock || exit 1; done
	npm audit --audit-level=high

.PHONY: sbom
sbom: .venv-supply/.stamp ## Write sbom.json (CycloneDX): what the image contains
	.venv-supply/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml \
		--mc-type application --output-reproducible --of JSON --output-file sbom.json

.venv-supply/.stamp: requirements-supply.lock .venv/dev
	$(BIN)/uv venv --quiet --clear .venv-supply
	VIRTUAL_ENV=.venv-supply $(BIN)/uv pip install --quiet --require-hashes -r requirements-supply.lock
	@touch $@

.PHONY: standard
standard: .venv/run ## Write the facts of the DICOM standard from its tables
	@$(BIN)/python -m tools.standard $(ARGS)

.PHONY: bench
bench: .venv/dev ## Measure speed and cost beside Orthanc and dciodvfy, write bench.json
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: bench-quick
bench-quick: .venv/dev ## The same with less of everything, in two minutes
	@$(BIN)/python -m benchmarks --quick $(ARGS)

.PHONY: hostile
hostile: .venv/dev ## Send hostile input to an hdv up of its own, and measure memory and time
	@$(BIN)/python -m benchmarks.hostile $(ARGS)

.PHONY: compare
compare: .venv/dev ## Compare findings on real files with other validators, write docs/comparison.md
	@$(BIN)/python -m benchmarks.agreement

.PHONY: fuzz
fuzz: .venv/dev ## Fuzz the engine for five minutes  (ARGS="-max_total_time=60")
	PYTHONPATH=. $(BIN)/python tests/fuzz/examination.py -max_total_time=300 $(ARGS)

.PHONY: clean
clean: ## Remove .venv, caches and build results; data/ stays
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis \
		gateway/pages/assets*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment that cannot run pip (its Python was removed, or its creation interrupted) is replaced.
define install-from
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or newer with its venv module is needed" \
		"(on Debian: apt install python3-venv); name yours with PYTHON=..." >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@echo "Installing $(1) into .venv ..."
	@$(BIN)/python -m pip install --quiet --require-hashes -r $(1)
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@# pip has compiled the libraries; our modules are compiled too, so that the first start is fast.
	@$(BIN)/python -m compileall -q $(PACKAGES)
endef

.venv/run: requirements-local.lock pyproject.toml
	$(call install-from,requirements-local.lock)
	@touch $@

.venv/dev: requirements-dev.lock requirements-local.lock pyproject.toml
	$(call install-from,requirements-dev.lock)
	@touch .venv/run $@

node_modules/.stamp: package.json package-lock.json .npmrc
	npm ci
	@touch $@

# npm fetches them. Without npm, one is installed from PyPI for the time being.
gateway/pages/assets: package-lock.json tools/viewers.py gateway/pages/viewers.py | .venv/run
	@echo "Fetching the viewers of /asyncapi and /docs ..."
	@$(BIN)/python -m tools.viewers
	@touch $@

.env: | .env.example
	@umask 077; secret() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }; \
	sed -e "s/^HDV_REDIS_PASSWORD=$$/&$$(secret)/" -e "s/^HDV_INTERNAL_TOKEN=$$/&$$(secret)/" .env.example > $@
	@echo "Made .env with new secrets."
