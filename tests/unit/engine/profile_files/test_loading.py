"""Profile files: what they can say, and every mistake is reported with its line."""

import json
import pickle
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.report import Severity
from engine.profile_files.errors import ProfileError
from engine.profile_files.loading import BUILT_IN, load_profile
from engine.profiles.profile import Limits, Profile
from engine.rules.catalogue import RULES

SITE = "name: trial\n"


def load(directory: Path, text: str, name: str = "trial.yaml") -> Profile:
    path = directory / name
    path.write_text(textwrap.dedent(text))
    return load_profile(path)


def mistakes(directory: Path, text: str) -> list[str]:
    """The mistakes of a file, without the path of its directory."""
    with pytest.raises(ProfileError) as raised:
        load(directory, text)
    assert str(raised.value) == "\n".join(raised.value.lines)
    return [line.removeprefix(f"{directory}/") for line in raised.value.lines]


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_profile_that_comes_along_has_a_name_and_a_purpose(name: str) -> None:
    profile = load_profile(name)
    assert (profile.name, profile.show_values) == (name, False)
    assert profile.description
    assert profile.version


def test_the_default_profile_is_the_one_without_a_file() -> None:
    assert load_profile("default").digest == Profile().digest
    assert not load_profile("default").limits.given


def test_strict_makes_every_violation_of_the_standard_an_error() -> None:
    strict = load_profile("strict")
    for rule in RULES.values():
        assert strict.severity_of(rule) is (Severity.ERROR if rule.violation else rule.severity)


def test_lenient_keeps_errors_and_makes_other_violations_remarks() -> None:
    lenient, lowered = load_profile("lenient"), {"file.no-preamble", "meta.encoding"}
    muted = {"iod.value-unexpected"}
    for rule in RULES.values():
        expected: Severity | None = rule.severity
        if rule.code in lowered:
            expected = Severity.WARNING
        elif rule.severity is Severity.INFO or rule.code in muted:
            expected = None
        elif rule.severity is Severity.WARNING and rule.violation:
            expected = Severity.INFO
        assert lenient.severity_of(rule) is expected, rule.code


def test_a_file_says_only_what_differs_from_what_it_extends(tmp_path: Path) -> None:
    profile = load(
        tmp_path,
        """
        name: archive-of-1998
        version: 1.10
        extends: lenient
        may_be_empty: [SOPClassUID]
        decode: first
        limits: {max_depth: 12}
        severities:
          - {code: file.no-preamble, severity: mute}
        """,
    )
    lenient = load_profile("lenient")
    assert (profile.name, profile.version, profile.decode) == ("archive-of-1998", "1.10", "first")
    assert profile.required_elements == lenient.required_elements
    assert profile.required_tags[0x00080016] is True
    assert profile.limits == Limits(max_depth=12)
    assert profile.severity_of(RULES["file.no-preamble"]) is None
    assert profile.severity_of(RULES["uid.padding"]) is Severity.INFO


def test_a_profile_can_be_written_in_json(tmp_path: Path) -> None:
    content = {"name": "trial", "show_values": True, "limits": {"max_depth": 3}}
    profile = load(tmp_path, json.dumps(content, indent=1), "trial.json")
    assert (profile.show_values, profile.limits.max_depth) == (True, 3)


def test_a_severity_can_depend_on_modality_and_sop_class(tmp_path: Path) -> None:
    profile = load(
        tmp_path,
        """
        name: trial
        severities:
          - {code: ["uid.*", element.empty], modality: [CT, MR], severity: info}
          - {code: uid.padding, sop_class: CT Image Storage, severity: mute}
          - {code: uid.padding, sop_class: [EnhancedCTImageStorage, 1.2.3], severity: error}
        """,
    )
    padding, empty, ct = RULES["uid.padding"], RULES["element.empty"], "1.2.840.10008.5.1.4.1.1.2"
    assert profile.severity_of(padding) is Severity.WARNING
    assert profile.severity_of(padding, "", "CT") is Severity.INFO
    assert profile.severity_of(padding, ct, "CT") is None
    assert profile.severity_of(padding, "1.2.3", "CT") is Severity.ERROR
    assert profile.severity_of(padding, "1.2.840.10008.5.1.4.1.1.2.1", "") is Severity.ERROR
    assert profile.severity_of(empty, "1.2.4", "MR") is Severity.INFO
    assert profile.severity_of(empty, "1.2.4", "US") is Severity.ERROR


def test_hostile_modalities_do_not_fill_the_memory() -> None:
    profile = Profile.model_validate(
        {"severities": [{"code": "uid.*", "modality": "CT", "severity": "info"}]}
    )
    for number in range(100):
        profile.severity_of(RULES["uid.padding"], f"1.{number}", f"M{number}")
    assert len(profile.severity_cache) == 1


def test_texts_stay_as_they_are_written(tmp_path: Path) -> None:
    profile = load(
        tmp_path,
        """
        name: trial
        rules:
          - {id: burned-in, element: BurnedInAnnotation, in: NO}
          - {id: subject, element: PatientID, in: [0042, 1e3, "null"]}
        """,
    )
    assert [rule.allowed for rule in profile.rules] == [("NO",), ("0042", "1e3", "null")]


def test_different_profiles_have_different_digests(tmp_path: Path) -> None:
    same = load(tmp_path, "name: trial\ndescription: one"), load(tmp_path, "{name: trial}")
    other = load(tmp_path, "{name: trial, decode: all}")
    assert same[0].digest == same[1].digest != other.digest
    assert same[0].changed(decode="all").digest == other.digest
    assert len(other.digest) == 12


def test_a_profile_can_be_sent_to_another_process(tmp_path: Path) -> None:
    text = "{name: trial, rules: [{id: a, element: PatientID, matches: 'A+'}]}"
    profile = load(tmp_path, text)
    profile.severity_of(RULES["uid.padding"], "1.2", "CT")
    sent = pickle.loads(pickle.dumps(profile))  # noqa: S301 -- our own
    assert sent == profile
    assert sent.digest == profile.digest


def test_a_machine_sets_limits_that_a_profile_can_only_tighten() -> None:
    machine = Limits(max_depth=10, max_elements=5_000_000)
    profile = Profile(limits=Limits(max_depth=99, max_findings_per_code=3)).with_limits(machine)
    assert profile.limits == Limits(max_depth=10, max_elements=5_000_000, max_findings_per_code=3)
    assert Profile().with_limits(machine).limits == machine


MISTAKES = [
    ("decode: some", "2:9: 'decode': this should be 'none', 'first' or 'all'"),
    ("extends: strikt", "2:10: 'extends': this should be 'default', 'strict' or 'lenient'"),
    ("severitys: []", "2:1: unknown key 'severitys'; did you mean 'severities'?"),
    ("severities: all", "2:13: 'severities': a list is expected"),
    ("limits: 3", "2:9: 'limits': keys are expected here, each with a value"),
    ("limits: {max_depth: deep}", "2:21: 'max_depth': a whole number is expected"),
    ("limits: {max_dept: 3}", "2:10: unknown key 'max_dept'; did you mean 'max_depth'?"),
    ("show_values: perhaps", "2:14: 'show_values': true or false is expected"),
    ("version: [1]", "2:1: 'version': a text is expected"),
    ("decode:", "2:8: a value is missing here"),
    ("decode: ~", "2:9: a value is missing here"),
    ("name: other", "2:1: 'name' is here twice; the first is in line 1"),
    (
        "required_elements: [Modality, PatientId]",
        "2:31: unknown element 'PatientId'; did you mean 'PatientID'?",
    ),
    (
        "severities:\n- {code: uid.pading, severity: info}",
        "3:10: unknown code 'uid.pading'; did you mean 'uid.padding'?",
    ),
    ("severities:\n- {code: uuid.*, severity: info}", "3:10: no code fits 'uuid.*'"),
    (
        "severities:\n- {code: site.value-format, severity: info}",
        "3:10: the severity of 'site.value-format' is set in each of the site's rules",
    ),
    (
        "severities:\n- code: uid.*\n  severity: fatal",
        "4:13: 'severity': this should be 'error', 'warning', 'info' or 'mute'",
    ),
    ("severities:\n- severity: info", "3:3: the key 'code' is missing"),
    (
        "severities:\n- {code: [UID], severity: info}",
        "3:11: 'code': only small letters, digits, dots, hyphens and * are allowed",
    ),
    (
        "rules:\n- {id: My rule, element: PatientID, must_be: filled}",
        "3:8: 'id': only small letters, digits and hyphens are allowed",
    ),
    (
        "severities:\n- {code: uid.*, severity: info, sop_class: [CTImageStorag]}",
        "3:45: unknown SOP class 'CTImageStorag'; did you mean 'CTImageStorage'?",
    ),
    (
        "severities:\n- {code: uid.*, severity: info, modality: ct}",
        "3:43: 'modality': up to 16 capital letters, digits, spaces and underscores are allowed",
    ),
    (
        "rules:\n- {id: a, element: SliceThicknes, at_most: 2}",
        "3:20: unknown element 'SliceThicknes'; did you mean 'SliceThickness'?",
    ),
    (
        "rules:\n- {id: a, element: (0009;1001), must_be: absent}",
        "3:20: unknown element '(0009;1001)'",
    ),
    (
        "rules:\n- {id: a, element: '(0009,1001)', must_be: absent}",
        "3:20: element (0009,1001) is not in the data dictionary",
    ),
    (
        "rules:\n- {id: a, element: PatientID > Modality, must_be: absent}",
        "3:20: PatientID is not a sequence, nothing is in it",
    ),
    (
        "rules:\n- {id: a, element: PatientID}",
        "3:3: the rule requires nothing: give must_be, in, at_least, at_most, matches or require",
    ),
    (
        "rules:\n- {id: a, element: PatientID, must_be: absent, in: x}",
        "3:3: an element that must be absent has no values to restrict",
    ),
    (
        "rules:\n- {id: a, element: PatientID, must_be: absent, position: 1}",
        "3:3: position needs in, at_least, at_most or matches",
    ),
    (
        "rules:\n- {id: a, element: PatientID, at_most: 3}",
        "3:3: PatientID (VR LO) holds no numbers",
    ),
    (
        "rules:\n- {id: a, element: PixelData, in: x}",
        "3:3: the values of PixelData (VR OB or OW) can't be restricted",
    ),
    (
        "rules:\n- {id: a, element: SliceThickness, in: [1, two]}",
        "3:3: SliceThickness (VR DS) holds numbers, the list has others",
    ),
    (
        "rules:\n- {id: a, element: SliceThickness, at_least: 2, at_most: 1}",
        "3:3: at_least is greater than at_most",
    ),
    (
        "rules:\n- {id: a, element: SliceThickness, at_least: nan}",
        "3:46: 'at_least': this should be a finite number",
    ),
    (
        "rules:\n- {id: a, element: PatientID, matches: (a}",
        "3:40: the pattern can't be used: a parenthesis is not closed",
    ),
    (
        "rules:\n- {id: a, element: PatientID, must_be: there}",
        "3:40: 'must_be': this should be 'present', 'filled', 'empty' or 'absent'",
    ),
    (
        "rules:\n- &a {id: a, element: PatientID, must_be: filled}\n- *a",
        "4:3: aliases are not supported",
    ),
    (
        "rules: " + "[" * 20 + "]" * 20,
        "2:23: this is nested too deep",
    ),
    (
        "rules: [",
        "3:1: while parsing a flow node, expected the node content, but found '<stream end>'",
    ),
    ("? [a]\n: b", "2:3: a key must be a plain text"),
    ("---\nname: two", "2:1: expected a single document in the stream, but found another document"),
]


@pytest.mark.parametrize(("text", "expected"), MISTAKES, ids=[text for text, _ in MISTAKES])
def test_a_mistake_is_reported_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    assert mistakes(tmp_path, SITE + text + "\n") == [f"trial.yaml:{expected}"]


def test_two_rules_with_one_id_are_a_mistake(tmp_path: Path) -> None:
    rule = "- {id: a, element: PatientID, must_be: filled}\n"
    assert mistakes(tmp_path, f"{SITE}rules:\n{rule}{rule}") == [
        "trial.yaml:2:1: two rules with the id 'a'"
    ]


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """\
    name: Trial 1
    decode: some
    severities:
      - {code: uid.pading, severity: loud}
    rules:
      - element: PatientID
        must_be: there
        must_be: filled
    """
    assert [line.split(": ")[0] for line in mistakes(tmp_path, text)] == [
        "trial.yaml:1:7",
        "trial.yaml:2:9",
        "trial.yaml:4:12",
        "trial.yaml:4:34",
        "trial.yaml:6:5",
        "trial.yaml:7:14",
        "trial.yaml:8:5",
    ]


def test_a_profile_of_ones_own_has_a_name_of_its_own(tmp_path: Path) -> None:
    expected = "a profile of your own needs a 'name' of its own"
    assert mistakes(tmp_path, "decode: all") == [f"trial.yaml:1:1: {expected}"]
    assert mistakes(tmp_path, "decode: all\nname: strict") == [f"trial.yaml:2:7: {expected}"]


def test_a_file_that_is_not_there_not_text_or_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trial.yaml"
    with pytest.raises(ProfileError, match=r"trial\.yaml: cannot be read: No such file"):
        load_profile(path)
    path.write_bytes(b"name: trial\ndescription: Sch\xe4del\n")
    with pytest.raises(ProfileError, match=r"trial\.yaml:2:1: this is not UTF-8 text"):
        load_profile(path)
    path.write_bytes(b"name: \x00\n")
    with pytest.raises(ProfileError, match=r"trial\.yaml: this is not YAML"):
        load_profile(path)
    path.write_bytes(b"#" * (128 * 1024 + 1))
    with pytest.raises(ProfileError, match=r"trial\.yaml: is larger than 128 KB"):
        load_profile(path)
    with pytest.raises(ProfileError, match="cannot be read"):
        load_profile(tmp_path)


def test_a_name_that_is_unknown_gets_a_suggestion() -> None:
    with pytest.raises(ProfileError, match=r"^strickt: .* did you mean 'strict'\?$"):
        load_profile("strickt")
    with pytest.raises(ProfileError, match=r"^mine: .* there are default, strict, lenient$"):
        load_profile("mine")


def test_a_large_file_takes_no_longer_than_its_size_explains(tmp_path: Path) -> None:
    rules = "".join(
        f"- {{id: r{number}, element: PatientID, must_be: filled}}\n" for number in range(500)
    )
    started = time.perf_counter()
    assert len(load(tmp_path, f"{SITE}rules:\n{rules}").rules) == 500
    assert time.perf_counter() - started < 5


VALID = """\
name: trial
severities:
- {code: [uid.*, element.empty], modality: CT, severity: info}
rules:
- {id: a, element: SliceThickness, at_least: 0.5, at_most: 2}
- {id: b, element: PatientID, matches: '(A|B)+[0-9]{3}', must_be: filled}
limits: {max_depth: 3}
"""


def refusal(path: Path) -> tuple[str, ...]:
    """What is wrong with a file; empty if nothing is."""
    try:
        load_profile(path)
    except ProfileError as error:
        return error.lines
    return ()


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(VALID)), st.integers(0, 9), st.text(":{}[]-?&*!|>'\"%@`# \n~a1é\0")
        ),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_a_file_says_it_is_a_profile_or_a_list_of_mistakes(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[int, int, str]]
) -> None:
    text = VALID
    for start, length, new in edits:
        text = text[:start] + new + text[start + length :]
    path = tmp_path_factory.getbasetemp() / "edited.yaml"
    path.write_bytes(text.encode())
    assert all(line.startswith(f"{path}:") for line in refusal(path))
