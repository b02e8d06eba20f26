"""Problem documents, as the services answer them."""

import httpx2


def assert_problem(response: httpx2.Response, status: int, kind: str) -> None:
    """Assert that an answer is a problem document (RFC 9457) of a status and a kind."""
    body = response.json()
    found = (response.status_code, body["status"], body["type"])
    assert found == (status, status, f"urn:hdv:problem:{kind}"), body
    assert response.headers["content-type"] == "application/problem+json"
    assert body["title"]
