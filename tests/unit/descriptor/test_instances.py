"""Which instances go to the archive, and under which names."""

from collections.abc import Callable
from uuid import UUID

import pytest

from contracts.model import is_uid
from descriptor.archive import open_study
from descriptor.instances import ValidatedStudy
from kit.volumes import Volumes

MakeStudy = Callable[..., UUID]


@pytest.fixture
def files(volumes: Volumes, make_study: MakeStudy) -> Callable[..., list[str]]:
    """Names in the archive for contents with these UIDs, in the order of arrival."""

    def name(contents: list[bytes], uids: list[str]) -> list[str]:
        study = open_study(volumes.studies, make_study(*contents, uids=uids))
        assert isinstance(study, ValidatedStudy)
        return [f"{instance.stored.name} {instance.file}" for instance in study.instances]

    return name


def test_a_single_instance_is_the_original(files: Callable[..., list[str]]) -> None:
    assert files([b"a"], ["1.2.3"]) == ["000001.dcm original.dcm"]


def test_many_are_named_after_their_uids(files: Callable[..., list[str]]) -> None:
    assert files([b"a", b"b"], ["1.2.3", "1.2.4"]) == [
        "000001.dcm original/1.2.3.dcm",
        "000002.dcm original/1.2.4.dcm",
    ]


def test_the_same_bytes_twice_are_one_instance(files: Callable[..., list[str]]) -> None:
    assert files([b"a", b"b", b"a"], ["1.2.3", "1.2.4", "1.2.3"]) == [
        "000001.dcm original/1.2.3.dcm",
        "000002.dcm original/1.2.4.dcm",
    ]


def test_if_nothing_else_was_sent_they_are_a_single_instance(
    files: Callable[..., list[str]],
) -> None:
    assert files([b"a", b"a"], ["1.2.3", "1.2.3"]) == ["000001.dcm original.dcm"]


def test_other_bytes_under_the_same_uid_keep_the_gateways_name(
    files: Callable[..., list[str]],
) -> None:
    assert files([b"a", b"b", b"c"], ["1.2.3", "1.2.3", "1.2.3"]) == [
        "000001.dcm original/1.2.3.dcm",
        "000002.dcm original/000002.dcm",
        "000003.dcm original/000003.dcm",
    ]


@pytest.mark.parametrize(
    "uid",
    [
        "",
        ".",
        "..",
        "../../x",
        "/etc/passwd",
        "1.2/3",
        "1.2\n",
        "1.2\0",
        "1..2",
        "1.2.",
        ".1.2",
        "1",
        "000002",
        "100002",
        "1.2 ",
        "1.2.x",
        "\u0661.2",
        "1." + "2" * 63,
    ],
)
def test_an_invalid_uid_is_not_a_file_name(files: Callable[..., list[str]], uid: str) -> None:
    assert not is_uid(uid)
    assert files([b"a", b"b"], ["1.2.3", uid]) == [
        "000001.dcm original/1.2.3.dcm",
        "000002.dcm original/000002.dcm",
    ]


@pytest.mark.parametrize("uid", ["1.2", "0.0", "2.25.0", "1." + "2" * 62])
def test_uids_are_as_the_standard_defines_them(uid: str) -> None:
    assert is_uid(uid)


def test_a_file_that_the_report_does_not_know_is_rejected(
    volumes: Volumes, make_study: MakeStudy
) -> None:
    study = open_study(volumes.studies, make_study(b"a", b"b"))
    assert isinstance(study, ValidatedStudy)
    report = study.report.model_copy(update={"instances": study.report.instances[:1]})
    partly = ValidatedStudy(study.folder, study.intake, report)
    assert [instance.stored.name for instance in partly.instances] == ["000001.dcm"]
    assert [file.name for file in partly.rejected] == ["000002.dcm"]
