"""Every select over tills: what is in them, and how they were closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import col, select

from memberctl.core.errors import NotFound
from memberctl.core.money import Money
from memberctl.core.numbering import parse_serial_number, serial_number
from memberctl.ledger.tables import LedgerEntry, Posting
from memberctl.office.queries import staff_codes
from memberctl.office.tables import Branch, Staff
from memberctl.payment.rules import Method
from memberctl.payment.till_rules import NO_BRANCH, PREFIX, TillLine, TillMovement, TillRecord
from memberctl.payment.till_tables import TillClose
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class InTill:
    """What moved in a till since it was closed; newest -- the newest entry of the whole books."""

    minor: int
    entries: int
    newest: int


def number(close_id: int) -> str:
    """Return the number of a closed till, e.g. "TC-000001"."""
    return serial_number(PREFIX, close_id)


def branch_code(session: Session, branch_id: int) -> str | None:
    """Return a branch's code, None for what no branch took."""
    return session.scalars(select(Branch.code).where(Branch.id == branch_id)).one_or_none()


def last_close(session: Session, branch_id: int, method: Method) -> TillClose | None:
    """Return the newest close of a branch's till for a method, or None."""
    return session.scalars(
        select(TillClose)
        .where(TillClose.branch_id == branch_id, TillClose.method == method)
        .order_by(col(TillClose.id).desc())
        .limit(1)
    ).one_or_none()


def _moved(branch_id: int, method: Method, after: int) -> tuple[Any, ...]:
    """Return the conditions on the postings that a till holds after an entry."""
    branch = col(LedgerEntry.branch_id)
    return (
        col(Posting.account) == method.value,
        branch.is_(None) if branch_id == NO_BRANCH else branch == branch_id,
        col(LedgerEntry.id) > after,
    )


def since(session: Session, branch_id: int, method: Method, after: int) -> InTill:
    """Return what moved in a till after the entry `after`."""
    minor, entries = session.execute(
        columns(func.coalesce(func.sum(col(Posting.amount_minor)), 0), func.count())
        .join(LedgerEntry, col(LedgerEntry.id) == col(Posting.entry_id))
        .where(*_moved(branch_id, method, after))
    ).one()
    newest = session.execute(columns(func.max(col(LedgerEntry.id)))).scalar_one() or 0
    return InTill(int(minor), entries, max(newest, after))


def show_till(session: Session, text: str, *, own_branch: int | None = None) -> TillRecord:
    """Return a closed till with everything that is in it. Raises Invalid, NotFound.

    own_branch -- the only branch whose tills the person may see, None for all (rules G6)
    """
    close = session.get(TillClose, parse_serial_number(text, PREFIX))
    if close is None or own_branch not in (None, close.branch_id):
        raise NotFound("no closed till has this number", hint="memberctl till list")
    rows = session.execute(
        columns(
            col(LedgerEntry.id),
            col(LedgerEntry.at),
            col(LedgerEntry.value_on),
            col(LedgerEntry.event),
            col(LedgerEntry.about),
            col(Posting.amount_minor),
        )
        .join(Posting, col(Posting.entry_id) == col(LedgerEntry.id))
        .where(
            *_moved(close.branch_id, close.method, close.after_entry),
            col(LedgerEntry.id) <= close.until_entry,
        )
        .order_by(col(LedgerEntry.id))
    )
    return TillRecord(
        number=number(close.id),
        branch=branch_code(session, close.branch_id),
        method=close.method,
        closed_on=close.closed_on,
        expected=Money(close.expected_minor, close.currency),
        counted=Money(close.counted_minor, close.currency),
        difference=Money(close.counted_minor - close.expected_minor, close.currency),
        remark=close.remark,
        closed_at=close.closed_at,
        closed_by=staff_codes(session, [close.closed_by])[close.closed_by],
        movements=tuple(
            TillMovement(id_, at, on, event, about, Money(minor, close.currency))
            for id_, at, on, event, about, minor in rows
        ),
    )


def list_tills(
    session: Session,
    *,
    branch_id: int | None = None,
    method: Method | None = None,
    limit: int | None = None,
) -> Listing[TillLine]:
    """Return the closed tills, the newest first."""
    statement: Any = (
        columns(TillClose, col(Branch.code).label("branch"), col(Staff.code).label("staff"))
        .outerjoin(Branch, col(Branch.id) == col(TillClose.branch_id))
        .join(Staff, col(Staff.id) == col(TillClose.closed_by))
        .order_by(col(TillClose.id).desc())
    )
    if branch_id is not None:
        statement = statement.where(col(TillClose.branch_id) == branch_id)
    if method is not None:
        statement = statement.where(col(TillClose.method) == method)
    return listing(session, statement, _closed_line, limit)


def _closed_line(row: Any) -> TillLine:
    return TillLine(
        number=number(row.id),
        branch=row.branch,
        method=row.method,
        closed_on=row.closed_on,
        expected=Money(row.expected_minor, row.currency),
        counted=Money(row.counted_minor, row.currency),
        difference=Money(row.counted_minor - row.expected_minor, row.currency),
        closed_by=row.staff,
    )


def open_tills(
    session: Session, currency: str, *, branch_id: int | None = None, method: Method | None = None
) -> list[TillLine]:
    """Return the tills that something moved in since they were closed, by branch and method."""
    closed = (
        columns(
            col(TillClose.branch_id),
            col(TillClose.method),
            func.max(col(TillClose.until_entry)).label("until"),
        )
        .group_by(col(TillClose.branch_id), col(TillClose.method))
        .subquery()
    )
    branch = func.coalesce(col(LedgerEntry.branch_id), NO_BRANCH)
    rows = session.execute(
        columns(branch, col(Posting.account), func.sum(col(Posting.amount_minor)))
        .join(LedgerEntry, col(LedgerEntry.id) == col(Posting.entry_id))
        .outerjoin(
            closed, (closed.c.branch_id == branch) & (closed.c.method == col(Posting.account))
        )
        .where(
            col(Posting.account).in_([each.value for each in Method if _has_till(each)]),
            col(LedgerEntry.id) > func.coalesce(closed.c.until, 0),
        )
        .group_by(branch, col(Posting.account))
        .order_by(branch, col(Posting.account))
    ).all()
    codes = {row.id: row.code for row in session.execute(columns(col(Branch.id), col(Branch.code)))}
    return [
        TillLine(None, codes.get(id_), Method(account), None, Money(int(minor), currency),
                 None, None, None)
        for id_, account, minor in rows
        if branch_id in (None, id_) and method in (None, Method(account))
    ]  # fmt: skip


def _has_till(method: Method) -> bool:
    return method is not Method.MEMBER_CREDIT
