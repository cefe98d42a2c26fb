"""The organisation, its branches and staff, its policies and its calendar of working days."""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey, Text
from sqlmodel import Field, SQLModel

from memberctl.office.proposals import ProposalKind, ProposalState
from memberctl.office.rules import DayKind, Role, StaffState
from memberctl.store.columns import (
    INTEGER,
    Day,
    check,
    integer,
    key,
    one_of,
    points_to,
    state_column,
    table_args,
    text,
    text_key,
    unique_where,
    utc,
    version,
)


class Organisation(SQLModel, table=True):
    """The one organisation that the store belongs to."""

    __tablename__ = "organisation"
    __table_args__ = table_args(check("one_row", "id = 1"))

    id: int = Field(default=1, sa_column=key())
    name: str = Field(sa_column=text())
    currency: str = Field(sa_column=text())
    zone: str = Field(sa_column=text())
    region: str = Field(sa_column=text())
    created_at: datetime = Field(sa_column=utc())


class Branch(SQLModel, table=True):
    """A place where members are served; its id is part of its cards' numbers.

    zone     -- its IANA time zone where that is not the organisation's
    hours    -- when it is open, e.g. "mon-fri 06:00-22:00"; None is always
    capacity -- how many may be inside at once, or None
    """

    __tablename__ = "branch"
    __table_args__ = table_args(
        check("fits_cards", "id BETWEEN 1 AND 9999"), check("capacity_counts", "capacity >= 1")
    )

    id: int = Field(sa_column=key())
    code: str = Field(sa_column=text(unique=True))
    name: str = Field(sa_column=text())
    version: int = Field(default=1, sa_column=version())
    zone: str | None = Field(default=None, sa_column=text(nullable=True))
    hours: str | None = Field(default=None, sa_column=text(nullable=True))
    capacity: int | None = Field(default=None, sa_column=integer(nullable=True))


class Staff(SQLModel, table=True):
    """Somebody who works here. uid -- the system's user, database_user -- PostgreSQL's."""

    __tablename__ = "staff"
    __table_args__ = table_args(one_of("state", StaffState))

    id: int = Field(sa_column=key())
    code: str = Field(sa_column=text(unique=True))
    name: str = Field(sa_column=text())
    uid: int | None = Field(default=None, sa_column=Column(INTEGER, unique=True))
    database_user: str | None = Field(default=None, sa_column=Column(Text(), unique=True))
    branch_id: int | None = Field(default=None, sa_column=points_to("branch.id", nullable=True))
    state: StaffState = Field(default=StaffState.ACTIVE, sa_column=state_column(StaffState))
    version: int = Field(default=1, sa_column=version())


class StaffRole(SQLModel, table=True):
    """One role of one person."""

    __tablename__ = "staff_role"
    __table_args__ = table_args(one_of("role", Role))

    staff_id: int = Field(sa_column=Column(INTEGER, ForeignKey("staff.id"), primary_key=True))
    role: str = Field(sa_column=text_key())


class StaffPin(SQLModel, table=True):
    """The PIN with which somebody lets others act in their name, as an argon2id hash."""

    __tablename__ = "staff_pin"
    __table_args__ = table_args(check("argon2id", "hash LIKE '$argon2id$%'"))

    staff_id: int = Field(sa_column=Column(INTEGER, ForeignKey("staff.id"), primary_key=True))
    hash: str = Field(sa_column=text())
    set_at: datetime = Field(sa_column=utc())
    set_by: int = Field(sa_column=points_to("staff.id", index=False))


class Proposal(SQLModel, table=True):
    """A change of staff or policy that waits for a second owner, or what became of it.

    about -- a staff code or a policy's name; terms -- see proposals.Change
    """

    __tablename__ = "proposal"
    __table_args__ = table_args(
        one_of("kind", ProposalKind),
        one_of("state", ProposalState),
        check("decided", "(state = 'waiting') = (decided_by IS NULL)"),
        check("decided_when", "(decided_by IS NULL) = (decided_at IS NULL)"),
        check("four_eyes", "(state = 'withdrawn') = (decided_by = proposed_by)"),
        unique_where("uq_proposal_waiting", ("kind", "about", "terms"), "state = 'waiting'"),
    )

    id: int = Field(sa_column=key())
    kind: ProposalKind = Field(sa_column=state_column(ProposalKind))
    about: str = Field(sa_column=text())
    terms: str = Field(sa_column=text())
    state: ProposalState = Field(sa_column=state_column(ProposalState))
    proposed_by: int = Field(sa_column=points_to("staff.id", index=False))
    proposed_at: datetime = Field(sa_column=utc())
    decided_by: int | None = Field(
        default=None, sa_column=points_to("staff.id", nullable=True, index=False)
    )
    decided_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    remark: str | None = Field(default=None, sa_column=text(nullable=True))
    version: int = Field(default=1, sa_column=version())


class PolicyValue(SQLModel, table=True):
    """A policy that somebody decided; every other one has its default."""

    __tablename__ = "policy"
    __table_args__ = table_args()

    key: str = Field(sa_column=text_key())
    value: str = Field(sa_column=text())
    changed_at: datetime = Field(sa_column=utc())
    changed_by: int = Field(sa_column=points_to("staff.id", index=False))


class CalendarYear(SQLModel, table=True):
    """A year whose days are known.

    source -- "given", or the library and its version, with ", provisional" behind it while the
    make-up workdays of the year are not published
    """

    __tablename__ = "calendar_year"
    __table_args__ = table_args(check("possible", "year BETWEEN 1900 AND 2199"))

    year: int = Field(sa_column=key())
    source: str = Field(sa_column=text())


class CalendarDay(SQLModel, table=True):
    """A day that is free or worked for a reason of its own."""

    __tablename__ = "calendar_day"
    __table_args__ = table_args(one_of("kind", DayKind))

    day: date = Field(sa_column=Column(Day(), primary_key=True))
    year: int = Field(sa_column=points_to("calendar_year.year"))
    kind: DayKind = Field(sa_column=state_column(DayKind))
    name: str = Field(sa_column=text())
