"""Members and terms that the tests of access begin with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlmodel import Session

from memberctl.access.operations import grant_term
from memberctl.access.tables import Term
from memberctl.catalog.rules import PaymentTiming, PlanTerms
from memberctl.core.actor import Actor
from memberctl.member.tables import Member
from memberctl.message.rules import Language

YEAR = PlanTerms(
    plan_version_id=1,
    code="YEAR",
    version=1,
    name="年卡",
    term="12m",
    price_minor=365000,
    joining_fee_minor=0,
    payment_timing=PaymentTiming.AFTER_APPROVAL,
    product="membership",
    valid_from=date(2024, 1, 1),
)
MONTH = PlanTerms(
    plan_version_id=3,
    code="MONTH",
    version=1,
    name="月卡",
    term="1m",
    price_minor=39900,
    joining_fee_minor=0,
    payment_timing=PaymentTiming.AFTER_APPROVAL,
    product="membership",
    valid_from=date(2024, 1, 1),
)
Enrol = Callable[..., int]
Grant = Callable[..., Term]


def member_row(number: int, at: datetime, **facts: object) -> Member:
    """Return a member as registration writes one."""
    given: dict[str, object] = {
        "name": f"会员{number}",
        "name_key": f"会员{number}",
        "phone": f"+86138{number:08d}",
        "language": Language.CHINESE,
        "branch_id": 1,
        "tier_id": 1,
        "channel": "store",
        "registered_at": at,
        "registered_by": 1,
    }
    return Member(id=number, **(given | facts))


@pytest.fixture
def enrol(session: Session, noon: Callable[[date], datetime]) -> Enrol:
    """Register one more member and return the id."""
    known = iter(range(1, 10_000))

    def add(**facts: object) -> int:
        number = next(known)
        session.add(member_row(number, noon(date(2026, 1, 1)), **facts))
        session.flush()
        return number

    return add


@pytest.fixture
def grant(session: Session, actors: dict[str, Actor], noon: Callable[[date], datetime]) -> Grant:
    """Grant a term that was paid on a day, recorded at noon of that day."""

    def add(
        member_id: int, paid_on: date, source: str = "JN-2026-00000", plan: PlanTerms = YEAR
    ) -> Term:
        return grant_term(
            session,
            member_id=member_id,
            plan=plan,
            tier_version_id=1,
            source=source,
            paid_on=paid_on,
            by=actors["qian"],
            at=noon(paid_on),
        )

    return add


TEN = replace(MONTH, plan_version_id=3, code="TEN", term="6m", product="pack", visits=10)
