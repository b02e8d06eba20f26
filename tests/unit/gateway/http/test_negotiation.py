"""What a client accepts, as clients send it."""

import pytest

from gateway.http.negotiation import (
    DICOM,
    DICOM_JSON,
    JSON,
    MULTIPART,
    Accept,
    parse_media_type,
)

EXPLICIT = "1.2.840.10008.1.2.1"
JPEG = "1.2.840.10008.1.2.4.50"
RELATED = 'multipart/related; type="application/dicom"'


@pytest.mark.parametrize(
    "accept",
    [
        [],
        [""],
        ["*/*"],
        ["multipart/*"],
        ["multipart/related"],
        [RELATED],
        ["multipart/related; type=application/dicom"],
        ['Multipart/Related;Type="application/DICOM"'],
        [f"{RELATED}; transfer-syntax=*"],
        [f"{RELATED}; transfer-syntax={EXPLICIT}"],
        [f'{RELATED}; transfer-syntax="{EXPLICIT}"'],
        [f"{RELATED}; transfer-syntax={JPEG}", f"{RELATED}; transfer-syntax={EXPLICIT}"],
        [f"{RELATED}; transfer-syntax={JPEG}, {RELATED}; transfer-syntax={EXPLICIT}; q=0.1"],
        ["application/dicom, multipart/related"],
        ["application/dicom;q=0.5, */*;q=0.6"],
        ["text/html, image/*;q=0.9, */*;q=0.1"],
        ["text/html; q=much"],
        ["anything", ";,", "té/xt"],
    ],
)
def test_instances_are_sent_as_parts_to_who_accepts_that(accept: list[str]) -> None:
    assert Accept(accept).preferred_form({EXPLICIT}, one=True) == MULTIPART


@pytest.mark.parametrize(
    "accept",
    [
        ["application/dicom"],
        ["application/*"],
        ["application/dicom; transfer-syntax=*"],
        [f"application/dicom; transfer-syntax={EXPLICIT}"],
        ["application/dicom, */*;q=0.5"],
        [f"{RELATED}; q=0.4, application/dicom; q=0.5"],
        [f"{RELATED}; q=0, */*"],
    ],
)
def test_a_single_instance_is_sent_by_itself_to_who_prefers_that(accept: list[str]) -> None:
    assert Accept(accept).preferred_form({EXPLICIT}, one=True) == DICOM


@pytest.mark.parametrize(
    "accept",
    [
        ["application/dicom"],
        ["image/jpeg"],
        ['multipart/related; type="application/octet-stream"'],
        ['multipart/related; type="application/dicom+xml"'],
        [f"{RELATED}; transfer-syntax={JPEG}"],
        [f"{RELATED}; q=0"],
    ],
)
def test_who_accepts_nothing_that_there_is_gets_nothing(accept: list[str]) -> None:
    assert Accept(accept).preferred_form({EXPLICIT}, one=False) is None


def test_every_transfer_syntax_of_a_study_has_to_be_acceptable() -> None:
    one = Accept([f"{RELATED}; transfer-syntax={JPEG}"])
    both = Accept([f"{RELATED}; transfer-syntax={JPEG}, {RELATED}; transfer-syntax={EXPLICIT}"])
    assert one.preferred_form({JPEG, EXPLICIT}, one=False) is None
    assert both.preferred_form({JPEG, EXPLICIT}, one=False) == MULTIPART


@pytest.mark.parametrize(
    ("accept", "preferred"),
    [
        ([], DICOM_JSON),
        (["*/*"], DICOM_JSON),
        (["application/*"], DICOM_JSON),
        (["application/dicom+json, application/json"], DICOM_JSON),
        (["application/json"], JSON),
        (["application/dicom+json;q=0.5", "application/json"], JSON),
        (['multipart/related; type="application/dicom+xml"'], None),
        (["application/dicom+xml"], None),
        (["text/html"], None),
    ],
)
def test_data_sets_are_sent_as_json(accept: list[str], preferred: str | None) -> None:
    assert Accept(accept).preferred((DICOM_JSON, JSON)) == preferred


def test_the_query_counts_more_than_the_header() -> None:
    accept = Accept.of(["text/html"], [DICOM_JSON])
    assert accept.preferred((DICOM_JSON,)) == DICOM_JSON
    assert Accept.of(["text/html"], []).preferred((DICOM_JSON,)) is None


def test_a_media_type_is_read_with_and_without_quotes() -> None:
    text = 'Multipart/Related; TYPE=application/dicom;boundary="a;b, c" ; start=x'
    parameters = {"type": "application/dicom", "boundary": "a;b, c", "start": "x"}
    assert parse_media_type(text) == ("multipart/related", parameters)
