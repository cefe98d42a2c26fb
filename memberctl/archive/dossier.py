"""Everything about one person, from every table: what they may ask to see.

Source: rules G3; mission S1.14; reliability.md R20.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, or_, union
from sqlalchemy import select as columns
from sqlmodel import col

from memberctl.archive.personal import PERSONAL, WHERE_SAID
from memberctl.archive.walking import belongings, numbers_of, rows_by_key
from memberctl.core.numbering import member_number
from memberctl.core.text import Kind, Personal
from memberctl.ledger.rules import Account
from memberctl.ledger.tables import LedgerEntry, Posting
from memberctl.member.identity import PERSONAL_KIND
from memberctl.member.sealed import own_key
from memberctl.member.tables import Member
from memberctl.order.tables import Order
from memberctl.store.among import among
from memberctl.store.sealing import unseal
from memberctl.store.tables import AuditRow

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.store.keys import Keys

Row = dict[str, object]
FITS_INTO_A_LINE = 6  # Fields of a row; with more of them each has its own line.
_KINDS = {
    "phone": Kind.PHONE, "phone_typed": Kind.PHONE, "email": Kind.EMAIL,
    "birth_on": Kind.BIRTH_DATE, "birth_date": Kind.BIRTH_DATE, "id_number": Kind.ID_NUMBER,
    "name": Kind.NAME,
    "address": Kind.ADDRESS, "referrer": Kind.NAME,
}  # fmt: skip
_SHOWN = frozenset({"name", "staff_id"})
_NOTHING_PERSONAL = "wrapped_key"


@dataclass(frozen=True, slots=True)
class Dossier:
    """One person's data. tables -- by name, each row with the names of its columns"""

    number: str
    name: str
    made_at: datetime
    tables: Mapping[str, tuple[Row, ...]]


def dossier_of(session: Session, member: Member, keys: Keys, *, at: datetime) -> Dossier:
    """Return everything that the store holds about a member, sealed fields opened.

    What is personal is Personal: shown in the clear only for a reason that is recorded.
    """
    ids = numbers_of(session, member.id)
    owned = belongings(session, ids)
    people = {each: session.get_one(Member, each) for each in ids}
    tables = {
        table.name: tuple(
            _row(table, row, people, keys) for row in rows_by_key(session, table, found)
        )
        for table, found in sorted(owned.items(), key=lambda each: each[0].name)
    }
    orders = [key[0] for key in owned.get(Order.__table__, ())]  # type: ignore[attr-defined]
    numbers = [member_number(each) for each in ids]
    numbers += session.scalars(
        columns(col(Order.number)).where(among(session, col(Order.id), orders))
    )
    tables["posting"] = _postings(session, numbers)
    tables["audit"] = _trail(session, numbers)
    return Dossier(member_number(member.id), member.name, at, tables)


def _row(table: Table, row: Mapping[str, Any], people: Mapping[int, Member], keys: Keys) -> Row:
    """Return a row with its personal values as such, and with what was sealed opened."""
    personal = {*PERSONAL.get(table.name, ()), *WHERE_SAID.get(table.name, ())}
    found: Row = {}
    for name, value in row.items():
        if name in {_NOTHING_PERSONAL, "name_key", "blind_index"}:
            continue
        if isinstance(value, (bytes, memoryview)):
            found[name] = _opened(table, row, name, bytes(value), people, keys)
        elif value is None or name in _SHOWN or name not in personal:
            found[name] = value
        else:
            text = value.isoformat() if isinstance(value, date) else str(value)
            found[name] = Personal(_KINDS.get(name, Kind.TEXT), text)
    return found


def marked(table: str, row: Mapping[str, Any]) -> Row:
    """Return a row that was archived with its personal values as such."""
    personal = {*PERSONAL.get(table, ()), *WHERE_SAID.get(table, ())} - _SHOWN
    return {
        name: Personal(_KINDS.get(name, Kind.TEXT), str(value))
        if name in personal and value is not None
        else value
        for name, value in row.items()
    }


def _opened(
    table: Table,
    row: Mapping[str, Any],
    name: str,
    sealed: bytes,
    people: Mapping[int, Member],
    keys: Keys,
) -> object:
    """Return what a sealed field holds; a snapshot of a merge only that there is one."""
    member = people.get(row.get("member_id", 0))
    if not sealed or member is None or member.wrapped_key is None:
        return None
    field = {"sealed": str(row.get("kind", "")), "sealed_old": f"{row['id']}.old"}.get(
        name, f"{row['id']}.new"
    )
    clear = unseal(own_key(keys, member), sealed, table.name, member.id, field)
    return Personal(_sealed_kind(row), clear)


def _sealed_kind(row: Mapping[str, Any]) -> Kind:
    """Return what a sealed field is: a document by its kind, a change by what it changes."""
    if row.get("kind") in PERSONAL_KIND:
        return PERSONAL_KIND[row["kind"]]
    return _KINDS.get(str(row.get("field")), Kind.TEXT)


def _postings(session: Session, numbers: list[str]) -> tuple[Row, ...]:
    about = among(session, col(LedgerEntry.about), numbers)
    party = among(session, col(Posting.party), numbers)
    # Each half has an index; of both at once every entry of the books would be read.
    known = col(Posting.account).in_(list(Account))
    entries = union(
        columns(col(LedgerEntry.id)).where(about),
        columns(col(Posting.entry_id)).where(known, party),
    )
    rows = session.execute(
        columns(
            col(LedgerEntry.id), col(LedgerEntry.value_on), col(LedgerEntry.event),
            col(LedgerEntry.about), col(Posting.account), col(Posting.party),
            col(Posting.amount_minor), col(Posting.currency),
        )
        .join(Posting, col(Posting.entry_id) == col(LedgerEntry.id))
        .where(col(LedgerEntry.id).in_(entries), or_(about, party))
        .order_by(col(LedgerEntry.id), col(Posting.line))
    )  # fmt: skip
    return tuple(dict(row._mapping) for row in rows)


def _trail(session: Session, numbers: list[str]) -> tuple[Row, ...]:
    rows = session.execute(
        columns(
            col(AuditRow.seq), col(AuditRow.at), col(AuditRow.staff), col(AuditRow.event),
            col(AuditRow.object),
        )
        .where(among(session, col(AuditRow.object), numbers))
        .order_by(col(AuditRow.seq))
    )  # fmt: skip
    return tuple(dict(row._mapping) for row in rows)


def readable(
    dossier: Dossier, shown: Mapping[str, tuple[Mapping[str, object], ...]], made: str
) -> str:
    """Return the dossier as a person reads it, without what is empty.

    shown -- its rows as they may be seen; made -- when it was made, in the organisation's time
    """
    lines = [f"{dossier.number} {dossier.name}", f"made {made}"]
    for table, rows in shown.items():
        if rows:
            lines += ["", f"{table.replace('_', ' ')} ({len(rows)})"]
        for place, row in enumerate(rows):
            said = {name: value for name, value in row.items() if value not in (None, "")}
            if len(row) <= FITS_INTO_A_LINE:
                lines.append("  " + "  ".join(str(value) for value in said.values()))
                continue
            width = max(map(len, said))
            lines += [""] * bool(place)
            lines += [f"  {name.replace('_', ' '):<{width}}  {said[name]}" for name in said]
    return "\n".join(lines) + "\n"
