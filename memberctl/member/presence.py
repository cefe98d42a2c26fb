"""Who is gone: erased, or merged into another number. Nothing new is sold, given, agreed or sent
to them; what was open when they went can still be ended and its money be given back.

Source: rules A4, G3.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import or_, select
from sqlmodel import col

from memberctl.core.errors import RuleRefused
from memberctl.core.numbering import member_number
from memberctl.member.tables import Member
from memberctl.store.among import among

if TYPE_CHECKING:
    from sqlmodel import Session

COMES_BACK = "memberctl member register, if they came back: they are somebody new then"


def gone(member: Member) -> str | None:
    """Return in words that a member was merged or erased, None when they are there."""
    number = member_number(member.id)
    if member.merged_into is not None:
        return f"{number} was merged into {member_number(member.merged_into)}"
    return f"{number} is erased" if member.erased_at is not None else None


def refusal(member: Member, order: str | None = None) -> RuleRefused | None:
    """Return why nothing new may bind a member, None when they are there.

    order -- the number of their order that is under way and can be withdrawn instead
    """
    said = gone(member)
    if said is None:
        return None
    if member.merged_into is not None:
        return RuleRefused(said, hint=f"memberctl member show {member_number(member.merged_into)}")
    hint = COMES_BACK if order is None else f"memberctl order withdraw {order} --reason erased"
    return RuleRefused(f"{said}: nothing new can be done under this number", hint=hint)


def refuse_gone(session: Session, member_id: int, order: str | None = None) -> None:
    """Refuse something new for a member who is gone. Raises RuleRefused."""
    problem = refusal(session.get_one(Member, member_id), order)
    if problem is not None:
        raise problem


def refuse_merged(member: Member) -> None:
    """Refuse a number that was merged into another: what it had is the other's now.

    Who was erased is let through: their money can be given back, or given up. Raises RuleRefused.
    """
    problem = refusal(member)
    if problem is not None and member.merged_into is not None:
        raise problem


def gone_among(session: Session, member_ids: Iterable[int]) -> dict[int, RuleRefused]:
    """Return the refusals of those of these members who are gone, by member id."""
    statement = select(Member).where(
        among(session, col(Member.id), set(member_ids)),
        or_(col(Member.merged_into).is_not(None), col(Member.erased_at).is_not(None)),
    )
    found = {member.id: refusal(member) for member in session.scalars(statement)}
    return {member_id: problem for member_id, problem in found.items() if problem is not None}
