"""What the verbs of payments report, and what lists and records show of them and their receipts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from memberctl.core.money import Money
from memberctl.order.rules import OrderState
from memberctl.payment.rules import Method, PaymentState, ReceiptState


class Outcome(StrEnum):
    """What became of a payment, for the sentence that says so."""

    ALREADY = "already"
    SETTLED = "settled"
    PARTIAL = "partial"
    OVERPAID = "overpaid"
    LATE = "late"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class PaymentRecorded:
    """What recording a payment came to.

    open    -- what is still to be paid for the order
    credit  -- what of this payment became the member's credit
    already -- it was recorded before, and nothing was done now
    """

    number: str
    order: str
    amount: Money
    method: Method
    receipt: str
    order_state: OrderState
    open: Money
    credit: Money
    already: bool

    @property
    def outcome(self) -> Outcome:
        """Return what became of the payment."""
        if self.already:
            return Outcome.ALREADY
        if self.credit == self.amount:
            late = self.order_state is OrderState.CONFIRMED
            return Outcome.LATE if late else Outcome.CREDIT
        if self.open.minor > 0:
            return Outcome.PARTIAL
        return Outcome.OVERPAID if self.credit.minor > 0 else Outcome.SETTLED


@dataclass(frozen=True, slots=True)
class PaymentVerified:
    """A payment that finance has found on the account (mission S0.9)."""

    number: str
    order: str
    amount: Money
    method: Method
    state: PaymentState
    verified_by: str


@dataclass(frozen=True, slots=True)
class PaymentVoided:
    """What voiding a payment took back. terms, cards -- how many ended with it"""

    number: str
    order: str
    amount: Money
    receipt: str
    order_state: OrderState
    open: Money
    terms: int
    cards: int


@dataclass(frozen=True, slots=True)
class VoidEffects:
    """What voiding a payment would take back, and the payment's version as it was looked at."""

    number: str
    order: str
    amount: Money
    receipt: str
    order_state: OrderState
    terms: int
    cards: int
    version: int


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """A payment in a list."""

    number: str
    order: str
    member: str
    amount: Money
    method: Method
    reference: str | None
    state: PaymentState
    received_at: datetime
    receipt: str


@dataclass(frozen=True, slots=True)
class PaymentRecord:
    """A payment with everything that is known of it; people by their staff codes."""

    number: str
    order: str
    member: str
    amount: Money
    applied: Money
    credit: Money
    method: Method
    reference: str | None
    state: PaymentState
    received_at: datetime
    receipt: str
    recorded_by: str
    verified_by: str | None
    verified_at: datetime | None
    voided_by: str | None
    voided_at: datetime | None
    void_reason: str | None
    version: int
    charged_back_at: datetime | None
    charged_back_reason: str | None


@dataclass(frozen=True, slots=True)
class ReceiptRecord:
    """A receipt as it is shown; the name is read from the member, never kept with it."""

    number: str
    payment: str
    order: str
    member: str
    name: str
    amount: Money
    method: Method
    state: ReceiptState
    received_at: datetime
    issued_at: datetime
    voided_at: datetime | None


@dataclass(frozen=True, slots=True)
class CreditLine:
    """What the organisation owes a member. since -- the last day on which it moved"""

    member: str
    name: str
    credit: Money
    since: date
