"""Counts what a person sees of many files: `python -m benchmarks.noise [FOLDER ...]`.

The files are those of `benchmarks.errors`; the profile is the default.
"""

import sys
from collections import Counter
from collections.abc import Sequence

from benchmarks.errors import contents
from contracts.report import Severity
from engine.examination import examine
from engine.profiles.profile import Profile

_SHOWN = 10


def main(folders: Sequence[str]) -> int:
    """Print how many files have findings of each severity, and the most frequent codes."""
    files, by_severity, by_code = 0, Counter[Severity](), Counter[tuple[Severity, str]]()
    for content in contents(folders):
        files += 1
        findings = examine(content, Profile()).findings
        by_severity.update({finding.severity for finding in findings})
        by_code.update({(finding.severity, finding.code) for finding in findings})
    sys.stdout.write(f"{files} files\n")
    for severity in Severity:
        sys.stdout.write(f"{by_severity[severity]:6} with {severity}\n")
        codes = [(code, count) for (of, code), count in by_code.most_common() if of is severity]
        for code, count in codes[:_SHOWN]:
            sys.stdout.write(f"{count:12} {code}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
