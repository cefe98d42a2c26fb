"""Everything that is asked about members, their documents and the requests to change them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select
from sqlmodel import col

from memberctl.catalog.tables import Tier
from memberctl.core.errors import Invalid, KeyProblem, NotFound, SeveralFound
from memberctl.core.numbering import member_number, parse_member_number, parse_serial_number
from memberctl.core.text import Kind, Personal, name_key
from memberctl.member.contact import normal_phone
from memberctl.member.identity import PERSONAL_KIND, DocumentKind
from memberctl.member.presence import refusal
from memberctl.member.rules import RequestState
from memberctl.member.scope import every_branch
from memberctl.member.tables import ChangeRequest, IdentityDocument, Member
from memberctl.office.queries import organisation, staff_codes
from memberctl.office.tables import Branch
from memberctl.store.among import among
from memberctl.store.listing import Listing
from memberctl.store.remarks import remark
from memberctl.store.sealing import unseal, unwrap_key

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlmodel import Session

    from memberctl.store.keys import Keys

MOST_CANDIDATES = 10
_FORMS = "a member is named M-000123, phone:13800138000 or name:..."


def find_member(session: Session, text: str) -> Member:
    """Return the member that `text` names: M-000123, phone:138... or name:张伟.

    Numbers forgive case, blanks, O for 0 and the like; names are compared as duplicates are.
    Raises Invalid for another form, NotFound, and RuleRefused with the numbers of all
    candidates when a phone number or a name has several.
    Source: cli.md "Ids".
    """
    kind, colon, rest = text.partition(":")
    kind = kind.strip().lower()
    if not colon:
        return _by_number(session, text)
    if kind == "phone":
        phone = normal_phone(rest.strip(), organisation(session).region)
        return _only_one(session, col(Member.phone) == phone, "phone number")
    if kind == "name":
        return _only_one(session, col(Member.name_key) == name_key(rest), "name")
    raise Invalid(_FORMS, field="member", rule="member_form")


def find_member_id(session: Session, text: str | None) -> int | None:
    """Return the id of the member that an option names, None where it was not given.

    Raises as `find_member`.
    """
    return None if text is None else find_member(session, text).id


def _by_number(session: Session, text: str) -> Member:
    try:
        number = parse_member_number(text)
    except Invalid:
        raise Invalid(_FORMS, field="member", rule="member_form") from None
    found = session.get(Member, number)
    if found is None:
        raise NotFound(f"there is no member {member_number(number)}", hint="memberctl member list")
    return _survivor(session, found)


def _survivor(session: Session, member: Member) -> Member:
    """Return whom a member was merged into, and say so. Source: rules A4."""
    while member.merged_into is not None:
        survivor = session.get_one(Member, member.merged_into)
        was, is_ = member_number(member.id), member_number(survivor.id)
        remark(session, f"{was} was merged into {is_}")
        member = survivor
    return member


def _only_one(session: Session, condition: ColumnElement[bool], what: str) -> Member:
    statement = select(Member).where(condition).order_by(col(Member.id))
    found = session.scalars(statement.limit(MOST_CANDIDATES + 1)).all()
    if not found:
        raise NotFound(f"no member has this {what}", hint="memberctl member list")
    if len(found) > 1:
        several = "more than 10" if len(found) > MOST_CANDIDATES else str(len(found))
        raise SeveralFound(
            f"{several} members have this {what}; say which one is meant",
            allowed=[member_number(member.id) for member in found[:MOST_CANDIDATES]],
        )
    return found[0]


def identity_number(session: Session, member: Member, keys: Callable[[], Keys]) -> Personal | None:
    """Return the number of the document a member is known by, None without one.

    keys -- gives the store's keys; asked only when there is something to open, and a store
            without its key file can still be read: what is sealed then stays closed
    Source: rules G2.
    """
    documents = select(IdentityDocument).where(col(IdentityDocument.member_id) == member.id)
    document = session.scalars(documents.order_by(col(IdentityDocument.id))).first()
    if document is None or member.wrapped_key is None:
        return None
    try:
        own_key = unwrap_key(keys(), member.wrapped_key, member.id)
    except KeyProblem:
        return None
    clear = unseal(own_key, document.sealed, "identity_document", member.id, document.kind)
    return Personal(PERSONAL_KIND[document.kind], clear)


def member_to_change(session: Session, member_id: int, *, even_gone: bool = False) -> Member:
    """Return one member, locked and fresh.

    even_gone -- also who was erased, or merged into another
    Raises NotFound, RuleRefused for who is gone.
    """
    statement = select(Member).where(col(Member.id) == member_id)
    found = session.scalars(
        statement.with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound(
            f"there is no member {member_number(member_id)}", hint="memberctl member list"
        )
    if not even_gone and (problem := refusal(found)) is not None:
        raise problem
    return found


def members_by_id(session: Session, ids: Iterable[int]) -> dict[int, Member]:
    """Return members by their ids; unknown ids are left out."""
    rows = session.scalars(select(Member).where(among(session, col(Member.id), set(ids))))
    return {member.id: member for member in rows}


@dataclass(frozen=True, slots=True)
class NewMember:
    """Somebody who has just been registered: an applicant, who has neither order nor term yet."""

    number: str
    name: str
    status: str
    phone: Personal | None
    email: Personal | None
    branch: str | None
    tier: str
    member_since: date | None


def new_member(session: Session, member_id: int) -> NewMember:
    """Return a member who was registered in this transaction, as lists show them."""
    statement = (
        select(col(Member.name), col(Member.phone), col(Member.email), col(Branch.code))
        .add_columns(col(Tier.code))
        .join(Tier, col(Tier.id) == col(Member.tier_id))
        .outerjoin(Branch, col(Branch.id) == col(Member.branch_id))
        .where(col(Member.id) == member_id)
    )
    name, phone, email, branch, tier = session.execute(statement).one()
    return NewMember(
        number=member_number(member_id),
        name=name,
        status="applicant",
        phone=Personal(Kind.PHONE, phone) if phone else None,
        email=Personal(Kind.EMAIL, email) if email else None,
        branch=branch,
        tier=tier,
        member_since=None,
    )


def documents_of(session: Session, member_id: int) -> dict[DocumentKind, IdentityDocument]:
    """Return a member's identity documents by kind, locked."""
    statement = select(IdentityDocument).where(col(IdentityDocument.member_id) == member_id)
    return {each.kind: each for each in session.scalars(statement.with_for_update())}


def owner_of_document(session: Session, kind: DocumentKind, blind: bytes) -> int | None:
    """Return the id of the member who has the document with this blind index, or None."""
    wanted = select(col(IdentityDocument.member_id)).where(
        col(IdentityDocument.kind) == kind, col(IdentityDocument.blind_index) == blind
    )
    return session.scalars(every_branch(wanted)).one_or_none()


def others_like(
    session: Session, member: Member, *, name_key: str, phone: str | None, email: str | None
) -> list[Member]:
    """Return other members with this phone number, or with this name and e-mail address."""
    same = []
    if phone is not None:
        same.append(col(Member.phone) == phone)
    if email is not None:
        same.append(and_(col(Member.email) == email, col(Member.name_key) == name_key))
    if not same:
        return []
    statement = select(Member).where(or_(*same), col(Member.id) != member.id)
    return list(session.scalars(every_branch(statement.order_by(col(Member.id)))))


def open_requests(session: Session, member_id: int) -> dict[str, ChangeRequest]:
    """Return the undecided change requests of one member by the field they are about."""
    statement = select(ChangeRequest).where(
        col(ChangeRequest.member_id) == member_id,
        col(ChangeRequest.state) == RequestState.REQUESTED,
    )
    return {request.field: request for request in session.scalars(statement)}


def request_to_change(session: Session, text: str) -> ChangeRequest:
    """Return the change request with the number CR-000001, locked. Raises NotFound, Invalid."""
    number = parse_serial_number(text, "CR")
    found = session.scalars(
        select(ChangeRequest).where(col(ChangeRequest.id) == number).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound(
            f"there is no change request CR-{number:06}", hint="memberctl member changes"
        )
    return found


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change request, as lists show it; what it would change stays sealed."""

    number: str
    member: str
    name: str
    field: str
    state: RequestState
    reason: str
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    answer: str | None


def list_changes(
    session: Session, *, state: RequestState | None, limit: int | None
) -> Listing[ChangeLine]:
    """Return change requests, the oldest first; state -- None for all."""
    statement = (
        select(ChangeRequest, col(Member.name))
        .join(Member, col(Member.id) == col(ChangeRequest.member_id))
        .order_by(col(ChangeRequest.id))
    )
    if state is not None:
        statement = statement.where(col(ChangeRequest.state) == state)
    shown = statement if limit is None else statement.limit(limit)
    rows = [(request, str(name)) for request, name in session.execute(shown)]
    people = staff_codes(
        session,
        [n for request, _ in rows for n in (request.requested_by, request.decided_by) if n],
    )
    total = len(rows)
    if limit is not None and len(rows) == limit:
        counted = select(func.count()).select_from(statement.order_by(None).subquery())
        total = session.scalars(counted).one()
    return Listing([_change_line(request, name, people) for request, name in rows], total)


def _change_line(request: ChangeRequest, name: str, people: dict[int, str]) -> ChangeLine:
    return ChangeLine(
        number=f"CR-{request.id:06}",
        member=member_number(request.member_id),
        name=name,
        field=request.field,
        state=request.state,
        reason=request.reason,
        requested_by=people[request.requested_by],
        requested_at=request.requested_at,
        decided_by=people.get(request.decided_by) if request.decided_by else None,
        answer=request.answer,
    )
