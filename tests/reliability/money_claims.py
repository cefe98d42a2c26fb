"""What the model of R5 knows of what is asked for and asked back: invoices, debts, refunds.

Source: rules M2, M6, M8-M14, O2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from tests.reliability.money_books import CREDIT, half_up, require
from tests.reliability.money_objects import (
    DEAD,
    SETTLED,
    WAITING,
    Invoice,
    Order,
    Payment,
    Refund,
    WriteOff,
)
from tests.reliability.money_paying import Paying

MANAGER_FROM, OWNER_FROM, COOL_DAYS = 500_000, 5_000_000, 7
Source = tuple[Payment, int]


class Claims(Paying):
    """Invoices and credit notes, instalments and write-offs, refunds."""

    # Invoices.

    def issue(self, order: Order, number: str) -> None:
        """Issue an order's one invoice (M13)."""
        require(all(each.voided for each in order.invoices), "it has one")
        require(order.state not in DEAD, "nothing is owed")
        order.invoices.append(Invoice(number, order.total))

    def void_invoice(self, invoice: Invoice) -> None:
        """Let an invoice be an error; it keeps its number (M2, M13)."""
        require(not invoice.voided and not invoice.credited, "it counts")
        invoice.voided = True

    def credit_note(self, order: Order, invoice: Invoice, amount: int | None, today: date) -> None:
        """Take something off what is owed; what is paid beyond that is credit (M2)."""
        left = invoice.total - invoice.credited
        require(not invoice.voided and left > 0, "nothing to take it off")
        amount = left if amount is None else amount
        require(amount <= left, "more than is left")
        over = 0
        if order.state not in DEAD:
            require(not order.written_off, "written off")
            gift = order.state == "confirmed" and amount >= order.open and order.paid == 0
            require(not gift and amount <= order.fee, "a gift, or more than the fee")
            over = max(order.paid - (order.total - order.credited - amount), 0)
            require(sum(each.left for each in order.live) >= over, "claimed")
            settles = order.state == "confirmed" and amount >= order.open
            require(not settles or self.can_settle(order), "its term changed")
            self._touch(order.number)
            order.income -= max(amount - (order.fee - order.income), 0)
            order.credited += amount
        invoice.credited += amount
        self._credit(order.member, over, today)
        for payment in reversed(order.live):
            part = min(over, payment.left)
            payment.applied, payment.over = payment.applied - part, payment.over + part
            over -= part
        if order.state == "confirmed":
            self._follow(order)
            if order.open == 0:
                self._settle(order, today)

    # Debts.

    def agree_instalments(self, order: Order, count: int, first: date, every: int,
                          today: date) -> None:  # fmt: skip
        """Split what is open, the parts unlike by a minor unit at most (M12)."""
        require(order.state == "confirmed" and order.open > 0, "nothing is open")
        require(first >= today and count <= order.open, "not so")
        settled, order.instalments = order.total - order.open, []
        each, more = divmod(order.open, count)
        for n in range(count):
            settled += each + (n < more)
            order.instalments.append((first + timedelta(days=every * n), settled))
        order.due_on = first

    def ask_write_off(self, order: Order, number: str, by: str) -> None:
        """Ask to give up what is open."""
        require(order.state == "confirmed" and order.open > 0, "nothing is owed")
        require(all(each.state == "refused" for each in order.write_offs), "asked for already")
        order.write_offs.append(WriteOff(number, order.open, by))

    def decide_write_off(self, order: Order, asked: WriteOff, approve: bool, by: str) -> None:
        """Give it up, if somebody else agrees and it is still what is open (M14, O2)."""
        require(asked.state == "requested" and by != asked.asked_by, "not to be decided")
        if approve:
            require(order.state == "confirmed" and order.open == asked.amount, "another amount")
            order.written_off, order.state = asked.amount, "closed"
            self._touch(order.number)
        asked.state = "approved" if approve else "refused"

    # Refunds.

    def ask_refund(self, order: Order, number: str, amount: int | None, on: date,
                   by: str) -> None:  # fmt: skip
        """Claim what goes back: by the days that are not used, or as agreed (M6, M8, M9)."""
        require(order.state in SETTLED, "not paid")
        term = order.live_term
        require(term is None or term.went_on is None, "what was left of it is another order's")
        before = [each.amount for each in order.refunds if each.state in (*WAITING, "paid")]
        sources = self._sources(order)
        left = sum(minor for _, minor in sources)
        require(left > 0, "nothing is left")
        usage = self._usage(order, on)
        used, whole = usage or (0, 1)
        due = half_up(whole - used, whole, sum(before) + left) - sum(before)
        cools_off = order.signed_on is not None and 0 <= (on - order.signed_on).days <= COOL_DAYS
        due = left if cools_off else min(max(due, 0), left)
        if amount is None:
            require(due > 0, "nothing is due")
            amount = due
        elif amount > left:
            require(amount in before, "more than is left")
            amount = left
        parts = self._split(sources, amount)
        for payment, _, minor in parts:
            payment.claimed += minor
        order.refunds.append(Refund(number, amount, amount > due, on, parts, by, usage))

    def _sources(self, order: Order) -> list[Source]:
        """Return what each payment can give back: an upgrade also has what it took over (M11)."""
        own = [(each, each.left) for each in order.live if each.applied]
        if order.about is None:
            return own
        gone = [minor for each in order.refunds if each.state in (*WAITING, "paid")
                for payment, _, minor in each.parts if payment not in order.payments]  # fmt: skip
        rest = max(order.taken_over - sum(gone), 0)
        inherited = []
        for payment, left in self._newest_first(self._sources(order.about)):
            inherited.append((payment, min(left, rest)))
            rest -= inherited[-1][1]
        return own + inherited

    def _newest_first(self, sources: Sequence[Source]) -> list[Source]:
        return sorted(sources, key=lambda each: (each[0].at, each[0].number), reverse=True)

    def _usage(self, order: Order, on: date) -> tuple[int, int] | None:
        """Return how many days of how many are used by the end of a day."""
        if order.term is None or order.written_off:
            return None
        whole = (order.term.sold_until - order.term.start).days + 1
        return min(max((on - order.term.start).days + 1, 0), whole), whole

    def _split(self, sources: Sequence[Source], amount: int) -> list[tuple[Payment, str, int]]:
        newest = self._newest_first(sources)
        exact = [each for each in newest if each[1] == amount]
        parts = []
        for payment, left in exact[:1] or newest:
            minor = min(left, amount)
            amount -= minor
            if minor:
                parts.append((payment, payment.method, minor))
        return parts

    def review_refund(self, order: Order, refund: Refund, approve: bool, by: str,
                      role: str) -> None:  # fmt: skip
        """Let somebody else decide, of the rank that the amount asks for (M9)."""
        require(refund.state == "requested" and by != refund.asked_by, "not to be decided")
        together = sum(r.amount for r in order.refunds if r.state in (*WAITING, "paid"))
        ranks = ["reviewer", "manager", "owner"]
        if refund.beyond or together >= MANAGER_FROM:
            ranks.remove("reviewer")
        require(together < OWNER_FROM or role == "owner", "the owner's to grant")
        require(role in ranks, "a manager's to grant")
        refund.state, refund.reviewed_by = "approved" if approve else "rejected", by
        if not approve:
            self._release(refund)

    def withdraw_refund(self, refund: Refund) -> None:
        """Give a refund up that was not paid."""
        require(refund.state in ("requested", "approved"), "too late")
        refund.state = "withdrawn"
        self._release(refund)

    def _release(self, refund: Refund) -> None:
        for payment, _, minor in refund.parts:
            payment.claimed -= minor

    def pay_refund(self, order: Order, refund: Refund, method: str | None, by: str,
                   role: str, today: date) -> None:  # fmt: skip
        """Pay it the way the money came, once, and end the term with it (M2, M8-M10)."""
        require(refund.state in ("approved", "failed"), "not to be paid")
        require(role in ("finance", "owner"), "not a payer")
        require(by not in (refund.asked_by, refund.reviewed_by), "a hand in it")
        require(method is None or refund.state == "failed", "the way the money came")
        if refund.state == "approved":
            term = order.live_term
            require(order.state in SETTLED, "not paid")
            require(term is None or term.went_on is None, "another order's by now")
            require(self._usage(order, refund.on) == refund.usage, "the term changed since")
        self._give_back(order, refund, method, today)
        refund.state = "paid"
        term = order.live_term
        if term is not None and refund.on < term.until:
            term.void, term.cut = refund.on < term.start, True
            term.until = refund.on

    def _give_back(self, order: Order, refund: Refund, method: str | None, today: date) -> None:
        """Let money go, out of what is not earned yet of each order that it was paid for first."""
        refund.parts = [(payment, then if then == CREDIT else method or then, minor)
                        for payment, then, minor in refund.parts]  # fmt: skip
        back: Counter[str] = Counter()
        refund.ways.clear()
        for payment, way, minor in refund.parts:
            back[self._paid_for(payment).number] += minor
            refund.ways[way] += minor
        for each in self.orders:
            earned = max(back[each.number] - (each.fee - each.income), 0)
            refund.income[each.number] = earned
            each.income -= earned
        for payment, _, minor in refund.parts:
            payment.claimed, payment.refunded = payment.claimed - minor, payment.refunded + minor
        for way, minor in refund.ways.items():
            self._move(way, order.member, -minor, today, ("refund.paid", order.number))
        self._touch(order.number, *back)

    def _paid_for(self, payment: Payment) -> Order:
        return next(order for order, each in self.payments() if each is payment)

    def fail_refund(self, order: Order, refund: Refund, today: date) -> None:
        """Say that it did not arrive: the house owes it again (M2, M9)."""
        require(refund.state == "paid", "not paid")
        as_credit = sum(minor for _, way, minor in refund.parts if way == CREDIT)
        require(self.credit[order.member] >= as_credit, "spent")
        refund.state = "failed"
        for each in self.orders:
            each.income += refund.income[each.number]
        for payment, _, minor in refund.parts:
            payment.claimed, payment.refunded = payment.claimed + minor, payment.refunded - minor
            self._touch(self._paid_for(payment).number)
        for way, minor in refund.ways.items():
            self._move(way, order.member, minor, today, ("refund.failed", order.number))
        self._touch(order.number)
