"""What money does, told once more from rules.md alone, in plain integers and dates.

The state machine of R5 holds the program against this. It shares no function and no table with
the program, keeps no postings, and has each figure in one place only: what somebody owes is
counted from what they paid. An action that the rules refuse raises Refused before it changes
anything. Amounts are minor units.
"""

from __future__ import annotations

from datetime import date

from tests.reliability.money_bank import Bank
from tests.reliability.money_books import require
from tests.reliability.money_claims import Claims
from tests.reliability.money_objects import Movement, Order, Till
from tests.reliability.money_people import People


class House(Bank, People, Claims):
    """Everything that has to do with money, and how orders end."""

    def end(self, order: Order, verb: str, today: date) -> None:
        """Withdraw or void an order: what was paid for it is credit (M2, O8)."""
        ends = {"withdraw": ("confirmed",), "void": ("confirmed", "paid", "fulfilled")}[verb]
        require(order.state in ends, "not to be ended")
        require(verb != "void" or not self.was_refunded(order), "refunded")
        self._refuse_taking_back(order)
        self._end(order, {"withdraw": "withdrawn", "void": "voided"}[verb], today)

    def _end(self, order: Order, state: str, today: date) -> None:
        self._take_back(order)
        order.state, order.income = state, 0
        self._touch(order.number)
        self._credit(order.member, order.paid, today)

    def forfeit(self, today: date) -> int:
        """End what was not paid in time (O8)."""
        late = [each for each in self.orders if each.state == "confirmed" and each.due_on < today]
        for order in late:
            self._end(order, "forfeited", today)
        return len(late)

    def close_till(self, method: str, counted: int, today: date) -> int:
        """Count a till; return what the books expect in it (M16)."""
        till = self.tills.setdefault(method, Till())
        require(till.closed_on is None or till.closed_on < today, "closed")
        expected = till.since
        over = counted - expected
        self.closes += 1
        self.money[method] += over
        self.over_in_tills += over
        if over:
            number = f"TC-{self.closes:06d}"
            self.movements.append(Movement("till.counted", number, method, over, today))
        till.since, till.closed_on = 0, today
        return expected
