"""Everything that is asked about the organisation, its branches, staff, policies and calendar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, or_, select
from sqlmodel import col

from memberctl.core.actor import Actor
from memberctl.core.errors import Invalid, NoStore, NotFound, NotPermitted
from memberctl.office.policies import POLICIES, PolicyLine, allowed_values, policy_of
from memberctl.office.rules import (
    BranchLine,
    Role,
    StaffMember,
    StaffState,
    branch_key,
    staff_key,
    suggestion,
)
from memberctl.office.tables import Branch, Organisation, PolicyValue, Staff, StaffRole
from memberctl.store.among import among
from memberctl.store.listing import Listing
from memberctl.store.prepared import Prepared

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlmodel import Session

DECIDED = Prepared(select(col(PolicyValue.value)).where(col(PolicyValue.key) == bindparam("key")))


def organisation(session: Session) -> Organisation:
    """Return the organisation that the store belongs to. Raises NoStore before `init`."""
    found = session.get(Organisation, 1)
    if found is None:
        raise NoStore("the store has no organisation yet", hint="memberctl init")
    return found


def identify(
    session: Session, *, uid: int | None, database_user: str | None, acting_as: str | None
) -> tuple[Actor, Organisation]:
    """Return who is at the keyboard, in whose name they act, and for which organisation.

    uid           -- the process's real user; counts when `database_user` is None
    database_user -- PostgreSQL's session_user
    acting_as     -- the staff code of `--as`, or None
    Raises NotPermitted for strangers, for those who have left, and for `--as` when the policy
    `acting` is off. Source: reliability.md "Who may do what, honestly".
    """
    own = organisation(session)
    login = session.scalars(select(Staff).where(_is_login(uid, database_user))).one_or_none()
    if login is None:
        raise _stranger(uid, database_user)
    _refuse_left(login)
    acting = login if acting_as is None else _acting(session, login, acting_as)
    actor = Actor(
        login=login.code,
        staff=acting.code,
        staff_id=acting.id,
        roles=frozenset(roles_of(session, [acting.id])[acting.id]),
        branch_id=acting.branch_id,
        account=account_of(uid, database_user),
    )
    return actor, own


def whoever(
    session: Session, *, uid: int | None, database_user: str | None, acting_as: str | None
) -> Actor:
    """Return who is at the keyboard without refusing anybody, to write down who was refused.

    Strangers get a name that is no staff code, and nobody gets a role.
    """
    mine = select(col(Staff.code)).where(_is_login(uid, database_user))
    login = session.scalars(mine).one_or_none() or database_user or f"uid {uid}"
    acting = None if acting_as is None else _by_code(session, acting_as)
    staff = login if acting is None else acting.code
    account = account_of(uid, database_user)
    return Actor(login=login, staff=staff, staff_id=0, roles=frozenset(), account=account)


def account_of(uid: int | None, database_user: str | None) -> str:
    """Return how the audit log calls the account that somebody is logged in to."""
    return f"uid {uid}" if database_user is None else f"user {database_user}"


def _is_login(uid: int | None, database_user: str | None) -> ColumnElement[bool]:
    assert uid is not None or database_user is not None, "somebody must be at the keyboard"
    if database_user is not None:
        return col(Staff.database_user) == database_user
    return col(Staff.uid) == uid


def _stranger(uid: int | None, database_user: str | None) -> NotPermitted:
    whom, option = (
        (f"uid {uid}", f"--uid {uid}")
        if database_user is None
        else ("this database user", "--database-user NAME")
    )
    return NotPermitted(
        f"{whom} belongs to nobody on the staff",
        hint=f"the owner runs: memberctl staff add CODE --name NAME --role ROLE {option}",
    )


def _acting(session: Session, login: Staff, acting_as: str) -> Staff:
    acting = _by_code(session, acting_as)
    if acting is login:
        return login
    if policy(session, "acting") == "off":
        raise NotPermitted("acting for others is switched off (policy acting)")
    if acting is None:
        raise NotPermitted(
            "nobody on the staff has the code given with --as", hint="memberctl staff list"
        )
    _refuse_left(acting)
    return acting


def _by_code(session: Session, code: str) -> Staff | None:
    try:
        wanted = staff_key(code)
    except Invalid:
        return None
    return session.scalars(select(Staff).where(col(Staff.code) == wanted)).one_or_none()


def _refuse_left(person: Staff) -> None:
    if person.state is StaffState.LEFT:
        raise NotPermitted(f"{person.code} has left")


def roles_of(session: Session, staff_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Return the roles of each person in alphabetical order; () for none."""
    wanted = list(staff_ids)
    found: dict[int, list[str]] = {person: [] for person in wanted}
    statement = select(col(StaffRole.staff_id), col(StaffRole.role)).where(
        among(session, col(StaffRole.staff_id), wanted)
    )
    for person, role in session.execute(statement):
        found[person].append(role)
    return {person: tuple(sorted(roles)) for person, roles in found.items()}


def find_staff(session: Session, code: str) -> Staff:
    """Return the member of staff with that code, also one who has left. Raises NotFound."""
    return _known_staff(session, code, lock=False)


def staff_to_change(session: Session, code: str) -> Staff:
    """Return the member of staff with that code, locked. Raises NotFound."""
    return _known_staff(session, code, lock=True)


def _known_staff(session: Session, code: str, *, lock: bool) -> Staff:
    statement = select(Staff).where(col(Staff.code) == staff_key(code))
    found = session.scalars(statement.with_for_update() if lock else statement).one_or_none()
    if found is None:
        known = session.scalars(select(col(Staff.code))).all()
        raise NotFound(
            f"nobody on the staff has that code; {suggestion(code, known)}",
            hint="memberctl staff list",
        )
    return found


def logins(session: Session) -> list[tuple[str, str, StaffState]]:
    """Return the code, database user and state of everybody who has a database user."""
    statement = (
        select(col(Staff.code), col(Staff.database_user), col(Staff.state))
        .where(col(Staff.database_user).is_not(None))
        .order_by(col(Staff.code))
    )
    return [(code, str(user), state) for code, user, state in session.execute(statement)]


def staff_codes(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Return the codes of people by their ids; unknown ids are left out."""
    statement = select(col(Staff.id), col(Staff.code)).where(
        among(session, col(Staff.id), set(ids))
    )
    return {person: code for person, code in session.execute(statement)}  # noqa: C416


def staff_by(
    session: Session, *, codes: Iterable[str], uids: Iterable[int], users: Iterable[str]
) -> list[Staff]:
    """Return everybody who has one of these codes, uids or database users, locked in id order."""
    wanted = or_(
        among(session, col(Staff.code), set(codes)),
        among(session, col(Staff.uid), set(uids)),
        among(session, col(Staff.database_user), set(users)),
    )
    statement = select(Staff).where(wanted).order_by(col(Staff.id)).with_for_update()
    return list(session.scalars(statement))


def active_owners(session: Session) -> list[str]:
    """Return the codes of the owners who work here."""
    statement = (
        select(col(Staff.code))
        .join(StaffRole, col(StaffRole.staff_id) == col(Staff.id))
        .where(col(StaffRole.role) == Role.OWNER.value, col(Staff.state) == StaffState.ACTIVE)
    )
    return sorted(session.scalars(statement))


def list_staff(
    session: Session, *, limit: int | None = None, left: bool = False
) -> Listing[StaffMember]:
    """Return the staff by code; left -- also those who have left."""
    statement = select(Staff)
    if not left:
        statement = statement.where(col(Staff.state) == StaffState.ACTIVE)
    # Sorted here, since the engines would not sort punctuation and Chinese alike.
    people = sorted(session.scalars(statement), key=lambda person: person.code)
    return Listing(staff_members(session, people[:limit]), len(people))


def staff_members(session: Session, people: Sequence[Staff]) -> list[StaffMember]:
    """Return people as lists show them, with their roles and branches, in the same order."""
    roles = roles_of(session, [person.id for person in people])
    places = {branch.id: code for code, branch in branches(session).items()}
    return [
        StaffMember(
            code=person.code,
            name=person.name,
            roles=roles[person.id],
            branch=places.get(person.branch_id) if person.branch_id else None,
            state=person.state,
            uid=person.uid,
            database_user=person.database_user,
        )
        for person in people
    ]


def branches(session: Session) -> dict[str, Branch]:
    """Return all branches by code, in the order of their codes."""
    found = sorted(session.scalars(select(Branch)), key=lambda branch: branch.code)
    return {branch.code: branch for branch in found}


def find_branch(session: Session, code: str) -> Branch:
    """Return the branch with that code. Raises NotFound, listing the codes there are."""
    known = branches(session)
    found = known.get(branch_key(code))
    if found is None:
        raise NotFound(
            f"no branch has that code; {suggestion(code, known)}", hint="memberctl branch list"
        )
    return found


def find_branch_id(session: Session, code: str | None) -> int | None:
    """Return the id of the branch that an option names, None where it was not given.

    Raises as `find_branch`.
    """
    return None if code is None else find_branch(session, code).id


def branch_code(session: Session, branch_id: int | None) -> str | None:
    """Return the code of a branch, None for the whole organisation."""
    if branch_id is None:
        return None
    return session.get_one(Branch, branch_id).code


def branch_to_change(session: Session, code: str) -> Branch:
    """Return the branch with that code, locked. Raises NotFound, listing the codes there are."""
    found = find_branch(session, code)
    locked = select(Branch).where(col(Branch.id) == found.id).with_for_update()
    return session.scalars(locked).one()


def list_branches(session: Session, *, limit: int | None = None) -> Listing[BranchLine]:
    """Return the branches by code."""
    known = list(branches(session).values())
    return Listing([branch_line(branch) for branch in known[:limit]], len(known))


def branch_line(branch: Branch) -> BranchLine:
    """Return a branch as lists show it."""
    return BranchLine(
        code=branch.code,
        name=branch.name,
        card_digits=f"{branch.id:04}",
        zone=branch.zone,
        hours=branch.hours or "",
        capacity=branch.capacity,
    )


def policy(session: Session, key: str) -> str:
    """Return the value of a policy that holds now: what was decided, else the default."""
    default = policy_of(key).default
    decided = DECIDED.row(session, key=key)
    return default if decided is None else str(decided[0])


def policy_number(session: Session, key: str) -> int:
    """Return the value of a policy that is a whole number."""
    return int(policy(session, key))


def list_policies(session: Session) -> list[PolicyLine]:
    """Return every policy with its value, default, unit and source, by key."""
    decided = {row.key: row for row in session.scalars(select(PolicyValue))}
    people = staff_codes(session, {row.changed_by for row in decided.values()})
    return [_policy_line(key, decided.get(key), people) for key in sorted(POLICIES)]


def find_policy(session: Session, key: str) -> PolicyLine:
    """Return one policy with its value, default, unit and source. Raises Invalid."""
    policy_of(key)
    decided = session.get(PolicyValue, key)
    people = staff_codes(session, [] if decided is None else [decided.changed_by])
    return _policy_line(key, decided, people)


def _policy_line(key: str, decided: PolicyValue | None, people: dict[int, str]) -> PolicyLine:
    known = POLICIES[key]
    return PolicyLine(
        key=key,
        value=known.default if decided is None else decided.value,
        default=known.default,
        unit=known.unit,
        allowed=allowed_values(known),
        source=known.source,
        changed_at=None if decided is None else decided.changed_at,
        changed_by=None if decided is None else people.get(decided.changed_by),
    )
