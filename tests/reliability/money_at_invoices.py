"""Invoices of R5, and what is taken off them."""

from __future__ import annotations

from memberctl.payment import invoicing
from tests.reliability.money_actions import SOME, action
from tests.reliability.money_desk import Desk, pick
from tests.reliability.money_objects import Invoice, Order


class AtInvoices(Desk):
    """Documents are issued, credited and voided."""

    @action(which=SOME)
    def issue_invoice(self, which: int) -> None:
        self.issue(pick(self.house.orders, lambda order: not order.invoices, which))

    def issue(self, order: Order) -> None:
        """Issue an order's invoice."""
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
        self.credit_on(order, invoice, share)

    def credit_on(self, order: Order, invoice: Invoice, share: int | None) -> None:
        """Issue a credit note."""
        self.take(
            lambda: self.house.credit_note(order, invoice, share, self.today),
            lambda: invoicing.credit_invoice(
                self.session, invoice.number, amount_minor=share, reason="less",
                **self.on("qian"),
            ),
        )  # fmt: skip
