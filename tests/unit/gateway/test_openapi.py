"""The OpenAPI document of the gateway: names, texts and references that generators rely on."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chassis.web.problem import MEDIA_TYPE
from gateway.permissions import RULES
from kit.gateway import MemoryGateway

Json = dict[str, Any]

PUBLIC_URL = "https://pacs.example/hdv"


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Json:
    gateway = MemoryGateway(tmp_path_factory.mktemp("gateway"), public_url=PUBLIC_URL)
    return gateway.service.http.openapi()


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    """Each operation, with its method and path to name it."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def references(value: Any) -> Iterator[str]:
    """All `$ref` of a document."""
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from references(item)


def test_operation_ids_are_unique_and_in_snake_case(document: Json) -> None:
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    for name in ids:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", name), name


def test_every_operation_has_a_described_tag_a_summary_and_a_description(document: Json) -> None:
    tags = {tag["name"] for tag in document["tags"] if tag["description"]}
    for name, operation in operations(document):
        [tag] = operation["tags"]
        assert tag in tags, name
        assert operation["summary"], name
        assert not operation["summary"].endswith("."), name
        assert operation["description"].rstrip().endswith("."), name


def test_every_tag_has_an_operation(document: Json) -> None:
    used = {tag for _, operation in operations(document) for tag in operation["tags"]}
    assert {tag["name"] for tag in document["tags"]} == used


def test_every_parameter_is_described(document: Json) -> None:
    for name, operation in operations(document):
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), f"{name}: {parameter['name']}"


def test_every_response_is_described_and_problems_have_one_media_type(document: Json) -> None:
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            assert response["description"], f"{name}: {status}"
            if MEDIA_TYPE in response.get("content", {}):
                assert list(response["content"]) == [MEDIA_TYPE], f"{name}: {status}"


def test_every_reference_leads_somewhere(document: Json) -> None:
    for reference in references(document):
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert place


def test_the_document_names_licence_and_address(document: Json) -> None:
    assert document["info"]["license"] == {"name": "MIT", "identifier": "MIT"}
    assert [server["url"] for server in document["servers"]] == [PUBLIC_URL]


def test_every_operation_says_what_it_requires(document: Json) -> None:
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for name, operation in operations(document):
        method, _, path = name.partition(" ")
        rule = RULES[path][method]
        found = [
            scopes
            for requirement in operation.get("security", [])
            for scopes in requirement.values()
        ]
        assert found == [[scope] for scope in rule.scopes], name
        assert {"401", "403", "421"} <= operation["responses"].keys() or not rule.scopes, name


def test_an_identity_provider_is_named(tmp_path: Path) -> None:
    gateway = MemoryGateway(tmp_path, oidc={"issuer": "https://id.example/"})
    document = gateway.service.http.openapi()
    [bearer, oidc] = document["components"]["securitySchemes"].values()
    assert bearer["type"] == "http"
    assert oidc["openIdConnectUrl"] == "https://id.example/.well-known/openid-configuration"
    assert {"oidc": ["read"]} in document["paths"]["/events"]["get"]["security"]
