"""The state machine of R5: what people do with money, in any order, as actions on a desk.

Hypothesis leads histories that it can shrink; `wander` leads them by dice alone, which reach
rare states sooner. Source: reliability.md R5.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from memberctl.core.dates import parse_period, zone
from memberctl.daily import queries as daily_queries
from memberctl.daily import rules as daily_rules
from memberctl.order.confirming import forfeit_orders, withdraw_order
from memberctl.payment import crediting, debts, invoicing, operations, plans, tilling
from memberctl.payment.recognising import recognise_fees
from memberctl.payment.rules import Method, Tender
from memberctl.payment.settling import void_order
from memberctl.refund import operations as refunding
from memberctl.refund import paying
from memberctl.refund.rules import Asked, Payout, Verdict
from tests.founding import PEOPLE
from tests.reliability.money_actions import BEGINNINGS, SHARES, SOLD, SOME, YES, action
from tests.reliability.money_desk import Desk, one, pick
from tests.reliability.money_objects import (
    SETTLED,
    CreditRequest,
    Invoice,
    Order,
    Payment,
    Refund,
    WriteOff,
)

CURRENCY = "CNY"
ZONE = zone("Asia/Shanghai")
METHODS = ("cash", "wechat", "bank")


class MoneyMachine(Desk):
    """Members pay too little, too much, late and twice; the desk makes its errors; days pass."""

    # Money that comes, and is looked at again.

    @initialize(
        paid=st.tuples(*[st.sampled_from(BEGINNINGS)] * len(SOLD)),
        invoiced=st.booleans(),
    )
    def begin(self, paid: tuple[str, ...], invoiced: bool) -> None:
        """Let most orders have some money, so that every history begins in the middle."""
        for order, share in zip(self.house.orders, paid, strict=True):
            if invoiced:
                self._issue(order)
            if share != "none":
                self._pay(order, _amount(order, share), "bank", None, 0, again=True)

    @action(which=SOME, share=SHARES, method=METHODS, ago=(0, 0, 0, 2))
    def pay(self, which: int, share: str, method: str, ago: int) -> None:
        order = self.order(which)
        self._pay(order, _amount(order, share), method, None, ago, again=True)

    @action(which=SOME, method=METHODS, reference=("TX1", "TX2", "TX3"))
    def pay_by_reference(self, which: int, method: str, reference: str) -> None:
        self._pay(self.order(which % 2), 30_000, method, reference, 0, again=True)

    @action(which=SOME, reference=(None, None, "TX1", "TX4"))
    def pay_once_more(self, which: int, reference: str | None) -> None:
        self._pay(self.order(which % 2), 30_000, "wechat", reference, 0, again=False)

    def _pay(self, order: Order, amount: int, method: str, reference: str | None, ago: int,
             *, again: bool) -> None:  # fmt: skip
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

    # Credit.

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

    # Invoices.

    @action(which=SOME)
    def issue_invoice(self, which: int) -> None:
        self._issue(pick(self.house.orders, lambda order: not order.invoices, which))

    def _issue(self, order: Order) -> None:
        issued = sum(len(each.invoices) for each in self.house.orders)
        self.take(
            lambda: self.house.issue(order, f"IN-{self.today.year}-{issued + 1:06d}"),
            lambda: invoicing.issue_invoice(self.session, order.number, **self.on("qian")),
        )

    @action(Desk.has_invoices, which=SOME, share=(None, 1, 40_000, 100_000, 300_000),
          error=(False, False, True))  # fmt: skip
    def take_off_invoice(self, which: int, share: int | None, error: bool) -> None:
        """Issue a credit note, or void an invoice that was an error."""
        pairs = [(order, each) for order in self.house.orders for each in order.invoices]
        order, invoice = pick(pairs, lambda pair: not pair[1].voided, which)
        if error:
            self.take(
                lambda: self.house.void_invoice(invoice),
                lambda: invoicing.void_invoice(
                    self.session, invoice.number, reason="error", **self.by("qian")
                ),
            )
            return
        self._credit(order, invoice, share)

    def _credit(self, order: Order, invoice: Invoice, share: int | None) -> None:
        self.take(
            lambda: self.house.credit_note(order, invoice, share, self.today),
            lambda: invoicing.credit_invoice(
                self.session, invoice.number, amount_minor=share, reason="less",
                **self.on("qian"),
            ),
        )  # fmt: skip

    # Debts.

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
        self._pay(order, _amount(order, share), "cash", None, 0, again=True)

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
            self._credit(order, order.invoices[-1], 40_000)

    def _decide(self, order: Order, asked: WriteOff, approve: bool, by: str) -> None:
        self.take(
            lambda: self.house.decide_write_off(order, asked, approve, by),
            lambda: debts.decide_write_off(
                self.session, asked.number, approve=approve, **self.on(by)
            ),
        )

    # Refunds.

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

    # Orders that end, and days that pass.

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


def _amount(order: Order, share: str) -> int:
    open_minor = order.open or 1_234
    return {"part": open_minor // 3 + 1, "all": open_minor, "more": open_minor + 40_777, "cent": 1}[
        share
    ]
