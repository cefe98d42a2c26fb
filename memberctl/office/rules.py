"""Roles, rights and policies: who may do what, and the numbers that the manuals leave open.

Source: reliability.md "Who may do what, honestly"; mission "Where the manuals disagree or say X".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from memberctl.core.errors import Invalid, NotPermitted


class Role(StrEnum):
    """What somebody is there to do; a person may have several."""

    RECEPTION = "reception"
    SERVICE = "service"
    REVIEWER = "reviewer"
    MANAGER = "manager"
    FINANCE = "finance"
    PRIVACY = "privacy"
    AUDITOR = "auditor"
    OWNER = "owner"


class StaffState(StrEnum):
    """Whether somebody works here."""

    ACTIVE = "active"
    LEFT = "left"


class DayKind(StrEnum):
    """How a day differs from the ordinary week."""

    HOLIDAY = "holiday"
    WORKDAY = "workday"


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
    "member.decide": frozenset({_R.REVIEWER, _R.MANAGER}),
    "personal.reveal": frozenset({_R.PRIVACY, _R.MANAGER}),
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
    "payment.void": frozenset({_R.FINANCE, _R.MANAGER}),
    "access.read": _DESK,
    "card.issue": frozenset({_R.RECEPTION, _R.SERVICE, _R.MANAGER}),
    "card.block": frozenset({_R.RECEPTION, _R.SERVICE, _R.MANAGER}),
    "message.read": _DESK,
    "report.read": _DESK | {_R.AUDITOR},
    "audit.read": frozenset({_R.AUDITOR, _R.MANAGER}),
    "daily.run": frozenset({_R.MANAGER, _R.FINANCE}),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """One number or word that the organisation decides: its default, unit and source."""

    default: str
    unit: str
    source: str
    choices: tuple[str, ...] | None = None
    least: int = 0
    most: int = 100_000


POLICIES: Mapping[str, Policy] = {
    "review_days": Policy("5", "working days", "mission S4.4", least=1, most=250),
    "review_warning": Policy("80", "% of the review time", "rules O6", least=1, most=99),
    "payment_days": Policy("5", "working days", "rules O8", least=1, most=250),
    "quote_days": Policy("14", "days", "rules O7", least=1, most=366),
    "benefit_notice_days": Policy("10", "working days", "mission S4.7", most=250),
    "complaint_days": Policy("5", "working days", "mission S4.8", least=1, most=250),
    "grace_days": Policy("30", "days", "rules T5", most=366),
    "grace_entry": Policy("allow", "", "rules T6", choices=("allow", "warn", "refuse")),
    "renewal_window_days": Policy("60", "days", "rules T4", most=366),
    "join_documents": Policy("agreement", "list of agreement, identity", "rules A5"),
    "probable_duplicate_minutes": Policy("10", "minutes", "reliability engine", most=1440),
    "card_prefix": Policy("86", "two digits", "rules C1", least=10, most=99),
    "acting": Policy("trusted", "", "reliability roles", choices=("trusted", "off")),
}


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


def checked_policy(key: str, value: str) -> str:
    """Return `value` as it is stored for the policy `key`, or refuse it and say what is allowed."""
    policy = POLICIES.get(key)
    if policy is None:
        raise Invalid(
            f"there is no policy {key!r}; known are {', '.join(sorted(POLICIES))}",
            field="key",
            hint="memberctl policy list",
        )
    if policy.choices is not None:
        if value not in policy.choices:
            raise Invalid(f"{key} is one of {', '.join(policy.choices)}", field="value")
        return value
    if not policy.default.isdigit():
        return _checked_documents(key, value)
    if not (value.isascii() and value.isdigit() and policy.least <= int(value) <= policy.most):
        raise Invalid(
            f"{key} is a whole number from {policy.least} to {policy.most} ({policy.unit})",
            field="value",
        )
    return str(int(value))


def _checked_documents(key: str, value: str) -> str:
    wanted = [word.strip() for word in value.split(",") if word.strip()]
    if not set(wanted) <= {"agreement", "identity"}:
        raise Invalid(f"{key} lists agreement, identity or nothing", field="value")
    return ",".join(sorted(set(wanted)))
