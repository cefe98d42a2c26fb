"""What a line of a statement may be in the books, and when that is sure enough to be booked.

Pure: texts, names and amounts go in, a finding with its reason comes out.
Source: rules M15, O9, A1.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum

from memberctl.bank.rules import Finding, LineState
from memberctl.core.errors import Invalid
from memberctl.core.money import Money
from memberctl.core.numbering import parse_order_number
from memberctl.core.text import Personal, name_key
from memberctl.order.rules import PREFIXES

SHORTEST, LONGEST = 5, 12
"""Symbols of an order's number behind its year."""

MOST_CANDIDATES = 10
"""Candidates of one line that are worth a person's time."""

_FILLERS = r"[\s\-_.–—/]*"
_LOOK_ALIKES = str.maketrans("OILUZ", "011V2")
_START = re.compile(
    rf"(?=({'|'.join(PREFIXES.values())}){_FILLERS}([2Z][0O1IL](?:{_FILLERS}[0-9OILZ]){{2}})"
    rf"((?:{_FILLERS}[0-9A-Z]){{{SHORTEST},{LONGEST}}}))"
)
_FILLER = re.compile(_FILLERS)
_STARS = re.compile(r"[*＊•·]+")
_BRACKETS = re.compile(r"[(（]([^()（）0-9]*[*＊][^()（）0-9]*)[)）]")
_NUMBERED = re.compile(r"[(（][^()（）]*[0-9][^()（）]*[)）]")


class Kind(StrEnum):
    """What in the books a line may be."""

    PAYMENT = "payment"
    ORDER = "order"
    ENTRY = "entry"


class How(IntEnum):
    """By what it was found; the lower, the surer."""

    REFERENCE = 1
    ORDER_NUMBER = 2
    NAME = 3
    MASKED_NAME = 4
    AMOUNT = 5

    @property
    def words(self) -> str:
        """Return how a reason calls it."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something in the books that a line may be.

    number       -- of the payment, the order or the entry; order -- the order that it is about
    amount_minor -- signed as the line is; of an order what is still open
    taken        -- another line is it already; late -- the money came after the deadline
    stuck        -- an order about a term that is no longer what it was
    """

    kind: Kind
    id: int
    number: str
    order: str
    amount_minor: int
    how: How
    taken: bool = False
    late: bool = False
    stuck: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What was found of a line; chosen -- what it is, when that is sure."""

    finding: Finding
    reason: str
    chosen: Candidate | None = None


def order_numbers_in(text: str) -> list[str]:
    """Return every order's number that a text may hold, in canonical form.

    Forgives case, blanks, line breaks and dashes inside, full-width letters and the look-alikes
    that numbers forgive. Behind a number other text may follow without a gap, so each length
    whose check character fits counts.
    Source: rules O9.
    """
    wide = unicodedata.normalize("NFKC", text).upper()
    found: dict[str, None] = {}
    for match in _START.finditer(wide):
        prefix, year = match[1], _FILLER.sub("", match[2])
        symbols = _FILLER.sub("", match[3])
        for length in range(SHORTEST, len(symbols) + 1):
            try:
                found[parse_order_number(f"{prefix}{year}{symbols[:length]}")] = None
            except Invalid:
                continue
    return list(found)


def names_agree(told: str, name: str) -> How | None:
    """Return how sure a bank's name of somebody is a member's: NAME, MASKED_NAME or None.

    Latin names may come in any order of their words. Masked names, such as *伟 or 李**, agree
    when what is shown fits; also one in brackets behind a shop's name, but no phone there.
    """
    shown = _BRACKETS.search(told)
    told = shown[1] if shown is not None else _NUMBERED.sub("", told)
    if not told.strip():
        return None
    if _STARS.search(told):
        parts = [re.escape(name_key(part)) for part in _STARS.split(told)]
        if not any(parts):
            return None
        masked = re.compile(".+".join(parts))
        return How.MASKED_NAME if masked.fullmatch(name_key(name)) else None
    ours, theirs = (sorted(_words(each)) for each in (name, told))
    return How.NAME if ours == theirs else None


def _words(name: str) -> list[str]:
    return re.findall(r"\w+", name_key(name).replace("'", ""))


def decide(amount_minor: int, candidates: Sequence[Candidate], *, names_order: bool) -> Decision:
    """Return what a line is, of all that it may be; only what is unique and exact is chosen.

    A number that was found decides by itself: what does not fit it goes to a person, however
    well a name would fit. names_order -- the text holds an order's number
    Source: rules M15.
    """
    for how in (How.REFERENCE, How.ORDER_NUMBER):
        told = [each for each in candidates if each.how is how]
        if told:
            return _by_number(amount_minor, told)
    if names_order:
        return Decision(Finding.UNKNOWN_REFERENCE, "no order has the number in its text")
    named = [each for each in candidates if each.how is How.NAME and not each.taken]
    if len(named) == 1:
        return _chosen(named[0])
    if candidates:
        best = min(each.how for each in candidates)
        return Decision(Finding.AMBIGUOUS, f"{len(candidates)} fit by {best.words}, none for sure")
    return Decision(Finding.MISSING_IN_BOOKS, "nothing in the books has its number, name or amount")


def _by_number(amount_minor: int, told: Sequence[Candidate]) -> Decision:
    how = told[0].how.words
    fitting = [each for each in told if each.amount_minor == amount_minor]
    free = [each for each in fitting if not each.taken]
    # Money that was recorded already comes before money that is still asked for.
    recorded = [each for each in free if each.kind is not Kind.ORDER] or free
    if len(recorded) == 1:
        return _chosen(recorded[0])
    if recorded:
        return Decision(Finding.AMBIGUOUS, f"{len(recorded)} fit by {how} and amount")
    if fitting:
        return Decision(Finding.DUPLICATE, f"another line has its {how} and amount")
    return Decision(Finding.AMOUNT_DIFFERS, f"found by {how}, of another amount")


def _chosen(found: Candidate) -> Decision:
    if found.stuck:
        return Decision(
            Finding.AMBIGUOUS,
            f"the term that {found.number} is about changed since: withdraw it, and accepted the"
            " money is credit",
        )
    if found.late:
        return Decision(
            Finding.AMBIGUOUS, "it came after the payment deadline: accepted, it becomes credit"
        )
    return Decision(Finding.MATCHED, f"found by {found.how.words} and amount", found)


def without_rivals(decisions: dict[int, Decision]) -> dict[int, Decision]:
    """Return the decisions with at most one line for each thing in the books.

    decisions -- by line, the oldest line first; of lines that tell one number the first is it
    and the others repeat it; lines that only a name speaks for are all left to a person.
    """
    chosen: dict[tuple[Kind, int], list[int]] = {}
    for line, decision in decisions.items():
        if decision.chosen is not None:
            chosen.setdefault((decision.chosen.kind, decision.chosen.id), []).append(line)
    settled = dict(decisions)
    for lines in chosen.values():
        told = [line for line in lines if _tells_a_number(decisions[line])]
        for line in lines if not told and len(lines) > 1 else ():
            settled[line] = Decision(Finding.AMBIGUOUS, f"{len(lines)} lines fit it equally well")
        for line in lines if told else ():
            if line != told[0]:
                settled[line] = Decision(Finding.DUPLICATE, "another line is it already")
    return settled


def _tells_a_number(decision: Decision) -> bool:
    return decision.chosen is not None and decision.chosen.how <= How.ORDER_NUMBER


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """A candidate as it is shown beside a line."""

    kind: Kind
    number: str
    order: str
    amount: Money
    found_by: str
    taken: bool


@dataclass(frozen=True, slots=True)
class LineShown:
    """A line with everything that it may be in the books; what is personal is masked."""

    number: str
    account: str
    booked_on: date | None
    amount: Money | None
    state: LineState
    finding: str | None
    reason: str
    name: Personal
    from_account: Personal
    text: Personal
    reference: str | None
    candidates: list[CandidateLine]


def shown_candidates(found: Iterable[Candidate], currency: str) -> list[CandidateLine]:
    """Return the surest candidates as they are shown."""
    surest = sorted(found, key=lambda each: (each.how, each.taken, each.number))
    return [
        CandidateLine(
            each.kind, each.number, each.order, Money(each.amount_minor, currency),
            each.how.words, each.taken,
        )
        for each in surest[:MOST_CANDIDATES]
    ]  # fmt: skip
