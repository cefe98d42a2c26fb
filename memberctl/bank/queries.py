"""Every select over accounts, statements and their lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func
from sqlalchemy import select as columns
from sqlmodel import col, select

from memberctl.bank import rules
from memberctl.bank.finding import Candidate, How, Kind
from memberctl.bank.results import AccountLine, LineRecord
from memberctl.bank.rules import Finding, LineState, Skip
from memberctl.bank.tables import BankAccount, BankBalance, BankImport, BankLine, BankReading
from memberctl.core.errors import NotFound
from memberctl.core.money import Money
from memberctl.core.numbering import parse_serial_number
from memberctl.core.text import Kind as PersonalKind
from memberctl.core.text import Personal
from memberctl.ledger.tables import LedgerEntry
from memberctl.office.rules import suggestion
from memberctl.order.tables import Order
from memberctl.payment.queries import PREFIX as PAYMENT_PREFIX
from memberctl.payment.queries import number as payment_number
from memberctl.payment.rules import Method, PaymentState
from memberctl.payment.tables import Payment
from memberctl.store.among import among, among_bytes
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.store.keys import Keys


def accounts(session: Session) -> list[BankAccount]:
    """Return all accounts, by code."""
    return list(session.scalars(select(BankAccount).order_by(col(BankAccount.code))))


def accounts_of(session: Session, method: Method) -> list[int]:
    """Return the ids of the accounts of a method, the one that was known first first."""
    statement = select(col(BankAccount.id)).where(col(BankAccount.method) == method)
    return list(session.scalars(statement.order_by(col(BankAccount.id))))


def find_account(session: Session, text: str) -> BankAccount:
    """Return an account by its code as typed. Raises Invalid, NotFound."""
    return _one_account(session, rules.account_key(text), lock=False)


def account_to_change(session: Session, text: str) -> BankAccount:
    """Return an account, locked: a file of it is taken in by one at a time."""
    return _one_account(session, rules.account_key(text), lock=True)


def _one_account(session: Session, code: str, *, lock: bool) -> BankAccount:
    statement = select(BankAccount).where(BankAccount.code == code)
    found = session.scalars(statement.with_for_update() if lock else statement).one_or_none()
    if found is None:
        known = [each.code for each in accounts(session)]
        raise NotFound(
            f"no account has this code; {suggestion(code, known)}",
            hint="memberctl bank account add CODE --method bank",
        )
    return found


def list_accounts(session: Session, limit: int | None = None) -> Listing[AccountLine]:
    """Return the accounts with how many lines they have and what their newest statement says."""
    line = col(BankLine.account_id) == col(BankAccount.id)
    counted = columns(func.count()).select_from(BankLine).where(line)
    is_open = col(BankLine.state) == LineState.OPEN
    last = columns(func.max(BankLine.booked_on)).where(line, col(BankLine.skip).is_(None))
    newest = (
        columns(func.max(BankBalance.import_id))
        .join(BankImport, col(BankImport.id) == col(BankBalance.import_id))
        .where(
            col(BankImport.account_id) == col(BankAccount.id),
            col(BankBalance.closing_minor).is_not(None),
        )
        .correlate(BankAccount)
        .scalar_subquery()
    )
    balance = columns(func.sum(BankBalance.closing_minor)).where(
        col(BankBalance.import_id) == newest
    )
    statement = columns(
        col(BankAccount.code),
        col(BankAccount.method),
        col(BankAccount.number),
        col(BankAccount.currency),
        counted.scalar_subquery().label("lines"),
        counted.where(is_open).scalar_subquery().label("open"),
        last.scalar_subquery().label("last_on"),
        balance.scalar_subquery().label("balance"),
    ).order_by(col(BankAccount.code))
    return listing(session, statement, _account_line, limit)


def _account_line(row: Any) -> AccountLine:
    known = row.balance is not None and row.currency
    return AccountLine(
        code=row.code,
        method=row.method,
        number=rules.masked_number(row.number),
        currency=row.currency,
        lines=row.lines,
        open=row.open,
        last_on=row.last_on,
        balance=Money(int(row.balance), row.currency) if known else None,
    )


@dataclass(frozen=True, slots=True)
class Known:
    """A line that is there already, as far as an import needs it."""

    id: int
    state: LineState
    skip: Skip | None
    amount_minor: int


def known_lines(
    session: Session, account_id: int, identities: Iterable[bytes]
) -> dict[tuple[bytes, int], Known]:
    """Return the lines of an account with these identities, by identity and occurrence."""
    wanted = list(dict.fromkeys(identities))
    rows = session.execute(
        columns(
            col(BankLine.identity), col(BankLine.occurrence), col(BankLine.id),
            col(BankLine.state), col(BankLine.skip), col(BankLine.amount_minor),
        ).where(
            col(BankLine.account_id) == account_id,
            among_bytes(session, col(BankLine.identity), wanted, rules.IDENTITY_BYTES),
        )
    )  # fmt: skip
    return {
        (bytes(identity), occurrence): Known(id_, state, skip, minor)
        for identity, occurrence, id_, state, skip, minor in rows
    }


def known_readings(session: Session, line_ids: Sequence[int]) -> set[tuple[int, bytes]]:
    """Return how these lines were read so far, as pairs of the line's id and the text's digest."""
    rows = session.execute(
        columns(col(BankReading.line_id), col(BankReading.digest)).where(
            among(session, col(BankReading.line_id), line_ids)
        )
    )
    return {(line_id, bytes(digest)) for line_id, digest in rows}


def is_imported(session: Session, account_id: int, sha256: str) -> bool:
    """Whether the same file was read for this account before."""
    statement = select(BankImport.id).where(
        BankImport.account_id == account_id, BankImport.sha256 == sha256
    )
    return session.scalars(statement.limit(1)).first() is not None


def line_to_change(session: Session, text: str) -> BankLine:
    """Return a line by its number as typed, locked. Raises Invalid, NotFound."""
    statement = select(BankLine).where(BankLine.id == rules.parse_line_number(text))
    found = session.scalars(statement.with_for_update()).one_or_none()
    if found is None:
        raise NotFound("no line has this number", hint="memberctl bank lines")
    return found


def find_line(session: Session, text: str) -> BankLine:
    """Return a line by its number as typed. Raises Invalid, NotFound."""
    found = session.get(BankLine, rules.parse_line_number(text))
    if found is None:
        raise NotFound("no line has this number", hint="memberctl bank lines")
    return found


def open_batches(session: Session, account_id: int, size: int) -> Iterator[list[BankLine]]:
    """Yield the open lines of an account in batches, by day and number.

    What is settled between two batches is not asked for again: pages go by number.
    """
    ids = list(
        session.scalars(
            select(col(BankLine.id))
            .where(col(BankLine.account_id) == account_id, col(BankLine.state) == LineState.OPEN)
            .order_by(col(BankLine.booked_on), col(BankLine.id))
        )
    )
    for start in range(0, len(ids), size):
        wanted = select(BankLine).where(among(session, col(BankLine.id), ids[start : start + size]))
        yield list(session.scalars(wanted.order_by(col(BankLine.booked_on), col(BankLine.id))))


def lines_of_voided_payments(session: Session, account_id: int) -> list[BankLine]:
    """Return the matched lines of an account whose payment was voided since."""
    statement = (
        select(BankLine)
        .join(Payment, col(Payment.id) == col(BankLine.payment_id))
        .where(col(BankLine.account_id) == account_id, col(Payment.state) == PaymentState.VOIDED)
        .order_by(col(BankLine.id))
    )
    return list(session.scalars(statement))


def unverified(
    session: Session, account_id: int, line_id: int | None = None
) -> list[tuple[int, int, int]]:
    """Return the lines whose payment waits to be verified, with it and who took the line in."""
    statement = (
        columns(col(BankLine.id), col(BankLine.payment_id), col(BankImport.imported_by))
        .join(BankImport, col(BankImport.id) == col(BankLine.import_id))
        .join(Payment, col(Payment.id) == col(BankLine.payment_id))
        .where(col(BankLine.account_id) == account_id, col(Payment.state) == PaymentState.RECORDED)
        .order_by(col(BankLine.id))
    )
    if line_id is not None:
        statement = statement.where(col(BankLine.id) == line_id)
    return [(line, payment, person) for line, payment, person in session.execute(statement)]


def is_reference_used(session: Session, method: Method, reference: str) -> bool:
    """Whether a payment of this method, live or taken back, has this reference."""
    statement = select(Payment.id).where(
        col(Payment.method) == method,
        col(Payment.reference) == reference,
        col(Payment.state) != PaymentState.VOIDED,
    )
    return session.scalars(statement).first() is not None


def free_payments(
    session: Session, method: Method, order: str, amount_minor: int
) -> list[Candidate]:
    """Return the payments of an order and amount, void ones aside, that no line is yet."""
    rows = session.execute(
        columns(col(Payment.id), col(Order.number))
        .join(Order, col(Order.id) == col(Payment.order_id))
        .outerjoin(BankLine, col(BankLine.payment_id) == col(Payment.id))
        .where(
            col(Order.number) == order,
            col(Payment.method) == method,
            col(Payment.amount_minor) == amount_minor,
            col(Payment.state) != PaymentState.VOIDED,
            col(BankLine.id).is_(None),
        )
    )
    return [
        Candidate(Kind.PAYMENT, id_, payment_number(id_), number, amount_minor, How.ORDER_NUMBER)
        for id_, number in rows
    ]


def payment_id_of(number: str) -> int:
    """Return the id in a payment's number."""
    return parse_serial_number(number, PAYMENT_PREFIX)


def order_number_of(session: Session, order_id: int) -> str:
    """Return an order's number."""
    return session.get_one(Order, order_id).number


def is_fee(session: Session, line: BankLine) -> bool:
    """Whether a matched line was booked as a fee of the bank."""
    return session.get_one(LedgerEntry, line.entry_id).event == "bank.fee"


def list_lines(
    session: Session,
    keys: Keys,
    *,
    account: str | None = None,
    state: LineState | None = None,
    finding: Finding | None = None,
    limit: int | None = None,
) -> Listing[LineRecord]:
    """Return the lines that meet every condition, the newest first. account -- as typed"""
    conditions = []
    if account is not None:
        conditions.append(col(BankLine.account_id) == find_account(session, account).id)
    if state is not None:
        conditions.append(col(BankLine.state) == state)
    if finding is not None:
        conditions.append(col(BankLine.finding) == finding)
    undated = case((col(BankLine.booked_on).is_(None), 1), else_=0)
    statement = (
        columns(
            *(col(getattr(BankLine, name)) for name in _SHOWN),
            col(BankAccount.code).label("account"),
            col(Order.number).label("order_number"),
        )
        .join(BankAccount, col(BankAccount.id) == col(BankLine.account_id))
        .outerjoin(Payment, col(Payment.id) == col(BankLine.payment_id))
        .outerjoin(Order, col(Order.id) == col(Payment.order_id))
        .where(*conditions)
        .order_by(undated, col(BankLine.booked_on).desc(), col(BankLine.id).desc())
    )
    return listing(session, statement, lambda row: _line_record(row, keys), limit)


_SHOWN = (
    "id", "booked_on", "amount_minor", "currency", "state", "finding", "details", "payment_id",
    "external_id", "skip", "reason",
)  # fmt: skip


def _line_record(row: Any, keys: Keys) -> LineRecord:
    from memberctl.bank.sealed import details_of

    name = details_of(keys, row.id, row.details).name
    return LineRecord(
        number=rules.line_number(row.id),
        account=row.account,
        booked_on=row.booked_on,
        amount=Money(row.amount_minor, row.currency) if row.booked_on else None,
        state=row.state,
        finding=row.finding,
        name=Personal(PersonalKind.NAME, name),
        payment=None if row.payment_id is None else payment_number(row.payment_id),
        order=row.order_number,
        reference=row.external_id,
        reason=row.skip or row.reason,
    )


def show_line(session: Session, text: str) -> tuple[BankLine, BankAccount]:
    """Return a line and its account; raises as `find_line`."""
    line = find_line(session, text)
    return line, session.get_one(BankAccount, line.account_id)
