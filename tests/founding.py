"""The organisation that every store in the tests begins with.

Two branches, six people with one role each, the default tiers' rows, plan YEAR in two versions,
an agreement and the working calendar of 2024 to 2026, written as rows: what is tested does
not build its own ground.
"""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, date, datetime
from pathlib import Path

from sqlmodel import Session, SQLModel

from memberctl.catalog.rules import PaymentTiming, PlanState
from memberctl.catalog.tables import (
    Agreement,
    AgreementVersion,
    Plan,
    PlanVersion,
    Tier,
    TierVersion,
)
from memberctl.core.actor import Actor
from memberctl.ledger.rules import Account, kind_of
from memberctl.ledger.tables import LedgerAccount
from memberctl.office.rules import DayKind, Role, StaffState
from memberctl.office.tables import (
    Branch,
    CalendarDay,
    CalendarYear,
    Organisation,
    Staff,
    StaffRole,
)
from memberctl.order.rules import OrderKind
from memberctl.review.tables import ReviewStage
from memberctl.store.keys import Keys, make_key_file
from memberctl.store.tables import Counter, StoreInfo

STORE_ID = "test-store"
FOUNDED_AT = datetime(2024, 1, 1, tzinfo=UTC)
PEOPLE = {
    "owner": Role.OWNER,
    "li": Role.SERVICE,
    "wang": Role.REVIEWER,
    "zhao": Role.MANAGER,
    "qian": Role.FINANCE,
    "sun": Role.RECEPTION,
    "zhou": Role.SERVICE,
    "wu": Role.REVIEWER,
    "zheng": Role.MANAGER,
    "feng": Role.FINANCE,
}
TIERS = (
    ("regular", "普通", 10000, 100, 0, 0),
    ("silver", "银卡", 9500, 100, 0, 300000),
    ("gold", "金卡", 9000, 200, 1, 1000000),
    ("platinum", "白金", 8500, 300, 2, 3000000),
)
# China's holidays that the examples of rules O5 and O8 touch; the rest are ordinary weeks.
HOLIDAYS = [date(2024, 10, day) for day in (1, 2, 3, 4, 7)]
MAKE_UP_DAYS = [date(2024, 9, 29), date(2024, 10, 12)]


def actors() -> dict[str, Actor]:
    """Return the people by their codes."""
    return {
        code: Actor(login=code, staff=code, staff_id=number, roles=frozenset({role.value}))
        for number, (code, role) in enumerate(PEOPLE.items(), start=1)
    }


def found(session: Session, key_dir: Path) -> Keys:
    """Write the organisation into an empty schema and make its key file."""
    keys = make_key_file(key_dir, STORE_ID)
    groups = [
        [StoreInfo(id=1, store_id=STORE_ID, key_check=keys.check, created_at=FOUNDED_AT)],
        _office(),
        _people(),
        _roles(),
        _calendar_years(),
        _calendar_days(),
        _catalog(),
        _catalog_versions(),
        _ground(),
    ]
    for rows in groups:
        session.add_all(rows)
        session.flush()
    return keys


def _office() -> list[SQLModel]:
    return [
        Organisation(
            name="长风健身 Longwind Fitness",
            currency="CNY",
            zone="Asia/Shanghai",
            region="CN",
            created_at=FOUNDED_AT,
        ),
        Branch(id=1, code="SH01", name="上海静安店"),
        Branch(id=2, code="BJ01", name="北京朝阳店"),
    ]


def _people() -> list[SQLModel]:
    return [
        Staff(
            id=number,
            code=code,
            name=code.title(),
            uid=os.getuid() if code == "owner" else None,
            database_user="postgres" if code == "owner" else None,
            state=StaffState.ACTIVE,
        )
        for number, code in enumerate(PEOPLE, start=1)
    ]


def _roles() -> list[SQLModel]:
    return [
        StaffRole(staff_id=number, role=role.value)
        for number, role in enumerate(PEOPLE.values(), start=1)
    ]


def _calendar_years() -> list[SQLModel]:
    return [CalendarYear(year=year, source="given") for year in (2024, 2025, 2026, 2027)]


def _calendar_days() -> list[SQLModel]:
    free = [CalendarDay(day=d, year=d.year, kind=DayKind.HOLIDAY, name="国庆节") for d in HOLIDAYS]
    worked = [
        CalendarDay(day=d, year=d.year, kind=DayKind.WORKDAY, name="调休") for d in MAKE_UP_DAYS
    ]
    return [*free, *worked]


def _catalog() -> list[SQLModel]:
    return [
        Plan(id=1, code="YEAR", product="membership", state=PlanState.OFFERED),
        Plan(id=2, code="MONTH", product="membership", state=PlanState.OFFERED),
        *[Tier(id=n, code=tier[0], position=n) for n, tier in enumerate(TIERS, start=1)],
        Agreement(id=1, code="MEMBERSHIP"),
    ]


def _catalog_versions() -> list[SQLModel]:
    body = "会员协议 Membership agreement\n"
    return [
        _plan_version(1, 1, 1, "年卡", "12m", 365000, date(2024, 1, 1)),
        _plan_version(2, 1, 2, "年卡", "12m", 398000, date(2027, 1, 1)),
        _plan_version(3, 2, 1, "月卡", "1m", 39900, date(2024, 1, 1)),
        *[
            TierVersion(
                id=number,
                tier_id=number,
                version=1,
                name=name,
                price_basis_points=share,
                points_percent=points,
                guests=guests,
                threshold_minor=threshold,
                valid_from=date(2024, 1, 1),
                published_at=FOUNDED_AT,
            )
            for number, (_, name, share, points, guests, threshold) in enumerate(TIERS, start=1)
        ],
        AgreementVersion(
            id=1,
            agreement_id=1,
            version=1,
            title="会员协议",
            body=body,
            sha256=hashlib.sha256(body.encode()).hexdigest(),
            valid_from=date(2024, 1, 1),
            published_at=FOUNDED_AT,
            published_by=1,
        ),
    ]


def _plan_version(
    number: int, plan: int, version: int, name: str, term: str, price: int, valid_from: date
) -> PlanVersion:
    return PlanVersion(
        id=number,
        plan_id=plan,
        version=version,
        name=name,
        term=term,
        price_minor=price,
        joining_fee_minor=0,
        payment_timing=PaymentTiming.AFTER_APPROVAL,
        valid_from=valid_from,
        published_at=FOUNDED_AT,
        published_by=1,
    )


def _ground() -> list[SQLModel]:
    stages = [
        (OrderKind.JOIN, 1, "initial", Role.SERVICE),
        (OrderKind.JOIN, 2, "second", Role.REVIEWER),
        (OrderKind.JOIN, 3, "final", Role.MANAGER),
        (OrderKind.SERVICE, 1, "initial", Role.SERVICE),
        (OrderKind.TRANSFER, 1, "initial", Role.SERVICE),
        (OrderKind.TRANSFER, 2, "final", Role.MANAGER),
    ]
    used = {
        "branch": 2, "staff": len(PEOPLE), "plan": 2, "plan_version": 3, "tier": 4,
        "tier_version": 4, "agreement": 1, "agreement_version": 1, "review_stage": len(stages),
    }  # fmt: skip
    return [
        *[LedgerAccount(code=account.value, kind=kind_of(account)) for account in Account],
        *[
            ReviewStage(id=number, kind=kind, position=position, stage=stage, role=role)
            for number, (kind, position, stage, role) in enumerate(stages, start=1)
        ],
        *[Counter(name=name, value=value) for name, value in used.items()],
    ]
