"""Money of R5 that goes back."""

from __future__ import annotations

from datetime import timedelta

from memberctl.payment.rules import Method
from memberctl.refund import operations as refunding
from memberctl.refund import paying
from memberctl.refund.rules import Asked, Payout, Verdict
from tests.founding import PEOPLE
from tests.reliability.money_actions import SOME, YES, action
from tests.reliability.money_desk import Desk, pick
from tests.reliability.money_objects import SETTLED, Order, Refund


class AtRefunds(Desk):
    """Refunds are asked for, reviewed, paid, and do not arrive."""

    @action(Desk.has_settled, which=SOME, share=(None, None, 10_000, 33_334, 10**9),
          ahead=(0, 0, 20))  # fmt: skip
    def ask_refund(self, which: int, share: int | None, ahead: int) -> None:
        settled = (order for order in self.house.orders if order.state in SETTLED)
        order = pick(settled, lambda order: order.paid > 0, which)
        self._ask_refund(order, share, ahead)

    @action(Desk.has_settled, which=SOME, share=(None, 20_000), ahead=(0, 20),
          fails=YES)  # fmt: skip
    def refund_at_once(self, which: int, share: int | None, ahead: int, fails: bool) -> None:
        """Let a refund go all its way, to a payout that may fail."""
        settled = (order for order in self.house.orders if order.state in SETTLED)
        order = pick(settled, lambda order: order.paid > order.refunded, which)
        known = len(order.refunds)
        self._ask_refund(order, share, ahead)
        if len(order.refunds) > known:
            self._review(order, order.refunds[-1], True, "owner")
            self._pay_refund(order, order.refunds[-1], None, "qian")
            if fails:
                self._fail(order, order.refunds[-1])

    def _ask_refund(self, order: Order, share: int | None, ahead: int) -> None:
        on = self.today + timedelta(days=ahead)
        asked = Asked(order.number, on, "moved", share)
        self.take(
            lambda: self.house.ask_refund(order, self.number("RF"), share, on, "sun"),
            lambda: refunding.request_refund(self.session, asked, **self.on("sun")),
        )

    @action(Desk.has_refunds, which=SOME, approve=(True, True, False),
          by=("zhao", "owner", "wang", "sun"))  # fmt: skip
    def review_refund(self, which: int, approve: bool, by: str) -> None:
        order, refund = self.refund("requested", which)
        self._review(order, refund, approve, by)

    def _review(self, order: Order, refund: Refund, approve: bool, by: str) -> None:
        verdict = Verdict.APPROVE if approve else Verdict.REJECT
        self.take(
            lambda: self.house.review_refund(order, refund, approve, by, PEOPLE[by].value),
            lambda: refunding.review_refund(
                self.session, refund.number, verdict, reason="so", **self.by(by)
            ),
        )

    @action(Desk.has_refunds, which=SOME, method=(None, None, "bank"),
            of=("approved", "approved", "failed"),
            by=("qian", "qian", "owner", "zhao"))  # fmt: skip
    def pay_refund(self, which: int, method: str | None, of: str, by: str) -> None:
        order, refund = self.refund(of, which)
        self._pay_refund(order, refund, method, by)

    def _pay_refund(self, order: Order, refund: Refund, method: str | None, by: str) -> None:
        payout = Payout(refund.number, method=None if method is None else Method(method))
        self.take(
            lambda: self.house.pay_refund(
                order, refund, method, by, PEOPLE[by].value, self.today
            ),
            lambda: paying.pay_refund(self.session, payout, **self.on(by)),
        )  # fmt: skip

    @action(Desk.has_refunds, which=SOME, failed=YES)
    def stop_refund(self, which: int, failed: bool) -> None:
        """Say that a payout failed, or give up a refund that was not paid."""
        order, refund = self.refund("paid" if failed else "approved", which)
        if failed:
            self._fail(order, refund)
            return
        self.take(
            lambda: self.house.withdraw_refund(refund),
            lambda: refunding.withdraw_refund(
                self.session, refund.number, reason="stays", **self.by("sun")
            ),
        )

    def _fail(self, order: Order, refund: Refund) -> None:
        self.take(
            lambda: self.house.fail_refund(order, refund, self.today),
            lambda: paying.fail_refund(
                self.session, refund.number, reason="no account", **self.on("qian")
            ),
        )
