"""Changes of staff and policy that a second owner decides.

Only owners change staff and policies. While there is one, nobody else could agree and a change
holds at once; as soon as there are two, whoever wants one proposes it and the other decides.
Source: reliability.md "Who may do what, honestly"; rules G6, O2.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from memberctl.core.errors import NotPermitted
from memberctl.office.policies import checked_policy
from memberctl.office.rules import NewStaff, Role, staff_key


class ProposalKind(StrEnum):
    """What is to be changed; each is also the command that asks for it."""

    STAFF_ADD = "staff add"
    STAFF_GRANT = "staff grant"
    STAFF_REVOKE = "staff revoke"
    STAFF_LEAVE = "staff leave"
    POLICY_SET = "policy set"


class ProposalState(StrEnum):
    """How far a proposal has come."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


PROPOSAL_STEPS: Mapping[tuple[ProposalState, str], ProposalState] = {
    (ProposalState.WAITING, "approve"): ProposalState.APPROVED,
    (ProposalState.WAITING, "reject"): ProposalState.REJECTED,
    (ProposalState.WAITING, "withdraw"): ProposalState.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class Change:
    """A change of staff or policy, checked and in the form in which it can wait.

    about -- a staff code or a policy's name; terms -- canonical JSON of everything else
    """

    kind: ProposalKind
    about: str
    terms: str = "{}"

    def term(self, name: str) -> str:
        """Return one of the terms that is text."""
        return str(json.loads(self.terms)[name])

    def roles(self) -> list[Role]:
        """Return the roles that it is about."""
        return [Role(role) for role in json.loads(self.terms)["roles"]]


def adding(newcomer: NewStaff) -> Change:
    """Return the change that lets somebody work here."""
    terms = {
        "name": newcomer.name,
        "roles": sorted(newcomer.roles),
        "uid": newcomer.uid,
        "database_user": newcomer.database_user,
        "branch": newcomer.branch,
    }
    return Change(ProposalKind.STAFF_ADD, newcomer.code, _canonical(terms))


def newcomer_of(change: Change) -> NewStaff:
    """Return whom a change adds."""
    terms = json.loads(change.terms)
    return NewStaff(
        code=change.about,
        name=terms["name"],
        roles=frozenset(change.roles()),
        uid=terms["uid"],
        database_user=terms["database_user"],
        branch=terms["branch"],
    )


def granting(code: str, roles: Iterable[Role]) -> Change:
    """Return the change that gives somebody roles. Raises Invalid."""
    terms = _canonical({"roles": sorted(set(roles))})
    return Change(ProposalKind.STAFF_GRANT, staff_key(code), terms)


def revoking(code: str, roles: Iterable[Role]) -> Change:
    """Return the change that takes roles from somebody. Raises Invalid."""
    terms = _canonical({"roles": sorted(set(roles))})
    return Change(ProposalKind.STAFF_REVOKE, staff_key(code), terms)


def leaving(code: str) -> Change:
    """Return the change that ends somebody's work here. Raises Invalid."""
    return Change(ProposalKind.STAFF_LEAVE, staff_key(code))


def deciding(key: str, value: str) -> Change:
    """Return the change that decides a policy. Raises Invalid, NotFound."""
    return Change(ProposalKind.POLICY_SET, key, _canonical({"value": checked_policy(key, value)}))


def _canonical(terms: Mapping[str, object]) -> str:
    return json.dumps(terms, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def needs_second(owners: Collection[str]) -> bool:
    """Return whether somebody else has to agree. owners -- those who work here."""
    return len(owners) > 1


def refuse_own_decision(proposer_id: int, by_id: int, staff: str, number: str) -> None:
    """Refuse that whoever proposed a change approves or rejects it. Source: rules O2."""
    if proposer_id == by_id:
        raise NotPermitted(
            f"{staff} proposed {number}: another owner decides it",
            hint=f"memberctl proposal withdraw {number}, if it is no longer wanted",
        )


def refuse_others_withdrawal(proposer_id: int, by_id: int, number: str) -> None:
    """Refuse that somebody takes back what another has proposed."""
    if proposer_id != by_id:
        raise NotPermitted(
            f"{number} is another's proposal; it is withdrawn by whoever made it",
            hint=f"memberctl proposal reject {number} --reason TEXT",
        )


def in_words(change: Change) -> str:
    """Return what a change asks for in one line, e.g. "reviewer" or "7"."""
    if change.kind is ProposalKind.POLICY_SET:
        return change.term("value")
    if change.kind is ProposalKind.STAFF_LEAVE:
        return ""
    return ", ".join(change.roles())


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """A proposal as lists show it. wish -- the roles or the value that it asks for"""

    number: str
    change: ProposalKind
    about: str
    wish: str
    state: ProposalState
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    remark: str | None
