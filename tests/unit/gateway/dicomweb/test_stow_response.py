"""The answer to a STOW-RS request, as PS3.18 I.1 writes it."""

import json

import pytest
from pydicom import Dataset

from contracts.report import Identity
from gateway.dicomweb.failure_reasons import FailureReason, WarningReason
from gateway.dicomweb.stow_response import store_response
from gateway.dicomweb.stow_results import Result

CT = "1.2.840.10008.5.1.4.1.1.2"
BASE = "https://pacs.example/hdv"
FAILED = FailureReason.CANNOT_UNDERSTAND


def identity(sop_instance_uid: str = "1.1", study: str = "1.2.3") -> Identity:
    return Identity(
        sop_class_uid=CT,
        sop_instance_uid=sop_instance_uid,
        study_instance_uid=study,
        series_instance_uid="1.2.3.1",
    )


def test_a_stored_instance_has_its_retrieve_url() -> None:
    status, response = store_response([Result(identity())], BASE)
    assert status == 200
    assert response == {
        "00081190": {"vr": "UR", "Value": [f"{BASE}/dicom-web/studies/1.2.3"]},
        "00081199": {
            "vr": "SQ",
            "Value": [
                {
                    "00081150": {"vr": "UI", "Value": [CT]},
                    "00081155": {"vr": "UI", "Value": ["1.1"]},
                    "00081190": {
                        "vr": "UR",
                        "Value": [f"{BASE}/dicom-web/studies/1.2.3/series/1.2.3.1/instances/1.1"],
                    },
                }
            ],
        },
    }


def test_each_file_has_its_item_also_one_without_a_uid() -> None:
    status, response = store_response(
        [
            Result(identity("1.1"), warning=WarningReason.DOES_NOT_MATCH_SOP_CLASS),
            Result(identity("1.2"), FailureReason.DUPLICATE_SOP_INSTANCE),
            Result(Identity(), FAILED),
            Result(identity("1.3")),
        ],
        BASE,
    )
    found = Dataset.from_json(response)
    assert status == 202
    stored = found.ReferencedSOPSequence
    assert [item.ReferencedSOPInstanceUID for item in stored] == ["1.1", "1.3"]
    assert [item.get("WarningReason") for item in stored] == [0xB007, None]
    [failed] = found.FailedSOPSequence
    assert (failed.ReferencedSOPInstanceUID, failed.FailureReason) == ("1.2", 0x0111)
    [nameless] = found.OtherFailuresSequence
    assert list(nameless.keys()) == [0x00081197]
    assert nameless.FailureReason == 0xC000


def test_nothing_stored_is_a_conflict() -> None:
    status, response = store_response([Result(identity(), FAILED), Result(Identity(), FAILED)], "")
    assert status == 409
    assert response["00081190"] == {"vr": "UR"}
    assert "00081199" not in response


def test_an_instance_sent_twice_has_two_items() -> None:
    _, response = store_response([Result(identity()), Result(identity())], BASE)
    assert len(response["00081199"]["Value"]) == 2


def test_several_studies_have_no_url_in_common() -> None:
    _, response = store_response([Result(identity()), Result(identity("1.2", "1.2.4"))], BASE)
    assert response["00081190"] == {"vr": "UR"}


@pytest.mark.parametrize("text", ["DOE^JANE", "1.2\n", "1..2", "", "1." * 32 + "1"])
def test_untrusted_text_is_left_out(text: str) -> None:
    odd = Identity(
        sop_class_uid=text,
        sop_instance_uid=text,
        study_instance_uid=text,
        series_instance_uid=text,
    )
    named = identity().model_copy(update={"sop_class_uid": text, "series_instance_uid": text})
    status, response = store_response(
        [Result(odd), Result(odd, FAILED), Result(named), Result(named, FAILED)], BASE
    )
    assert status == 202
    assert not text or text not in json.dumps(response, ensure_ascii=False)
    [_, stored] = response["00081199"]["Value"]
    assert stored["00081190"] == {"vr": "UR"}
    assert len(response["0008119A"]["Value"]) == len(response["00081198"]["Value"]) == 1
