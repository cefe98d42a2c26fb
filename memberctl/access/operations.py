"""Terms are granted and voided, cards issued, replaced and blocked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.access import cards, queries, rules, term_queries
from memberctl.access.cards import CardAnswer, CardFacts, CardIssued, CardOutcome
from memberctl.access.hold_queries import expelled_among
from memberctl.access.rules import CardKind, CardState, Handover
from memberctl.access.tables import Card, CardStock, Term
from memberctl.core import dates
from memberctl.core.errors import Conflict, RuleRefused
from memberctl.core.machine import step
from memberctl.core.numbering import card_number, member_number
from memberctl.core.seasons import season_of
from memberctl.member.presence import refuse_gone
from memberctl.office.queries import organisation, policy, policy_number
from memberctl.store import counters
from memberctl.store.audit import note, note_many
from memberctl.store.bulk import insert_rows

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.catalog.rules import PlanTerms
    from memberctl.core.actor import Actor

CARD_COLUMNS = (
    "id",
    "number",
    "member_id",
    "kind",
    "state",
    "handover",
    "issued_at",
    "issued_by",
    "version",
)


@dataclass(frozen=True, slots=True)
class CardReplaced:
    """A new card in place of an old one."""

    number: str
    member: str
    state: CardState
    issued_on: date
    replaces: str


@dataclass(frozen=True, slots=True)
class CardBlocked:
    """A card that opens nothing any more."""

    number: str
    member: str
    state: CardState


@dataclass(frozen=True, slots=True)
class StockCounted:
    """How many blank cards a branch has."""

    branch: str
    blanks: int


def grant_term(
    session: Session,
    *,
    member_id: int,
    plan: PlanTerms,
    tier_version_id: int,
    source: str,
    paid_on: date,
    by: Actor,
    at: datetime,
) -> Term:
    """Give a member the term that the order `source` paid for, from when the rules say.

    A pack of visits begins on the day of payment, whatever else the member has (rules C6).

    paid_on -- the local date on which the money came
    Raises RuleRefused when it would overlap another one of the product.
    Source: rules T1-T5, T8; mission S0.10.
    """
    period = dates.parse_period(plan.term)
    season = season_of(plan.season, plan.term) if plan.season else None
    if plan.visits is not None:
        grant = rules.grant_span([], paid_on, period, grace_days=0)
    else:
        existing = term_queries.terms_to_change(session, member_id, plan.product)
        held = term_queries.held(session, existing, dates.zone(organisation(session).zone))
        grace = policy_number(session, "grace_days")
        grant = rules.grant_span(held, paid_on, period, grace, season)
        rules.refuse_overlap([term.span for term in held], grant.span)

    term = Term(
        id=counters.take_one(session, "term"),
        member_id=member_id,
        plan_version_id=plan.plan_version_id,
        tier_version_id=tier_version_id,
        product=plan.product,
        source=source,
        start_on=grant.span.start_on,
        end_on=grant.span.end_on,
        anchor_on=grant.anchor_on,
        visits=plan.visits,
        price_days=grant.span.days if season is None else season.span(grant.span.start_on).days,
        granted_at=at,
    )
    session.add(term)
    session.flush()
    note_term(session, "term.granted", term, by, at)
    return term


def block_cards(
    session: Session, member_ids: Sequence[int], reason: str, *, by: Actor, at: datetime
) -> list[str]:
    """Block the active cards of members and return their numbers."""
    cards = queries.active_cards_to_change(session, member_ids)
    for card in cards:
        _block(session, card, reason, by, at)
    return [card.number for card in cards]


def note_term(session: Session, event: str, term: Term, by: Actor, at: datetime) -> None:
    """Note what was done with a term, about its member."""
    note(
        session,
        event,
        member_number(term.member_id),
        by=by,
        at=at,
        order=term.source,
        start_on=term.start_on.isoformat(),
        end_on=term.end_on.isoformat(),
    )


def issue_cards(
    session: Session,
    member_ids: Sequence[int],
    *,
    handover: Handover,
    by: Actor,
    at: datetime,
    today: date,
    branch_id: int | None = None,
) -> list[CardAnswer]:
    """Issue a card to each member who may have one and say for each what came of it.

    branch_id -- whose cards they are; None is each member's own branch, else the clerk's, else
                 the head office's, so an organisation without branches issues cards as well
    A member who has an active card keeps it, so a batch may be run again.
    Source: rules C1-C3.
    """
    facts = queries.card_facts(session, member_ids, today)
    wishes = [_at_branch(facts.get(each), branch_id, by.branch_id) for each in member_ids]
    stocks = queries.blanks_to_change(session, [wish.branch_id for wish in wishes if wish])
    blanks = {each.branch_id: each.blanks for each in stocks.values()}
    outcomes = cards.card_outcomes(wishes, handover, blanks)

    served = [
        (wish.member_id, wish.branch_id)
        for wish, outcome in zip(wishes, outcomes, strict=True)
        if outcome is CardOutcome.ISSUED and wish
    ]
    _take_blanks(stocks, Counter(branch for _, branch in served))
    numbers = iter(_give_out(session, served, handover, by=by, at=at))
    return [
        _answer(member_id, outcome, facts.get(member_id), numbers, today)
        for member_id, outcome in zip(member_ids, outcomes, strict=True)
    ]


def _at_branch(facts: CardFacts | None, named: int | None, own: int | None) -> CardFacts | None:
    """Return the facts with the branch that was named, else the member's, else the clerk's own."""
    if facts is None:
        return None
    return replace(facts, branch_id=named or facts.branch_id or own or cards.HEAD_OFFICE)


def _take_blanks(stocks: dict[int, CardStock], used: Counter[int]) -> None:
    for branch_id, stock in stocks.items():
        stock.blanks = cards.blanks_after(stock.blanks, -used[branch_id])


def _give_out(
    session: Session,
    served: Sequence[tuple[int, int]],
    handover: Handover,
    *,
    by: Actor,
    at: datetime,
) -> list[str]:
    """Write one active card for each (member id, branch id) and return their numbers."""
    serials = {
        branch_id: iter(counters.take(session, f"card:{branch_id}", count))
        for branch_id, count in sorted(Counter(branch for _, branch in served).items())
    }
    prefix = policy(session, "card_prefix")
    numbers = [card_number(prefix, branch, next(serials[branch])) for _, branch in served]
    ids = counters.take(session, "card", len(served))
    shared = (CardKind.MEMBERSHIP, CardState.ACTIVE, handover, at, by.staff_id, 1)
    rows = [
        (id_, number, member_id, *shared)
        for id_, number, (member_id, _) in zip(ids, numbers, served, strict=True)
    ]
    if rows:
        insert_rows(session, Card, CARD_COLUMNS, rows)
    note_many(
        session,
        "card.issued",
        [
            (number, {"member": member_number(row[2])})
            for number, row in zip(numbers, rows, strict=True)
        ],
        by=by,
        at=at,
    )
    return numbers


def _answer(
    member_id: int,
    outcome: CardOutcome,
    facts: CardFacts | None,
    numbers: Iterator[str],
    today: date,
) -> CardAnswer:
    member = member_number(member_id)
    if outcome is CardOutcome.ISSUED:
        card = CardIssued(next(numbers), member, CardState.ACTIVE, today)
        return CardAnswer(member, outcome, card)
    if facts is not None and facts.gone is not None:
        return CardAnswer(member, outcome, refusal=facts.gone)
    known = facts.card[0] if facts and facts.card else None
    return CardAnswer(member, outcome, refusal=cards.card_refusal(outcome, member, known))


def replace_card(
    session: Session,
    number: str,
    *,
    handover: Handover,
    reason: str,
    by: Actor,
    at: datetime,
    today: date,
    seen: int | None = None,
) -> CardReplaced:
    """Give a member a new card with a new number in place of a lost or broken one.

    Raises RuleRefused when it was replaced before, when no term is paid for or no blank is left.
    Source: rules C1, C2.
    """
    old = queries.card_to_change(session, number)
    _refuse_changed(old, seen)
    state = step(rules.CARD_STEPS, old.state, "replace", f"card {old.number}")
    member = member_number(old.member_id)
    refuse_gone(session, old.member_id)
    if not queries.is_entitled(session, old.member_id, today):
        raise cards.card_refusal(CardOutcome.NOT_PAID, member, old.number)
    if expelled_among(session, [old.member_id], today):
        raise cards.card_refusal(CardOutcome.EXPELLED, member, old.number)
    others = [c for c in queries.active_cards_to_change(session, [old.member_id]) if c.id != old.id]
    if others:
        raise cards.card_refusal(CardOutcome.ALREADY, member, others[0].number)
    branch_id = _branch_of(old.number)
    stocks = queries.blanks_to_change(session, [branch_id])
    if branch_id in stocks and stocks[branch_id].blanks == 0:
        raise cards.card_refusal(CardOutcome.NO_BLANKS, member, old.number)

    _take_blanks(stocks, Counter([branch_id]))
    _end(old, state, reason, at)
    (new,) = _give_out(session, [(old.member_id, branch_id)], handover, by=by, at=at)
    old.replaced_by = queries.find_card(session, new).id
    note(session, "card.replaced", old.number, by=by, at=at, member=member, new=new)
    return CardReplaced(new, member, CardState.ACTIVE, today, old.number)


def block_card(
    session: Session,
    number: str,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    seen: int | None = None,
) -> CardBlocked:
    """Make a card open nothing from now on. Source: rules C2."""
    card = queries.card_to_change(session, number)
    _refuse_changed(card, seen)
    _block(session, card, reason, by, at)
    return CardBlocked(card.number, member_number(card.member_id), card.state)


def _block(session: Session, card: Card, reason: str, by: Actor, at: datetime) -> None:
    state = step(rules.CARD_STEPS, card.state, "block", f"card {card.number}")
    _end(card, state, reason, at)
    member = member_number(card.member_id)
    note(session, "card.blocked", card.number, by=by, at=at, member=member)


def _end(card: Card, state: CardState, reason: str, at: datetime) -> None:
    card.state = state
    # A card that was blocked first is replaced later: both are why it ended.
    card.ended_because = f"{card.ended_because}; {reason}" if card.ended_because else reason
    card.ended_at = card.ended_at or at
    card.version += 1


def _branch_of(number: str) -> int:
    """Return the branch whose number a card carries: two digits of prefix, four of branch."""
    return int(number[2:6])


def _refuse_changed(card: Card, seen: int | None) -> None:
    if seen is not None and seen != card.version:
        raise Conflict(f"changed since you read it (v{seen}, now v{card.version})")


def count_stock(
    session: Session,
    branch_id: int,
    code: str,
    *,
    add: int | None,
    counted: int | None,
    by: Actor,
    at: datetime,
) -> StockCounted:
    """Add blank cards to a branch's stock, or set it to what was counted; it is counted from then.

    add -- may be negative for spoilt cards; exactly one of add and counted is given
    Raises RuleRefused when fewer would be left than none. Source: rules C3.
    """
    assert (add is None) != (counted is None)
    stock = queries.blanks_to_change(session, [branch_id]).get(branch_id)
    before = 0 if stock is None else stock.blanks
    after = counted if counted is not None else cards.blanks_after(before, add or 0)
    if after < 0:
        raise RuleRefused("a stock of blank cards cannot be negative")
    if stock is None:
        session.add(CardStock(branch_id=branch_id, blanks=after))
    else:
        stock.blanks = after
    session.flush()
    note(session, "card.stock", code, by=by, at=at, before=before, after=after)
    return StockCounted(code, after)
