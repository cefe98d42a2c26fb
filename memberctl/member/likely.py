"""Pairs of members, or of rows of a file, who may be one person, as lists show them.

Source: rules A3; mission S0.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from memberctl.core.numbering import member_number
from memberctl.member.identity import DocumentKind
from memberctl.member.likeness import Level, Person, person
from memberctl.member.ranking import LikelyPair, Part, groups_of, rank_pairs
from memberctl.member.tables import IdentityDocument, Member
from memberctl.store.sealing import unseal, unwrap_key

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.store.keys import Keys

LEAST_PERCENT = 1
"""What is less probable is not worth a word."""


@dataclass(frozen=True, slots=True)
class Shown:
    """How a person is called in the list. line -- of a file, None in the store."""

    number: str
    name: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """Two who may be one person.

    score  -- how probable that is, in percent; weight -- the same as log2 of the odds
    reason -- which fields agree, nearly agree and differ, in words; parts -- what each weighs
    group  -- the first number of all who are this person, so that pairs of one person share it
    """

    member: str
    name: str
    other: str
    other_name: str
    reason: str
    score: int
    weight: Decimal
    group: str
    line: int | None
    other_line: int | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """The pairs from the wanted score on, and how many more are less probable than that."""

    pairs: list[DuplicatePair]
    below: int


def find_duplicates(
    people: Sequence[Person], shown: Mapping[int, Shown], *, percent: int
) -> Duplicates:
    """Return who may be one person, the most probable first.

    shown   -- by the keys of `people`
    percent -- the least score, 1 to 100
    """
    ranked = rank_pairs(people, least=LEAST_PERCENT / 100)
    wanted = [pair for pair in ranked if _percent(pair.score) >= percent]
    groups = groups_of(wanted)
    pairs = [
        _duplicate(
            pair,
            shown[people[pair.one].key],
            shown[people[pair.other].key],
            shown[people[groups[pair.one]].key].number,
        )
        for pair in wanted
    ]
    return Duplicates(pairs, len(ranked) - len(wanted))


def _percent(score: float) -> int:
    """Return a probability in whole percent; 100 is said of what is as good as certain only."""
    return int(score * 100 + 0.05)


def _duplicate(pair: LikelyPair, one: Shown, other: Shown, group: str) -> DuplicatePair:
    return DuplicatePair(
        member=one.number,
        name=one.name,
        other=other.number,
        other_name=other.name,
        reason=_reason(pair.parts),
        score=_percent(pair.score),
        weight=Decimal(str(pair.weight)),
        group=group,
        line=one.line,
        other_line=other.line,
        parts=pair.parts,
    )


_WORDS = {
    Level.SAME: "same", Level.NEAR: "near", Level.PART: "partly", Level.SHARED: "partly",
    Level.DIFFERENT: "other",
}  # fmt: skip


def _reason(parts: Sequence[Part]) -> str:
    """Return "same birth_date, phone; near name; other email"."""
    said: dict[str, list[str]] = {word: [] for word in _WORDS.values()}
    for part in parts:
        said[_WORDS[Level[part.level.upper()]]].append(part.field)
    return "; ".join(f"{word} {', '.join(fields)}" for word, fields in said.items() if fields)


def load_members(
    session: Session, keys: Callable[[], Keys]
) -> tuple[list[Person], dict[int, Shown]]:
    """Return all members in the form in which they are compared, and how lists call them.

    keys -- asked only when there are documents whose numbers can be misspelt
    """
    numbers = _documents(session, keys)
    statement = select(
        col(Member.id), col(Member.name), col(Member.birth_on), col(Member.phone),
        col(Member.email), col(Member.address),
    ).where(col(Member.merged_into).is_(None), col(Member.erased_at).is_(None))  # fmt: skip
    people: list[Person] = []
    shown: dict[int, Shown] = {}
    for member_id, name, birth_on, phone, email, address in session.execute(
        statement.order_by(col(Member.id))
    ):
        shown[member_id] = Shown(member_number(member_id), name)
        people.append(
            person(
                member_id,
                name,
                born=f"{birth_on:%Y%m%d}" if birth_on else None,
                phone=phone,
                email=email,
                address=address,
                numbers=numbers.get(member_id),
            )
        )
    return people, shown


def _documents(session: Session, keys: Callable[[], Keys]) -> dict[int, dict[str, str | bytes]]:
    """Return the numbers of documents by member and kind.

    A resident ID has a check character: whoever has another one is somebody else, and its blind
    index says as much. Other numbers may have a slip, which only the number itself shows.
    """
    rows = session.execute(
        select(
            col(IdentityDocument.member_id), col(IdentityDocument.kind),
            col(IdentityDocument.sealed), col(IdentityDocument.blind_index),
            col(Member.wrapped_key),
        ).join(Member, col(Member.id) == col(IdentityDocument.member_id))
    )  # fmt: skip
    found: dict[int, dict[str, str | bytes]] = {}
    for member_id, kind, sealed, blind, wrapped in rows:
        if wrapped is None:
            continue
        number: str | bytes = bytes(blind)
        if kind != DocumentKind.RESIDENT_ID:
            own_key = unwrap_key(keys(), bytes(wrapped), member_id)
            number = unseal(own_key, bytes(sealed), "identity_document", member_id, kind)
        found.setdefault(member_id, {})[kind.value] = number
    return found
