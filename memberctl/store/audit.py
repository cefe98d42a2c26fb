"""The audit log: who did what to which object, a chain of signatures, append-only.

An operation says `note(...)`; the notes of a transaction become rows at its end, under the
write lock, so the chain cannot fork and no change is without its row.
Source: rules G1; reliability.md R16.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring
from typing import TYPE_CHECKING

from sqlalchemy import select

from memberctl.core.actor import Actor
from memberctl.store.bulk import insert_rows
from memberctl.store.columns import instant_text
from memberctl.store.keys import signature
from memberctl.store.prepared import Prepared, driver_of
from memberctl.store.tables import AuditRow

if TYPE_CHECKING:
    from sqlmodel import Session

FIRST_PREV = bytes(32)
COLUMNS = (
    "seq", "at", "account", "login", "staff", "command", "event", "object", "facts", "prev", "mac",
)  # fmt: skip
HEAD = Prepared(
    select(AuditRow.seq, AuditRow.mac).order_by(AuditRow.seq.desc()).limit(1)  # type: ignore[attr-defined, call-overload]
)
Fact = str | int | bool | None | list[str]
_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Trail:
    """What every note of one transaction shares; kept in `session.info`."""

    key: bytes
    command: str
    pending: list[tuple[str, str, str, str, str, str, str]]


def open_trail(session: Session, key: bytes, command: str) -> None:
    """Begin to collect this transaction's notes, to be signed with `key`."""
    session.info["trail"] = Trail(key, command, [])


def note(
    session: Session, event: str, about: str, *, by: Actor, at: datetime, **facts: Fact
) -> None:
    """Note that `by` made `event` happen to the object `about` at `at`.

    event -- "noun.past", e.g. "order.filed"; about -- the object's number
    facts -- states, amounts and numbers; never personal data
    """
    note_many(session, event, [(about, facts)], by=by, at=at)


def note_many(
    session: Session,
    event: str,
    about: Iterable[tuple[str, dict[str, Fact]]],
    *,
    by: Actor,
    at: datetime,
) -> None:
    """Note one event for many objects; each is `(object, facts)`."""
    pending = _trail(session).pending
    account, login, staff, when = by.account, by.login, by.staff, instant_text(at)
    pending.extend(
        (when, account, login, staff, event, name, canonical(facts) if facts else "{}")
        for name, facts in about
    )


def canonical(facts: Mapping[str, Fact]) -> str:
    """Return facts as JSON with sorted keys, without blanks: one text for equal facts.

    Text and numbers, which nearly all facts are, are put together here: the encoder takes 2.7 us
    for four of them, this 1.6, and an import notes 100,000 orders.
    """
    return "{" + ",".join([f'"{key}":{_told(facts[key])}' for key in sorted(facts)]) + "}"


def _told(fact: Fact) -> str:
    if type(fact) is str:
        return encode_basestring(fact)
    return str(fact) if type(fact) is int else _json(fact)


def append_notes(session: Session) -> None:
    """Write the collected notes as the next links of the chain."""
    trail = _trail(session)
    if not trail.pending:
        return
    insert_rows(session, AuditRow, COLUMNS, list(_links(session, trail)))
    trail.pending.clear()


def _trail(session: Session) -> Trail:
    trail = session.info["trail"]
    assert isinstance(trail, Trail)
    return trail


def _links(session: Session, trail: Trail) -> Iterator[tuple[object, ...]]:
    seq, prev = head(session)
    _, dialect = driver_of(session)
    sqlite = dialect.name == "sqlite"
    for when, account, *who, event, about, facts in trail.pending:
        seq += 1
        said = signed_fields(account, when, *who, trail.command, event, about, facts)
        mac = link_mac(trail.key, prev, seq, said)
        at: object = when if sqlite else datetime.fromisoformat(when)
        yield (seq, at, account, *who, trail.command, event, about, facts, prev, mac)
        prev = mac


def head(session: Session) -> tuple[int, bytes]:
    """Return the number and signature of the newest link, (0, zeros) before the first."""
    found = HEAD.row(session)
    return (found[0], bytes(found[1])) if found else (0, FIRST_PREV)


def signed_fields(account: str, *fields: str) -> tuple[str, ...]:
    """Return what the signature of one link covers.

    Links of the first schema knew no account, and are signed without one for ever.
    """
    return (account, *fields) if account else fields


def link_mac(key: bytes, prev: bytes, seq: int, fields: tuple[str, ...]) -> bytes:
    """Return the signature of one link; fields are length-prefixed, so none flows into the next."""
    about, facts = fields[-2:]
    text = f"{seq}|{_prefixed(fields[:-2])}{len(about)}:{about}{len(facts)}:{facts}"
    return signature(key, prev + text.encode())


@lru_cache(maxsize=32)
def _prefixed(fields: tuple[str, ...]) -> str:
    """Return each field behind its length; a batch has the same instant, person and event."""
    return "".join([f"{len(field)}:{field}" for field in fields])
