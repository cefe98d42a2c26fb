"""Bank statements: what a line is, how it is known again, and what may become of it.

Source: rules M15, M5; mission S0.9.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum

from memberctl.core.errors import Invalid
from memberctl.core.money import EXPONENTS, Money
from memberctl.core.numbering import parse_serial_number, serial_number
from memberctl.core.text import Kind, Personal, clean_text
from memberctl.office.rules import parse_code
from memberctl.payment.rules import Method

OUTSIDE = tuple(each for each in Method if each not in (Method.CASH, Method.MEMBER_CREDIT))
"""Methods whose money is on an account elsewhere."""

PREFIX = "BL"
NO_CURRENCY = "X" * 3
"""What ISO 4217 calls an amount of no currency; of rows whose currency cannot be read."""

_CODE = re.compile(r"[A-Z]{3}")

IDENTITY_BYTES = 16
LONGEST_ID = 64


class StatementFormat(StrEnum):
    """The forms of files that statements come in; `csv` takes a map."""

    ALIPAY = "alipay"
    WECHAT = "wechat"
    ICBC = "icbc"
    MT940 = "mt940"
    CAMT053 = "camt053"
    CSV = "csv"


class Skip(StrEnum):
    """Why a row is kept as it was read and counts as no money."""

    CLOSED = "closed"
    PENDING = "pending"
    NEUTRAL = "neutral"
    ZERO = "zero"
    OTHER_CURRENCY = "other_currency"
    OTHER_ACCOUNT = "other_account"
    UNREADABLE = "unreadable"


class LineState(StrEnum):
    """What has become of a line."""

    OPEN = "open"
    MATCHED = "matched"
    IGNORED = "ignored"
    SKIPPED = "skipped"


class Finding(StrEnum):
    """What the matching found of a line. Source: rules M15."""

    MATCHED = "matched"
    AMOUNT_DIFFERS = "amount_differs"
    UNKNOWN_REFERENCE = "unknown_reference"
    DUPLICATE = "duplicate"
    AMBIGUOUS = "ambiguous"
    MISSING_IN_BOOKS = "missing_in_books"


STEPS: Mapping[tuple[LineState, str], LineState] = {
    (LineState.OPEN, "match"): LineState.MATCHED,
    (LineState.OPEN, "ignore"): LineState.IGNORED,
    (LineState.IGNORED, "match"): LineState.MATCHED,
    (LineState.MATCHED, "reopen"): LineState.OPEN,
    (LineState.IGNORED, "reopen"): LineState.OPEN,
    (LineState.OPEN, "skip"): LineState.SKIPPED,
    (LineState.IGNORED, "skip"): LineState.SKIPPED,
    (LineState.SKIPPED, "count"): LineState.OPEN,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a statement as it was understood.

    line         -- where it begins in its file; raw -- its text as it was read
    section      -- the number of the account in the file, "" when the file names none
    booked_on, booked_at -- the local date, and the time of day where there is one
    amount_minor -- minor units, above 0 for money in, below for money out
    external_id  -- the transaction's own number; references -- other numbers of it
    text         -- what the row says the money is for
    content      -- what makes the row itself, for one without a number (rules M15)
    skip, problem -- why it counts as no money, and what could not be read
    direction    -- as the row says it, for totals that the file states: in, out or neutral
    fee          -- the row says that it is a charge of the bank's
    """

    line: int
    raw: str
    section: str = ""
    booked_on: date | None = None
    booked_at: time | None = None
    amount_minor: int = 0
    currency: str = ""
    balance_minor: int | None = None
    external_id: str | None = None
    references: tuple[str, ...] = ()
    name: str = ""
    account: str = ""
    text: str = ""
    status: str = ""
    content: str = ""
    skip: Skip | None = None
    problem: str = ""
    direction: str = ""
    fee: bool = False


@dataclass(slots=True)
class Section:
    """What a file says of one account: its balances and its days.

    account -- its number in the file, "" when the file names none
    """

    account: str = ""
    currency: str = ""
    opening_minor: int | None = None
    closing_minor: int | None = None
    from_on: date | None = None
    until_on: date | None = None


@dataclass(slots=True)
class Findings:
    """What was noticed while a file was read.

    differences -- what it states and its rows do not bear out; notices -- words for stderr
    """

    sections: list[Section] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def identity_of(entry: Entry) -> str:
    """Return what is equal for one transaction in any download; it is kept only as a blind index.

    A transaction's own number is not enough: a channel's fee or refund often has the number of
    its payment, so amount and moment belong to it; the direction and the status, which change
    when a trade is closed, do not. A row without a number is known by all that it says.
    Source: rules M15.
    """
    if entry.external_id and entry.booked_on is not None:
        moment = f"{entry.booked_on} {entry.booked_at or ''}"
        told = ["id", entry.external_id, moment, str(abs(entry.amount_minor)), entry.currency]
    else:
        told = ["row", entry.content or entry.raw]
    return "\0".join([entry.section, *told])


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account at a bank or channel that is to be known, parsed and checked.

    method   -- how payments to it are recorded; its ledger account has the same name
    number   -- its own number, as statements name it, None when any will do
    currency -- None when that of its first statement holds
    """

    code: str
    method: Method
    number: str | None = None
    currency: str | None = None


def new_account(
    code: str, method: Method, *, number: str | None = None, currency: str | None = None
) -> NewAccount:
    """Return what was typed about an account as one checked value. Raises Invalid."""
    if method not in OUTSIDE:
        raise Invalid(
            f"no statement tells of {method}; the till is counted: memberctl help payment",
            field="method", rule="method", allowed=OUTSIDE,
        )  # fmt: skip
    return NewAccount(
        account_key(code),
        method,
        None if number is None else clean_text(number, what="the number", field="number"),
        None if currency is None else currency_of(currency),
    )


def currency_of(text: str) -> str:
    """Return a currency's code as it is kept. Raises Invalid for one that is not known."""
    code = text.strip().upper()
    if code not in EXPONENTS:
        raise Invalid(
            "the currency is not known", field="currency", rule="currency",
            hint="write its ISO 4217 code, e.g. CNY",
        )  # fmt: skip
    return code


def account_key(text: str) -> str:
    """Return an account's code in the form in which it is kept: capitals. Raises Invalid."""
    return parse_code(text, what="an account's code", field="account").upper()


def unknown_currency(word: str, *, then: str, hint: str | None = None) -> Invalid:
    """Return the refusal of a currency; it names a code of three letters, and no other text.

    then -- what becomes of what is in it, or what to do
    """
    named = word if _CODE.fullmatch(word) else "it"
    return Invalid(f"{named} is no currency that memberctl knows{then}", rule="currency", hint=hint)


def line_number(line_id: int) -> str:
    """Return the number of a line, e.g. "BL-000001"."""
    return serial_number(PREFIX, line_id)


def parse_line_number(text: str) -> int:
    """Return the id in a line's number. Raises Invalid."""
    return parse_serial_number(text, PREFIX)


def is_account(number: str | None, section: str) -> bool:
    """Return whether a file's account is the one with this number; either may be masked.

    number -- None for an account that any file may be of; section -- "" when the file names none
    """
    if not number or not section:
        return True
    own, other = compact(number), compact(section)
    if "*" not in own + other:
        return own.endswith(other) or other.endswith(own)
    heads = [each.partition("*")[0] for each in (own, other)]
    tails = [each.rpartition("*")[2] for each in (own, other)]
    begin = heads[0].startswith(heads[1]) or heads[1].startswith(heads[0])
    return begin and (tails[0].endswith(tails[1]) or tails[1].endswith(tails[0]))


def compact(number: str) -> str:
    """Return an account's number as it is compared: without blanks and dashes, in capitals."""
    return "".join(each for each in number.upper() if each.isalnum() or each == "*")


def masked_number(number: str | None) -> Personal | None:
    """Return an account's number that shows its last digits alone."""
    return None if not number else Personal(Kind.ACCOUNT, number)


def added_up(minors: Sequence[int | None], currency: str) -> Money | None:
    """Return the sum of balances, or None when one of them, or all, are missing."""
    known = [minor for minor in minors if minor is not None]
    if not known or len(known) != len(minors):
        return None
    return Money(sum(known), currency)


def at_noon_unless(clock: time | None) -> time:
    """Return the time of day at which money came; noon when the statement has dates alone."""
    return clock or time(12)


def moment_of(day: date, clock: time | None) -> datetime:
    """Return the local moment of a row, without its zone."""
    return datetime.combine(day, at_noon_unless(clock))
