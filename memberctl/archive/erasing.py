"""A person is erased: their key is destroyed, what names them is cleared, the books stay.

What was sealed can never be opened again, wherever a copy of it lies. What is left goes under the
member's number, which names nobody any more. Done in one transaction; `Store.sweep` then sees to
it that nothing is left in the file's free places and its log.
Source: rules G3; reliability.md R21; bad inputs 90; mission S1.14.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, case, delete, func, update
from sqlalchemy import select as columns
from sqlmodel import col, select

from memberctl.access.operations import block_cards
from memberctl.access.tables import Term
from memberctl.archive.personal import DELETED, ERASED, PERSONAL, WHERE_SAID
from memberctl.archive.pointing import Key
from memberctl.archive.walking import Belongings, belongings, numbers_of, with_merged
from memberctl.core.actor import Actor
from memberctl.core.errors import Invalid, RuleRefused
from memberctl.core.money import Money
from memberctl.core.numbering import member_number, parse_member_number
from memberctl.ledger.rules import Account
from memberctl.ledger.tables import LedgerEntry, Posting
from memberctl.member.queries import member_to_change
from memberctl.member.tables import Erasure, Member
from memberctl.message.rules import MessageState
from memberctl.message.tables import OutboxMessage
from memberctl.office.queries import policy_number
from memberctl.order.rules import OrderState
from memberctl.order.tables import Order
from memberctl.payment import credit_queries
from memberctl.payment.credit_queries import UNPAID
from memberctl.payment.credit_tables import CreditRequest
from memberctl.refund import queries as refund_queries
from memberctl.refund.rules import WAITING
from memberctl.refund.tables import Refund
from memberctl.store.among import among
from memberctl.store.audit import note
from memberctl.store.bulk import insert_rows
from memberctl.store.counters import take
from memberctl.store.tables import Repeat

if TYPE_CHECKING:
    from sqlmodel import Session

UNDER_WAY = (
    OrderState.SUBMITTED, OrderState.IN_REVIEW, OrderState.RETURNED, OrderState.CONFIRMED,
)  # fmt: skip
DAYS_A_YEAR = 366
MEMBER_NUMBER = re.compile(r"M-[0-9]{6,}")
FORGOTTEN = json.dumps({"data": {}, "exit": 0, "line": "Done; the member is erased since."})
ERASURE_COLUMNS = ("id", "member_id", "reason", "erased_at", "erased_by")
_WAITING = (MessageState.QUEUED, MessageState.RETRY)
_OWED = {Account.MEMBER_CREDIT.value: "credit", Account.RECEIVABLE.value: "a debt"}


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays of an erased member, under their number. until -- None while a law says nothing"""

    what: str
    rows: int
    why: str
    until: date | None


@dataclass(frozen=True, slots=True)
class MemberErased:
    """What an erasure came to. already -- it had been done before.

    open -- what was still open, and was passed over by force
    """

    number: str
    erased_at: datetime
    cleared: int
    open: tuple[str, ...]
    kept: tuple[Kept, ...]
    already: bool


def erase_member(
    session: Session,
    member_id: int,
    *,
    reason: str,
    force: bool,
    by: Actor,
    at: datetime,
    today: date,
) -> MemberErased:
    """Erase a member, and the numbers that were merged into them; a second time changes nothing.

    force -- although something is open, such as a term that runs
    Raises RuleRefused with what is open, Invalid for a reason that names the member: it is kept.
    Source: rules G3.
    """
    member = member_to_change(session, member_id, even_gone=True)
    owned = belongings(session, numbers_of(session, member_id))
    kept = _kept(session, owned, today)
    number = member_number(member_id)
    if member.erased_at is not None:
        return MemberErased(number, member.erased_at, 0, (), kept, already=True)
    _refuse_named(reason, member)
    open_ = still_open(session, owned, today)
    _refuse_open(number, open_, force=force)
    cleared = write_erasures(session, [member_id], reason, by=by, at=at)
    note(
        session, "member.erased", number, by=by, at=at,
        cleared=cleared, open=list(open_),
    )  # fmt: skip
    session.flush()
    return MemberErased(number, at, cleared, open_, kept, already=False)


def erase_again(session: Session, numbers: Iterable[str], *, by: Actor, at: datetime) -> list[str]:
    """Erase whom a restored backup knows again; return their numbers.

    numbers -- those that were ever erased; who is erased already, or is not in the backup, is
               passed over
    Source: reliability.md R21; rules G3.
    """
    done: list[str] = []
    for number in numbers:
        member = session.get(Member, parse_member_number(number))
        if member is None or member.erased_at is not None:
            continue
        cleared = write_erasures(session, [member.id], "erased before the restore", by=by, at=at)
        note(session, "member.erased_again", number, by=by, at=at, cleared=cleared)
        done.append(number)
    session.flush()
    return done


def write_erasures(
    session: Session, member_ids: Sequence[int], reason: str, *, by: Actor, at: datetime
) -> int:
    """Record that members are erased and clear everything; return how many rows it was.

    A card that nobody is known to hold opens nothing any more.
    The number of statements does not grow with the members.
    """
    ids = take(session, "erasure", len(member_ids))
    rows = [
        (id_, member_id, reason, at, by.staff_id)
        for id_, member_id in zip(ids, member_ids, strict=True)
    ]
    insert_rows(session, Erasure, ERASURE_COLUMNS, rows)
    block_cards(session, member_ids, "erased", by=by, at=at)
    session.flush()
    owned = belongings(session, with_merged(session, member_ids))
    cleared = _clear(session, owned, at)
    session.expire_all()
    return cleared


def still_open(session: Session, owned: Belongings, today: date) -> tuple[str, ...]:
    """Return in words what a member still has or owes. Source: rules G3."""
    orders = _keys(owned, Order)
    said: list[str] = []
    for term in session.exec(
        select(Term).where(
            among(session, col(Term.id), _keys(owned, Term)),
            col(Term.voided_at).is_(None),
            Term.end_on >= today,
        )
    ):
        said.append(f"the term of {term.source} runs until {term.end_on}")
    found = session.exec(
        select(Order).where(among(session, col(Order.id), orders), col(Order.state).in_(UNDER_WAY))
    ).all()
    said += [f"{order.number} is {order.state}" for order in found]
    said += [f"{number} is not paid" for number in _unpaid(session, owned)]
    parties = [*_numbers(session, orders), *(member_number(key) for key in _keys(owned, Member))]
    said += [f"{party} has {what} of {money}" for party, what, money in _held(session, parties)]
    return tuple(said)


def _refuse_named(reason: str, member: Member) -> None:
    """The reason stays as the proof of the erasure, so it must not say whom it was about."""
    names = [each for each in (member.name, member.phone, member.email) if each]
    if any(name.casefold() in reason.casefold() for name in names):
        raise Invalid(
            "the reason names the member, and it is kept as the proof of the erasure",
            field="reason",
            rule="reason_names",
            hint="say how it was asked for and when, without names",
        )


def _refuse_open(number: str, open_: Sequence[str], *, force: bool) -> None:
    if open_ and not force:
        raise RuleRefused(
            f"cannot erase {number}: {'; '.join(open_)}",
            allowed=[],
            hint="settle it first, or --force by an owner; credit: memberctl credit payout",
        )


def _unpaid(session: Session, owned: Belongings) -> list[str]:
    """Return the refunds and the requests for credit that somebody still has to decide or pay."""
    refunds = columns(col(Refund.id)).where(
        among(session, col(Refund.id), _keys(owned, Refund)), col(Refund.state).in_(WAITING)
    )
    requests = columns(col(CreditRequest.id)).where(
        among(session, col(CreditRequest.id), _keys(owned, CreditRequest)), UNPAID
    )
    return [
        *(refund_queries.number(id_) for id_ in session.scalars(refunds)),
        *(credit_queries.number(id_) for id_ in session.scalars(requests)),
    ]


def _held(session: Session, parties: Sequence[str]) -> list[tuple[str, str, Money]]:
    """Return what is owed to or by a member: credit, and what orders still owe."""
    total = func.sum(Posting.amount_minor)
    rows = session.execute(
        columns(col(Posting.party), col(Posting.account), col(Posting.currency), total)
        .where(
            among(session, col(Posting.party), parties),
            col(Posting.account).in_(_OWED),
        )
        .group_by(col(Posting.party), col(Posting.account), col(Posting.currency))
        .having(total != 0)
        .order_by(col(Posting.party))
    )
    return [
        (party, _OWED[account], Money(abs(int(minor)), currency))
        for party, account, currency, minor in rows
    ]


def _numbers(session: Session, order_ids: Sequence[int]) -> list[str]:
    wanted = columns(col(Order.number)).where(among(session, col(Order.id), order_ids))
    return [number for (number,) in session.connection().execute(wanted)]


def _keys(owned: Belongings, table: Any) -> list[int]:
    return [key[0] for key in owned.get(table.__table__, ())]


def _clear(session: Session, owned: Belongings, at: datetime) -> int:
    """Overwrite what is personal in all that belongs to somebody; return how many rows it was."""
    count = sum(_clear_table(session, table, keys, at) for table, keys in owned.items())
    count += _silence_messages(session, owned)
    return count + _forget_answers(session, [member_number(key) for key in _keys(owned, Member)])


def _clear_table(session: Session, table: Table, keys: Sequence[Key], at: datetime) -> int:
    whose = among(session, next(iter(table.primary_key.columns)), sorted({key[0] for key in keys}))
    if table.name in DELETED:
        session.connection().execute(delete(table).where(whose))
        return len(keys)
    values: dict[str, Any] = dict(PERSONAL.get(table.name, {}))
    for name in WHERE_SAID.get(table.name, ()):
        said = table.c[name]
        values[name] = case((said.is_(None), None), (said == "", ""), else_=ERASED)
    if not values:
        return 0
    if table.name == Member.__tablename__:
        # Nobody may be out of reach and not erased, so both are one statement.
        values |= {"erased_at": at, "version": table.c.version + 1}
    session.connection().execute(update(table).where(whose).values(values))
    return len(keys)


def _silence_messages(session: Session, owned: Belongings) -> int:
    """Take the words of reviewers out of messages, and send none that still waits."""
    wanted = among(session, col(OutboxMessage.id), _keys(owned, OutboxMessage))
    rows = session.exec(select(OutboxMessage).where(wanted).with_for_update()).all()
    for message in rows:
        facts = json.loads(message.facts)
        if "reason" in facts:
            message.facts = json.dumps({**facts, "reason": ERASED}, sort_keys=True)
        if message.state in _WAITING:
            message.state, message.reason = MessageState.SUPPRESSED, ERASED
    session.flush()
    return len(rows)


def _forget_answers(session: Session, numbers: Collection[str]) -> int:
    """Empty the answers kept for repeats that show a member's record: they hold the name."""
    told = columns(col(Repeat.actor), col(Repeat.command), col(Repeat.key), col(Repeat.result))
    named = told.where(col(Repeat.result).contains('"name"', autoescape=True))
    wanted = set(numbers)
    found = [
        row for row in session.connection().execute(named)
        if wanted.intersection(MEMBER_NUMBER.findall(row.result))
    ]  # fmt: skip
    table = Repeat.__table__  # type: ignore[attr-defined]
    for row in found:
        whose = (table.c.actor == row.actor, table.c.command == row.command, table.c.key == row.key)
        session.connection().execute(update(table).where(*whose).values(result=FORGOTTEN))
    return len(found)


def _kept(session: Session, owned: Belongings, today: date) -> tuple[Kept, ...]:
    """Return what stays, why, and until when."""
    years = policy_number(session, "retention_money_years")
    counts: Mapping[str, int] = {table.name: len(keys) for table, keys in owned.items()}
    money_until = _years_after(_last_entry(session, owned) or today, years)
    law = ("orders", "order_line", "quote", "payment", "receipt", "refund", "consent")
    figures = ("term", "card", "visit", "outbox")
    found = [
        Kept(name, counts[name], "accounts, by law", money_until) for name in law if name in counts
    ]
    found += [
        Kept(name, counts[name], "figures, under the number alone", money_until)
        for name in figures if name in counts
    ]  # fmt: skip
    found += _kept_credit(session, owned)
    return (*found, Kept("audit", 0, "the chain of the audit log names numbers only", None))


def _kept_credit(session: Session, owned: Belongings) -> list[Kept]:
    """Return the credit that stays owed under a number, and from when it can be given up.

    Whoever comes with the number on a receipt is paid; a claim that nobody makes ends by M14.
    """
    days = timedelta(days=policy_number(session, "stale_credit_days"))
    parties = [member_number(key) for key in _keys(owned, Member)]
    found: list[Kept] = []
    for party, what, money in _held(session, parties):
        since = credit_queries.last_moved(session, party)
        until = None if since is None else since + days
        why = f"{money} of {party}; memberctl credit payout, afterwards memberctl credit stale"
        found.append(Kept(what, 1, why, until))
    return found


def _last_entry(session: Session, owned: Belongings) -> date | None:
    numbers = _numbers(session, _keys(owned, Order))
    return session.scalar(
        columns(func.max(col(LedgerEntry.value_on))).where(
            among(session, col(LedgerEntry.about), numbers)
        )
    )


def _years_after(on: date, years: int) -> date:
    return on + timedelta(days=DAYS_A_YEAR * years)


def numbers_to_erase(session: Session, member_id: int) -> list[str]:
    """Return the numbers that a restored backup has to erase with this member's."""
    return [member_number(each) for each in numbers_of(session, member_id)]


def erased_lines(done: MemberErased) -> list[str]:
    """Return in words what an erasure comes to."""
    said = [f"{done.number}: {done.cleared} rows are cleared, and the key is destroyed"]
    said += [f"  although {each}" for each in done.open]
    for kept in done.kept:
        until = f", until {kept.until}" if kept.until else ""
        count = f"{kept.rows} rows" if kept.rows else "all"
        said.append(f"  stays: {kept.what} ({count}): {kept.why}{until}")
    return said
