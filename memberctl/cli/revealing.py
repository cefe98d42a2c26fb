"""Personal data in the clear: which kinds of fields, to whom, for which reason, and whose.

Each kind has a right of its own. What somebody has no right to stays masked beside what they may
see, and is logged as refused; whose data are shown is logged before they are shown.
Source: rules G2, G6; reliability.md R20 and "Who may do what, honestly".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from memberctl.cli.refusing import log_refusal
from memberctl.cli.values import value_of
from memberctl.core.actor import Actor
from memberctl.core.errors import NotPermitted
from memberctl.core.text import Kind, Personal, clean_text

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.cli.run import Run
    from memberctl.store.repeats import Request

_NUMBER = re.compile(r"M-\d{6,}")


@dataclass(slots=True)
class Seen:
    """What personal fields some rows show.

    shown   -- kinds that may be seen in the clear; masked -- kinds that stay hidden
    persons -- the numbers of the members whose fields of the first are in the rows, each once
    """

    shown: set[Kind] = field(default_factory=set)
    masked: set[Kind] = field(default_factory=set)
    persons: dict[str, None] = field(default_factory=dict)


def look_through(
    rows: Sequence[object], allowed: frozenset[Kind], keys: Sequence[str] | None = None
) -> Seen:
    """Return what personal fields stand in `rows`, under `keys` alone where they are given.

    A row that names no member by number adds nobody.
    """
    seen = Seen()
    for row in rows:
        visible = row if keys is None else [value_of(row, key) for key in keys]
        personal = (each for each in _values(visible) if isinstance(each, Personal))
        kinds = {each.kind for each in personal if each.value}
        seen.masked |= kinds - allowed
        if kinds & allowed:
            seen.shown |= kinds & allowed
            numbers = [v for v in _values(row) if isinstance(v, str) and _NUMBER.fullmatch(v)]
            seen.persons.update(dict.fromkeys(numbers[:1] if _is_one_person(row) else numbers))
    return seen


def _is_one_person(row: object) -> bool:
    """Whether a row is about the member whose number it is, whoever else its details name."""
    number = None if isinstance(row, Mapping) else getattr(row, "number", None)
    return isinstance(number, str) and number.startswith("M-")


def _values(value: object) -> Iterator[object]:
    """Yield all plain values inside a row, however deep."""
    if isinstance(value, (str, bytes, Personal)) or value is None:
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _values(inner)
    elif is_dataclass(value):
        for each in fields(value):
            yield from _values(getattr(value, each.name))
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _values(inner)


def allow_reveal(run: Run, reason: str, needs: Sequence[Kind] = ()) -> None:
    """Let a run show the kinds of personal fields that whoever is there has the right to see.

    needs -- kinds that all must be among them; without any, one kind is enough
    Raises NotPermitted, which is logged; whose data they are is logged when they are shown.
    """
    from memberctl.office.rights import may_reveal, require_reveal, reveal_right
    from memberctl.store.work import view

    said = clean_text(reason, what="the reason for --reveal")
    asked = ", ".join(reveal_right(kind) for kind in needs) or "--reveal"
    try:
        with view(run.store(), run.opener(None)) as (_, opening):
            require_reveal(opening.actor, needs)
            allowed = may_reveal(opening.actor.roles)
    except NotPermitted as refusal:
        log_refusal(run, _unrepeated(run), asked, refusal)
        raise
    run.reveal_reason = said
    run.output.options = replace(run.output.options, reveal=allowed)


def log_shown(
    run: Run,
    rows: Sequence[object],
    columns: Sequence[str] | None = None,
    about: Sequence[str] = (),
) -> None:
    """Log, in a transaction of its own, what `rows` are about to show.

    columns -- the keys that are shown, None for all; about -- persons that the rows do not name
    Raises NotPermitted when all that is personal would stay masked. The log entry is not the
    command's own change, so a failure after it is no partial success.
    """
    from memberctl.store.work import unit_of_work

    with unit_of_work(
        run.store(), run.settings.key_dir, _unrepeated(run), run.opener(None)
    ) as unit:
        by, at = unit.opening.actor, unit.opening.now
        seen = note_shown(run, unit.session, rows, columns, about=about, by=by, at=at)
    if not seen.masked:
        return
    refused = _refused(by, seen.masked)
    if not seen.shown:
        raise NotPermitted(refused, hint="memberctl staff rights")
    run.output.warn(f"{refused}: it stays masked")


def note_shown(
    run: Run,
    session: Session,
    rows: Sequence[object],
    columns: Sequence[str] | None = None,
    *,
    about: Sequence[str] = (),
    by: Actor,
    at: datetime,
) -> Seen:
    """Log each person whose data `rows` show, the command itself when they name nobody, and each
    kind that stays masked; return what it is.

    Raises NotPermitted when a right was taken away since the run began.
    """
    from memberctl.office.rights import require_reveal, reveal_right
    from memberctl.store.audit import Fact, note_many

    allowed, reason = run.output.options.reveal, run.reveal_reason
    assert reason is not None, "who may see it has said why"
    require_reveal(by, sorted(allowed))
    chosen = run.output.options.fields or columns
    keys = None if columns is None or chosen is None else [k for k in chosen if k in columns]
    seen = look_through(rows, allowed, keys)
    refused: list[tuple[str, dict[str, Fact]]] = [
        (run.command, {"right": reveal_right(kind), "rule": NotPermitted.code})
        for kind in sorted(seen.masked)
    ]
    note_many(session, "right.refused", refused, by=by, at=at)
    if seen.shown or not seen.masked:
        facts: dict[str, Fact] = {"reason": reason, "fields": ",".join(sorted(seen.shown))}
        persons = [*about, *seen.persons] or [run.command]
        note_many(session, "personal.revealed", [(each, facts) for each in persons], by=by, at=at)
    return seen


def _refused(by: Actor, kinds: set[Kind]) -> str:
    from memberctl.office.rights import reveal_right

    return f"{by.staff} has no right to {', '.join(reveal_right(kind) for kind in sorted(kinds))}"


def _unrepeated(run: Run) -> Request:
    """Return what is asked for, without its key: a log entry is written each time."""
    return replace(run.request(money=False), key=None)
