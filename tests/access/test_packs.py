"""Packs of visits: they begin when they are paid and may lie side by side."""

from __future__ import annotations

from datetime import date

from sqlmodel import Session

from memberctl.access.rules import MemberStatus, Standing, member_status
from memberctl.access.term_queries import held_terms
from memberctl.core.dates import zone
from tests.access.conftest import MONTH, TEN, Enrol, Grant

PAID = date(2026, 3, 1)


def test_two_packs_and_a_membership_of_one_product_lie_side_by_side(
    enrol: Enrol, grant: Grant
) -> None:
    member = enrol()
    month = grant(member, PAID, "A", MONTH)
    packs = [grant(member, PAID, source, TEN) for source in ("B", "C")]
    assert [(pack.start_on, pack.end_on, pack.visits) for pack in packs] == [
        (PAID, date(2026, 8, 31), 10)
    ] * 2
    following = grant(member, PAID, "D", MONTH)
    assert following.start_on == date(2026, 4, 1) > month.end_on


def test_no_grace_follows_a_pack(session: Session, enrol: Enrol, grant: Grant) -> None:
    members = {"pack": enrol(), "month": enrol()}
    grant(members["pack"], PAID, "A", TEN)
    month = grant(members["month"], PAID, "B", MONTH)
    held = held_terms(session, list(members.values()), zone("Asia/Shanghai"))
    status = {
        kind: member_status(Standing(held[member], grace_days=30), day)
        for kind, member, day in (
            ("pack", members["pack"], date(2026, 9, 1)),
            ("month", members["month"], date(2026, 4, 1)),
        )
    }
    assert month.end_on == date(2026, 3, 31)
    assert status == {"pack": MemberStatus.LAPSED, "month": MemberStatus.GRACE}
