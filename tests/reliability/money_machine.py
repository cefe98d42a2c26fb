"""The state machine of R5: what people do with money, in any order, as actions on a desk.

Hypothesis leads histories that it can shrink; `wander` leads them by dice alone, which reach
rare states sooner. What is done where is in the files money_at_*. Source: reliability.md R5.
"""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from memberctl.core.dates import zone
from memberctl.daily import queries as daily_queries
from memberctl.daily import rules as daily_rules
from memberctl.order.confirming import forfeit_orders, withdraw_order
from memberctl.payment import tilling
from memberctl.payment.recognising import recognise_fees
from memberctl.payment.rules import Method
from memberctl.payment.settling import void_order
from tests.reliability.money_actions import (
    BEGINNINGS,
    CURRENCY,
    METHODS,
    SOLD,
    SOME,
    YES,
    action,
    amount_of,
)
from tests.reliability.money_at_bank import AtBank
from tests.reliability.money_at_credit import AtCredit
from tests.reliability.money_at_debts import AtDebts
from tests.reliability.money_at_merges import AtMerges
from tests.reliability.money_at_refunds import AtRefunds
from tests.reliability.money_at_terms import AtTerms
from tests.reliability.money_desk import one

ZONE = zone("Asia/Shanghai")


class MoneyMachine(AtDebts, AtTerms, AtRefunds, AtCredit, AtMerges, AtBank):
    """Everything that people do with money; orders end, and days pass."""

    @initialize(
        paid=st.tuples(*[st.sampled_from(BEGINNINGS)] * len(SOLD)),
        invoiced=st.booleans(),
    )
    def begin(self, paid: tuple[str, ...], invoiced: bool) -> None:
        """Let most orders have some money, so that every history begins in the middle."""
        for order, share in zip(self.house.orders, paid, strict=True):
            if invoiced:
                self.issue(order)
            if share != "none":
                self.pay_for(order, amount_of(order, share), "bank", None, 0, again=True)

    @action(which=SOME, void=YES, times=(1, 1, 2))
    def end_order(self, which: int, void: bool, times: int) -> None:
        order, verb = one(self.house.orders, which), void_order if void else withdraw_order
        for _ in range(times):
            self.take(
                lambda: self.house.end(order, "void" if void else "withdraw", self.today),
                lambda: verb(self.session, order.number, reason="so", seen=None, **self.on("zhao")),
            )

    @action(days=(1, 1, 3, 6, 31), jobs=YES)
    def days_pass(self, days: int, jobs: bool) -> None:
        """Let days pass, with or without what runs on each."""
        self.now += timedelta(days=days)
        if not jobs:
            return
        self.take(lambda: self.house.forfeit(self.today), self._forfeit)
        self.take(
            lambda: self.house.recognise(self.today),
            lambda: recognise_fees(
                self.session, self.today, zone=ZONE, currency=CURRENCY, **self.on("qian")
            ),
        )

    def _forfeit(self) -> None:
        unpaid = daily_queries.unpaid_past_due(self.session, self.today)
        forfeit_orders(self.session, daily_rules.forfeits(unpaid).numbers, **self.on("owner"))

    @action(method=METHODS, over=(0, 0, 250, -100))
    def close_till(self, method: str, over: int) -> None:
        till = self.house.tills.get(method)
        counted = (till.since if till else 0) + over
        answers: list[int] = []
        expected = self.take(
            lambda: self.house.close_till(method, counted, self.today),
            lambda: answers.append(
                tilling.close_till(
                    self.session, 0, Method(method), counted_minor=counted, currency=CURRENCY,
                    **self.on("qian"),
                ).expected.minor
            ),
        )  # fmt: skip
        assert expected is None or answers == [expected]
