"""How members are reached changes at once, and so is recorded who was seen with a document.

Source: rules A3, A6, O4; mission S1.2, S2.2.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from memberctl.core.actor import Actor
from memberctl.core.errors import RuleRefused
from memberctl.core.numbering import member_number
from memberctl.member import queries
from memberctl.member.changes import (
    ContactChange,
    MemberUpdated,
    MemberVerified,
    refuse_self,
    refuse_stale,
    refuse_unreachable,
)
from memberctl.member.identity import DocumentKind
from memberctl.member.tables import Member
from memberctl.office.queries import find_branch, find_staff, staff_codes
from memberctl.store.audit import note

if TYPE_CHECKING:
    from sqlmodel import Session


def update_contact(
    session: Session,
    member_id: int,
    change: ContactChange,
    *,
    seen: int | None = None,
    by: Actor,
    at: datetime,
) -> MemberUpdated:
    """Change how a member is reached, at once. seen -- the version that was looked at, or None.

    Raises NotFound, Conflict when the member changed since, NotPermitted for the link of oneself
    to the staff, RuleRefused when nobody could be reached any more or somebody else has the same
    name and phone number or e-mail address.
    Source: rules A3, A6.
    """
    member = queries.member_to_change(session, member_id)
    refuse_stale(seen, member.version)
    if change.staff is not None:
        refuse_self(by, member.staff_id, "change who is on the staff in")
    phone = member.phone if change.phone is None else change.phone or None
    email = member.email if change.email is None else change.email or None
    refuse_unreachable(phone, email)
    remark = refuse_twin(session, member, member.name_key, phone=phone, email=email)

    fields = _apply(member, change, phone, email, session)
    if fields:
        member.version += 1
        note(session, "member.updated", member_number(member.id), by=by, at=at, fields=list(fields))
    session.flush()
    shared = remark if "phone" in fields else None
    return MemberUpdated(member_number(member.id), member.name, fields, (), shared)


def _apply(
    member: Member,
    change: ContactChange,
    phone: str | None,
    email: str | None,
    session: Session,
) -> tuple[str, ...]:
    """Write what differs and return the names of those fields."""
    wanted: dict[str, object] = {"phone": phone, "email": email}
    if change.address is not None:
        wanted["address"] = change.address or None
    if change.language is not None:
        wanted["language"] = change.language
    if change.branch is not None:
        wanted["branch_id"] = find_branch(session, change.branch).id if change.branch else None
    if change.staff is not None:
        wanted["staff_id"] = find_staff(session, change.staff).id if change.staff else None
    changed = [name for name, value in wanted.items() if getattr(member, name) != value]
    for name in changed:
        setattr(member, name, wanted[name])
    if "phone" in changed:
        member.phone_typed = change.phone_typed or None
    return tuple(name.removesuffix("_id") for name in changed)


def refuse_twin(
    session: Session, member: Member, name_key: str, *, phone: str | None, email: str | None
) -> str | None:
    """Refuse what would make two people of one name and address; say who shares the phone."""
    others = queries.others_like(session, member, name_key=name_key, phone=phone, email=email)
    for other in others:
        if other.name_key == name_key and other.twin == member.twin:
            what = "phone number" if phone and other.phone == phone else "e-mail address"
            raise RuleRefused(
                f"{member_number(other.id)} has the same name and {what}",
                hint="memberctl member duplicates",
            )
    return f"{member_number(others[0].id)} has the same phone number" if others else None


def verify_member(
    session: Session,
    member_id: int,
    document: DocumentKind,
    *,
    seen: int | None = None,
    by: Actor,
    at: datetime,
) -> MemberVerified:
    """Record that `by` compared a member with a document that was shown. A repeat changes nothing.

    Raises NotFound, Conflict when the member changed since, NotPermitted for oneself.
    Source: mission S1.2; rules O2, O4.
    """
    member = queries.member_to_change(session, member_id)
    refuse_stale(seen, member.version)
    refuse_self(by, member.staff_id, "verify")
    number = member_number(member.id)
    if member.verified_at is not None and member.verified_by is not None:
        who = staff_codes(session, [member.verified_by])[member.verified_by]
        return MemberVerified(number, document, who, member.verified_at, already=True)

    member.verified_at, member.verified_by = at, by.staff_id
    member.version += 1
    note(session, "member.verified", number, by=by, at=at, document=document.value)
    session.flush()
    return MemberVerified(number, document, by.staff, at, already=False)
