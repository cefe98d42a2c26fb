"""What members of R5 have to their credit: used, paid out, given up."""

from __future__ import annotations

from itertools import count

from memberctl.payment import crediting
from memberctl.payment.rules import Method
from tests.reliability.money_actions import CURRENCY, SOME, YES, action
from tests.reliability.money_desk import Desk, pick
from tests.reliability.money_objects import CreditRequest


class AtCredit(Desk):
    """Credit pays what is owed, or goes its own way."""

    @action(Desk.has_credit, which=SOME, share=(None, None, None, 5_000, 10**9),
          named=(False, False, True))  # fmt: skip
    def apply_credit(self, which: int, share: int | None, named: bool) -> None:
        member, only = self.holder(which), self.order(which) if named else None
        taken = int(self.number("P")[2:])
        self.take(
            lambda: self.house.apply_credit(
                member, (f"P-{n:06d}" for n in count(taken)), share, only, self.now, "qian"
            ),
            lambda: crediting.apply_credit(
                self.session, int(member[2:]), amount_minor=share, currency=CURRENCY,
                order_text=None if only is None else only.number, **self.on("qian"),
            ),
        )  # fmt: skip

    @action(Desk.has_credit, which=SOME, share=(None, 100, 10**9), stale=YES,
          by=("zhao", "qian"))  # fmt: skip
    def ask_for_credit(self, which: int, share: int | None, stale: bool, by: str) -> None:
        self._ask_for_credit(self.holder(which), share, stale, by)

    @action(Desk.has_credit, which=SOME, stale=YES, more=("pay", "refuse", "approve"))
    def credit_goes_all_its_way(self, which: int, stale: bool, more: str) -> None:
        """Let credit be paid out or given up, and then be treated once more."""
        known = len(self.house.requests)
        self._ask_for_credit(self.holder(which), None, stale, "qian")
        if len(self.house.requests) > known:
            for what, by in (("approve", "zhao"), ("pay", "qian"), (more, "feng")):
                self._go_on(self.house.requests[-1], what, by)

    @action(Desk.has_requests, which=SOME, what=("approve", "approve", "pay", "pay", "refuse"),
          by=("zhao", "qian"))  # fmt: skip
    def go_on_with_request(self, which: int, what: str, by: str) -> None:
        state = "requested" if what == "approve" else "approved"
        request = pick(self.house.requests, lambda each: each.state == state, which)
        self._go_on(request, what, by)

    def _ask_for_credit(self, member: str, share: int | None, stale: bool, by: str) -> None:
        """Ask for it to be paid out in cash, or to be given up as stale."""
        number = self.number("CP")
        if stale:
            self.take(
                lambda: self.house.ask_stale(number, member, by, self.today),
                lambda: crediting.request_giving_up(
                    self.session, int(member[2:]), reason="stale", currency=CURRENCY,
                    **self.on(by),
                ),
            )  # fmt: skip
            return
        self.take(
            lambda: self.house.ask_payout(number, member, share, "cash", by, self.today),
            lambda: crediting.request_payout(
                self.session, int(member[2:]), amount_minor=share, method=Method.CASH,
                reason="wish", currency=CURRENCY, **self.on(by),
            ),
        )  # fmt: skip

    def _go_on(self, request: CreditRequest, what: str, by: str) -> None:
        if what == "pay":
            self.take(
                lambda: self.house.pay_request(request, by, self.today),
                lambda: crediting.pay_request(self.session, request.number, **self.on(by)),
            )
            return
        approve = what == "approve"
        self.take(
            lambda: self.house.decide(request, approve, by, self.today),
            lambda: crediting.decide_request(
                self.session, request.number, approve=approve, **self.on(by)
            ),
        )
