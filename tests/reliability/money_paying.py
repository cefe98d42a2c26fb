"""What the model of R5 knows of money that comes, is looked at again, and lies as credit.

Source: rules M2-M5, M14, O2, O8.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from tests.reliability.money_books import CREDIT, require, workdays_later
from tests.reliability.money_objects import (
    DEAD,
    SETTLED,
    CreditRequest,
    Order,
    Payment,
)
from tests.reliability.money_terms import PAYMENT_DAYS, Terms

VOID_DAYS, MOMENT = 7, timedelta(minutes=10)


class Paying(Terms):
    """Payments and credit."""

    # Money that comes.

    def pay(self, order: Order, number: str, amount: int, method: str, *, reference: str | None,
            at: datetime, now: datetime, again: bool, by: str) -> bool:  # fmt: skip
        """Take money for an order; return False for a transaction that is known (M3-M5, O8)."""
        for other, each in self.payments():
            known = reference is not None and each.reference == reference
            if each.state != "voided" and known and each.method == method:
                require(each.live, "its bank took it back")
                require(other is order and each.amount == amount, "another payment's reference")
                return False
        for each in order.live:
            apart = reference and each.reference and reference != each.reference
            soon = each.recorded_at > now - MOMENT
            same = each.amount == amount and each.method == method
            require(again or bool(apart) or not (soon and same), "probable duplicate")
        require(order.state != "voided", "voided")
        settles = order.state == "confirmed" and at.date() <= order.due_on
        applied = min(order.open, amount) if settles else 0
        require(applied == 0 or applied < order.open or self.can_settle(order), "its term changed")
        payment = Payment(number, amount, method, reference, at, now, by, applied,
                          amount - applied, "recorded")  # fmt: skip
        self._take(order, payment, now.date())
        return True

    def _take(self, order: Order, payment: Payment, today: date) -> None:
        order.payments.append(payment)
        self._touch(order.number)
        self._move(payment.method, order.member, payment.amount, payment.at.date())
        self._credit(order.member, payment.over, payment.at.date())
        if payment.applied:
            self._follow(order)
            if order.open == 0:
                self._settle(order, payment.at.date())

    def _follow(self, order: Order) -> None:
        """Let an order be due with its oldest instalment that is not paid (M12, M14)."""
        settled = order.total - order.open
        later = [due_on for due_on, until in order.instalments if until > settled]
        order.due_on = min(later, default=order.due_on)

    # Money that is looked at again.

    def verify(self, payment: Payment, by: str) -> None:
        """Let finance find it on the account; not who recorded it (O2)."""
        require(payment.state == "recorded", "no payment to be verified")
        require(payment.by != by, "own payment")
        payment.state = "verified"

    def void(self, order: Order, payment: Payment, today: date) -> None:
        """Undo an entry error with all that it caused (M2)."""
        self._refuse_undoing(order, payment)
        require((today - payment.recorded_at.date()).days <= VOID_DAYS, "no fresh error")
        back = self._became_credit(order, payment)
        require(self.credit[order.member] >= back, "spent")
        self._undo(order, payment, "voided", today)

    def charge_back(self, order: Order, payment: Payment, today: date) -> None:
        """Let a bank take money back; credit that was spent of it is lost (M2)."""
        require(payment.method not in ("cash", CREDIT), "no bank has it")
        self._refuse_undoing(order, payment)
        self._undo(order, payment, "charged_back", today)
        lost = max(-self.credit[order.member], 0)
        self.lost[order.number] += lost
        self._credit(order.member, lost, today)
        if order.state == "confirmed":
            order.due_on = max(order.due_on, workdays_later(today, PAYMENT_DAYS))

    def _refuse_undoing(self, order: Order, payment: Payment) -> None:
        require(payment.live, "undone")
        require(not (payment.applied and self.was_refunded(order)), "refunded")
        require(not (payment.applied and order.state == "closed"), "closed")
        if payment.applied and order.state in SETTLED:
            self._refuse_taking_back(order)

    def was_refunded(self, order: Order) -> bool:
        """Tell whether money for an order, or for what it took over, went back or waits to."""
        if order.claimed or order.refunded:
            return True
        old = order.about
        goes_on = old is not None and old.term is not None and old.term.went_on is order
        return old is not None and goes_on and self.was_refunded(old)

    def _became_credit(self, order: Order, payment: Payment) -> int:
        """Return by how much the member's credit is less without a payment."""
        applied = payment.applied if order.state in DEAD else 0
        own = payment.amount if payment.method == CREDIT else 0
        return payment.over + applied - own

    def _undo(self, order: Order, payment: Payment, state: str, today: date) -> None:
        self._touch(order.number)
        if self._became_credit(order, payment) or payment.over or payment.method == CREDIT:
            self._stir(order.member, today)
        self.credit[order.member] -= self._became_credit(order, payment)
        if payment.method != CREDIT:
            told = None if state == "voided" else ("payment.charged_back", order.number)
            self._move(payment.method, order.member, -payment.amount, today, told)
        payment.state = state
        if payment.applied and order.state in SETTLED:
            self._take_back(order)
            order.state = "confirmed"
        if order.state == "confirmed":
            self._follow(order)

    # Credit.

    def apply_credit(self, member: str, numbers: Iterator[str], amount: int | None,
                     only: Order | None, now: datetime, by: str) -> int:  # fmt: skip
        """Let credit pay what is owed, the oldest first; return how many payments (M4)."""
        left = self._share(member, amount)
        if only is not None:
            require(only.member == member, "another member's")
            require(self._payable(only, now.date()), "nothing to pay")
        owed = [only] if only is not None else self._oldest_first(member)
        shares = []
        for order in owed:
            part = min(order.open, left) if self._payable(order, now.date()) else 0
            left -= part
            if part:
                shares.append((order, part))
        require(bool(shares), "nothing to pay")
        self._refuse_unsettled([order for order, part in shares if part == order.open])
        for order, part in shares:
            payment = Payment(next(numbers), part, CREDIT, None, now, now, by, part, 0, "verified")
            self._take(order, payment, now.date())
        return len(shares)

    def _refuse_unsettled(self, orders: list[Order]) -> None:
        """Refuse to pay in full what cannot have what it is for, or two of which only one can."""
        require(all(self.can_settle(order) for order in orders), "its term changed")
        about = [order.about for order in orders if order.about is not None]
        require(len(about) == len(set(about)), "two for one term")

    def _share(self, member: str, amount: int | None) -> int:
        there = self.credit[member]
        require(0 < (there if amount is None else amount) <= there, "not so much credit")
        return there if amount is None else amount

    def _payable(self, order: Order, today: date) -> bool:
        return order.state == "confirmed" and today <= order.due_on

    def _oldest_first(self, member: str) -> list[Order]:
        mine = [each for each in self.orders if each.member == member]
        return sorted(mine, key=lambda order: order.confirmed)

    def ask_payout(self, number: str, member: str, amount: int | None, method: str, by: str,
                   today: date) -> None:  # fmt: skip
        """Set credit aside to be paid out (M4)."""
        self._set_aside(number, member, self._share(member, amount), method, by, today)

    def ask_stale(self, number: str, member: str, by: str, today: date) -> None:
        """Set credit aside that lay still for years, to be given up (M14)."""
        moved = self.credit_moved.get(member)
        require(moved is not None and (today - moved).days > self.stale_days, "it moved")
        self._set_aside(number, member, self._share(member, None), None, by, today)

    def _set_aside(self, number: str, member: str, amount: int, method: str | None, by: str,
                   today: date) -> None:  # fmt: skip
        self._credit(member, -amount, today)
        self._touch(number)
        self.requests.append(CreditRequest(number, member, amount, method, by))

    def decide(self, request: CreditRequest, approve: bool, by: str, today: date) -> None:
        """Let somebody else decide what becomes of it (O2, M14)."""
        require(by != request.asked_by, "own request")
        states = ("requested",) if approve else ("requested", "approved")
        require(request.state in states, "nothing to decide")
        stale = request.method is None
        require(not (stale and request.state == "approved"), "booked")
        request.state, request.decided_by = "approved" if approve else "refused", by
        if not approve or stale:
            self._touch(request.number)
        if not approve:
            self._credit(request.member, request.amount, today)
        elif stale:
            self.given_up += request.amount
            request.state = "given up"

    def pay_request(self, request: CreditRequest, by: str, today: date) -> None:
        """Pay it out, by somebody else than who approved it (M9)."""
        require(request.state == "approved" and by != request.decided_by, "not to be paid")
        assert request.method is not None
        request.state = "paid"
        self._touch(request.number)
        told = ("credit.paid_out", request.member)
        self._move(request.method, request.member, -request.amount, today, told)
