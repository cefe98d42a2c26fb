"""What may be wrong with money in a plausible way, planted for the state machine of R5 to find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from memberctl.access.changes import CUT_SHORT, days_sold, days_used
from memberctl.access.ending import TermsEnded
from memberctl.access.rules import Grant, grant_span
from memberctl.access.switches import OnHand, Switch, plan_switch
from memberctl.bank.candidates import _LIVE
from memberctl.bank.finding import Candidate, Decision
from memberctl.bank.rules import Finding
from memberctl.catalog.rules import PlanTerms
from memberctl.core.dates import Period, Span
from memberctl.ledger.operations import post_entry
from memberctl.ledger.rules import Account, Line, money_line, reversed_lines
from memberctl.order.rules import OrderState
from memberctl.payment import rules
from memberctl.payment.credit_rules import RequestState, spread
from memberctl.payment.debt_rules import Part, parts
from memberctl.payment.rules import Allocation, Owing, PaymentState
from memberctl.payment.till_queries import since
from memberctl.refund.amounts import Share, Source
from memberctl.refund.rules import RefundState
from memberctl.store.counters import take_one


def nothing(*_: object, **__: object) -> None:
    """Do, or refuse, nothing."""


def on_time_always(owing: Owing, _: date) -> bool:
    """Let late money settle an order."""
    return owing.state not in (*rules.SETTLED, *rules.DEAD)


def oldest_first(amount: int, sources: Sequence[Source]) -> tuple[Share, ...]:
    """Give money back to the oldest payment first."""
    found = []
    for each in sorted(sources, key=lambda source: source.payment_id):
        part = min(amount, each.left_minor)
        amount -= part
        if part:
            found.append(Share(each.payment_id, each.method, part))
    return tuple(found)


def a_day_more(span: Span, frozen: Sequence[Span], on: date) -> int:
    """Count the next day as used."""
    return min(days_used(span, frozen, on) + 1, days_sold(span, frozen))


def all_at_once(order: str, member: str, unearned: int, account: Account, minor: int) -> list[Line]:
    """Take what goes back out of income alone."""
    del unearned
    return [Line(Account.FEE_INCOME, minor, order), money_line(account, -minor, member)]


def whole_parts(open_minor: int, settled: int, many: int, first: date, every: Period) -> list[Part]:
    """Forget the rest of the division."""
    each = open_minor // many
    found = parts(open_minor, settled, many, first, every)
    return [replace(part, until_minor=settled + each * part.position) for part in found]


def any_share(asked: int | None, available: int, *_: object) -> int:
    """Let credit be spent that is not there."""
    return available if asked is None else asked


def skipping(session: Session, name: str) -> int:
    """Give every second number."""
    take_one(session, name)
    return take_one(session, name)


def whole_price(term: OnHand, plan: PlanTerms, from_on: date) -> Switch:
    """Charge all of the new plan, whatever is left of the term."""
    return replace(plan_switch(term, plan, from_on), new_minor=plan.price_minor)


def at_once(_: object, paid_on: date, period: Period, *more: object) -> Grant:
    """Let no term follow another one."""
    return grant_span([], paid_on, period, 0)


def first_that_fits(amount: int, candidates: Sequence[Candidate], *, names_order: bool) -> Decision:
    """Choose what is neither unique nor told for sure."""
    del names_order
    for each in candidates:
        if each.amount_minor == amount and not each.taken:
            return Decision(Finding.MATCHED, "", each)
    return Decision(Finding.MISSING_IN_BOOKS, "")


def the_other_way(*args: Any, **more: Any) -> int:
    """Mistake what goes out for what comes in."""
    session, event, about, lines = args
    return post_entry(session, event, about, reversed_lines(lines), **more)


PAYING, CREDIT = ("AtPayments",), ("AtPayments", "AtCredit")
DEBTS, REFUNDS = ("AtDebts", "AtInvoices"), ("AtRefunds", "AtPayments")
ENDS, TERMS = ("MoneyMachine", "AtPayments"), ("AtTerms", "AtPayments")
MERGES, BANK = ("AtMerges", "AtCredit", "AtPayments"), ("AtBank", "AtPayments")

# Where people come to when it is looked for; what is mutated; what it does instead.
PLANTED: dict[str, tuple[tuple[str, ...], str, object]] = {
    "what is over settles too": (
        PAYING,
        "payment.rules.allocate",
        lambda *args: Allocation(args[2], 0),
    ),
    "what is over is lost": (
        PAYING,
        "payment.rules.allocate",
        lambda due, paid, amount: Allocation(min(due - paid, amount), 0),
    ),
    "late money settles": (PAYING, "payment.rules.settles_order", on_time_always),
    "a known transaction pays another order": (
        PAYING,
        "payment.rules.refuse_other_content",
        nothing,
    ),
    "a second click pays twice": (PAYING, "payment.rules.refuse_probable_duplicate", nothing),
    "a receipt's number is skipped": (PAYING, "payment.operations.take_one", skipping),
    "the recorder verifies": (PAYING, "payment.rules.refuse_own_verification", nothing),
    "an old payment is voided": (PAYING, "payment.operations.refuse_late_void", nothing),
    "spent credit is taken back": (CREDIT, "payment.operations.refuse_spent_credit", nothing),
    "a refunded payment is voided": (REFUNDS, "payment.rules.refuse_while_refunded", nothing),
    "a voided payment's term goes on": (
        PAYING,
        "payment.settling.void_terms_of",
        lambda *_, **__: ([], []),
    ),
    "what an ended order was paid is lost": (ENDS, "ledger.operations.book_credit", nothing),
    "the newest order is paid first": (
        CREDIT,
        "payment.credit_rules.spread",
        lambda available, orders: spread(available, orders[::-1]),
    ),
    "more credit is used than there is": (CREDIT, "payment.credit_rules.checked_share", any_share),
    "who asked approves the payout": (
        ("AtCredit", "MoneyMachine"),
        "payment.credit_rules.refuse_same_hand",
        nothing,
    ),
    "fresh credit is given up": (CREDIT, "payment.credit_rules.refuse_fresh", nothing),
    "a booked request is refused": (CREDIT, "payment.credit_rules.refuse_given_up", nothing),
    "a lost chargeback is not booked": (CREDIT, "payment.debts._lose", nothing),
    "cash is charged back": (PAYING, "payment.debt_rules.refuse_not_banked", nothing),
    "an order has two invoices": (DEBTS, "payment.invoice_rules.refuse_invoice", nothing),
    "a credit note is a gift": (("AtInvoices",), "payment.invoice_rules.refuse_gift", nothing),
    "a credit note keeps what was overpaid": (
        DEBTS,
        "payment.invoicing._give_over",
        lambda *_, **__: 0,
    ),
    "a written-off debt is credited": (
        ("AtDebts", "AtInvoices", "MoneyMachine"),
        "payment.invoice_rules.refuse_written_off",
        nothing,
    ),
    "instalments lose a cent": (DEBTS, "payment.debt_rules.parts", whole_parts),
    "the deadline does not follow the plan": (DEBTS, "payment.operations.follow_plan", nothing),
    "who asked for a write-off approves it": (
        DEBTS,
        "payment.debt_rules.refuse_same_person",
        nothing,
    ),
    "money goes back to the oldest payment": (
        ("AtRefunds", "AtCredit", "AtPayments"),
        "refund.amounts.split",
        oldest_first,
    ),
    "a refund takes income first": (REFUNDS, "ledger.rules.refund_lines", all_at_once),
    "a rejected refund keeps its claim": (REFUNDS, "refund.operations.release", nothing),
    "a failed payout stays in the books": (
        REFUNDS,
        "refund.paying.reverse_entry",
        lambda *_, **__: 1,
    ),
    "a refund does not end the term": (
        REFUNDS,
        "refund.paying.end_terms",
        lambda *_, **__: TermsEnded((), ()),
    ),
    "another day is used": (REFUNDS, "access.changes.days_used", a_day_more),
    "a day more is earned": (ENDS, "payment.earning.days_used", a_day_more),
    "a till counts what it counted": (
        ENDS,
        "payment.till_queries.since",
        lambda session, branch, method, after: since(session, branch, method, 0),
    ),
    "an upgrade costs the whole price": (TERMS, "access.switches.plan_switch", whole_price),
    "an upgrade gives a day back too much": (
        TERMS,
        "access.switches.OnHand.days_left",
        lambda term, on: (term.span.end_on - on).days + 2,
    ),
    "an upgraded fee is earned no further": (
        (*TERMS, "MoneyMachine"),
        "payment.earning.CARRIED_ON",
        frozenset(),
    ),
    "a void upgrade leaves the old term short": (
        TERMS,
        "access.ending.restore_terms",
        lambda *_, **__: [],
    ),
    "more goes back than was taken over": (
        ("AtTerms", "AtRefunds"),
        "refund.queries.took_over",
        lambda *_: 10**9,
    ),
    "an order is void while its rest goes on": (
        (*TERMS, "MoneyMachine"),
        "payment.rules.refuse_while_gone_on",
        nothing,
    ),
    "both of two upgrades are paid": (TERMS, "access.switches.ENDINGS", CUT_SHORT),
    "what follows a term begins at once": (TERMS, "access.rules.grant_span", at_once),
    "credit stays with the merged number": (
        MERGES,
        "archive.merging.move_party",
        lambda *_, **__: (0, None),
    ),
    "credit is not given back with the number": (
        MERGES,
        "archive.unmerging._give_credit_back",
        lambda *_, **__: 0,
    ),
    "later money does not keep two together": (
        MERGES,
        "archive.unmerging._later_money",
        lambda *_: [],
    ),
    "a later upgrade does not keep two together": (
        ("AtTerms", "AtMerges"),
        "archive.unmerging._later_orders",
        lambda *_: [],
    ),
    "credit comes back to the number that it had": (
        MERGES,
        "ledger.rules.credit_readdressed",
        lambda lines, _: list(lines),
    ),
    "two lines are one payment": (BANK, "bank.matching.without_rivals", dict),
    "a line is the first thing that fits": (BANK, "bank.matching.decide", first_that_fits),
    "a payment that the bank took back comes anew": (BANK, "bank.candidates._CAME", _LIVE),
    "who recorded a payment verifies it by the statement": (
        BANK,
        "payment.rules.second_person",
        lambda hands, *_: hands[0],
    ),
    "a fee of the bank is money that came": (BANK, "bank.matching.post_entry", the_other_way),
    "a closed trade stays money": (BANK, "bank.taking.Taking._close", nothing),
    "a fee that was booked is open again": (BANK, "bank.queries.is_fee", lambda *_: False),
}
# Edges between states that must not be there.
PLANTED_STEPS: dict[str, tuple[tuple[str, ...], str, tuple[StrEnum, str]]] = {
    "a voided payment is voided again": (PAYING, "payment.rules", (PaymentState.VOIDED, "void")),
    "a paid request is paid again": (CREDIT, "payment.credit_rules", (RequestState.PAID, "pay")),
    "a paid refund is paid again": (REFUNDS, "refund.rules", (RefundState.PAID, "pay")),
    "a withdrawn order is withdrawn again": (
        ENDS,
        "order.rules",
        (OrderState.WITHDRAWN, "withdraw"),
    ),
}
