"""What money does, told once more from rules.md alone, in plain integers and dates.

The state machine of R5 holds the program against this. It shares no function and no table with
the program, keeps no postings, and has each figure in one place only: what somebody owes is
counted from what they paid. An action that the rules refuse raises Refused before it changes
anything. Amounts are minor units.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from tests.reliability.money_objects import (
    DEAD,
    SETTLED,
    CreditRequest,
    Invoice,
    Order,
    Payment,
    Refund,
    Term,
    Till,
    WriteOff,
)

VOID_DAYS, MOMENT, PAYMENT_DAYS = 7, timedelta(minutes=10), 5
MANAGER_FROM, OWNER_FROM = 500_000, 5_000_000
CREDIT = "member_credit"
WAITING = ("requested", "approved", "failed")


class Refused(Exception):
    """The rules do not allow this; nothing was changed."""


def require(condition: bool, why: str) -> None:
    """Refuse unless something is so."""
    if not condition:
        raise Refused(why)


def half_up(part: int, whole: int, of: int) -> int:
    """Return of x part / whole, rounded half up."""
    return (2 * of * part + whole) // (2 * whole)


def months_later(day: date, months: int) -> date:
    """Return the same day some months later, the last one of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def workdays_later(day: date, count: int) -> date:
    """Return the last of so many days from Monday to Friday after a day."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


class House:
    """All orders, what the house holds, and what it owes."""

    def __init__(self, orders: Iterable[Order], stale_days: int) -> None:
        self.orders = list(orders)
        self.stale_days = stale_days
        self.credit: Counter[str] = Counter()
        self.credit_moved: dict[str, date] = {}
        self.money: Counter[str] = Counter()
        self.tills: dict[str, Till] = {}
        self.lost: Counter[str] = Counter()
        self.given_up = self.over_in_tills = 0
        self.requests: list[CreditRequest] = []

    # What can be asked about it.

    def payments(self) -> Iterator[tuple[Order, Payment]]:
        """Return every payment with its order."""
        return ((order, each) for order in self.orders for each in order.payments)

    def books(self) -> dict[tuple[str, str | None], int]:
        """Return what each account must hold, and for whom; nothing is left out as 0."""
        held: Counter[tuple[str, str | None]] = Counter()
        for order in self.orders:
            dead = order.state in DEAD
            owed = order.total - order.credited - order.written_off - order.paid
            held["receivable", order.number] = 0 if dead else owed
            held["unearned_fees", order.number] = order.income - order.fee
            held["fee_income", order.number] = -order.income
            held["bad_debt", order.number] = order.written_off + self.lost[order.number]
        for member, minor in self.credit.items():
            held[CREDIT, member] = -minor
        for request in self.requests:
            waits = request.state in ("requested", "approved")
            held["payouts_due", request.number] = -request.amount if waits else 0
        for method, minor in self.money.items():
            held[method, None] = minor
        held["credit_income", None] = -self.given_up
        held["till_difference", None] = -self.over_in_tills
        return {key: minor for key, minor in held.items() if minor}

    # Money that comes.

    def pay(self, order: Order, number: str, amount: int, method: str, *, reference: str | None,
            at: datetime, now: datetime, again: bool, by: str) -> bool:  # fmt: skip
        """Take money for an order; return False for a transaction that is known (M3-M5, O8)."""
        for other, each in self.payments():
            known = reference is not None and each.reference == reference
            if each.state != "voided" and known and each.method == method:
                require(each.live, "its bank took it back")
                require(other is order and each.amount == amount, "another payment's reference")
                return False
        for each in order.live:
            apart = reference and each.reference and reference != each.reference
            soon = each.recorded_at > now - MOMENT
            same = each.amount == amount and each.method == method
            require(again or bool(apart) or not (soon and same), "probable duplicate")
        require(order.state != "voided", "voided")
        settles = order.state == "confirmed" and at.date() <= order.due_on
        applied = min(order.open, amount) if settles else 0
        payment = Payment(number, amount, method, reference, at, now, by, applied,
                          amount - applied, "recorded")  # fmt: skip
        self._take(order, payment, now.date())
        return True

    def _take(self, order: Order, payment: Payment, today: date) -> None:
        order.payments.append(payment)
        self._move(payment.method, order.member, payment.amount, payment.at.date())
        self._credit(order.member, payment.over, payment.at.date())
        if payment.applied:
            self._follow(order)
            if order.open == 0:
                self._settle(order, payment.at.date())

    def _settle(self, order: Order, on: date) -> None:
        order.state = "paid"
        if order.months is not None:
            end = months_later(on, order.months) - timedelta(days=1)
            order.state, order.term = "fulfilled", Term(on, end, end)

    def _follow(self, order: Order) -> None:
        """Let an order be due with its oldest instalment that is not paid (M12, M14)."""
        settled = order.total - order.open
        later = [due_on for due_on, until in order.plan if until > settled]
        order.due_on = min(later, default=order.due_on)

    def _move(self, method: str, member: str, minor: int, on: date) -> None:
        """Let money come in, or go out; a member's credit is money of their own."""
        if method == CREDIT:
            self._credit(member, -minor, on)
            return
        self.money[method] += minor
        self.tills.setdefault(method, Till()).since += minor

    def _credit(self, member: str, minor: int, on: date) -> None:
        if minor:
            self.credit[member] += minor
            self.credit_moved[member] = max(on, self.credit_moved.get(member, on))

    # Money that is looked at again.

    def verify(self, payment: Payment, by: str) -> None:
        """Let finance find it on the account; not who recorded it (O2)."""
        require(payment.state == "recorded", "no payment to be verified")
        require(payment.by != by, "own payment")
        payment.state = "verified"

    def void(self, order: Order, payment: Payment, today: date) -> None:
        """Undo an entry error with all that it caused (M2)."""
        self._refuse_undoing(order, payment)
        require((today - payment.recorded_at.date()).days <= VOID_DAYS, "no fresh error")
        back = self._became_credit(order, payment)
        require(self.credit[order.member] >= back, "spent")
        self._undo(order, payment, "voided", today)

    def charge_back(self, order: Order, payment: Payment, today: date) -> None:
        """Let a bank take money back; credit that was spent of it is lost (M2)."""
        require(payment.method not in ("cash", CREDIT), "no bank has it")
        self._refuse_undoing(order, payment)
        self._undo(order, payment, "charged_back", today)
        lost = max(-self.credit[order.member], 0)
        self.lost[order.number] += lost
        self._credit(order.member, lost, today)
        if order.state == "confirmed":
            order.due_on = max(order.due_on, workdays_later(today, PAYMENT_DAYS))

    def _refuse_undoing(self, order: Order, payment: Payment) -> None:
        require(payment.live, "undone")
        touched = order.claimed or order.refunded
        require(not (payment.applied and touched), "refunded")
        require(not (payment.applied and order.state == "closed"), "closed")

    def _became_credit(self, order: Order, payment: Payment) -> int:
        """Return by how much the member's credit is less without a payment."""
        applied = payment.applied if order.state in DEAD else 0
        own = payment.amount if payment.method == CREDIT else 0
        return payment.over + applied - own

    def _undo(self, order: Order, payment: Payment, state: str, today: date) -> None:
        if self._became_credit(order, payment) or payment.over or payment.method == CREDIT:
            self.credit_moved[order.member] = max(today, self.credit_moved.get(order.member, today))
        self.credit[order.member] -= self._became_credit(order, payment)
        if payment.method != CREDIT:
            self._move(payment.method, order.member, -payment.amount, today)
        payment.state = state
        if payment.applied and order.state in SETTLED:
            order.state, order.term = "confirmed", None
        if order.state == "confirmed":
            self._follow(order)

    # Credit.

    def apply_credit(self, member: str, numbers: Iterator[str], amount: int | None,
                     only: Order | None, now: datetime, by: str) -> int:  # fmt: skip
        """Let credit pay what is owed, the oldest first; return how many payments (M4)."""
        left = self._share(member, amount)
        if only is not None:
            require(only.member == member, "another member's")
            require(self._payable(only, now.date()), "nothing to pay")
        owed = [only] if only is not None else self._oldest_first(member)
        made = 0
        for order in owed:
            part = min(order.open, left)
            if part and self._payable(order, now.date()):
                payment = Payment(next(numbers), part, CREDIT, None, now, now, by, part, 0,
                                  "verified")  # fmt: skip
                self._take(order, payment, now.date())
                left -= part
                made += 1
        require(made > 0, "nothing to pay")
        return made

    def _share(self, member: str, amount: int | None) -> int:
        there = self.credit[member]
        require(0 < (there if amount is None else amount) <= there, "not so much credit")
        return there if amount is None else amount

    def _payable(self, order: Order, today: date) -> bool:
        return order.state == "confirmed" and today <= order.due_on

    def _oldest_first(self, member: str) -> list[Order]:
        mine = [each for each in self.orders if each.member == member]
        return sorted(mine, key=lambda order: order.confirmed)

    def ask_payout(self, number: str, member: str, amount: int | None, method: str, by: str,
                   today: date) -> None:  # fmt: skip
        """Set credit aside to be paid out (M4)."""
        self._set_aside(number, member, self._share(member, amount), method, by, today)

    def ask_stale(self, number: str, member: str, by: str, today: date) -> None:
        """Set credit aside that lay still for years, to be given up (M14)."""
        moved = self.credit_moved.get(member)
        require(moved is not None and (today - moved).days > self.stale_days, "it moved")
        self._set_aside(number, member, self._share(member, None), None, by, today)

    def _set_aside(self, number: str, member: str, amount: int, method: str | None, by: str,
                   today: date) -> None:  # fmt: skip
        self._credit(member, -amount, today)
        self.requests.append(CreditRequest(number, member, amount, method, by))

    def decide(self, request: CreditRequest, approve: bool, by: str, today: date) -> None:
        """Let somebody else decide what becomes of it (O2, M14)."""
        require(by != request.asked_by, "own request")
        states = ("requested",) if approve else ("requested", "approved")
        require(request.state in states, "nothing to decide")
        stale = request.method is None
        require(not (stale and request.state == "approved"), "booked")
        request.state, request.decided_by = "approved" if approve else "refused", by
        if not approve:
            self._credit(request.member, request.amount, today)
        elif stale:
            self.given_up += request.amount
            request.state = "given up"

    def pay_request(self, request: CreditRequest, by: str, today: date) -> None:
        """Pay it out, by somebody else than who approved it (M9)."""
        require(request.state == "approved" and by != request.decided_by, "not to be paid")
        assert request.method is not None
        request.state = "paid"
        self._move(request.method, request.member, -request.amount, today)

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
        settled, order.plan = order.total - order.open, []
        each, more = divmod(order.open, count)
        for n in range(count):
            settled += each + (n < more)
            order.plan.append((first + timedelta(days=every * n), settled))
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
        asked.state = "approved" if approve else "refused"

    # Refunds.

    def ask_refund(self, order: Order, number: str, amount: int | None, on: date,
                   by: str) -> None:  # fmt: skip
        """Claim what goes back: by the days that are not used, or as agreed (M6, M8, M9)."""
        require(order.state in SETTLED, "not paid")
        before = [each.amount for each in order.refunds if each.state in (*WAITING, "paid")]
        left = sum(each.left for each in order.live)
        require(left > 0, "nothing is left")
        due = min(max(self._unused(order, sum(before) + left, on) - sum(before), 0), left)
        if amount is None:
            require(due > 0, "nothing is due")
            amount = due
        elif amount > left:
            require(amount in before, "more than is left")
            amount = left
        parts = self._split(order, amount)
        for payment, _, minor in parts:
            payment.claimed += minor
        order.refunds.append(Refund(number, amount, amount > due, on, parts, by))

    def _unused(self, order: Order, paid: int, on: date) -> int:
        if order.term is None:
            return paid
        whole = (order.term.sold_until - order.term.start).days + 1
        used = min(max((on - order.term.start).days + 1, 0), whole)
        return half_up(whole - used, whole, paid)

    def _split(self, order: Order, amount: int) -> list[tuple[Payment, str, int]]:
        newest = sorted(order.live, key=lambda each: (each.at, each.number), reverse=True)
        exact = [each for each in newest if each.left == amount]
        parts = []
        for payment in exact[:1] or newest:
            minor = min(payment.left, amount)
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
        refund.income = max(refund.amount - (order.fee - order.income), 0)
        order.income -= refund.income
        refund.parts = [(payment, then if then == CREDIT else method or then, minor)
                        for payment, then, minor in refund.parts]  # fmt: skip
        for payment, way, minor in refund.parts:
            payment.claimed, payment.refunded = payment.claimed - minor, payment.refunded + minor
            self._move(way, order.member, -minor, today)
        refund.state = "paid"
        if order.term is not None:
            order.term.until = min(order.term.until, refund.on)

    def fail_refund(self, order: Order, refund: Refund, today: date) -> None:
        """Say that it did not arrive: the house owes it again (M2, M9)."""
        require(refund.state == "paid", "not paid")
        as_credit = sum(minor for _, way, minor in refund.parts if way == CREDIT)
        require(self.credit[order.member] >= as_credit, "spent")
        refund.state = "failed"
        order.income += refund.income
        for payment, way, minor in refund.parts:
            payment.claimed, payment.refunded = payment.claimed + minor, payment.refunded - minor
            self._move(way, order.member, minor, today)

    # Orders that end, and days that pass.

    def end(self, order: Order, verb: str, today: date) -> None:
        """Withdraw or void an order: what was paid for it is credit (M2, O8)."""
        ends = {"withdraw": ("confirmed",), "void": ("confirmed", "paid", "fulfilled")}[verb]
        require(order.state in ends, "not to be ended")
        require(verb != "void" or not (order.claimed or order.refunded), "refunded")
        self._end(order, {"withdraw": "withdrawn", "void": "voided"}[verb], today)

    def _end(self, order: Order, state: str, today: date) -> None:
        order.state, order.term, order.income = state, None, 0
        self._credit(order.member, order.paid, today)

    def forfeit(self, today: date) -> int:
        """End what was not paid in time (O8)."""
        late = [each for each in self.orders if each.state == "confirmed" and each.due_on < today]
        for order in late:
            self._end(order, "forfeited", today)
        return len(late)

    def recognise(self, today: date) -> None:
        """Let each fee be earned day by day over the days that it bought (M12)."""
        for order in self.orders:
            order.income = self._earned(order, today)

    def _earned(self, order: Order, today: date) -> int:
        if order.term is not None:
            whole = (order.term.until - order.term.start).days + 1
            used = min(max((today - order.term.start).days + 1, 0), whole)
            return half_up(used, whole, order.fee)
        return order.fee if order.state == "closed" else 0

    def close_till(self, method: str, counted: int, today: date) -> int:
        """Count a till; return what the books expect in it (M16)."""
        till = self.tills.setdefault(method, Till())
        require(till.closed_on is None or till.closed_on < today, "closed")
        expected = till.since
        self.money[method] += counted - expected
        self.over_in_tills += counted - expected
        till.since, till.closed_on = 0, today
        return expected
