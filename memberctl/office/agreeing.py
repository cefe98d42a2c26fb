"""Changes of staff and policy hold at once, or wait until a second owner agrees.

Source: reliability.md "Who may do what, honestly"; rules G6, O2.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlmodel import col, select

from memberctl.core.errors import NotFound
from memberctl.core.machine import step
from memberctl.core.numbering import parse_serial_number, serial_number
from memberctl.core.text import clean_reason
from memberctl.office import operations, proposals, queries
from memberctl.office.policies import PolicySet
from memberctl.office.proposals import (
    PROPOSAL_STEPS,
    Change,
    ProposalKind,
    ProposalLine,
    ProposalState,
)
from memberctl.office.rules import StaffAdded, StaffChanged
from memberctl.office.tables import Proposal
from memberctl.store.audit import note
from memberctl.store.counters import take_one
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor

PREFIX = "OP"
Done = StaffAdded | StaffChanged | PolicySet


def change_office(
    session: Session, change: Change, *, by: Actor, at: datetime
) -> Done | ProposalLine:
    """Make a change of staff or policy, or propose it while there is a second owner to agree.

    The same proposal again is the one that waits already.
    Raises as the operation itself does.
    """
    if not proposals.needs_second(queries.active_owners(session)):
        return _carry_out(session, change, by=by, at=at)
    _refuse_impossible(session, change)
    waiting = _waiting_like(session, change)
    if waiting is None:
        waiting = Proposal(
            id=take_one(session, "proposal"),
            kind=change.kind,
            about=change.about,
            terms=change.terms,
            state=ProposalState.WAITING,
            proposed_by=by.staff_id,
            proposed_at=at,
        )
        session.add(waiting)
        session.flush()
        _note(session, "proposal.made", waiting, by=by, at=at)
    return _line(session, waiting)


def _carry_out(session: Session, change: Change, *, by: Actor, at: datetime) -> Done:
    match change.kind:
        case ProposalKind.STAFF_ADD:
            newcomer = proposals.newcomer_of(change)
            return operations.add_staff(session, [newcomer], by=by, at=at)[0]
        case ProposalKind.STAFF_GRANT:
            return operations.grant_roles(session, change.about, change.roles(), by=by, at=at)
        case ProposalKind.STAFF_REVOKE:
            return operations.revoke_roles(session, change.about, change.roles(), by=by, at=at)
        case ProposalKind.STAFF_LEAVE:
            return operations.leave_staff(session, change.about, by=by, at=at)
        case ProposalKind.POLICY_SET:
            value = change.term("value")
            return operations.set_policy(session, change.about, value, by=by, at=at)


def _refuse_impossible(session: Session, change: Change) -> None:
    """Refuse what no second owner could approve: it names nobody, or no branch."""
    if change.kind is ProposalKind.STAFF_ADD:
        branch = proposals.newcomer_of(change).branch
        if branch is not None:
            queries.find_branch(session, branch)
    elif change.kind is not ProposalKind.POLICY_SET:
        queries.find_staff(session, change.about)


def _waiting_like(session: Session, change: Change) -> Proposal | None:
    return session.exec(
        select(Proposal).where(
            Proposal.kind == change.kind,
            Proposal.about == change.about,
            Proposal.terms == change.terms,
            Proposal.state == ProposalState.WAITING,
        )
    ).one_or_none()


def approve(session: Session, number: str, *, by: Actor, at: datetime) -> ProposalLine:
    """Agree to another owner's proposal, and make its change in the same transaction.

    Raises NotPermitted for one's own, RuleRefused for a decided one, and as the change itself.
    """
    found = proposal_to_change(session, number)
    proposals.refuse_own_decision(found.proposed_by, by.staff_id, by.staff, _number(found))
    _decide(session, found, "approve", None, by=by, at=at)
    _carry_out(session, _change(found), by=by, at=at)
    return _line(session, found)


def reject(session: Session, number: str, *, reason: str, by: Actor, at: datetime) -> ProposalLine:
    """Refuse another owner's proposal. Raises as `approve`."""
    said = clean_reason(reason)
    found = proposal_to_change(session, number)
    proposals.refuse_own_decision(found.proposed_by, by.staff_id, by.staff, _number(found))
    _decide(session, found, "reject", said, by=by, at=at)
    return _line(session, found)


def withdraw(session: Session, number: str, *, by: Actor, at: datetime) -> ProposalLine:
    """Take back one's own proposal. Raises NotPermitted for another's."""
    found = proposal_to_change(session, number)
    proposals.refuse_others_withdrawal(found.proposed_by, by.staff_id, _number(found))
    _decide(session, found, "withdraw", None, by=by, at=at)
    return _line(session, found)


def _decide(
    session: Session, found: Proposal, verb: str, remark: str | None, *, by: Actor, at: datetime
) -> None:
    found.state = step(PROPOSAL_STEPS, found.state, verb, f"proposal {_number(found)}")
    found.decided_by, found.decided_at, found.remark = by.staff_id, at, remark
    found.version += 1
    session.flush()
    _note(session, f"proposal.{found.state}", found, by=by, at=at)


def _note(session: Session, event: str, found: Proposal, *, by: Actor, at: datetime) -> None:
    wish = proposals.in_words(_change(found))
    note(
        session, event, _number(found), by=by, at=at,
        change=found.kind.value, whose=found.about, wish=wish,
    )  # fmt: skip


def proposal_to_change(session: Session, text: str) -> Proposal:
    """Return a proposal by its number as typed, locked. Raises Invalid, NotFound."""
    wanted = select(Proposal).where(Proposal.id == parse_serial_number(text, PREFIX))
    return _known(session.exec(wanted.with_for_update()).one_or_none())


def show_proposal(session: Session, text: str) -> ProposalLine:
    """Return a proposal by its number as typed. Raises Invalid, NotFound."""
    return _line(session, _known(session.get(Proposal, parse_serial_number(text, PREFIX))))


def _known(found: Proposal | None) -> Proposal:
    if found is None:
        raise NotFound("no proposal has this number", hint="memberctl proposal list --all")
    return found


def list_proposals(
    session: Session, *, every: bool = False, limit: int | None = None
) -> Listing[ProposalLine]:
    """Return the proposals that wait, the newest first. every -- also those that are decided"""
    wanted = select(col(Proposal.id)).order_by(col(Proposal.id).desc())
    if not every:
        wanted = wanted.where(Proposal.state == ProposalState.WAITING)
    numbers = listing(session, wanted, lambda row: int(row[0]), limit)
    rows = session.exec(select(Proposal).where(col(Proposal.id).in_(numbers.rows)))
    by_id = {row.id: row for row in rows}
    return Listing([_line(session, by_id[number]) for number in numbers.rows], numbers.total)


def _number(found: Proposal) -> str:
    return serial_number(PREFIX, found.id)


def _change(found: Proposal) -> Change:
    return Change(found.kind, found.about, found.terms)


def _line(session: Session, found: Proposal) -> ProposalLine:
    people = {found.proposed_by} | ({found.decided_by} if found.decided_by else set())
    codes = queries.staff_codes(session, people)
    return ProposalLine(
        number=_number(found),
        change=found.kind,
        about=found.about,
        wish=proposals.in_words(_change(found)),
        state=found.state,
        proposed_by=codes[found.proposed_by],
        proposed_at=found.proposed_at,
        decided_by=codes[found.decided_by] if found.decided_by else None,
        decided_at=found.decided_at,
        remark=found.remark,
    )
