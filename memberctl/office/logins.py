"""By which account of the system or of the database somebody is known.

Source: reliability.md "Who may do what, honestly".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlmodel import col, or_, select

from memberctl.core.actor import Actor
from memberctl.core.errors import Conflict, Invalid
from memberctl.office import queries
from memberctl.office.rules import Outcome
from memberctl.office.tables import Staff
from memberctl.store.audit import note

if TYPE_CHECKING:
    from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class LoginGiven:
    """How somebody is known from now on."""

    code: str
    uid: int | None
    database_user: str | None
    login: str
    outcome: Outcome


def give_login(
    session: Session,
    code: str,
    *,
    uid: int | None,
    database_user: str | None,
    by: Actor,
    at: datetime,
) -> LoginGiven:
    """Let somebody be known by a uid, a database user, or both; None leaves what there is.

    Raises NotFound, Invalid for neither, and Conflict for an account that somebody else uses.
    """
    if uid is None and database_user is None:
        raise Invalid("a login is a uid, a database user, or both", rule="login_missing")
    person = queries.staff_to_change(session, code)
    _refuse_taken(session, person, uid, database_user)
    before = (person.uid, person.database_user)
    person.uid = person.uid if uid is None else uid
    person.database_user = person.database_user if database_user is None else database_user
    if (person.uid, person.database_user) == before:
        return _given(person, uid, database_user, Outcome.UNCHANGED)
    person.version += 1
    session.flush()
    note(
        session, "staff.login", person.code, by=by, at=at,
        uid=uid is not None, database_user=database_user is not None,
    )  # fmt: skip
    return _given(person, uid, database_user, Outcome.UPDATED)


def _refuse_taken(
    session: Session, person: Staff, uid: int | None, database_user: str | None
) -> None:
    same = []
    if uid is not None:
        same.append(col(Staff.uid) == uid)
    if database_user is not None:
        same.append(col(Staff.database_user) == database_user)
    statement = select(Staff.code).where(or_(*same), col(Staff.id) != person.id)
    holder = session.exec(statement).first()
    if holder is not None:
        raise Conflict(f"the account is {holder}'s", hint=f"memberctl staff show {holder}")


def _given(
    person: Staff, uid: int | None, database_user: str | None, outcome: Outcome
) -> LoginGiven:
    login = queries.account_of(uid, database_user)
    return LoginGiven(person.code, person.uid, person.database_user, login, outcome)
