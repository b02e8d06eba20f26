"""`hdv rules` and `hdv explain`: all rules, why they matter, and how to fix a file."""

import difflib
import json
import shutil
import sys
import textwrap
from collections.abc import Iterator
from typing import Any, Literal

from engine.profile_files.errors import ProfileError
from engine.profile_files.loading import BUILT_IN, load_profile
from engine.profiles.profile import MUTE, Profile
from engine.profiles.site_rule import SiteRule
from engine.rule import Rule
from engine.rules.catalogue import LAYERS, RULES
from hdv.exit import CommandError
from hdv.validation.rules_page import page

_WIDEST = 100
"""Longer lines are hard to read, in characters."""
_NARROWEST = 40

Form = Literal["text", "json", "markdown"]


def print_rules(form: Form, profile: str) -> None:
    """Print every rule with its severity in a profile.

    Args:
        form: the format of the list.
        profile: the name of a built-in profile, or the path of a profile file.

    Raises:
        CommandError: there is no such profile, or it has mistakes.
    """
    try:
        chosen = load_profile(profile)
    except ProfileError as error:
        raise CommandError(*error.lines) from None
    sys.stdout.write(listing(form, chosen))


def explain(code: str) -> None:
    """Print what a code means.

    Raises:
        CommandError: there is no such code.
    """
    sys.stdout.write(explanation(code, width=shutil.get_terminal_size().columns))


def listing(form: Form, profile: Profile) -> str:
    """Every rule, with its severity in a profile, and the rules that the profile adds."""
    if form == "json":
        return _json(profile)
    if form == "markdown":
        return page([profile])
    return "\n".join(_lines(profile)) + "\n"


def explanation(code: str, *, width: int) -> str:
    """What a code means, its severity in each profile, why it matters, and how to fix it.

    Args:
        code: of a rule.
        width: of the lines, in characters.

    Raises:
        CommandError: there is no such rule.
    """
    rule = RULES.get(code.strip().lower())
    if rule is None:
        raise CommandError(_unknown(code))
    severities = ", ".join(f"{name} {_severity(load_profile(name), rule)}" for name in BUILT_IN)
    if rule.layer == "site":
        severities = f"{rule.severity}, unless the site's rule says otherwise"
    facts = (
        _wrapped(f"Severity   {severities}", width, hang=11),
        f"  Standard   {rule.section}",
        f"  Found by   {rule.found_by}",
    )
    paragraphs = [rule.code, _wrapped(rule.message, width), "\n".join(facts)]
    if rule.why:
        paragraphs.append(f"Why it matters\n{_wrapped(rule.why, width)}")
    if rule.refusal:
        paragraphs.append(f"Why a hospital may refuse it\n{_wrapped(rule.refusal, width)}")
    if rule.fix:
        paragraphs.append(f"How to fix it\n{_wrapped(rule.fix, width)}")
    return "\n\n".join(paragraphs) + "\n"


def _unknown(code: str) -> str:
    close = difflib.get_close_matches(code.strip().lower(), RULES, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(close)}?" if close else "`hdv rules` lists all codes."
    return f"there is no code {code!r}; {hint}"


def _wrapped(text: str, width: int, *, hang: int = 0) -> str:
    columns = max(_NARROWEST, min(width, _WIDEST))
    return textwrap.fill(text, columns, initial_indent="  ", subsequent_indent="  " + " " * hang)


def _severity(profile: Profile, rule: Rule) -> str:
    return str(profile.severity_of(rule) or MUTE)


def _lines(profile: Profile) -> Iterator[str]:
    longest = max(map(len, RULES))
    yield f"Profile {profile.name}, version {profile.version} ({profile.digest})"
    for layer in LAYERS:
        yield f"\n{layer.title}"
        for rule in layer.sorted_rules:
            yield f"  {_severity(profile, rule):<7}  {rule.code:<{longest}}  {rule.message}"
    if profile.rules:
        yield f"\nThe rules of {profile.name}"
    for site in profile.rules:
        yield f"  {site.severity:<7}  {site.id}: {site.path}: {site.demands}"


def _json(profile: Profile) -> str:
    content = {
        "profile": {
            "name": profile.name,
            "version": profile.version,
            "digest": profile.digest,
        },
        "rules": [_entry(rule, profile) for layer in LAYERS for rule in layer.sorted_rules],
        "site_rules": [_site_entry(site) for site in profile.rules],
    }
    return json.dumps(content, indent=2) + "\n"


def _entry(rule: Rule, profile: Profile) -> dict[str, Any]:
    return {
        "code": rule.code,
        "severity": _severity(profile, rule),
        "message": rule.message,
        "section": rule.section,
        "why": rule.why,
        "fix": rule.fix,
        "refusal": rule.refusal,
        "violation": rule.violation,
        "found_by": rule.found_by,
    }


def _site_entry(site: SiteRule) -> dict[str, Any]:
    entry = site.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return entry | {"element": site.path, "severity": site.severity}
