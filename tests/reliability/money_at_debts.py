"""Debts of R5: by instalments, or given up."""

from __future__ import annotations

from datetime import timedelta

from memberctl.core.dates import parse_period
from memberctl.payment import debts, plans
from tests.reliability.money_actions import SHARES, SOME, action, amount_of
from tests.reliability.money_at_invoices import AtInvoices
from tests.reliability.money_at_payments import AtPayments
from tests.reliability.money_desk import one
from tests.reliability.money_objects import Order, WriteOff


class AtDebts(AtInvoices, AtPayments):
    """What is open is split, or written off."""

    @action(which=SOME, parts=(1, 2, 3, 4), ahead=(-1, 0, 5, 5),
          share=SHARES)  # fmt: skip
    def agree_instalments(self, which: int, parts: int, ahead: int, share: str) -> None:
        """Agree on them, and take the first money."""
        order, first = self.order(which), self.today + timedelta(days=ahead)
        self.take(
            lambda: self.house.agree_instalments(order, parts, first, 10, self.today),
            lambda: plans.agree_instalments(
                self.session, order.number, count=parts, first=first, every=parse_period("10d"),
                **self.on("qian"),
            ),
        )  # fmt: skip
        self.pay_for(order, amount_of(order, share), "cash", None, 0, again=True)

    @action(which=SOME, what=("ask", "approve", "refuse", "all"),
          by=("zhao", "qian"))  # fmt: skip
    def write_off(self, which: int, what: str, by: str) -> None:
        """Ask for it, decide what was asked for, or both at once."""
        pairs = [(order, each) for order in self.house.orders for each in order.write_offs]
        if what in ("approve", "refuse") and pairs:
            order, asked = one(pairs, which)
            self._decide(order, asked, what == "approve", by)
            return
        order = self.order(which)
        self.take(
            lambda: self.house.ask_write_off(order, self.number("WO"), "qian"),
            lambda: debts.request_write_off(
                self.session, order.number, reason="gone", **self.by("qian")
            ),
        )
        if what == "all" and order.write_offs:
            self._decide(order, order.write_offs[-1], True, "zhao")
        if what == "all" and order.invoices:
            self.credit_on(order, order.invoices[-1], 40_000)

    def _decide(self, order: Order, asked: WriteOff, approve: bool, by: str) -> None:
        self.take(
            lambda: self.house.decide_write_off(order, asked, approve, by),
            lambda: debts.decide_write_off(
                self.session, asked.number, approve=approve, **self.on(by)
            ),
        )
