"""Reviews: stages, verdicts, four eyes, deadlines.

Source: rules O2-O6; mission S0.5, S0.7, S4.3, S4.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from memberctl.core.errors import Conflict, Invalid, NotPermitted, RuleRefused
from memberctl.core.workdays import WorkCalendar, due_with_pauses
from memberctl.office.rules import Role
from memberctl.order.rules import FILING, FIRST_STAGE, OrderKind, OrderState

MOST_EXTENSION = 60
"""Working days that one extension may add."""


class Verdict(StrEnum):
    """What a reviewer says at a stage."""

    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"


EVENTS: Mapping[Verdict, str] = {
    Verdict.APPROVE: "review.approved",
    Verdict.RETURN: "review.returned",
    Verdict.REJECT: "review.rejected",
}
"""How the audit log calls each verdict."""


class Outcome(StrEnum):
    """What an advance came to: the verdict, or a fall-back because the content changed."""

    APPROVED = "approve"
    RETURNED = "return"
    REJECTED = "reject"
    FELL_BACK = "fell_back"


class Mark(StrEnum):
    """How near a review's deadline is; breach takes the place of the warning (rules O6)."""

    IN_TIME = "in_time"
    WARN = "warn"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of one kind of order: its place from 1 on, its name, the role that decides."""

    position: int
    name: str
    role: Role


STAGES: Mapping[OrderKind, tuple[Stage, ...]] = {
    OrderKind.JOIN: (
        Stage(1, FIRST_STAGE, Role.SERVICE),
        Stage(2, "second", Role.REVIEWER),
        Stage(3, "final", Role.MANAGER),
    ),
    OrderKind.RENEWAL: (),
    OrderKind.UPGRADE: (),
    OrderKind.DOWNGRADE: (),
    OrderKind.TRANSFER: (Stage(1, FIRST_STAGE, Role.SERVICE), Stage(2, "final", Role.MANAGER)),
    OrderKind.SERVICE: (Stage(1, FIRST_STAGE, Role.SERVICE),),
}
"""The stages that a new store begins with. Source: mission S4.3 and its row "stages"."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Somebody who made an order or approved a stage of it. part -- "filing" or the stage."""

    staff_id: int
    part: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who decides, or who vouches for an override.

    is_member -- the order is for their own membership
    """

    staff: str
    staff_id: int
    roles: frozenset[str]
    is_member: bool


@dataclass(frozen=True, slots=True)
class Move:
    """What a verdict leads to.

    verb       -- the step in order.rules.STEPS
    next_stage -- where the order waits next, None when its review is over
    hand       -- whose hand the stage's approval is, None when nothing was approved
    override_by -- the second named approver of an emergency override
    """

    verb: str
    stage: str
    next_stage: str | None
    hand: int | None
    override_by: int | None


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval that counts: which decision, at which place, of which content."""

    decision_id: int
    position: int
    stage: str
    content_sha256: str


def decide(
    stages: Sequence[Stage],
    current: str | None,
    verdict: Verdict,
    who: Person,
    hands: Sequence[Hand],
    *,
    order: str,
    approver: Person | None = None,
) -> Move:
    """Return what `verdict` at the current stage leads to, or refuse it.

    stages   -- all stages of the order's kind, in order; current -- the one it waits in
    hands    -- everybody whose hand the order went through and still counts
    approver -- the second named person of an emergency override, else None
    Raises RuleRefused when the order waits for no review, NotPermitted when the person lacks the
    stage's role or the four eyes are not four. Source: rules O1, O2.
    """
    stage = stage_named(stages, current, order)
    _require_role(who, stage, order)
    _refuse_member(who, order)
    own = next((hand for hand in hands if hand.staff_id == who.staff_id), None)
    if approver is not None:
        _refuse_needless(own, order)
        _refuse_approver(approver, who, stage, hands, order)
    elif own is not None:
        raise _same_hand(who, own, stage, order)
    return _move(stages, stage, verdict, who, approver)


def stage_named(stages: Sequence[Stage], name: str | None, order: str) -> Stage:
    """Return the stage that an order waits in. Raises RuleRefused when it waits in none."""
    for stage in stages:
        if stage.name == name:
            return stage
    raise RuleRefused(
        f"{order} waits for no review", hint=f"memberctl order show {order}", allowed=()
    )


def refuse_other_stage(asked: str | None, current: str | None, order: str) -> None:
    """Refuse when somebody means another stage than the one the order waits in."""
    if asked is not None and asked.strip().lower() != current:
        raise Conflict(
            f"{order} waits in stage {current or 'none'}, not in the one that was named",
            hint=f"memberctl review show {order}",
        )


def stage_to_decide(stage: str | None, state: OrderState, verdict: Verdict) -> str | None:
    """Return the stage that a verdict is about.

    A returned order waits in none, but its first stage may reject what is never completed.
    """
    if state is OrderState.RETURNED and verdict is Verdict.REJECT:
        return FIRST_STAGE
    return stage


def require_reason(verdict: Verdict, reason: str, *, is_override: bool) -> None:
    """Refuse to return, reject or override without saying why. Source: rules O2; mission S4.4."""
    if reason or (verdict is Verdict.APPROVE and not is_override):
        return
    what = "an override" if is_override else f"to {verdict} an order"
    raise Invalid(f"{what} needs a reason", field="reason", rule="text_empty", hint="--reason TEXT")


def fallen(approvals: Sequence[Approval], content_sha256: str) -> list[Approval]:
    """Return the approvals that no longer count, because the content is another one now.

    The first stage made the quote and stays; from the second stage on, the earliest approval of
    other content falls and takes every later one with it. Source: rules O3.
    """
    later = sorted(
        (approval for approval in approvals if approval.position > 1),
        key=lambda approval: approval.position,
    )
    for index, approval in enumerate(later):
        if approval.content_sha256 != content_sha256:
            return later[index:]
    return []


def review_due(
    received_on: date,
    working_days: int,
    pauses: Sequence[tuple[date, date | None]],
    calendar: WorkCalendar,
    *,
    as_of: date,
) -> date:
    """Return when a review is due. working_days -- the policy's and all extensions together.

    Source: rules O5, O6; mission S4.4.
    """
    return due_with_pauses(received_on, working_days, pauses, calendar, as_of=as_of)


def warn_from(
    received_on: date,
    working_days: int,
    pauses: Sequence[tuple[date, date | None]],
    calendar: WorkCalendar,
    *,
    as_of: date,
    percent: int,
) -> date:
    """Return the first day on which `percent` of the working time is used. Source: rules O6."""
    used = -(-working_days * percent // 100)
    return due_with_pauses(received_on, used, pauses, calendar, as_of=as_of)


def mark_of(today: date, warn_on: date | None, due_on: date | None) -> Mark:
    """Return how near the deadline is: overdue is never a warning as well. Source: rules O6."""
    if due_on is not None and today > due_on:
        return Mark.OVERDUE
    return Mark.WARN if warn_on is not None and today >= warn_on else Mark.IN_TIME


def checked_extension(days: int) -> int:
    """Return the working days that an extension adds. Raises Invalid outside 1..60."""
    if not 1 <= days <= MOST_EXTENSION:
        raise Invalid(
            f"an extension adds 1 to {MOST_EXTENSION} working days",
            field="days",
            rule="count_range",
        )
    return days


def _require_role(who: Person, stage: Stage, order: str) -> None:
    if who.roles & {stage.role, Role.OWNER}:
        return
    raise NotPermitted(
        f"the {stage.name} stage of {order} is for {stage.role}, and {who.staff} is not one",
        hint="memberctl review list shows what waits for you",
    )


def _refuse_member(who: Person, order: str) -> None:
    if who.is_member:
        raise NotPermitted(
            f"{order} is for {who.staff}'s own membership; reviewers and the member concerned"
            " are distinct people (O2)",
            hint="let somebody else with the role of the stage review it",
        )


def _same_hand(who: Person, own: Hand, stage: Stage, order: str) -> NotPermitted:
    did = "entered it" if own.part == FILING else f"approved its {own.part} stage"
    return NotPermitted(
        f"{who.staff} {did}; the maker and each reviewer of {order} are distinct people (O2)",
        hint=f"somebody else with the role {stage.role} decides, or in an emergency:"
        " --override APPROVER --reason TEXT",
    )


def _refuse_needless(own: Hand | None, order: str) -> None:
    """An override that nothing asks for would be counted among the emergencies."""
    if own is None:
        raise RuleRefused(
            f"{order} needs no override here", hint="leave out --override and decide as usual"
        )


def _refuse_approver(
    approver: Person, who: Person, stage: Stage, hands: Sequence[Hand], order: str
) -> None:
    if approver.staff_id == who.staff_id:
        raise NotPermitted("an override needs a second person, not the same one twice (O2)")
    _require_role(approver, stage, order)
    _refuse_member(approver, order)
    if any(hand.staff_id == approver.staff_id for hand in hands):
        raise NotPermitted(
            f"{approver.staff} had a hand in {order} already; the second approver of an override"
            " has none (O2)"
        )


def _move(
    stages: Sequence[Stage], stage: Stage, verdict: Verdict, who: Person, approver: Person | None
) -> Move:
    override_by = approver.staff_id if approver else None
    if verdict is not Verdict.APPROVE:
        return Move(verdict.value, stage.name, None, None, override_by)
    following = next((each for each in stages if each.position > stage.position), None)
    # The maker's hand is on the order already, so an override's approval is the approver's hand.
    hand = who.staff_id if override_by is None else override_by
    verb = "approve" if following else "confirm"
    return Move(verb, stage.name, following.name if following else None, hand, override_by)
