"""Tokens of a real identity provider (oidc-provider on Node.js)."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from kit.pipeline import ROOT, Pipeline, until
from kit.ports import free_port
from kit.problems import assert_problem

SERVER = Path("tests/integration/oidc_server.mjs")


class IdentityProvider:
    """A provider on a port of its own; it may be started again with another key."""

    def __init__(self, node: str) -> None:
        self._node = node
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[str] | None = None

    def start(self, key_id: str, alg: str = "RS256") -> None:
        self.process = subprocess.Popen(
            [self._node, str(SERVER), str(self.port), key_id, alg],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout
        assert "ready\n" in self.process.stdout

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def token(self, scope: str, resource: str = "urn:hdv") -> dict[str, str]:
        """The header with an access token."""
        answer = httpx2.post(
            f"{self.issuer}/token",
            data={"grant_type": "client_credentials", "scope": scope, "resource": resource},
            auth=("reading-room", "test-only"),
        )
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules" / "oidc-provider").exists():
        pytest.skip("no identity provider: Node.js 20 and `make node_modules/.stamp` needed")
    made = IdentityProvider(node)
    yield made
    made.stop()


@pytest.fixture
def gateway(pipeline: Pipeline, provider: IdentityProvider) -> Iterator[Pipeline]:
    pipeline.start("status", "gateway", HDV_GATEWAY__OIDC__ISSUER=provider.issuer)
    yield pipeline
    provider.stop()


def ask(gateway: Pipeline, path: str, token: dict[str, str]) -> Any:
    return gateway.http.get(path, headers=token)


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
def test_a_token_allows_what_its_scopes_say(
    gateway: Pipeline, provider: IdentityProvider, alg: str, ct: bytes
) -> None:
    provider.start("one", alg)
    assert_problem(ask(gateway, "/studies", {}), 401, "unauthorized")
    reader = provider.token("hdv:read")
    assert ask(gateway, "/studies", reader).status_code == 200
    files = {"file": ("ct.dcm", ct)}
    refused = gateway.http.post("/upload", headers=reader, files=files)
    assert_problem(refused, 403, "insufficient-scope")
    sent = gateway.http.post("/upload", headers=provider.token("hdv:upload"), files=files)
    assert sent.status_code == 202
    assert_problem(ask(gateway, "/quarantine", reader), 403, "insufficient-scope")
    foreign = provider.token("hdv:read", resource="urn:other")
    assert_problem(ask(gateway, "/studies", foreign), 401, "unauthorized")


def test_keys_are_rotated_and_the_provider_may_be_unavailable(
    gateway: Pipeline, provider: IdentityProvider
) -> None:
    unavailable = ask(gateway, "/studies", {"Authorization": "Bearer a.b.c"})
    assert_problem(unavailable, 401, "unauthorized")  # it does not even look like a token
    provider.start("one")
    old = provider.token("hdv:read")
    assert ask(gateway, "/studies", old).status_code == 200
    provider.stop()
    assert ask(gateway, "/studies", old).status_code == 200
    provider.start("two")
    new = provider.token("hdv:read")
    until(lambda: ask(gateway, "/studies", new).status_code == 200, "the new key")


def test_without_any_key_of_the_provider_tokens_wait_and_health_does_not(
    gateway: Pipeline, provider: IdentityProvider
) -> None:
    provider.start("one")
    token = provider.token("hdv:read")
    provider.stop()
    problem = ask(gateway, "/studies", token)
    assert_problem(problem, 503, "identity-provider-unavailable")
    assert problem.headers["retry-after"]
    assert gateway.http.get("/health/ready").status_code == 200
