"""Who gets a card: one decision for one member and for a batch.

Source: rules C1-C3; mission S1.2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from memberctl.access.rules import CardState, Handover
from memberctl.core.errors import MemberctlError, NotFound, RuleRefused

HEAD_OFFICE = 0
"""The branch digits, 0000, of cards for members who belong to no branch."""


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What decides whether a member gets a card.

    entitled -- a term that was paid for runs today or lies ahead
    expelled -- no card lets them in any more; gone -- why nothing is given to them at all
    card     -- the number and state of the newest card, or None
    branch_id -- whose number and blank the card would take; HEAD_OFFICE outside any branch
    """

    member_id: int
    entitled: bool
    card: tuple[str, CardState] | None
    branch_id: int
    has_address: bool
    expelled: bool = False
    gone: RuleRefused | None = None


class CardOutcome(StrEnum):
    """What came of a wish for a card; all but the first two are refusals."""

    ISSUED = "issued"
    ALREADY = "already"
    NOT_FOUND = "not_found"
    NOT_PAID = "not_paid"
    BLOCKED = "blocked"
    EXPELLED = "expelled"
    GONE = "gone"
    NO_ADDRESS = "no_address"
    NO_BLANKS = "no_blanks"


@dataclass(frozen=True, slots=True)
class CardIssued:
    """A card as it was given out."""

    number: str
    member: str
    state: CardState
    issued_on: date


@dataclass(frozen=True, slots=True)
class CardAnswer:
    """What came of one wish for a card: the card, or the refusal."""

    member: str
    outcome: CardOutcome
    card: CardIssued | None = None
    refusal: MemberctlError | None = None


@dataclass(frozen=True, slots=True)
class CardProblem:
    """A member of a batch who got no card. line -- in the file, else null; code -- why."""

    line: int | None
    member: str | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class CardsIssued:
    """What a batch came to: each member is counted once."""

    issued: int
    already: int
    refused: int
    cards: tuple[CardIssued, ...]
    problems: tuple[CardProblem, ...]


def card_outcomes(
    wishes: Sequence[CardFacts | None], handover: Handover, blanks: Mapping[int, int]
) -> list[CardOutcome]:
    """Return for each wish, in order, whether a card is issued, or why not.

    wishes -- None where nobody has the number; a second wish of one member is `already`
    blanks -- how many blank cards each branch that counts them has left
    Source: rules C2, C3.
    """
    used: Counter[int] = Counter()
    served: set[int] = set()
    outcomes = []
    for wish in wishes:
        outcome = _card_outcome(wish, handover, served)
        if outcome is CardOutcome.ISSUED:
            assert wish is not None
            outcome = _take_blank(wish.branch_id, blanks, used)
        if outcome is CardOutcome.ISSUED:
            assert wish is not None
            served.add(wish.member_id)
        outcomes.append(outcome)
    return outcomes


def _card_outcome(wish: CardFacts | None, handover: Handover, served: set[int]) -> CardOutcome:
    if wish is None:
        return CardOutcome.NOT_FOUND
    if wish.gone is not None:
        return CardOutcome.GONE
    if wish.expelled:
        return CardOutcome.EXPELLED
    if wish.member_id in served:
        return CardOutcome.ALREADY
    if wish.card is not None and wish.card[1] is CardState.ACTIVE:
        return CardOutcome.ALREADY
    if wish.card is not None:
        return CardOutcome.BLOCKED
    if not wish.entitled:
        return CardOutcome.NOT_PAID
    if handover is Handover.POST and not wish.has_address:
        return CardOutcome.NO_ADDRESS
    return CardOutcome.ISSUED


def _take_blank(branch_id: int, blanks: Mapping[int, int], used: Counter[int]) -> CardOutcome:
    if branch_id in blanks and used[branch_id] >= blanks[branch_id]:
        return CardOutcome.NO_BLANKS
    used[branch_id] += 1
    return CardOutcome.ISSUED


def card_refusal(outcome: CardOutcome, member: str, card: str | None) -> MemberctlError:
    """Return the words in which an outcome other than ISSUED is said of one member.

    member -- the number; card -- the number of the newest card, or None
    """
    match outcome:
        case CardOutcome.NOT_FOUND:
            return NotFound(f"there is no member {member}", hint="memberctl member list")
        case CardOutcome.ALREADY:
            return RuleRefused(
                f"{member} has the active card {card}",
                hint=f"memberctl card replace {card}, if it is lost or broken",
            )
        case CardOutcome.BLOCKED:
            return RuleRefused(
                f"the card {card} of {member} is blocked", hint=f"memberctl card replace {card}"
            )
        case CardOutcome.EXPELLED:
            return RuleRefused(f"{member} is expelled", hint=f"memberctl member readmit {member}")
        case CardOutcome.NO_ADDRESS:
            return RuleRefused(
                f"{member} has no address to post a card to",
                hint=f"memberctl member update {member} --address ...",
            )
        case CardOutcome.NO_BLANKS:
            return RuleRefused(
                f"the branch has no blank card left for {member}",
                hint="memberctl card stock BRANCH --add N",
            )
        case _:
            return RuleRefused(
                f"{member} has no term that is paid for; a card is issued after full payment",
                hint=f"memberctl order list --member {member}",
            )


def blanks_after(blanks: int, change: int) -> int:
    """Return how many blank cards are left after `change`, which may be negative.

    Raises RuleRefused when there are fewer than are taken away. Source: rules C3.
    """
    left = blanks + change
    if left < 0:
        raise RuleRefused(f"the branch has {blanks} blank cards, {-change} cannot be taken away")
    return left


def batch_result(
    answers: Sequence[CardAnswer], lines: Sequence[int | None], unread: Sequence[CardProblem]
) -> CardsIssued:
    """Return what a batch came to.

    lines  -- where each answer's member stands in the file, None without a file
    unread -- rows of the file that name no member
    """
    refused = [
        CardProblem(line, each.member, each.outcome.value, each.refusal.message)
        for each, line in zip(answers, lines, strict=True)
        if each.refusal is not None and each.outcome is not CardOutcome.ALREADY
    ]
    return CardsIssued(
        issued=sum(each.outcome is CardOutcome.ISSUED for each in answers),
        already=sum(each.outcome is CardOutcome.ALREADY for each in answers),
        refused=len(refused) + len(unread),
        cards=tuple(each.card for each in answers if each.card is not None),
        problems=(*unread, *refused),
    )
