"""Messages as their readers get them: a template of the house, filled with facts.

Source: bad inputs 72-75; libraries.md "templates".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Template

from memberctl.core.errors import Invalid
from memberctl.core.toml import read_toml
from memberctl.message.rules import FACTS, LIVE_NAMES, Language, Purpose, checked_template

FOLDER = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Wording:
    """What one purpose says in one language."""

    subject: Template
    body: Template


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to be read; the subject is one line."""

    subject: str
    body: str


def render(wording: Wording, facts: Mapping[str, str], *, name: str, organisation: str) -> Rendered:
    """Return a message in words.

    facts -- what FACTS lists for its purpose; name, organisation -- as they are now
    Values are put in once and literally, whatever they look like.
    """
    values = {**facts, "name": name, "organisation": organisation}
    return Rendered(wording.subject.substitute(values), wording.body.substitute(values))


@lru_cache
def wordings(language: Language) -> Mapping[Purpose, Wording]:
    """Return all wordings of a language, read once."""
    return read_wordings((FOLDER / f"{language.value}.toml").read_text(encoding="utf-8"))


def read_wordings(text: str) -> dict[Purpose, Wording]:
    """Return the wordings in a TOML text: one table for each purpose, with subject and body.

    Raises Invalid for a purpose that is missing or unknown, for anything but subject and body,
    and for placeholders that FACTS does not allow.
    """
    tables = read_toml(text)
    unknown = sorted(tables.keys() - set(Purpose))
    missing = sorted(set(Purpose) - tables.keys())
    if unknown or missing:
        raise Invalid(
            f"templates: unknown {', '.join(unknown) or 'none'}; missing"
            f" {', '.join(missing) or 'none'}",
            rule="template_purposes",
        )
    return {purpose: _wording(purpose, tables[purpose]) for purpose in Purpose}


def wording(purpose: Purpose, subject: str, body: str) -> Wording:
    """Return a wording whose placeholders are those that FACTS allows. Raises Invalid."""
    allowed = FACTS[purpose] | LIVE_NAMES
    return Wording(
        checked_template(subject, allowed, what=f"the subject of {purpose}"),
        checked_template(body, allowed, what=f"the body of {purpose}"),
    )


def _wording(purpose: Purpose, table: Mapping[str, str]) -> Wording:
    if table.keys() != {"subject", "body"} or "\n" in table["subject"]:
        raise Invalid(
            f"template {purpose} takes a subject of one line and a body", rule="template_parts"
        )
    return wording(purpose, table["subject"], table["body"].lstrip("\n"))
