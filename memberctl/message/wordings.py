"""An organisation's own words for what members are told, beside the program's.

They are checked when they are saved, so that nothing can go wrong when a message is sent.
Source: bad inputs 72-75; libraries.md "templates".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlmodel import col, select

from memberctl.core.errors import Invalid
from memberctl.core.text import clean_text
from memberctl.core.toml import NotToml, read_toml
from memberctl.message import queries, rendering
from memberctl.message.rendering import Rendered, Wording
from memberctl.message.rules import FACTS, LIVE_NAMES, Language, Purpose
from memberctl.message.tables import OwnWording
from memberctl.office.rules import Outcome
from memberctl.store.audit import note

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor
    from memberctl.message.tables import OutboxMessage

LONGEST_SUBJECT = 200
LONGEST_BODY = 20_000
LONGEST_FILE = 1_000_000


@dataclass(frozen=True, slots=True)
class WordingLine:
    """One wording in a list. own -- whether the organisation wrote it; names -- what it may say"""

    purpose: Purpose
    language: Language
    own: bool
    subject: str
    names: tuple[str, ...]
    changed_at: datetime | None
    changed_by: str | None


@dataclass(frozen=True, slots=True)
class WordingText:
    """One wording as it is written."""

    purpose: Purpose
    language: Language
    own: bool
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class WordingSet:
    """What became of a wording that was given or taken back."""

    purpose: Purpose
    language: Language
    outcome: Outcome


def rendered(session: Session, message: OutboxMessage, *, name: str, organisation: str) -> Rendered:
    """Return a message in the organisation's own words, or in the program's."""
    own = session.get(OwnWording, (message.purpose.value, message.language.value))
    if own is None:
        wording = rendering.wordings(message.language)[message.purpose]
    else:
        wording = rendering.wording(message.purpose, own.subject, own.body)
    facts = queries.facts_of(message)
    return rendering.render(wording, facts, name=name, organisation=organisation)


def parse_wordings(text: str) -> Mapping[Purpose, Wording]:
    """Return the wordings in a TOML file: one table for each purpose, with subject and body.

    Raises Invalid for a purpose that is not known, for anything but subject and body, and for
    placeholders that the purpose does not allow. Source: bad inputs 72, 73, 75.
    """
    try:
        tables = read_toml(text)
    except NotToml:
        raise Invalid(
            "the file is not TOML", rule="template_file", hint="memberctl help messages"
        ) from None
    if not tables:
        raise Invalid("the file has no wording", rule="template_file")
    found = {}
    for name, table in tables.items():
        purpose = parse_purpose(name)
        if not isinstance(table, dict) or not all(isinstance(text, str) for text in table.values()):
            raise Invalid(f"template {purpose} takes subject and body", rule="template_parts")
        found[purpose] = _checked(purpose, table)
    return found


def parse_purpose(text: str) -> Purpose:
    """Return the purpose of that name. Raises Invalid with the names there are."""
    try:
        return Purpose(text)
    except ValueError:
        raise Invalid(
            "there is no such purpose", field="purpose", rule="template_purpose",
            allowed=sorted(Purpose),
        ) from None  # fmt: skip


def set_wordings(
    session: Session,
    wordings: Mapping[Purpose, Wording],
    language: Language,
    *,
    by: Actor,
    at: datetime,
) -> list[WordingSet]:
    """Use an organisation's own wordings from now on; equal ones change nothing."""
    known = {row.purpose: row for row in _own(session, language)}
    done = []
    for purpose, wording in sorted(wordings.items()):
        row, text = known.get(purpose), (wording.subject.template, wording.body.template)
        outcome = Outcome.CREATED if row is None else Outcome.UPDATED
        if row is None:
            row = OwnWording(
                purpose=purpose.value, language=language.value, subject=text[0], body=text[1],
                changed_at=at, changed_by=by.staff,
            )  # fmt: skip
            session.add(row)
        elif (row.subject, row.body) == text:
            outcome = Outcome.UNCHANGED
        else:
            row.subject, row.body = text
            row.changed_at, row.changed_by, row.version = at, by.staff, row.version + 1
        if outcome is not Outcome.UNCHANGED:
            note(session, "template.set", f"{purpose}/{language}", by=by, at=at)
        done.append(WordingSet(purpose, language, outcome))
    session.flush()
    return done


def reset_wording(
    session: Session, purpose: Purpose, language: Language, *, by: Actor, at: datetime
) -> WordingSet:
    """Say a purpose in the program's own words again; a repeat changes nothing."""
    row = session.get(OwnWording, (purpose.value, language.value))
    if row is None:
        return WordingSet(purpose, language, Outcome.UNCHANGED)
    session.delete(row)
    session.flush()
    note(session, "template.reset", f"{purpose}/{language}", by=by, at=at)
    return WordingSet(purpose, language, Outcome.UPDATED)


def list_wordings(session: Session, language: Language | None = None) -> list[WordingLine]:
    """Return every purpose in every language, with what may stand in it."""
    own = {(row.purpose, row.language): row for row in _own(session, language)}
    lines = []
    for spoken in Language if language is None else (language,):
        for purpose, wording in rendering.wordings(spoken).items():
            row = own.get((purpose.value, spoken.value))
            lines.append(
                WordingLine(
                    purpose=purpose,
                    language=spoken,
                    own=row is not None,
                    subject=wording.subject.template if row is None else row.subject,
                    names=tuple(sorted(FACTS[purpose] | LIVE_NAMES)),
                    changed_at=None if row is None else row.changed_at,
                    changed_by=None if row is None else row.changed_by,
                )
            )
    return lines


def show_wording(session: Session, purpose: Purpose, language: Language) -> WordingText:
    """Return one wording as it is written."""
    row = session.get(OwnWording, (purpose.value, language.value))
    if row is not None:
        return WordingText(purpose, language, True, row.subject, row.body)
    wording = rendering.wordings(language)[purpose]
    return WordingText(purpose, language, False, wording.subject.template, wording.body.template)


def _own(session: Session, language: Language | None) -> list[OwnWording]:
    statement = select(OwnWording)
    if language is not None:
        statement = statement.where(col(OwnWording.language) == language.value)
    return list(session.scalars(statement))


def _checked(purpose: Purpose, table: Mapping[str, str]) -> Wording:
    if table.keys() != {"subject", "body"}:
        raise Invalid(f"template {purpose} takes subject and body", rule="template_parts")
    what = f"the subject of {purpose}"
    subject = clean_text(table["subject"], what=what, longest=LONGEST_SUBJECT)
    body = clean_text(
        table["body"], what=f"the body of {purpose}", longest=LONGEST_BODY, lines=True
    )
    return rendering.wording(purpose, subject, body + "\n")
