"""What a rule is: one requirement with the code that reports know it by."""

from dataclasses import dataclass

from contracts.report import Severity


@dataclass(frozen=True)
class Rule:
    """One requirement of the standard or of the profile.

    Attributes:
        code: stable name, such as `pixel.length-short`; the part before the dot is its layer.
        severity: in the default profile.
        message: one sentence for people, without values.
        section: of the standard, such as `PS3.5 8.1.1`.
        why: what goes wrong with files that break it.
        fix: how to correct a file.
        refusal: of an error, why a hospital is right to refuse the file.
        violation: whether breaking it violates the standard: an error in the strict profile.
        found_by: the module whose code finds the violations, such as `engine.iod.level`.
    """

    code: str
    severity: Severity
    message: str
    section: str
    why: str = ""
    fix: str = ""
    refusal: str = ""
    violation: bool = True
    found_by: str = ""

    @property
    def layer(self) -> str:
        """The part of the examination that it belongs to."""
        return self.code.partition(".")[0]
