"""Lines of statements are matched with the books: what is sure by itself, the rest by a person.

Source: rules M15, M4, M5, O2; mission S0.9.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from memberctl.bank import queries, rules
from memberctl.bank.candidates import OpenLine, candidates_for, open_line
from memberctl.bank.finding import (
    Candidate,
    Decision,
    Kind,
    LineShown,
    decide,
    shown_candidates,
    without_rivals,
)
from memberctl.bank.results import LineDecided, Matched
from memberctl.bank.rules import Finding, LineState
from memberctl.bank.sealed import details_of
from memberctl.bank.tables import BankAccount, BankLine
from memberctl.core.errors import RuleRefused
from memberctl.core.machine import step
from memberctl.core.money import EXPONENTS, Money
from memberctl.core.numbering import parse_order_number
from memberctl.core.text import Kind as PersonalKind
from memberctl.core.text import Personal, clean_reason
from memberctl.ledger.operations import post_entry
from memberctl.ledger.rules import Account, Line
from memberctl.payment.operations import record_payment
from memberctl.payment.queries import number as payment_number
from memberctl.payment.rules import Tender
from memberctl.payment.tables import Payment
from memberctl.payment.verifying import Found, verify_found
from memberctl.store.audit import note, note_many

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor
    from memberctl.store.keys import Keys

BATCH = 2_000
WAITING = {
    Finding.UNKNOWN_REFERENCE: "unknown",
    Finding.MISSING_IN_BOOKS: "unknown",
    Finding.AMBIGUOUS: "ambiguous",
    Finding.AMOUNT_DIFFERS: "amount_differs",
    Finding.DUPLICATE: "duplicate",
}


@dataclass(frozen=True, slots=True)
class Office:
    """What a matching needs of the organisation: its people's instant, day, zone and currency."""

    by: Actor
    at: datetime
    today: date
    zone: ZoneInfo
    currency: str


def match_lines(session: Session, keys: Keys, account_text: str | None, office: Office) -> Matched:
    """Match every open line; only unique exact matches are booked, the others get a finding.

    A line that is a recorded payment makes it verified; one that pays an open order records the
    payment; a fee of the bank is booked as one. account_text -- only this account; None for all
    Raises NotFound for an account that is not known.
    Source: rules M15.
    """
    if account_text is None:
        wanted = [each.code for each in queries.accounts(session)]
    else:
        wanted = [queries.find_account(session, account_text).code]
    tally: Counter[str] = Counter()
    for code in wanted:
        account = queries.account_to_change(session, code)
        if account.currency in (None, office.currency):
            tally["reopened"] += _reopen_voided(session, account, office)
            tally.update(_match_account(session, keys, account, office))
            tally.update(_verify(session, account, office))
    return Matched(
        **{
            key: tally[key]
            for key in (
                "matched", "ambiguous", "unknown", "amount_differs", "duplicate", "fees",
                "verified", "waiting", "reopened",
            )
        }
    )  # fmt: skip


def _reopen_voided(session: Session, account: BankAccount, office: Office) -> int:
    """Open the lines again whose payment turned out to be an entry error."""
    lines = queries.lines_of_voided_payments(session, account.id)
    for line in lines:
        _move(line, "reopen")
        line.payment_id = line.entry_id = line.finding = None
    session.flush()
    note_many(
        session, "bank.reopened", [(rules.line_number(line.id), {}) for line in lines],
        by=office.by, at=office.at,
    )  # fmt: skip
    return len(lines)


def _match_account(
    session: Session, keys: Keys, account: BankAccount, office: Office
) -> Counter[str]:
    decisions: dict[int, Decision] = {}
    tally: Counter[str] = Counter()
    for batch in queries.open_batches(session, account.id, BATCH):
        fees = [line for line in batch if line.fee]
        for line in fees:
            _book_fee(session, account, line, office)
        tally["fees"] += len(fees)
        told = [open_line(keys, line) for line in batch if not line.fee]
        decisions |= _decisions(session, account, told)
    settled = without_rivals(decisions)
    for batch in queries.open_batches(session, account.id, BATCH):
        for line in batch:
            decision = settled[line.id]
            if decision.chosen is not None:
                _book(session, account, line, decision.chosen, office)
                tally["matched"] += 1
            else:
                line.finding = decision.finding
                tally[WAITING[decision.finding]] += 1
        session.flush()
    return tally


def _decisions(
    session: Session, account: BankAccount, lines: Sequence[OpenLine]
) -> dict[int, Decision]:
    found = candidates_for(session, account, lines)
    return {
        line.id: decide(line.amount_minor, found[line.id], names_order=bool(line.orders))
        for line in lines
    }


def decision_for(
    session: Session, keys: Keys, account: BankAccount, line: BankLine
) -> tuple[Decision, list[Candidate]]:
    """Return what would be found of one line now, and all that it may be."""
    told = open_line(keys, line)
    found = candidates_for(session, account, [told])[line.id]
    return decide(told.amount_minor, found, names_order=bool(told.orders)), found


def _book(
    session: Session, account: BankAccount, line: BankLine, chosen: Candidate, office: Office
) -> None:
    """Make a line what was chosen for it."""
    if chosen.kind is Kind.ENTRY:
        _settle(session, line, chosen.id, None, office)
        return
    payment_id = chosen.id
    if chosen.kind is Kind.ORDER:
        payment_id = _record(session, account, line, chosen.order, office)
    payment = session.get_one(Payment, payment_id)
    _settle(session, line, payment.entry_id, payment_id, office)


def _record(
    session: Session, account: BankAccount, line: BankLine, order: str, office: Office
) -> int:
    """Record the payment that a line is; its transaction's number makes it unique (rules M5)."""
    reference = line.external_id
    if reference is None or queries.is_reference_used(session, account.method, reference):
        reference = rules.line_number(line.id)
    tender = Tender(
        order_text=order,
        amount_minor=line.amount_minor,
        method=account.method,
        reference=reference,
        received_at=min(_came_at(line, office.zone), office.at),
        again=True,  # A second equal line is a second payment, not a slip of somebody's.
    )
    recorded = record_payment(
        session, tender, by=office.by, at=office.at, today=office.today, currency=office.currency
    )
    return queries.payment_id_of(recorded.number)


def _came_at(line: BankLine, zone: ZoneInfo) -> datetime:
    assert line.booked_on is not None, "a line that counts has its day"
    clock = None if line.clock is None else time.fromisoformat(line.clock)
    return rules.moment_of(line.booked_on, clock).replace(tzinfo=zone).astimezone(UTC)


def _settle(
    session: Session, line: BankLine, entry_id: int, payment_id: int | None, office: Office
) -> None:
    _move(line, "match")
    line.entry_id, line.payment_id = entry_id, payment_id
    line.finding, line.reason = Finding.MATCHED, None
    line.decided_at, line.decided_by = office.at, office.by.staff_id
    payment = None if payment_id is None else payment_number(payment_id)
    note(
        session, "bank.matched", rules.line_number(line.id), by=office.by, at=office.at,
        entry=entry_id, payment=payment, amount=line.amount_minor,
    )  # fmt: skip


def _book_fee(session: Session, account: BankAccount, line: BankLine, office: Office) -> None:
    """Book what the bank took for itself; money that it gives back is a negative fee."""
    assert line.booked_on is not None, "a line that counts has its day"
    entry_id = post_entry(
        session,
        "bank.fee",
        rules.line_number(line.id),
        (
            Line(Account.BANK_FEES, -line.amount_minor),
            Line(Account(account.method.value), line.amount_minor),
        ),
        currency=line.currency,
        value_on=line.booked_on,
        at=office.at,
    )
    _settle(session, line, entry_id, None, office)
    session.flush()


def _move(line: BankLine, verb: str) -> None:
    line.state = step(rules.STEPS, line.state, verb, f"line {rules.line_number(line.id)}")
    line.version += 1


def _verify(
    session: Session, account: BankAccount, office: Office, line_id: int | None = None
) -> dict[str, int]:
    """Verify the payments of matched lines that still wait; line_id -- only this line's."""
    found = {
        payment_id: Found(rules.line_number(line), (office.by.staff_id, imported_by))
        for line, payment_id, imported_by in queries.unverified(session, account.id, line_id)
    }
    if not found:
        return {}
    verified, waiting = verify_found(session, found, by=office.by, at=office.at)
    return {"verified": verified, "waiting": waiting}


def accept_line(
    session: Session, keys: Keys, line_text: str, order_text: str, office: Office
) -> LineDecided:
    """Take a person's word for which order a line is about.

    Money in becomes the order's payment of this amount that no line is yet, or a new one: what
    is over, or late, becomes the member's credit as always. Money out becomes the refund or
    chargeback of this amount.
    Raises RuleRefused when there is no such thing, or several; NotFound, Invalid for numbers.
    Source: rules M15, M4.
    """
    line, account = _decidable(session, line_text, office)
    order = parse_order_number(order_text)
    _, found = decision_for(session, keys, account, line)
    free = [each for each in found if not each.taken and each.order == order]
    fitting = [
        each
        for each in free
        if each.kind is not Kind.ORDER and each.amount_minor == line.amount_minor
    ] or queries.free_payments(session, account.method, order, line.amount_minor)
    if len(fitting) > 1:
        raise RuleRefused(
            f"{len(fitting)} payments of {order} have this amount and no line yet: give them"
            " their references first",
            hint=f"memberctl payment list --order {order}",
        )
    if fitting:
        _book(session, account, line, fitting[0], office)
    elif line.amount_minor > 0:
        payment_id = _record(session, account, line, order, office)
        payment = session.get_one(Payment, payment_id)
        _settle(session, line, payment.entry_id, payment_id, office)
    else:
        raise RuleRefused(
            f"the books know no refund or chargeback of {order} over this amount",
            hint=f"memberctl ledger journal --about {order}",
        )
    session.flush()
    _verify(session, account, office, line.id)
    return _decided(session, line)


def ignore_line(session: Session, line_text: str, reason: str, office: Office) -> LineDecided:
    """Take a line off the list for a reason: it is no business of the members'."""
    line, _ = _decidable(session, line_text, office)
    line.reason = clean_reason(reason)
    _move(line, "ignore")
    line.finding, line.decided_at, line.decided_by = None, office.at, office.by.staff_id
    session.flush()
    about = rules.line_number(line.id)
    note(session, "bank.ignored", about, by=office.by, at=office.at, amount=line.amount_minor)
    return _decided(session, line)


def reopen_line(session: Session, line_text: str, office: Office) -> LineDecided:
    """Take a decision back; a payment that was recorded stays until it is voided.

    Raises RuleRefused for a fee, whose entry the line alone stands for.
    """
    line = queries.line_to_change(session, line_text)
    if line.entry_id is not None and line.payment_id is None and queries.is_fee(session, line):
        raise RuleRefused(f"line {rules.line_number(line.id)} is booked as a fee of the bank")
    _move(line, "reopen")
    line.payment_id = line.entry_id = line.finding = line.reason = None
    session.flush()
    note(session, "bank.reopened", rules.line_number(line.id), by=office.by, at=office.at)
    return _decided(session, line)


def book_fee(session: Session, line_text: str, office: Office) -> LineDecided:
    """Book a line as a fee of the bank, which its statement did not call so."""
    line, account = _decidable(session, line_text, office)
    _book_fee(session, account, line, office)
    return _decided(session, line)


def _decidable(session: Session, line_text: str, office: Office) -> tuple[BankLine, BankAccount]:
    """Return a line that may be decided and its account, both locked; the account comes first."""
    account_id = queries.find_line(session, line_text).account_id
    account = session.scalars(
        select(BankAccount).where(col(BankAccount.id) == account_id).with_for_update()
    ).one()
    line = queries.line_to_change(session, line_text)
    if line.currency != office.currency and line.state is not LineState.SKIPPED:
        raise RuleRefused(
            f"line {rules.line_number(line.id)} is in {line.currency}, the books in"
            f" {office.currency}"
        )
    if line.state not in (LineState.OPEN, LineState.IGNORED):
        _move(line, "match")  # Refuses, and says what is allowed.
    return line, account


def _decided(session: Session, line: BankLine) -> LineDecided:
    payment = None if line.payment_id is None else session.get_one(Payment, line.payment_id)
    order = None if payment is None else queries.order_number_of(session, payment.order_id)
    return LineDecided(
        line=rules.line_number(line.id),
        state=line.state,
        amount=Money(line.amount_minor, line.currency),
        payment=None if payment is None else payment_number(payment.id),
        order=order,
        verified=payment is not None and payment.verified_by is not None,
    )


def shown(session: Session, keys: Keys, line_text: str) -> LineShown:
    """Return a line with everything that it may be in the books now, for a person to decide."""
    line, account = queries.show_line(session, line_text)
    details = details_of(keys, line.id, line.details)
    found: list[Candidate] = []
    reason = line.skip or line.reason or ""
    if line.state is LineState.OPEN:
        decision, found = decision_for(session, keys, account, line)
        reason = decision.reason
    known = line.currency in EXPONENTS
    return LineShown(
        number=rules.line_number(line.id),
        account=account.code,
        booked_on=line.booked_on,
        amount=Money(line.amount_minor, line.currency) if known else None,
        state=line.state,
        finding=line.finding,
        reason=reason,
        name=Personal(PersonalKind.NAME, details.name),
        from_account=Personal(PersonalKind.ACCOUNT, details.account),
        text=Personal(PersonalKind.REMITTANCE, details.text),
        reference=line.external_id,
        candidates=shown_candidates(found, line.currency) if known else [],
    )
