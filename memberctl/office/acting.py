"""Acting for somebody else at a shared desk: by trust, with their PIN, or not at all.

Source: reliability.md "Who may do what, honestly" (policy `acting`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from memberctl.core.errors import NotPermitted
from memberctl.office import pins, queries
from memberctl.office.pins import WRONG_PIN, WrongPin
from memberctl.office.rights import may
from memberctl.office.rules import Outcome
from memberctl.office.tables import StaffPin
from memberctl.store.audit import note
from memberctl.store.trail import Wanted, list_audit

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor


@dataclass(frozen=True, slots=True)
class PinSet:
    """Whose PIN is another one now, or none."""

    code: str
    name: str
    outcome: Outcome


def wants_pin(session: Session, login: str, acting_as: str) -> bool:
    """Return whether acting for this person takes their PIN. login -- who is at the keyboard"""
    return acting_as.strip().lower() != login and queries.policy(session, "acting") == "pin"


def prove_acting(session: Session, actor: Actor, pin: str | None, clock: datetime) -> None:
    """Refuse that somebody acts for another without their PIN, where the policy asks for it.

    clock -- the real time, whatever day stands for now
    Raises WrongPin, also while too many wrong ones are fresh.
    """
    if actor.login == actor.staff or not wants_pin(session, actor.login, actor.staff):
        return
    fresh = Wanted(about=actor.staff, event=WRONG_PIN, since=clock - pins.MEMORY)
    wrong = list_audit(session, fresh)
    pins.refuse_guessing(actor.staff, [line.at for line in wrong.rows], clock)
    kept = session.get(StaffPin, actor.staff_id)
    if kept is None:
        raise NotPermitted(
            f"{actor.staff} has no PIN, and policy acting is pin",
            hint=f"{actor.staff} sets one: memberctl staff pin {actor.staff}",
        )
    if pin is None:
        raise NotPermitted(
            f"acting for {actor.staff} takes their PIN",
            hint="give --pin-file FILE, or run it on a terminal without --no-input",
        )
    if not pins.pin_fits(kept.hash, pin):
        raise WrongPin(f"this is not the PIN of {actor.staff}", staff=actor.staff)


def set_pin(session: Session, code: str, pin: str | None, *, by: Actor, at: datetime) -> PinSet:
    """Give somebody a PIN, or take it away: one's own, or anybody's by the owner.

    pin -- checked by pins.checked_pin, None takes it away
    Raises NotFound, NotPermitted.
    """
    person = queries.find_staff(session, code)
    if by.login != person.code and not may(by.roles, "office.change"):
        raise NotPermitted(f"the PIN of {person.code} is set by {person.code}, or by the owner")
    kept = session.get(StaffPin, person.id)
    if pin is None and kept is None:
        return PinSet(person.code, person.name, Outcome.UNCHANGED)
    if pin is None:
        session.delete(kept)
    else:
        made = StaffPin(staff_id=person.id, hash=pins.pin_hash(pin), set_at=at, set_by=by.staff_id)
        session.merge(made)
    session.flush()
    note(session, "pin.set" if pin else "pin.removed", person.code, by=by, at=at)
    return PinSet(person.code, person.name, Outcome.CREATED if pin else Outcome.UPDATED)
