"""More is sent than can be worked on: new uploads are refused until the others are archived."""

import httpx2

from kit.pipeline import Pipeline, until
from kit.studies import ct_slices

MOST_WAITING = 3


def test_uploads_are_refused_while_too_many_studies_wait_and_accepted_again_then(
    pipeline: Pipeline,
) -> None:
    pipeline.start("gateway", HDV_GATEWAY__MAX_WAITING_STUDIES=str(MOST_WAITING))
    accepted = [pipeline.upload(content) for _, content in ct_slices(MOST_WAITING + 1)]
    [(_, further)] = ct_slices(1)

    refused = until(lambda: refusal(pipeline, further, accepted), "a refusal")
    assert refused.json()["type"].endswith("too-many-waiting-studies")
    assert int(refused.headers["retry-after"]) > 0
    ready = pipeline.http.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json()["limited"] == {"uploads": "too-many-waiting-studies"}

    pipeline.start("status", "validator", "descriptor")
    for study_id in accepted:
        pipeline.wait_for(study_id, "archived")
    until(lambda: "limited" not in pipeline.http.get("/health/ready").json(), "room for more")
    pipeline.wait_for(pipeline.upload(further), "archived")


def refusal(pipeline: Pipeline, content: bytes, accepted: list[str]) -> httpx2.Response | None:
    """The answer to an upload if it is refused."""
    answer = pipeline.http.post("/upload", files={"file": ("a.dcm", content)})
    if answer.status_code == 503:
        return answer
    accepted.append(answer.json()["study_id"])
    return None
