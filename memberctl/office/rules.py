"""Staff, their roles, and the codes by which people call things; rights are in rights.py.

Source: reliability.md "Who may do what, honestly".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from memberctl.core.errors import Invalid, RuleRefused
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
