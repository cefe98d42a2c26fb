"""Whether somebody who registers is here already: decided over everybody who could be the same.

Source: rules A3, I2; bad inputs 13, 45, 66.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeVar

from memberctl.member.rules import Outcome, Registration

K = TypeVar("K")


class Candidate(NamedTuple):
    """Somebody who is here already, with what is compared.

    twin   -- 0, or how many of the same name and phone or e-mail were let in before them
    proven -- a resident ID is stored, so that another one proves another person
    """

    id: int
    name: str
    name_key: str
    phone: str | None
    email: str | None
    birth_on: date | None
    address: str | None
    twin: int
    proven: bool


class Decision(NamedTuple):
    """What is to become of a registration.

    other -- whom it was compared with, when that mattered; field -- the key of what decided
    twin  -- for a new member: the number among people of one name and phone or e-mail
    """

    outcome: Outcome
    code: str = ""
    field: str = ""
    other: Candidate | None = None
    twin: int = 0


class Known:
    """Everybody who could be one of a batch: from the store, then also from its earlier rows."""

    def __init__(self) -> None:
        self._by_reference: dict[tuple[str, str], int] = {}
        self._by_document: dict[bytes, int] = {}
        self._by_phone: dict[str, list[Candidate]] = {}
        self._by_email: dict[tuple[str, str], list[Candidate]] = {}
        self._by_birth: dict[tuple[str, date], list[Candidate]] = {}
        self._by_id: dict[int, Candidate] = {}

    def add(self, candidate: Candidate) -> Candidate:
        """Take somebody in, once; return who is known under their id."""
        known = self._by_id.get(candidate.id)
        if known is not None:
            return known
        self._by_id[candidate.id] = candidate
        if candidate.phone is not None:
            _append(self._by_phone, candidate.phone, candidate)
        if candidate.email is not None:
            _append(self._by_email, (candidate.email, candidate.name_key), candidate)
        if candidate.birth_on is not None:
            _append(self._by_birth, (candidate.name_key, candidate.birth_on), candidate)
        return candidate

    def add_reference(self, source: str, reference: str, candidate: Candidate) -> None:
        """Take in whom an external reference names."""
        self._by_reference[source, reference] = self.add(candidate).id

    def add_document(self, blind: bytes, candidate: Candidate) -> None:
        """Take in whose document a blind index is."""
        self._by_document[blind] = self.add(candidate).id

    def move(self, old: Candidate, new: Candidate) -> None:
        """Let somebody be found under the contact data that a row of the batch gave them."""
        for people in _lists_of(self, old):
            people.remove(old)
        del self._by_id[old.id]
        self.add(new)

    def referred(self, source: str | None, reference: str | None) -> Candidate | None:
        """Return whom an external reference names."""
        if source is None or reference is None:
            return None
        found = self._by_reference.get((source, reference))
        return None if found is None else self._by_id[found]

    def owner(self, blind: bytes | None) -> Candidate | None:
        """Return whose document a blind index is."""
        found = None if blind is None else self._by_document.get(blind)
        return None if found is None else self._by_id[found]

    def at_phone(self, phone: str | None) -> list[Candidate]:
        """Return everybody with a phone number."""
        return self._by_phone.get(phone, []) if phone is not None else []

    def at_email(self, email: str | None, name_key: str) -> list[Candidate]:
        """Return everybody with an e-mail address and a name."""
        return self._by_email.get((email, name_key), []) if email is not None else []

    def born(self, name_key: str, birth_on: date | None) -> list[Candidate]:
        """Return everybody with a name and a birth date."""
        return self._by_birth.get((name_key, birth_on), []) if birth_on is not None else []


def _append(index: dict[K, list[Candidate]], key: K, candidate: Candidate) -> None:
    there = index.get(key)
    if there is None:
        index[key] = [candidate]
    else:
        there.append(candidate)


def _lists_of(known: Known, who: Candidate) -> Iterator[list[Candidate]]:
    for people in (
        known.at_phone(who.phone),
        known.at_email(who.email, who.name_key),
        known.born(who.name_key, who.birth_on),
    ):
        if who in people:
            yield people


def decide(asked: Registration, blind: bytes | None, known: Known, *, override: bool) -> Decision:
    """Return what is to become of a registration.

    blind    -- the blind index of its document, or None
    override -- a person has decided, with a reason, that this is somebody else

    The same external reference, document, or name with the same phone or e-mail address is the
    same person: unchanged when nothing else is said, else an update (by reference) or refused.
    A document's number is one person's whatever anybody decides.
    Source: rules A3, A6, I2.
    """
    referred = known.referred(asked.source, asked.external_ref)
    if referred is not None:
        return _again(referred, asked, blind, known)
    owner = known.owner(blind)
    if owner is not None:
        if says_the_same(owner, asked, blind, known):
            return Decision(Outcome.UNCHANGED, other=owner)
        return Decision(Outcome.DUPLICATE, "same_id", "id_number", owner)
    at_phone = known.at_phone(asked.phone)
    namesakes = [who for who in at_phone if who.name_key == asked.name_key]
    namesakes += known.at_email(asked.email, asked.name_key)
    if namesakes:
        return _namesake(namesakes, asked, blind, known, override)
    born = _born_the_same_day(asked, known)
    if born is not None:
        outcome = Outcome.CREATED if override else Outcome.DUPLICATE
        return Decision(outcome, "same_name_birth_date", "birth_date", born)
    if at_phone:
        return Decision(Outcome.CREATED, "same_phone", "phone", at_phone[0])
    return _NEW


_NEW = Decision(Outcome.CREATED)


def says_the_same(who: Candidate, asked: Registration, blind: bytes | None, known: Known) -> bool:
    """Whether a registration says nothing about `who` that is not known; silence says nothing."""
    owner = known.owner(blind)
    return (
        asked.name == who.name
        and asked.phone in (None, who.phone)
        and asked.email in (None, who.email)
        and asked.birth_on in (None, who.birth_on)
        and asked.address in (None, who.address)
        and (blind is None or (owner is not None and owner.id == who.id))
    )


def _namesake(
    namesakes: list[Candidate],
    asked: Registration,
    blind: bytes | None,
    known: Known,
    override: bool,
) -> Decision:
    for who in namesakes:
        if says_the_same(who, asked, blind, known):
            return Decision(Outcome.UNCHANGED, other=who)
    first = namesakes[0]
    by_phone = asked.phone is not None and first.phone == asked.phone
    field = "phone" if by_phone else "email"
    code = f"same_{field}_name"
    if override:
        twin = 1 + max(who.twin for who in namesakes)
        return Decision(Outcome.CREATED, code, field, first, twin)
    return Decision(Outcome.DUPLICATE, code, field, first)


def _born_the_same_day(asked: Registration, known: Known) -> Candidate | None:
    """Return a namesake born on the same day, unless two resident IDs prove two people."""
    proven = asked.document is not None and asked.document.birth_on is not None
    for who in known.born(asked.name_key, asked.birth_on):
        if not (proven and who.proven):
            return who
    return None


def _again(who: Candidate, asked: Registration, blind: bytes | None, known: Known) -> Decision:
    """Decide on a registration whose external reference is known."""
    owner = known.owner(blind)
    if owner is not None and owner.id != who.id:
        return Decision(Outcome.DUPLICATE, "same_id", "id_number", owner)
    changed = _changed_identity(who, asked, has_other_document=blind is not None and not owner)
    if changed is not None:
        return Decision(Outcome.REJECTED, "conflict", changed, who)
    if says_the_same(who, asked, blind, known):
        return Decision(Outcome.UNCHANGED, other=who)
    for other in known.at_phone(asked.phone):
        if other.id != who.id and other.name_key == asked.name_key:
            return Decision(Outcome.DUPLICATE, "same_phone_name", "phone", other)
    for other in known.at_email(asked.email, asked.name_key):
        if other.id != who.id:
            return Decision(Outcome.DUPLICATE, "same_email_name", "email", other)
    return Decision(Outcome.UPDATED, other=who)


def _changed_identity(
    who: Candidate, asked: Registration, *, has_other_document: bool
) -> str | None:
    """Return the identity field that a registration would change, which takes a request (A6)."""
    if asked.name != who.name:
        return "name"
    if asked.birth_on not in (None, who.birth_on):
        return "birth_date"
    return "id_number" if has_other_document else None


def updated(who: Candidate, asked: Registration) -> Candidate:
    """Return `who` with the contact data that a registration states."""
    return who._replace(
        phone=asked.phone or who.phone,
        email=asked.email or who.email,
        address=asked.address or who.address,
    )


class New(NamedTuple):
    """Somebody who becomes a member; blind -- the blind index of their document."""

    asked: Registration
    blind: bytes | None
    decision: Decision


class Moved(NamedTuple):
    """A member whose contact data a registration changes."""

    asked: Registration
    before: Candidate
    after: Candidate


@dataclass(frozen=True, slots=True)
class Judged:
    """What a batch comes to. Until they are given ids, its new members are -1, -2 and so on.

    decisions -- for each registration what becomes of it, and the member it is or repeats
    """

    decisions: list[tuple[Decision, int | None]]
    new: list[New]
    moved: list[Moved]


def judge(
    batch: Iterable[tuple[Registration, bytes | None]],
    known: Known,
    *,
    places: Container[str],
    named: Container[int],
    override: bool,
) -> Judged:
    """Decide on a batch row by row, so that a later row is also compared with earlier ones.

    batch  -- registrations with the blind indexes of their documents
    places -- the codes of the branches that exist
    named  -- members whom earlier batches of the same file were about: nobody comes twice
    Source: rules A3; bad inputs 45.
    """
    judged = Judged([], [], [])
    seen: set[int] = set()
    for asked, blind in batch:
        decision, about = _judge_one(asked, blind, known, places, override)
        if about is not None and decision.outcome in _KNOWN and (about in seen or about in named):
            decision = Decision(Outcome.DUPLICATE, "repeated", "", decision.other)
        if decision.outcome is Outcome.CREATED:
            judged.new.append(New(asked, blind, decision))
            about = -len(judged.new)
            _take_in(about, asked, blind, decision.twin, known)
        elif decision.outcome is Outcome.UPDATED and decision.other is not None:
            after = updated(decision.other, asked)
            known.move(decision.other, after)
            judged.moved.append(Moved(asked, decision.other, after))
        if about is not None and decision.outcome is not Outcome.DUPLICATE:
            seen.add(about)
        judged.decisions.append((decision, about))
    return judged


_KNOWN = frozenset({Outcome.UNCHANGED, Outcome.UPDATED})
_NO_SUCH_BRANCH = Decision(Outcome.REJECTED, "unknown_branch", "branch")


def _judge_one(
    asked: Registration,
    blind: bytes | None,
    known: Known,
    places: Container[str],
    override: bool,
) -> tuple[Decision, int | None]:
    if asked.branch is not None and asked.branch not in places:
        return _NO_SUCH_BRANCH, None
    decision = decide(asked, blind, known, override=override)
    return decision, None if decision.other is None else decision.other.id


def _take_in(
    member_id: int, asked: Registration, blind: bytes | None, twin: int, known: Known
) -> None:
    """Let the rows that follow be compared with a new member."""
    who = Candidate(
        member_id,
        asked.name,
        asked.name_key,
        asked.phone,
        asked.email,
        asked.birth_on,
        asked.address,
        twin,
        asked.document is not None and asked.document.birth_on is not None,
    )
    known.add(who)
    if blind is not None:
        known.add_document(blind, who)
    if asked.source is not None and asked.external_ref is not None:
        known.add_reference(asked.source, asked.external_ref, who)


_REASONS = {
    "same_id": "the identity number belongs to {other}",
    "same_phone_name": "{other} has the same name and phone number",
    "same_email_name": "{other} has the same name and e-mail address",
    "same_name_birth_date": "{other} has the same name and birth date: a person must decide",
    "same_phone": "{other} has the same phone number",
    "repeated": "the same person came before, as {other}",
    "unknown_branch": "no branch has this code",
}


def reason(decision: Decision, other: str) -> str:
    """Return in words why a decision is what it is; other -- the number of whom it concerns."""
    if decision.code == "conflict":
        field = decision.field.replace("_", " ")
        return f"{other} has another {field}, which only a change request changes"
    return _REASONS[decision.code].format(other=other) if decision.code else ""
