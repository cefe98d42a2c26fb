"""What the model of R5 knows of two numbers of one person: everything follows, and comes back.

Source: rules A4.
"""

from __future__ import annotations

from datetime import date

from tests.reliability.money_books import Books, require
from tests.reliability.money_objects import DEAD, Merge


class People(Books):
    """Merges of members, and what takes them back."""

    def merge(self, survivor: str, merged: str, number: str, today: date) -> None:
        """Let one number become another: orders, requests and credit follow."""
        require(survivor != merged, "one and the same")
        require(not self.gone(survivor) and not self.gone(merged), "merged before")
        orders = [each for each in self.orders if each.member == merged]
        requests = [each for each in self.requests if each.member == merged]
        credit = self.credit[merged]
        self._hand_over(orders, requests, survivor)
        self._pass_credit(merged, survivor, credit, today)
        self.merges.append(
            Merge(number, survivor, merged, orders, requests, credit, len(self.touched))
        )

    def unmerge(self, merge: Merge, today: date) -> None:
        """Take a merge back, unless later money touches what it moved."""
        require(not merge.undone, "taken back")
        for each in self.merges[self.merges.index(merge) + 1 :]:
            ours = merge.survivor in (each.survivor, each.merged)
            require(each.undone or not ours, "a later merge")
        what = {each.number for each in [*merge.orders, *merge.requests]}
        if merge.credit:
            what.add(f"credit of {merge.survivor}")
        require(not what & set(self.touched[merge.since :]), "later money")
        later = [each for each in self.orders if each.about in merge.orders]
        ours = all(each in merge.orders or each.state in DEAD for each in later)
        require(ours, "a term goes on under a later order")
        merge.undone = True
        self._hand_over(merge.orders, merge.requests, merge.merged)
        self._pass_credit(merge.survivor, merge.merged, merge.credit, today)

    def _hand_over(self, orders: list, requests: list, to: str) -> None:  # type: ignore[type-arg]
        for each in [*orders, *requests]:
            each.member = to

    def _pass_credit(self, from_: str, to: str, minor: int, today: date) -> None:
        self._credit(from_, -minor, today)
        self._credit(to, minor, today)
