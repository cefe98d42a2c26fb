"""Two numbers of one person in R5, which become one, and two again."""

from __future__ import annotations

from memberctl.archive.merging import merge_members
from memberctl.archive.unmerging import unmerge_members
from tests.reliability.money_actions import CURRENCY, SOME, YES, action
from tests.reliability.money_desk import Desk, one, pick
from tests.reliability.money_objects import Merge


class AtMerges(Desk):
    """Somebody finds that two members are one person, and sometimes is wrong."""

    @action(which=SOME, at_once=YES)
    def merge(self, which: int, at_once: bool) -> None:
        """Merge two members; sometimes that is seen to be wrong at once."""
        members, house = self.house.members, self.house
        pairs = [(one_, other) for one_ in members for other in members]
        survivor, merged = pick(
            pairs, lambda pair: pair[0] != pair[1] and not any(map(house.gone, pair)), which
        )
        known = len(house.merges)
        self.take(
            lambda: house.merge(survivor, merged, f"MG-{known + 1:06d}", self.today),
            lambda: merge_members(
                self.session, int(survivor[2:]), int(merged[2:]), reason="one person",
                keys=self.ground.keys, currency=CURRENCY, **self.on("zhao"),
            ),
        )  # fmt: skip
        if at_once and len(house.merges) > known:
            self._part(house.merges[-1])

    @action(Desk.has_merges, which=SOME)
    def unmerge(self, which: int) -> None:
        """Take a merge back."""
        self._part(one(self.house.merges, which))

    def _part(self, merge: Merge) -> None:
        self.take(
            lambda: self.house.unmerge(merge, self.today),
            lambda: unmerge_members(
                self.session, merge.number, reason="two people", keys=self.ground.keys,
                currency=CURRENCY, **self.on("zhao"),
            ),
        )  # fmt: skip
