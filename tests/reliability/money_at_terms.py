"""Terms of R5: for a dearer plan at once, for a cheaper one or the same when they end."""

from __future__ import annotations

from datetime import timedelta

from memberctl.catalog.queries import find_plan_terms
from memberctl.office.calendar_queries import work_calendar
from memberctl.order.operations import file_order
from memberctl.order.rules import Filing, OrderKind
from memberctl.payment.settling import settle_if_paid
from tests.reliability.money_actions import CURRENCY, SOME, YES, action, amount_of
from tests.reliability.money_at_payments import AtPayments
from tests.reliability.money_desk import Desk, pick
from tests.reliability.money_objects import PLANS, Order

PLAN_CODES = tuple(PLANS)


class AtTerms(AtPayments):
    """Members change what they have."""

    @action(Desk.has_terms, which=SOME, plan=(*PLAN_CODES, "TOP", "TOP"), named=YES,
            share=("none", "part", "all", "all", "all"), later=(0, 0, 3))  # fmt: skip
    def upgrade(self, which: int, plan: str, named: bool, share: str, later: int) -> None:
        """Order a dearer plan, and pay for it, perhaps some days later."""
        old = self._with_term(which)
        of = old.number if named else None
        self._file(old.member, plan, OrderKind.UPGRADE, of, share, later)

    @action(Desk.has_terms, which=SOME, plan=PLAN_CODES, cheaper=YES, named=YES,
            share=("none", "all", "all"))  # fmt: skip
    def follow(self, which: int, plan: str, cheaper: bool, named: bool, share: str) -> None:
        """Order what comes after a term."""
        old = self._with_term(which)
        of = old.number if named else None
        kind = OrderKind.DOWNGRADE if cheaper else OrderKind.RENEWAL
        self._file(old.member, plan, kind, of, share, 0)

    def _with_term(self, which: int) -> Order:
        """Return an order, mostly one whose term runs."""
        return pick(self.house.orders, self._runs, which)

    def _runs(self, order: Order) -> bool:
        term = order.live_term
        return term is not None and term.start <= self.today <= term.until

    def _file(
        self, member: str, plan: str, kind: OrderKind, of: str | None, share: str, later: int
    ) -> None:
        filed: list[str] = []
        order = self.take(
            lambda: self._expected(member, plan, kind, of),
            lambda: filed.append(self._filed(member, plan, kind, of)),
        )
        if order is None:
            return
        self.house.file(order, filed[0], self.today)
        self.now += timedelta(days=later)
        if share != "none":
            self.pay_for(order, amount_of(order, share), "wechat", None, 0, again=True)

    def _expected(self, member: str, plan: str, kind: OrderKind, of: str | None) -> Order:
        if kind is OrderKind.UPGRADE:
            return self.house.upgrade(member, plan, of, self.today)
        return self.house.follow(member, plan, kind is OrderKind.DOWNGRADE, of, self.today)

    def _filed(self, member: str, plan: str, kind: OrderKind, of: str | None) -> str:
        filing = Filing(
            int(member[2:]), find_plan_terms(self.session, plan, self.today), kind,
            agreed_on=None if kind is OrderKind.UPGRADE else self.today, of_order=of,
        )  # fmt: skip
        filed = file_order(
            self.session, filing, currency=CURRENCY, calendar=work_calendar(self.session),
            **self.on("sun"),
        )  # fmt: skip
        settle_if_paid(self.session, filed.number, **self.on("sun"))
        return filed.number
