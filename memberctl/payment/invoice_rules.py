"""Invoices and credit notes: their numbers, their tax, and what a credit note may take off.

Source: rules M2, M12, M13; mission S3.10.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from memberctl.core.errors import Invalid, RuleRefused
from memberctl.core.money import Money, apportion, divide_half_up
from memberctl.core.text import Personal
from memberctl.order.pricing import PricedLine
from memberctl.order.rules import OrderState
from memberctl.payment.rules import DEAD, SETTLED

_NUMBER = re.compile(r"(IN|CN)((?:-.{1,32})?)-(2[01][0-9]{2})-([0-9]{6,15})")


class InvoiceKind(StrEnum):
    """What a document says: that money is owed, or that it no longer is."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class TaxMode(StrEnum):
    """Whether the lines of an invoice are stated with their tax or without it.

    What a member owes was agreed with the order and is the same either way.
    """

    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"


class InvoiceState(StrEnum):
    """What an invoice is worth now; derived, never stored.

    WRITTEN_OFF -- what was open of it is not asked for any more; it was never paid
    ENDED -- its order was given up, so nothing is owed for it any more: it wants a credit note
    """

    OPEN = "open"
    PAID = "paid"
    WRITTEN_OFF = "written_off"
    CREDITED = "credited"
    ENDED = "ended"
    ISSUED = "issued"
    VOIDED = "voided"


SERIES = {InvoiceKind.INVOICE: "IN", InvoiceKind.CREDIT_NOTE: "CN"}


@dataclass(frozen=True, slots=True)
class TaxedLine:
    """A line with its tax; net + tax = amount, in minor units."""

    what: str
    quantity: int
    net_minor: int
    tax_minor: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class InvoiceIssued:
    """An invoice or a credit note that was given its number.

    credit -- of a credit note: what had been paid and is the member's credit now
    """

    number: str
    kind: InvoiceKind
    order: str
    total: Money
    tax: Money
    order_state: OrderState
    open: Money
    credit: Money


@dataclass(frozen=True, slots=True)
class InvoiceVoided:
    """An invoice that was an error; its number stays."""

    number: str
    order: str
    total: Money


@dataclass(frozen=True, slots=True)
class InvoiceLineRecord:
    """A line as it is shown."""

    what: str
    quantity: int
    net: Money
    tax: Money
    amount: Money


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice or credit note in a list. credited -- what credit notes took off it"""

    number: str
    kind: InvoiceKind
    order: str
    member: str
    net: Money
    tax: Money
    total: Money
    credited: Money
    state: InvoiceState
    issued_on: date


@dataclass(frozen=True, slots=True)
class InvoiceRecord:
    """An invoice or credit note with everything that is on it.

    The member's name and address are read when it is shown, never kept with it.
    corrects -- of a credit note, the number of its invoice; tax_percent -- "6" or "0.5"
    """

    number: str
    kind: InvoiceKind
    state: InvoiceState
    order: str
    member: str
    name: str
    address: Personal | None
    branch: str | None
    net: Money
    tax: Money
    total: Money
    credited: Money
    open: Money
    tax_mode: TaxMode
    tax_percent: str
    issued_on: date
    issued_by: str
    due_on: date | None
    corrects: str | None
    reason: str
    voided_at: datetime | None
    void_reason: str | None
    version: int
    lines: tuple[InvoiceLineRecord, ...]


def series_of(kind: InvoiceKind, branch_code: str | None) -> str:
    """Return the series that a document belongs to: one for each branch. Source: rules M13."""
    head = SERIES[kind]
    return head if branch_code is None else f"{head}-{branch_code}"


def invoice_number(series: str, year: int, serial: int) -> str:
    """Return the number of a document, e.g. "IN-SH01-2026-000001"."""
    return f"{series}-{year}-{serial:06d}"


def parse_invoice_number(text: str) -> tuple[str, int, int]:
    """Return (series, year, serial) of a number such as "IN-SH01-2026-000001".

    Forgives case, blanks and full-width characters. Raises Invalid.
    """
    typed = "".join(unicodedata.normalize("NFKC", text[:100]).upper().split())
    match = _NUMBER.fullmatch(typed)
    if match is None or int(match[4]) < 1:
        raise Invalid("this is not a number like IN-SH01-2026-000001", rule="number")
    return match[1] + match[2], int(match[3]), int(match[4])


def tax_of(amount_minor: int, basis_points: int) -> int:
    """Return the tax that an amount contains, in minor units, rounded half up."""
    return divide_half_up(amount_minor * basis_points, 10_000 + basis_points)


def taxed_lines(lines: Sequence[PricedLine], basis_points: int) -> list[TaxedLine]:
    """Return the lines with their tax, which adds up to the tax of their sum exactly.

    Source: rules M12.
    """
    amounts = [line.amount_minor for line in lines]
    taxes = shares(tax_of(sum(amounts), basis_points), amounts)
    return [
        TaxedLine(line.what, line.quantity, amount - tax, tax, amount)
        for line, amount, tax in zip(lines, amounts, taxes, strict=True)
    ]


def credited_lines(
    lines: Sequence[TaxedLine], before_minor: int, amount_minor: int, basis_points: int
) -> list[TaxedLine]:
    """Return the lines of a credit note: what it takes off each line of its invoice.

    before_minor -- what earlier credit notes took off; all of them together end at the invoice
    Source: rules M12.
    """
    whole = [line.amount_minor for line in lines]
    off = [
        after - before
        for after, before in zip(
            shares(before_minor + amount_minor, whole), shares(before_minor, whole), strict=True
        )
    ]
    tax = tax_of(before_minor + amount_minor, basis_points) - tax_of(before_minor, basis_points)
    taxes = shares(tax, off)
    return [
        TaxedLine(line.what, line.quantity, amount - part, part, amount)
        for line, amount, part in zip(lines, off, taxes, strict=True)
        if amount or part
    ]


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """Return parts that add up to `total`, by largest remainder; nothing has no parts.

    A weight below 0 is what an upgrade gives back of the plan before (rules M11).
    """
    if sum(weights) == 0:
        return [0] * len(weights)
    return apportion(total, weights)


def percent_text(basis_points: int) -> str:
    """Return a tax rate as it is written: 600 is "6", 50 is "0.5"."""
    return f"{basis_points / 100:.2f}".rstrip("0").rstrip(".")


def invoice_state(kind: InvoiceKind, order: OrderState, *, total: int, credited: int,
                  written_off: int, voided: bool) -> InvoiceState:  # fmt: skip
    """Return what a document is worth now; total, credited, written_off -- in minor units."""
    if voided:
        return InvoiceState.VOIDED
    if kind is InvoiceKind.CREDIT_NOTE:
        return InvoiceState.ISSUED
    if credited == total and total > 0:
        return InvoiceState.CREDITED
    if order in DEAD:
        return InvoiceState.ENDED
    if written_off > 0:
        return InvoiceState.WRITTEN_OFF
    return InvoiceState.PAID if order in SETTLED else InvoiceState.OPEN


def refuse_invoice(number: str, state: OrderState, issued: str | None) -> None:
    """Refuse an invoice for an order that owes nothing, or a second one. Source: rules M13."""
    if issued is not None:
        raise RuleRefused(
            f"order {number} has the invoice {issued}", hint=f"memberctl invoice show {issued}"
        )
    if state is not OrderState.CONFIRMED and state not in SETTLED:
        raise RuleRefused(
            f"order {number} is {state}: an invoice is issued once its fee is owed",
            hint=f"memberctl order show {number}",
        )


def checked_credit(number: str, asked: int | None, left: int, currency: str) -> int:
    """Return how much a credit note takes off an invoice: what was asked for, else all."""
    if left <= 0:
        raise RuleRefused(f"all of invoice {number} is credited",
                          hint=f"memberctl invoice show {number}")  # fmt: skip
    if asked is not None and asked > left:
        raise RuleRefused(f"{Money(left, currency)} of invoice {number} can be credited, no more",
                          hint=f"memberctl invoice show {number}")  # fmt: skip
    return left if asked is None else asked


def refuse_written_off(number: str, written_off_minor: int) -> None:
    """Refuse to take something off what nobody asks for any more: it would be given twice.

    Source: rules M2.
    """
    if written_off_minor:
        raise RuleRefused(
            f"what was open on order {number} is written off: nothing is owed that a credit note"
            " could take something off",
            hint=f"memberctl debt list, or: memberctl refund preview {number}",
        )


def refuse_gift(number: str, amount: int, open_minor: int, paid_minor: int) -> None:
    """Refuse to credit all that is owed for an order on which nothing was paid.

    Nothing would be due, and the membership would begin as if it were paid.
    """
    if amount >= open_minor and paid_minor == 0:
        raise RuleRefused(
            f"nothing was paid for order {number}, and nothing would be owed for it any more:"
            " an order that is not wanted is withdrawn",
            hint=f"memberctl order withdraw {number} --reason ...",
        )
