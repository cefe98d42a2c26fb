"""Two numbers of one person: which may be merged, what the survivor takes over.

Source: rules A3, A4, O2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from memberctl.core.actor import Actor
from memberctl.core.errors import NotPermitted, RuleRefused
from memberctl.core.money import Money
from memberctl.core.numbering import serial_number
from memberctl.core.text import Personal

TAKEN_OVER = (
    "phone", "email", "birth_on", "address", "branch_id", "referrer", "staff_id", "verified_at",
)  # fmt: skip
"""What the survivor takes over where it has nothing itself."""

COMPANIONS: Mapping[str, str] = {"phone": "phone_typed", "verified_at": "verified_by"}
"""What belongs to a field and goes with it."""

CLEARED = ("phone", "phone_typed", "email", "birth_on", "address", "referrer", "staff_id")
"""What the merged number keeps no more: it is the survivor's, or in the sealed snapshot."""


@dataclass(frozen=True, slots=True)
class Both:
    """What decides whether two members may be merged.

    merged_into, erased -- what became of each already; staff -- their places on the staff
    proven_two -- both have a resident ID, so they are two people
    """

    survivor: str
    merged: str
    gone: tuple[str, ...]
    staff: tuple[int | None, int | None]
    proven_two: bool


def refuse_merge(both: Both, by: Actor) -> None:
    """Raise unless the two may be merged by `by`.

    Raises RuleRefused, NotPermitted for one's own membership.
    Source: rules A3, A4, O2.
    """
    if both.survivor == both.merged:
        raise RuleRefused(f"{both.survivor} is one member already")
    if both.gone:
        raise RuleRefused(f"cannot merge: {'; '.join(both.gone)}", allowed=[])
    if by.staff_id in both.staff:
        raise NotPermitted(f"{by.staff} cannot merge their own membership; it takes another person")
    if both.proven_two:
        raise RuleRefused(
            f"{both.survivor} and {both.merged} have two resident IDs, so they are two people (A3)",
            hint="if one of the numbers is wrong: memberctl member update M-000123 --id-number ...",
        )
    if None not in both.staff and both.staff[0] != both.staff[1]:
        raise RuleRefused(
            f"{both.survivor} and {both.merged} are two people on the staff",
            hint='memberctl member update M-000123 --staff ""',
        )


def merge_number(id_: int) -> str:
    """Return the number of a merge, e.g. MG-000001."""
    return serial_number("MG", id_)


@dataclass(frozen=True, slots=True)
class FieldTaken:
    """One field of the two, and what the survivor has afterwards."""

    field: str
    survivor: Personal | str | None
    merged: Personal | str | None
    afterwards: Personal | str | None


@dataclass(frozen=True, slots=True)
class RowsMoved:
    """How many rows of one kind belong to the survivor now, and how many stay with the number.

    stay -- those that the survivor has alike, where there can be only one
    """

    what: str
    moved: int
    stay: int


@dataclass(frozen=True, slots=True)
class TermsOverlap:
    """Two terms that overlap since the merge; somebody decides which of them goes."""

    product: str
    one: str
    other: str
    from_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class MembersMerged:
    """What a merge came to. merged -- the number that finds the survivor from now on.

    cards  -- of the merged number, that are replaced by the survivor's
    credit -- what moved to the survivor in the books; tier -- the survivor's afterwards
    """

    number: str
    survivor: str
    merged: str
    name: str
    fields: tuple[FieldTaken, ...]
    rows: tuple[RowsMoved, ...]
    overlaps: tuple[TermsOverlap, ...]
    cards: tuple[str, ...]
    credit: Money
    tier: str


def preview(done: MembersMerged) -> list[str]:
    """Return in words what a merge comes to, with personal data masked."""
    said = [f"{done.survivor} keeps its number; {done.merged} will find it"]
    for each in done.fields:
        said.append(f"  {each.field}: {each.survivor} | {each.merged} -> {each.afterwards}")
    for row in done.rows:
        ending = f", {row.stay} stay with the old number" if row.stay else ""
        said.append(f"  {row.what}: {row.moved} move{ending}")
    said += [f"  card {number} is replaced by the other one" for number in done.cards]
    said += [
        f"  {each.product} of {each.one} and of {each.other} overlap {each.from_on} to "
        f"{each.until_on}"
        for each in done.overlaps
    ]
    if done.credit.minor:
        said.append(f"  credit {done.credit} moves")
    return [*said, f"  tier {done.tier}"]


@dataclass(frozen=True, slots=True)
class MembersParted:
    """What taking a merge back came to. rows -- how many belong to the number again."""

    number: str
    survivor: str
    merged: str
    name: str
    rows: int
    credit: Money


@dataclass(frozen=True, slots=True)
class MergeLine:
    """One merge, as lists show it. overlaps -- pairs of terms that still wait for a decision."""

    number: str
    survivor: str
    merged: str
    reason: str
    merged_at: datetime
    merged_by: str
    undone_at: datetime | None
    overlaps: int


def refuse_unmerge(number: str, undone_at: datetime | None, later: list[str]) -> None:
    """Raise RuleRefused when a merge is taken back already, or later money touches it.

    later -- what that money is, in words
    """
    if undone_at is not None:
        raise RuleRefused(f"{number} is taken back already", allowed=[])
    if later:
        raise RuleRefused(
            f"cannot take {number} back: later money touches it (A4)",
            allowed=later,
            hint="memberctl ledger journal --party M-000123",
        )
