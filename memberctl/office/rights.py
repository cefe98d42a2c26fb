"""Who may do what: the rights of each role, and what concerns the whole organisation.

Source: reliability.md "Who may do what, honestly"; rules G6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from memberctl.core.actor import Actor
from memberctl.core.errors import NotPermitted
from memberctl.core.text import Kind
from memberctl.office.rules import Role

_R = Role
_DESK = frozenset({_R.RECEPTION, _R.SERVICE, _R.REVIEWER, _R.MANAGER, _R.FINANCE})
_EVERYONE = frozenset(Role)

# Deny by default: a right that is not listed here nobody has but the owner.
RIGHTS: Mapping[str, frozenset[Role]] = {
    "catalog.read": _EVERYONE,
    "catalog.change": frozenset({_R.MANAGER}),
    "office.read": _EVERYONE,
    "office.change": frozenset(),
    "member.read": _DESK | {_R.PRIVACY},
    "member.register": frozenset({_R.RECEPTION, _R.SERVICE, _R.MANAGER}),
    "member.verify": frozenset({_R.RECEPTION, _R.SERVICE, _R.MANAGER}),
    "member.change": frozenset({_R.RECEPTION, _R.SERVICE, _R.MANAGER}),
    "member.merge": frozenset({_R.MANAGER}),
    "member.erase": frozenset({_R.PRIVACY}),
    "archive.create": frozenset({_R.PRIVACY, _R.MANAGER}),
    "archive.request": _DESK | {_R.AUDITOR, _R.PRIVACY},
    "archive.approve": frozenset({_R.PRIVACY, _R.MANAGER}),
    "retention.run": frozenset({_R.PRIVACY}),
    "member.erase_open": frozenset(),
    "member.dossier": frozenset({_R.PRIVACY, _R.MANAGER}),
    "member.decide": frozenset({_R.REVIEWER, _R.MANAGER}),
    "reveal.name": frozenset({_R.PRIVACY, _R.MANAGER, _R.FINANCE}),
    "reveal.phone": frozenset({_R.PRIVACY, _R.MANAGER, _R.SERVICE}),
    "reveal.email": frozenset({_R.PRIVACY, _R.MANAGER, _R.SERVICE}),
    "reveal.address": frozenset({_R.PRIVACY, _R.MANAGER, _R.SERVICE}),
    "reveal.birth_date": frozenset({_R.PRIVACY, _R.MANAGER}),
    "reveal.id_number": frozenset({_R.PRIVACY, _R.MANAGER}),
    "reveal.passport": frozenset({_R.PRIVACY, _R.MANAGER}),
    "reveal.business_code": frozenset({_R.PRIVACY, _R.MANAGER, _R.FINANCE}),
    "reveal.account": frozenset({_R.PRIVACY, _R.FINANCE}),
    "reveal.remittance": frozenset({_R.PRIVACY, _R.MANAGER, _R.FINANCE}),
    "reveal.text": frozenset({_R.PRIVACY, _R.MANAGER}),
    "order.read": _DESK,
    "order.file": frozenset({_R.RECEPTION, _R.SERVICE, _R.MANAGER}),
    "order.change": frozenset({_R.RECEPTION, _R.SERVICE, _R.MANAGER}),
    "order.void": frozenset({_R.MANAGER}),
    "review.decide": frozenset({_R.SERVICE, _R.REVIEWER, _R.MANAGER}),
    "review.extend": frozenset({_R.REVIEWER, _R.MANAGER}),
    "quote.change": frozenset({_R.SERVICE, _R.REVIEWER, _R.MANAGER}),
    "payment.read": _DESK,
    "payment.record": frozenset({_R.RECEPTION, _R.FINANCE}),
    "payment.verify": frozenset({_R.FINANCE}),
    "ledger.post": frozenset({_R.FINANCE}),
    "payment.charge_back": frozenset({_R.FINANCE}),
    "credit.use": frozenset({_R.RECEPTION, _R.FINANCE, _R.MANAGER}),
    "credit.decide": frozenset({_R.FINANCE, _R.MANAGER}),
    "credit.pay": frozenset({_R.RECEPTION, _R.FINANCE}),
    "debt.change": frozenset({_R.FINANCE, _R.MANAGER}),
    "debt.decide": frozenset({_R.FINANCE, _R.MANAGER}),
    "invoice.issue": frozenset({_R.RECEPTION, _R.FINANCE}),
    "invoice.credit": frozenset({_R.FINANCE, _R.MANAGER}),
    "till.close": frozenset({_R.RECEPTION, _R.FINANCE, _R.MANAGER}),
    "payment.void": frozenset({_R.FINANCE, _R.MANAGER}),
    "refund.read": _DESK,
    "refund.request": frozenset({_R.RECEPTION, _R.SERVICE, _R.MANAGER}),
    "refund.review": frozenset({_R.REVIEWER, _R.MANAGER}),
    "refund.pay": frozenset({_R.FINANCE}),
    "term.cancel": frozenset({_R.RECEPTION, _R.SERVICE, _R.MANAGER}),
    "bank.read": frozenset({_R.FINANCE, _R.MANAGER, _R.AUDITOR}),
    "bank.import": frozenset({_R.FINANCE}),
    "bank.match": frozenset({_R.FINANCE}),
    "access.read": _DESK,
    "term.freeze": frozenset({_R.RECEPTION, _R.SERVICE, _R.MANAGER}),
    "member.hold": frozenset({_R.MANAGER}),
    "checkin.scan": frozenset({_R.RECEPTION, _R.SERVICE, _R.MANAGER}),
    "checkin.force": frozenset({_R.MANAGER}),
    "checkin.undo": frozenset({_R.SERVICE, _R.MANAGER}),
    "card.issue": frozenset({_R.RECEPTION, _R.SERVICE, _R.MANAGER}),
    "card.block": frozenset({_R.RECEPTION, _R.SERVICE, _R.MANAGER}),
    "message.read": _DESK,
    "message.send": frozenset({_R.SERVICE, _R.MANAGER, _R.FINANCE}),
    "message.settle": frozenset({_R.RECEPTION, _R.SERVICE, _R.MANAGER, _R.FINANCE}),
    "message.change": frozenset({_R.MANAGER}),
    "reminder.run": frozenset({_R.SERVICE, _R.MANAGER, _R.FINANCE}),
    "report.read": _DESK | {_R.AUDITOR},
    "ledger.read": _DESK | {_R.AUDITOR},
    "store.check": _DESK | {_R.AUDITOR},
    "store.backup": frozenset({_R.MANAGER}),
    "store.restore": frozenset(),
    "audit.read": frozenset({_R.AUDITOR, _R.MANAGER}),
    "daily.run": frozenset({_R.MANAGER, _R.FINANCE}),
}


# What looks at the whole organisation, or changes it: nobody of a single branch has it (G6).
ORGANISATION_WIDE = frozenset(
    {
        "office.change",
        "catalog.change",
        "audit.read",
        "store.check",
        "retention.run",
        "archive.create",
        "ledger.read",
        "ledger.post",
        "bank.read",
        "bank.import",
        "bank.match",
        "daily.run",
    }
)


def may(roles: Iterable[str], right: str) -> bool:
    """Return whether one of `roles` has the right `right`; the owner has them all."""
    held = set(roles)
    return Role.OWNER in held or bool(held & RIGHTS.get(right, frozenset()))


def require(roles: Iterable[str], right: str, staff: str) -> None:
    """Raise NotPermitted unless one of `roles` has the right `right`."""
    if may(roles, right):
        return
    holders = sorted({*RIGHTS.get(right, frozenset()), Role.OWNER})
    raise NotPermitted(f"{staff} has no right to {right}; it takes {' or '.join(holders)}")


def reveal_right(kind: Kind) -> str:
    """Return the right that it takes to see one kind of personal field in the clear."""
    return f"reveal.{kind}"


def may_reveal(roles: Iterable[str]) -> frozenset[Kind]:
    """Return the kinds of personal fields that one of `roles` may see in the clear.

    A kind whose right is not listed is hidden from everybody but the owner.
    """
    held = frozenset(roles)
    return frozenset(kind for kind in Kind if may(held, reveal_right(kind)))


def require_reveal(actor: Actor, kinds: Sequence[Kind]) -> None:
    """Raise NotPermitted unless somebody may see all of `kinds`, or, without any, one of all."""
    for kind in kinds:
        require(actor.roles, reveal_right(kind), actor.staff)
    if not may_reveal(actor.roles):
        raise NotPermitted(
            f"{actor.staff} has no right to see any personal field in the clear",
            hint="memberctl staff rights",
        )


@dataclass(frozen=True, slots=True)
class RightLine:
    """A right as lists show it. everywhere -- it concerns the whole organisation, so nobody of a
    single branch has it"""

    right: str
    roles: tuple[str, ...]
    everywhere: bool


def right_lines(role: Role | None = None) -> list[RightLine]:
    """Return every right with its holders, or those of one role; the owner has them all."""
    return [
        RightLine(right, tuple(sorted({*holders, Role.OWNER})), right in ORGANISATION_WIDE)
        for right, holders in sorted(RIGHTS.items())
        if role is None or may([role], right)
    ]


def refuse_beyond_branch(actor: Actor, right: str) -> None:
    """Raise NotPermitted when somebody of one branch asks for the whole organisation.

    Source: rules G6.
    """
    if actor.branch_id is not None and right in ORGANISATION_WIDE:
        raise NotPermitted(
            f"{actor.staff} works for one branch; {right} concerns the whole organisation (G6)",
            hint="somebody without a branch does it: memberctl staff list",
        )
