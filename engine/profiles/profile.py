"""The profile: which rules apply to an instance, and how severe each violation is."""

import hashlib
import json
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PositiveInt,
    ValidationInfo,
    field_validator,
)

from contracts.described import Described
from contracts.report import Severity
from engine.profiles.selection import OneOrMore, Selection, suggestion
from engine.profiles.site_rule import SiteRule, unknown_keyword
from engine.rule import Rule
from engine.standard.facts import tag_of

MUTE = "mute"
BuiltIn = Literal["default", "strict", "lenient"]


class Limits(Described):
    """Where an examination stops."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_depth: PositiveInt = 64
    """The deepest nesting of sequences."""
    max_elements: PositiveInt = 2_000_000
    """The greatest number of elements, sequence items and fragments; each takes 21 bytes."""
    max_inflated_bytes: PositiveInt = 512 * 1024**2
    """The greatest size of a deflated data set once inflated, in bytes."""
    max_pixel_bytes: PositiveInt = 16 * 1024**3
    """The greatest size of the pixels that a file may declare, once decompressed, in bytes."""
    max_findings_per_code: PositiveInt = 100
    """How many places a code is reported for; the places beyond are only counted."""
    max_findings: PositiveInt = 1000
    """How many places a file is reported for; the places beyond are only counted, by code."""

    @property
    def given(self) -> dict[str, int]:
        """The limits that were set, without those left to their defaults."""
        return {name: getattr(self, name) for name in self.model_fields_set}

    def within(self, bounds: "Limits") -> "Limits":
        """Each limit that was given, but no wider than that of the bounds; the bounds' others."""
        ours = {name: min(limit, getattr(bounds, name)) for name, limit in self.given.items()}
        return Limits(**bounds.model_dump() | ours)


def _known_code(code: str, info: ValidationInfo) -> str:
    """The known codes are in the context where a profile file is read."""
    codes = (info.context or {}).get("codes")
    if code.startswith("site."):
        raise ValueError(f"the severity of '{code}' is set in each of the site's rules")
    if codes is None or any(fnmatchcase(known, code) for known in codes):
        return code
    kind = "no code fits" if "*" in code else "unknown code"
    raise ValueError(f"{kind} '{code}'{suggestion(code, codes)}")


class SeverityChange(Selection):
    """The severity of some rules, in some instances or in all."""

    code: Annotated[
        OneOrMore[
            Annotated[
                str, Field(pattern=r"^[a-z0-9.*-]+$", max_length=100), AfterValidator(_known_code)
            ]
        ],
        Field(min_length=1),
    ]
    """Codes; `*` in them matches any characters."""
    violation: bool | None = None
    """Only rules of the standard (true), or only others (false)."""
    default_severity: Severity | None = None
    """Only rules of this severity in the default profile."""
    severity: Literal["error", "warning", "info", "mute"]
    """Their new severity; `mute`: they are not reported."""

    def changes(self, rule: Rule) -> bool:
        """Whether it applies to a rule."""
        return (
            any(fnmatchcase(rule.code, code) for code in self.code)
            and self.violation in {None, rule.violation}
            and self.default_severity in {None, rule.severity}
        )


def _keyword(keyword: str) -> str:
    if tag_of(keyword) is None:
        raise unknown_keyword(keyword)
    return keyword


Keyword = Annotated[str, AfterValidator(_keyword)]


class Profile(Described):
    """What an examination checks; `engine.profile_files.loading` reads one from a file.

    The defaults are those of the default profile.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="default", pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)
    """Name of the profile; every report carries it."""
    version: str = Field(default="1", pattern=r"^[A-Za-z0-9._-]{1,30}$")
    """Version of the profile; every report carries it."""
    description: str = Field(default="", max_length=1000)
    """What it is for."""
    extends: BuiltIn = "default"
    """The profile that is complemented; what is set here takes precedence."""
    severities: tuple[SeverityChange, ...] = Field(default=(), max_length=500)
    """Changes of severities; the last one that fits counts."""
    required_elements: tuple[Keyword, ...] = Field(
        default=(
            "SOPClassUID",
            "SOPInstanceUID",
            "StudyInstanceUID",
            "SeriesInstanceUID",
        ),
        max_length=500,
    )
    """Keywords of the elements without which an instance is not filed."""
    may_be_empty: tuple[Keyword, ...] = Field(default=(), max_length=500)
    """Keywords of the required elements that may be there without a value (Type 2)."""
    rules: tuple[SiteRule, ...] = Field(default=(), max_length=500)
    """What the site requires beyond the standard."""
    decode: Literal["none", "first", "all"] = "none"
    """Which frames are decoded."""
    show_values: bool = False
    """Whether reports show values that may identify a person."""
    limits: Limits = Limits()
    """Where an examination stops."""

    @field_validator("rules")
    @classmethod
    def _has_each_rule_once(cls, rules: tuple[SiteRule, ...]) -> tuple[SiteRule, ...]:
        ids = [rule.id for rule in rules]
        if twice := sorted({id_ for id_ in ids if ids.count(id_) > 1}):
            raise ValueError(f"two rules with the id '{twice[0]}'")
        return rules

    def severity_of(
        self, rule: Rule, sop_class_uid: str = "", modality: str = ""
    ) -> Severity | None:
        """The severity of a rule in an instance; None if it is not reported.

        Args:
            rule: the rule; for those of the site's own, see `SiteRule.severity`.
            sop_class_uid: of the instance; empty where it is about several, or unknown.
            modality: of the instance; likewise.
        """
        # Only names that some part of the profile has are distinguished: a file can say anything.
        known = self.selected_for
        key = (
            rule.code,
            sop_class_uid if sop_class_uid in known else "",
            modality if modality in known else "",
        )
        if key not in self.severity_cache:
            self.severity_cache[key] = self._severity_of(rule, *key[1:])
        return self.severity_cache[key]

    def _severity_of(self, rule: Rule, sop_class_uid: str, modality: str) -> Severity | None:
        for change in reversed(self.severities):
            if change.changes(rule) and change.has(sop_class_uid, modality):
                return None if change.severity == MUTE else Severity(change.severity)
        return rule.severity

    @cached_property
    def severity_cache(self) -> dict[tuple[str, str, str], Severity | None]:
        """The severities that have been asked for, by code, SOP class and modality."""
        return {}

    @cached_property
    def selected_for(self) -> frozenset[str]:
        """The SOP classes and modalities that some severity depends on."""
        return frozenset(
            name for change in self.severities for name in (*change.sop_class, *change.modality)
        )

    @cached_property
    def digest(self) -> str:
        """Twelve hexadecimal digits that differ when anything differs but the description."""
        content = self.model_dump(mode="json", exclude={"description"}, by_alias=True)
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def complemented(self, own: "Profile") -> "Profile":
        """This profile with the content of another: rules are added, the rest replaces."""
        given = {name: getattr(own, name) for name in own.model_fields_set}
        given["severities"] = self.severities + own.severities
        given["rules"] = self.rules + own.rules
        given["limits"] = Limits(**self.limits.given | own.limits.given)
        return self.changed(**given)

    def with_limits(self, bounds: Limits) -> "Profile":
        """The profile on a machine with limits of its own, which it can only tighten."""
        return self.changed(limits=self.limits.within(bounds))

    def changed(self, **changes: Any) -> "Profile":  # noqa: ANN401 -- any attribute
        """The profile with other values of some attributes."""
        # Not `model_copy`: it would keep what was computed from the old content.
        fields = {name: getattr(self, name) for name in Profile.model_fields}
        return Profile.model_validate(fields | changes)

    @cached_property
    def required_tags(self) -> dict[int, bool]:
        """The tags of the required elements, each with whether it may be empty."""
        return {
            tag: keyword in self.may_be_empty
            for keyword in self.required_elements
            if (tag := tag_of(keyword)) is not None
        }
