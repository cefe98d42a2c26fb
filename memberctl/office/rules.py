"""Staff, their roles and rights, and the codes by which people call things.

Source: reliability.md "Who may do what, honestly".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from memberctl.core.actor import Actor
from memberctl.core.errors import Invalid, NotPermitted, RuleRefused
from memberctl.core.text import clean_text

# Latin, kana, Chinese and Korean letters; digits are 0-9 alone, so no two codes look the same.
_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u3041-\u3096\u30a1-\u30fa"
_LETTER += "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
_CODE = re.compile(f"[{_LETTER}0-9][{_LETTER}0-9._-]{{0,31}}")
_MOST_UID = 2**32 - 2
_MOST_NAMED = 20
_MOST_FAULTS = 5


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


STAFF_STEPS: Mapping[tuple[StaffState, str], StaffState] = {
    (StaffState.ACTIVE, "leave"): StaffState.LEFT,
}


class Outcome(StrEnum):
    """What became of something that was asked for, row by row. Source: rules I1."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


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
    "member.merge": frozenset({_R.MANAGER}),
    "member.erase": frozenset({_R.PRIVACY}),
    "archive.create": frozenset({_R.PRIVACY, _R.MANAGER}),
    "archive.request": _DESK | {_R.AUDITOR, _R.PRIVACY},
    "archive.approve": frozenset({_R.PRIVACY, _R.MANAGER}),
    "retention.run": frozenset({_R.PRIVACY}),
    "member.erase_open": frozenset(),
    "member.dossier": frozenset({_R.PRIVACY, _R.MANAGER}),
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


def parse_code(text: str, *, what: str, field: str = "code") -> str:
    """Return a code without outer blanks and in NFC: 1 to 32 letters, digits, dots, - and _.

    what -- how a refusal calls the code, e.g. "a plan's code"; the code is never repeated
    Raises Invalid for everything else, full-width letters and digits included.
    Source: bad inputs 1-23, 52.
    """
    code = unicodedata.normalize("NFC", text[:100].strip())
    if not _CODE.fullmatch(code):
        raise Invalid(
            f"{what} has 1 to 32 letters, digits, dots, - or _ and begins with a letter or digit",
            field=field,
            rule="code_form",
        )
    return code


def staff_key(text: str) -> str:
    """Return a staff code in the form in which it is kept: small letters. Raises Invalid."""
    return parse_code(text, what="a staff code").lower()


def branch_key(text: str) -> str:
    """Return a branch code in the form in which it is kept: capitals. Raises Invalid."""
    return parse_code(text, what="a branch code").upper()


def parse_uid(text: str) -> int:
    """Return the number of a user of the operating system, 0..2^32-2. Raises Invalid."""
    typed = text.strip()
    plain = typed.isascii() and typed.isdigit() and len(typed) <= 10
    if not (plain and int(typed) <= _MOST_UID):
        raise Invalid(
            f"a uid is a whole number from 0 to {_MOST_UID}",
            field="uid",
            rule="uid_form",
            hint="id -u NAME",
        )
    return int(typed)


def suggestion(typed: str, known: Collection[str]) -> str:
    """Return "did you mean X?" or the list of what there is, never what was typed."""
    import difflib

    if not known:
        return "there are none yet"
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(typed.strip().casefold()[:40], folded, n=1)
    if near:
        return f"did you mean {folded[near[0]]}?"
    listed = ", ".join(sorted(known)[:_MOST_NAMED])
    more = len(known) - _MOST_NAMED
    return f"there are {listed}" + (f" and {more} more" if more > 0 else "")


def first_faults(faults: Sequence[str]) -> str:
    """Return the first faults of a file as one sentence, and how many more there are."""
    said = "; ".join(faults[:_MOST_FAULTS])
    more = len(faults) - _MOST_FAULTS
    return f"{said}; and {more} more" if more > 0 else said


@dataclass(frozen=True, slots=True)
class NewStaff:
    """Somebody who is to work here, parsed and normalised; branch -- a code or None for all."""

    code: str
    name: str
    roles: frozenset[Role]
    uid: int | None = None
    database_user: str | None = None
    branch: str | None = None

    def as_member(self) -> StaffMember:
        """Return them as lists will show them."""
        return StaffMember(
            code=self.code,
            name=self.name,
            roles=tuple(sorted(self.roles)),
            branch=self.branch,
            state=StaffState.ACTIVE,
            uid=self.uid,
            database_user=self.database_user,
        )


def new_staff(
    code: str,
    name: str,
    roles: Iterable[Role],
    *,
    uid: str | None = None,
    database_user: str | None = None,
    branch: str | None = None,
) -> NewStaff:
    """Return what was typed about a new member of staff as one checked value. Raises Invalid."""
    return NewStaff(
        code=staff_key(code),
        name=clean_text(name, what="the name", field="name"),
        roles=frozenset(roles),
        uid=None if uid is None else parse_uid(uid),
        database_user=_checked_user(database_user),
        branch=None if branch is None else branch_key(branch),
    )


def _checked_user(database_user: str | None) -> str | None:
    if database_user is None:
        return None
    return clean_text(database_user, what="the database user", field="database_user", longest=63)


def is_same_person(there: StaffMember, wanted: StaffMember) -> bool:
    """Return whether somebody who is there has all particulars of `wanted`."""
    return there == replace(
        wanted,
        uid=there.uid if wanted.uid is None else wanted.uid,
        database_user=wanted.database_user or there.database_user,
    )


def completes_login(there: StaffMember, wanted: StaffMember) -> bool:
    """Return whether `wanted` is somebody who is there, with an account they have not yet."""
    new_uid = there.uid is None and wanted.uid is not None
    new_user = there.database_user is None and wanted.database_user is not None
    known = replace(
        wanted,
        uid=None if new_uid else wanted.uid,
        database_user=None if new_user else wanted.database_user,
    )
    return (new_uid or new_user) and is_same_person(there, known)


def refuse_ownerless(code: str, owners: Collection[str]) -> None:
    """Raise RuleRefused when `code` is the only active owner: nobody could undo that."""
    if set(owners) == {code}:
        raise RuleRefused(
            f"{code} is the only owner, and somebody must be able to change staff and policy",
            hint="memberctl staff grant CODE owner",
        )


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody who works here, as lists show them."""

    code: str
    name: str
    roles: tuple[str, ...]
    branch: str | None
    state: StaffState
    uid: int | None
    database_user: str | None


@dataclass(frozen=True, slots=True)
class StaffAdded:
    """What became of somebody new."""

    code: str
    name: str
    roles: tuple[str, ...]
    branch: str | None
    uid: int | None
    database_user: str | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class StaffChanged:
    """What a change of one person's roles or state came to."""

    code: str
    name: str
    roles: tuple[str, ...]
    state: StaffState
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class NewBranch:
    """A place that is to be opened, parsed and normalised."""

    code: str
    name: str


def new_branch(code: str, name: str) -> NewBranch:
    """Return what was typed about a new branch as one checked value. Raises Invalid."""
    return NewBranch(branch_key(code), clean_text(name, what="the name", field="name"))


@dataclass(frozen=True, slots=True)
class BranchLine:
    """A branch, as lists show it.

    card_digits -- its part of its cards' numbers (rules C1); zone -- None is the organisation's
    hours -- "" is always open; capacity -- how many may be inside at once, None is no limit
    """

    code: str
    name: str
    card_digits: str
    zone: str | None = None
    hours: str = ""
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class BranchAdded:
    """What became of a new branch."""

    code: str
    name: str
    card_digits: str
    outcome: Outcome
