"""Money that comes to the desk of R5, and is looked at again."""

from __future__ import annotations

from datetime import timedelta

from memberctl.payment import debts, operations
from memberctl.payment.rules import Method, Tender
from tests.reliability.money_actions import CURRENCY, METHODS, SHARES, SOME, action, amount_of
from tests.reliability.money_desk import Desk, pick
from tests.reliability.money_objects import Order, Payment


class AtPayments(Desk):
    """People pay too little, too much, late and twice; the desk makes its errors."""

    @action(which=SOME, share=SHARES, method=METHODS, ago=(0, 0, 0, 2))
    def pay(self, which: int, share: str, method: str, ago: int) -> None:
        order = self.order(which)
        self.pay_for(order, amount_of(order, share), method, None, ago, again=True)

    @action(which=SOME, method=METHODS, reference=("TX1", "TX2", "TX3"))
    def pay_by_reference(self, which: int, method: str, reference: str) -> None:
        self.pay_for(self.order(which % 2), 30_000, method, reference, 0, again=True)

    @action(which=SOME, reference=(None, None, "TX1", "TX4"))
    def pay_once_more(self, which: int, reference: str | None) -> None:
        self.pay_for(self.order(which % 2), 30_000, "wechat", reference, 0, again=False)

    def pay_for(self, order: Order, amount: int, method: str, reference: str | None, ago: int,
                *, again: bool) -> None:  # fmt: skip
        """Take money for an order."""
        received = self.now - timedelta(days=ago)
        tender = Tender(order.number, amount, Method(method), reference, received, again)
        self.take(
            lambda: self.house.pay(
                order, self.number("P"), amount, method, reference=reference, at=received,
                now=self.now, again=again, by="sun",
            ),
            lambda: operations.record_payment(
                self.session, tender, currency=CURRENCY, **self.on("sun")
            ),
        )  # fmt: skip

    @action(Desk.has_payments, which=SOME, what=("verify", "void", "charge back"),
            by=("qian", "qian", "sun"), later=(0, 0, 8), times=(1, 1, 2))  # fmt: skip
    def look_at_payment(self, which: int, what: str, by: str, later: int, times: int) -> None:
        self.now += timedelta(days=later)
        order, payment = pick(self.house.payments(), lambda pair: pair[1].live, which)
        for _ in range(times):
            self._look_at(order, payment, what, by)

    def _look_at(self, order: Order, payment: Payment, what: str, by: str) -> None:
        number = payment.number
        if what == "verify":
            self.take(
                lambda: self.house.verify(payment, by),
                lambda: operations.verify_payment(self.session, number, **self.by(by)),
            )
        elif what == "void":
            self.take(
                lambda: self.house.void(order, payment, self.today),
                lambda: operations.void_payment(
                    self.session, number, reason="error", **self.on(by)
                ),
            )  # fmt: skip
        else:
            self.take(
                lambda: self.house.charge_back(order, payment, self.today),
                lambda: debts.charge_back(self.session, number, reason="bank", **self.on(by)),
            )
