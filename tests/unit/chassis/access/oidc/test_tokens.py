"""Tokens of an identity provider: valid ones, and every kind of forgery."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey
from structlog.testing import capture_logs

from chassis.access.caller import MOST_LABELS, Scope
from chassis.access.oidc.errors import ProviderError
from chassis.access.oidc.provider import KEEP_SECONDS, PAUSE_SECONDS, Provider
from chassis.access.oidc.tokens import REMEMBER_SECONDS, ClaimRules, Tokens

ISSUER = "https://id.example/realms/hospital"
NOW = 1_800_000_000.0
CLAIMS = {
    "iss": ISSUER,
    "aud": ["hdv", "other"],
    "sub": "dr.who@example.org",
    "exp": NOW + 300,
    "iat": NOW,
    "scope": "openid hdv:read hdv:upload",
}
pytestmark = pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")


def rsa(kid: str = "r1") -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid}, private=True)


RSA = rsa()


class World:
    """An identity provider, a gateway's view of it, and a clock that both go by."""

    def __init__(self, *keys: Key, **rules: Any) -> None:
        self.keys: list[Any] = [key.as_dict(private=False) for key in keys]
        self.now = NOW
        self.answers: dict[str, Any] = {}
        self.requests: list[str] = []
        self.client = httpx2.AsyncClient(transport=httpx2.MockTransport(self._answer))
        self.provider = Provider(ISSUER, self.client, lambda: self.now)
        scopes = {f"hdv:{scope}": (scope,) for scope in Scope}
        given = {"audience": "hdv", "leeway_seconds": 60, "scopes_claim": "scope", "scopes": scopes}
        self.tokens = Tokens(self.provider, ClaimRules(**{**given, **rules}), lambda: self.now)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/realms/hospital")
        self.requests.append(path)
        documents = {
            "/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"},
            "/keys": {"keys": self.keys},
        }
        answer = self.answers.get(path, documents[path])
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx2.Response):
            return answer
        return httpx2.Response(200, json=answer)


@pytest.fixture
def world() -> World:
    return World(RSA)


def token(key: Key = RSA, alg: str = "RS256", header: Any = None, **changes: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    kid = {"kid": key.kid} if key.kid else {}
    return jwt.encode({"alg": alg, **kid, **(header or {})}, claims, key, algorithms=[alg])


def raw(header: Any, claims: Any = CLAIMS, signature: bytes = b"") -> str:
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


async def test_a_valid_token_has_a_caller_with_the_scopes_of_its_claim(world: World) -> None:
    caller = await world.tokens.caller(token())
    assert caller
    assert caller.name == "token of dr.who@example.org"
    assert caller.scopes == {Scope.READ, Scope.UPLOAD}
    assert caller.labels is None


@pytest.mark.parametrize(
    ("key", "alg"),
    [
        (RSA, "RS256"),
        (RSA, "PS256"),
        (ECKey.generate_key("P-256", {"kid": "e"}), "ES256"),
        (OKPKey.generate_key("Ed25519", {"kid": "o"}), "EdDSA"),
        (OKPKey.generate_key("Ed25519", {"kid": "o"}), "Ed25519"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_signatures_with_private_keys_are_known(key: Key, alg: str) -> None:
    assert await World(key).tokens.caller(token(key, alg))


@pytest.mark.parametrize("alg", ["RS384", "RS512", "PS512", "ES384"])
async def test_other_algorithms_are_not(alg: str) -> None:
    key = ECKey.generate_key("P-384", {"kid": "e"}) if alg[0] == "E" else RSA
    assert await World(key).tokens.caller(token(key, alg)) is None


def public_pem() -> bytes:
    return RSA.as_pem(private=False)


def hs256(secret: bytes) -> str:
    unsigned = raw({"alg": "HS256", "kid": "r1"}).removesuffix(".")
    signature = hmac.digest(secret, unsigned.encode(), "sha256")
    return f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def forgeries() -> Iterator[tuple[str, str]]:
    valid = token()
    head, body, signature = valid.split(".")
    yield "none", raw({"alg": "none"})
    yield "None", raw({"alg": "None", "kid": "r1"})
    yield "none with a signature", raw({"alg": "none", "kid": "r1"}, signature=b"x")
    yield "no signature", f"{head}.{body}."
    yield "the signature of another token", f"{head}.{raw({}).split('.')[1]}.{signature}"
    yield "a changed signature", f"{head}.{body}.{signature[:-8]}AAAAAAAA"
    yield "another key of the same id", token(rsa("r1"))
    yield "the public key as a secret (PEM)", hs256(public_pem())
    yield "the public key as a secret (no last line)", hs256(public_pem().rstrip())
    yield "the modulus as a secret", hs256(str(RSA.as_dict(private=False)["n"]).encode())
    yield "its own key", token(own := rsa("r1"), header={"jwk": own.as_dict(private=False)})
    yield "the address of its own key", token(rsa("x"), header={"jku": "https://evil.example"})
    yield "a critical header that no one knows", critical()
    yield "another issuer", token(iss="https://evil.example")
    yield "nearly the issuer", token(iss=f"{ISSUER}/")
    yield "no issuer", token(iss=None)
    yield "another audience", token(aud="other")
    yield "part of the audience", token(aud="hdv2 hdv")
    yield "no audience", token(aud=None)
    yield "no end", token(exp=None)
    yield "an end without end", raw_signed(b'"exp": NaN')
    yield "an end at infinity", raw_signed(b'"exp": Infinity')
    yield "an end in words", token(exp="2999")
    yield "an end that is true", token(exp=True)
    yield "expired", token(exp=NOW - 61)
    yield "not yet valid", token(nbf=NOW + 61)
    yield "issued in the future", token(iat=NOW + 61)
    yield "no subject", token(sub=None)
    yield "a subject that is no text", token(sub=[1])
    yield "a list", raw({"alg": "RS256", "kid": "r1"}, [1])
    yield "a header that is a list", raw([1])
    yield "an id that is a list", raw({"alg": "RS256", "kid": ["r1"]})
    yield "an algorithm that is a list", raw({"alg": ["RS256"], "kid": "r1"})
    yield "no base64", "a!.b!.c!"
    yield "empty parts", ".."
    yield "no parts", "abc"
    yield "too many parts", f"{valid}.{signature}"
    yield "encrypted", ".".join([head, "a", "b", "c", "d"])
    yield "too large", token(padding="x" * 20_000)
    yield "no text", "\x00.\x00.\x00"


def critical() -> str:
    """A token with a header that must be understood (RFC 7515, section 4.1.11)."""
    unsigned = raw({"alg": "RS256", "kid": "r1", "crit": ["site"], "site": 1}).removesuffix(".")
    assert RSA.private_key
    signature = RSA.private_key.sign(unsigned.encode(), PKCS1v15(), SHA256())
    return f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def raw_signed(exp: bytes) -> str:
    """A token whose claims no JSON library would write."""
    from joserfc import jws  # noqa: PLC0415 -- what an issuer with a flaw does

    body = json.dumps({**CLAIMS, "exp": 0}).encode().replace(b'"exp": 0', exp)
    return jws.serialize_compact({"alg": "RS256", "kid": "r1"}, body, RSA, algorithms=["RS256"])


FORGED = dict(forgeries())


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_token_is_no_token(world: World, name: str) -> None:
    assert await world.tokens.caller(FORGED[name]) is None
    assert "https://evil.example" not in " ".join(world.requests)


async def test_a_symmetric_key_in_the_key_set_verifies_nothing() -> None:
    secret = OctKey.import_key("0" * 32, {"kid": "s"})
    world = World(RSA)
    world.keys.append(secret.as_dict())
    forged = jwt.encode({"alg": "HS256", "kid": "s"}, CLAIMS, secret, algorithms=["HS256"])
    assert await world.tokens.caller(forged) is None


async def test_a_key_for_encryption_verifies_nothing() -> None:
    key = RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"})
    world = World(key, RSA)
    plain = RSAKey.import_key({**key.as_dict(private=True), "use": "sig"})
    assert await world.tokens.caller(token(plain)) is None


async def test_keys_that_are_not_understood_do_no_harm(world: World) -> None:
    world.keys[:0] = [{"kty": "new", "kid": "n"}, {"kty": "RSA"}, {"kty": "EC", "crv": "x"}, 7, {}]
    assert await world.tokens.caller(token())


async def test_clocks_may_differ_by_the_leeway(world: World) -> None:
    assert await world.tokens.caller(token(exp=NOW - 59, nbf=NOW + 59, iat=NOW + 59))


@pytest.mark.parametrize(
    ("path", "claims"),
    [
        ("realm_access.roles", {"realm_access": {"roles": ["viewer", "other"]}}),
        ("https://example.org/roles", {"https://example.org/roles": ["viewer"]}),
        ("groups", {"groups": "viewer"}),
    ],
)
async def test_roles_are_mapped_by_a_setting(path: str, claims: Any) -> None:
    world = World(RSA, scopes_claim=path, scopes={"viewer": (Scope.READ, Scope.QUARANTINE)})
    caller = await world.tokens.caller(token(**claims))
    assert caller
    assert caller.scopes == {Scope.READ, Scope.QUARANTINE}


@pytest.mark.parametrize("value", [None, 7, {"a": 1}, [7, None], "openid", ["HDV:READ"], True])
async def test_a_token_without_a_known_scope_allows_nothing(world: World, value: Any) -> None:
    caller = await world.tokens.caller(token(scope=value))
    assert caller
    assert not caller.scopes


@pytest.mark.parametrize(
    ("value", "labels"),
    [(["trial-42", "not a label", 7], {"trial-42"}), (None, set()), ("a b", {"a", "b"})],
)
async def test_labels_come_from_a_claim_and_without_it_there_are_none(
    value: Any, labels: set[str]
) -> None:
    caller = await World(RSA, labels_claim="trials").tokens.caller(token(trials=value))
    assert caller
    assert caller.labels == frozenset(labels)


async def test_a_token_is_bound_to_a_hundred_labels_at_most() -> None:
    many = [f"x{number}" for number in range(1000)]
    caller = await World(RSA, labels_claim="trials").tokens.caller(token(trials=many))
    assert caller
    assert caller.labels
    assert len(caller.labels) == MOST_LABELS


async def test_the_name_has_a_length_and_no_control_characters(world: World) -> None:
    caller = await world.tokens.caller(token(sub="a\n\x1b[31m" + "b" * 500))
    assert caller
    assert caller.name.isprintable()
    assert len(caller.name) < 80


async def test_keys_are_fetched_once(world: World) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(world.tokens.caller(token(jti=str(number))))
    assert world.requests == ["/.well-known/openid-configuration", "/keys"]


async def test_a_new_key_is_fetched_and_an_old_one_forgotten(world: World) -> None:
    assert await world.tokens.caller(token())
    new = rsa("r2")
    world.keys = [new.as_dict(private=False)]
    world.now += PAUSE_SECONDS
    assert await world.tokens.caller(token(new))
    world.now += REMEMBER_SECONDS
    assert await world.tokens.caller(token(exp=NOW + 900)) is None


async def test_unknown_key_ids_do_not_flood_the_provider(world: World) -> None:
    for number in range(100):
        assert await world.tokens.caller(token(RSA, header={"kid": f"x{number}"})) is None
        world.now += 1
    assert world.requests.count("/keys") <= 1 + 100 / PAUSE_SECONDS


async def test_a_revoked_key_is_gone_after_a_while_without_a_new_id(world: World) -> None:
    assert await world.tokens.caller(token())
    world.keys = [rsa("r2").as_dict(private=False)]
    world.now += KEEP_SECONDS
    assert await world.tokens.caller(token(exp=world.now + 900)) is None


async def test_known_keys_count_while_the_provider_is_unavailable(world: World) -> None:
    assert await world.tokens.caller(token())
    world.answers = {"/keys": httpx2.ConnectError("refused")}
    world.now += KEEP_SECONDS * 3
    with capture_logs() as logs:
        assert await world.tokens.caller(token(exp=world.now + 900))
    assert [line["event"] for line in logs] == ["oidc.keys_unavailable"]


WELL_KNOWN = "/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (WELL_KNOWN, httpx2.ConnectError("refused")),
        (WELL_KNOWN, httpx2.Response(500)),
        (WELL_KNOWN, httpx2.Response(302, headers={"Location": "https://evil.example"})),
        (WELL_KNOWN, httpx2.Response(200, content=b"<html>")),
        (WELL_KNOWN, []),
        (WELL_KNOWN, {"issuer": "https://evil.example", "jwks_uri": f"{ISSUER}/keys"}),
        (WELL_KNOWN, {"issuer": ISSUER}),
        (WELL_KNOWN, {"issuer": ISSUER, "jwks_uri": "http://id.example/keys"}),
        (WELL_KNOWN, {"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"}),
        ("/keys", httpx2.Response(200, content=b"x" * 600_000)),
        ("/keys", {"keys": "none"}),
        ("/keys", {"keys": [{}] * 101}),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_without_keys_no_one_decides(world: World, path: str, answer: Any) -> None:
    world.answers = {path: answer}
    for _ in range(3):
        with pytest.raises(ProviderError):
            await world.tokens.caller(token())
    assert world.requests.count(WELL_KNOWN) == 1
    world.answers = {}
    world.now += PAUSE_SECONDS
    assert await world.tokens.caller(token())


async def test_a_token_is_verified_once_a_minute(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    verify: Callable[[str], Any] = world.tokens._verify

    def counted(sent: str) -> Any:
        calls.append(sent)
        return verify(sent)

    monkeypatch.setattr(world.tokens, "_verify", counted)
    sent = token(exp=NOW + 90)
    for _ in range(5):
        assert await world.tokens.caller(sent)
    assert len(calls) == 1
    world.now += REMEMBER_SECONDS
    assert await world.tokens.caller(sent)
    assert len(calls) == 2
    world.now = NOW + 151
    assert await world.tokens.caller(sent) is None


async def test_a_known_token_costs_a_few_microseconds(world: World) -> None:
    sent = token()
    assert hashlib.sha256(sent.encode()).digest() not in world.tokens._verified
    await world.tokens.caller(sent)
    best = 1.0
    for _ in range(50):
        began = time.thread_time()
        for _ in range(100):
            await world.tokens.caller(sent)
        best = min(best, (time.thread_time() - began) / 100)
    assert best < 50e-6


async def test_those_who_wait_for_a_provider_that_does_not_answer_wait_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await world.tokens.caller(token())
    world.now += KEEP_SECONDS
    fetching, answering = asyncio.Event(), asyncio.Event()
    fetches = 0

    async def hang() -> dict[str | None, Key]:
        nonlocal fetches
        fetches += 1
        fetching.set()
        await answering.wait()
        world.now += 2 * PAUSE_SECONDS
        raise ProviderError("it does not answer")

    monkeypatch.setattr(world.provider, "_fetch", hang)
    first = asyncio.create_task(world.tokens.caller(token(sub="1", exp=world.now + 900)))
    unknown = [
        asyncio.create_task(world.tokens.caller(token(header={"kid": f"x{number}"})))
        for number in range(5)
    ]
    await fetching.wait()
    # The key is known: no one else waits for its renewal.
    assert await world.tokens.caller(token(sub="2", exp=world.now + 900))
    answering.set()
    assert await first
    assert await asyncio.gather(*unknown) == [None] * 5
    assert fetches == 1
