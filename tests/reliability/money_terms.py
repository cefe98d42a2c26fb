"""What the model of R5 knows of terms: given, followed, changed for a dearer plan, earned.

Source: rules T2, T4, T5, T8, M11, M12.
"""

from __future__ import annotations

from datetime import date, timedelta

from tests.reliability.money_books import Books, half_up, months_later, require, workdays_later
from tests.reliability.money_objects import PLANS, Order, Term

PAYMENT_DAYS, GRACE_DAYS, WINDOW_DAYS = 5, 30, 60
DAY = timedelta(days=1)


def price_of(plan: str, on: date) -> int:
    """Return what a plan costs on a day."""
    return [price for since, price in PLANS[plan][1] if since <= on][-1]


class Terms(Books):
    """Which days each order bought, and what of its fee they have earned."""

    def terms_of(self, member: str) -> list[tuple[Order, Term]]:
        """Return a member's terms with their orders, the one that was given first first."""
        found = [(each, each.live_term) for each in self.orders if each.member == member]
        had = [(order, term) for order, term in found if term is not None]
        return sorted(had, key=lambda pair: pair[1].serial)

    # What is ordered about a term.

    def upgrade(self, member: str, plan: str, of: str | None, today: date) -> Order:
        """Order a dearer plan for the rest: the end stays, the old plan's rest is given back."""
        require(not self.gone(member), "merged")
        order, term = self._running(member, of, today)
        start = max(today, term.start + DAY)
        require(not term.cut and start <= term.until, "nothing is left")
        require(plan != order.plan, "the same plan")
        price, left = price_of(plan, today), (term.until - start).days + 1
        new = half_up(left, self._price_days(term, order, plan), price)
        old = half_up(left, term.days, order.price)
        require(new >= old, "a downgrade")
        return Order("", member, new - old, plan, len(self.orders),
                     workdays_later(today, PAYMENT_DAYS), price, order, start, old)  # fmt: skip

    def follow(self, member: str, plan: str, cheaper: bool, of: str | None, today: date) -> Order:
        """Order what begins when the term ends: the same again, or a cheaper plan (T4, M11)."""
        require(not self.gone(member), "merged")
        had = [term for _, term in self.terms_of(member)]
        require(bool(had), "nothing to renew")
        ends = [each.until for each in had if each.start <= today <= each.until]
        require(not ends or (max(ends) - today).days <= WINDOW_DAYS, "too early")
        price = price_of(plan, today)
        if cheaper:
            order, term = self._running(member, of, today)
            start = term.until + DAY
            days = (months_later(start, PLANS[plan][0]) - start).days
            require(price * term.days < order.price * days, "no less a day")
        return Order("", member, price, plan, len(self.orders),
                     workdays_later(today, PAYMENT_DAYS), price, signed_on=today)  # fmt: skip

    def file(self, order: Order, number: str, today: date) -> None:
        """Let such an order be confirmed at once, and settled if it costs nothing."""
        order.number = number
        self.orders.append(order)
        if order.total == 0:
            self._settle(order, today)

    def _running(self, member: str, of: str | None, today: date) -> tuple[Order, Term]:
        running = [
            (order, term) for order, term in self.terms_of(member)
            if term.start <= today <= term.until and of in (None, order.number)
        ]  # fmt: skip
        require(len(running) == 1, "no such term, or several")
        return running[0]

    def _price_days(self, term: Term, order: Order, plan: str) -> int:
        """Return for how many days a plan's price is when it takes over a term."""
        assert order.plan is not None
        months = PLANS[plan][0]
        if months == PLANS[order.plan][0]:
            return term.days
        return (months_later(term.start, months) - term.start).days

    # What full payment gives, and what is taken back with it.

    def can_settle(self, order: Order) -> bool:
        """Tell whether an order can have what it is for: the term that it changes is as it was."""
        if order.about is None:
            return True
        term, start = order.about.live_term, order.effective_on
        if term is None or start is None or term.cut or term.went_on is not None:
            return False
        return max(start, term.start + DAY) <= term.until

    def _settle(self, order: Order, on: date) -> None:
        order.state = "paid"
        if order.plan is not None:
            give = self._grant if order.about is None else self._go_on
            self.terms_given += 1
            order.state, order.term = "fulfilled", give(order, on)

    def _grant(self, order: Order, on: date) -> Term:
        """Return the days that a plan buys: from today, or after those that there are (T2-T5)."""
        assert order.plan is not None
        months, had = PLANS[order.plan][0], [term for _, term in self.terms_of(order.member)]
        start = anchor = on
        if had:
            last = max(had, key=lambda term: term.until)
            if (on - last.until).days <= (0 if last.cut else GRACE_DAYS):
                start, anchor = last.until + DAY, last.anchor
        far = (start.year - anchor.year) * 12 + start.month - anchor.month
        if far < 0 or months_later(anchor, far) != start:
            anchor, far = start, 0
        end = months_later(anchor, far + months) - DAY
        return Term(start, end, end, anchor, (end - start).days + 1, self.terms_given)

    def _go_on(self, order: Order, _: date) -> Term:
        """Let a term end and go on as another, to the same end (M11)."""
        old, plan, begin = order.about, order.plan, order.effective_on
        assert old is not None and old.term is not None and plan is not None and begin is not None
        start, end = max(begin, old.term.start + DAY), old.term.until
        days = self._price_days(old.term, old, plan)
        old.term.until, old.term.went_on = start - DAY, order
        return Term(start, end, end, old.term.anchor, days, self.terms_given)

    def _refuse_taking_back(self, order: Order) -> None:
        """Refuse to end what an order gave while its rest goes on under another one (M2, T8)."""
        term = order.live_term
        require(term is None or term.went_on is None, "it goes on under another order")
        if term is not None and order.about is not None and order.about.term is not None:
            old = order.about.term
            for other, each in self.terms_of(order.member):
                apart = each.until < old.start or old.sold_until < each.start
                require(apart or other in (order, order.about), "its days are another's by now")

    def _take_back(self, order: Order) -> None:
        """Take back what an order gave; what it ended goes on."""
        if order.live_term is not None and order.about is not None:
            old = order.about.term
            if old is not None and old.went_on is order:
                old.until, old.went_on = old.sold_until, None
        order.term = None

    # What is earned.

    def recognise(self, today: date) -> None:
        """Let each fee be earned day by day over the days that it bought (M12)."""
        for order in self.orders:
            order.income = self._earned(order, today)

    def _earned(self, order: Order, today: date) -> int:
        term = order.live_term
        if term is not None:
            whole = (term.earned_until - term.start).days + 1
            used = min(max((today - term.start).days + 1, 0), whole)
            return half_up(used, whole, order.fee)
        refunded = order.state == "fulfilled" and order.refunded > 0
        return order.fee if order.state == "closed" or refunded else 0
