"""Reminders are queued: a set of terms in, a set of messages out, in a few statements.

Which reminders there are is a set difference, so a run may be missed or repeated: what is in the
outbox by its own UNIQUE(member, purpose, cause, channel) is not queued again. Members are reminded
by the ways that they had when a step was first queued.
Source: rules N1-N3; performance.md C.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from memberctl.core.schedules import Offset, parse_offsets
from memberctl.message.rules import Channel, category_of
from memberctl.office.queries import policy, policy_number
from memberctl.renewal.reminders import OpenEnds, RemindersRun, open_ends
from memberctl.store.audit import note
from memberctl.store.columns import instant_text
from memberctl.store.counters import take

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor

SPEECH = {
    # What the two engines say differently: a date as a value and as text, a quoted JSON string,
    # how many days after its first a term has its last.
    "sqlite": {
        "day": ":{}",
        "iso": "t.end_on",
        "json": "json_quote(v.name)",
        "at": ":at",
        "length": "julianday(s.end_on) - julianday(s.start_on)",
    },
    "postgresql": {
        "day": "CAST(:{} AS date)",
        "iso": "to_char(t.end_on, 'YYYY-MM-DD')",
        "json": "CAST(to_json(v.name) AS text)",
        "at": "CAST(:at AS timestamptz)",
        "length": "s.end_on - s.start_on",
    },
}
STEP = """
    SELECT CAST(:key{n} AS text) AS step, CAST(:purpose{n} AS text) AS purpose,
        CAST(:category{n} AS text) AS category, {first} AS first_on, {last} AS last_on,
        CAST(:days{n} AS integer) AS days
"""
WAYS = """
    SELECT 'email' AS channel UNION ALL SELECT 'sms' UNION ALL SELECT 'call'
"""
DUE = """
    WITH due AS MATERIALIZED (
        SELECT t.id, t.member_id, t.product, t.end_on, t.plan_version_id, s.purpose, s.category,
            s.first_on, s.days, 'T-' || t.id || '/' || s.step AS cause
        FROM ({steps}) s JOIN term t ON t.end_on BETWEEN s.first_on AND s.last_on
            AND t.voided_at IS NULL)
"""
ITS_MESSAGE = "o.member_id = t.member_id AND o.purpose = t.purpose AND o.cause = t.cause"
# Who is reached how: by the ways of the policy, and by telephone where there is none of them or
# where everything that was tried has failed (N3).
REACHED = """
    CASE w.channel WHEN 'email' THEN m.email IS NOT NULL AND :email
        WHEN 'sms' THEN m.phone IS NOT NULL AND :sms AND NOT (:first AND m.email IS NOT NULL)
        ELSE NOT (m.email IS NOT NULL AND :email OR m.phone IS NOT NULL AND :sms)
            OR EXISTS (SELECT 1 FROM outbox o WHERE {its_message} AND o.state = 'failed') END
"""
# Members are looked up only where a step is not done: a second run looks at none of them.
OPEN = """
    FROM due t JOIN member m ON m.id = t.member_id JOIN plan_version v ON v.id = t.plan_version_id
    CROSS JOIN ({ways}) w
    WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE {its_message}
            AND o.state NOT IN ('suppressed', 'failed'))
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE {its_message}
            AND o.channel = w.channel AND o.state = 'failed')
        AND ({reached})
"""
# As renewal.reminders.is_within has it. The index of ends does not hold the first day, so it is
# looked up only where a step is not done.
SHORT = """
    EXISTS (SELECT 1 FROM term s WHERE s.id = t.id AND {length} <= t.days)
"""
RENEWED = """
    EXISTS (SELECT 1 FROM term n WHERE n.member_id = t.member_id AND n.product = t.product
        AND n.voided_at IS NULL AND n.end_on > t.end_on)
"""
FROZEN = """
    EXISTS (SELECT 1 FROM term_change c WHERE c.term_id = t.id AND c.kind = 'frozen'
        AND c.from_on <= {today} AND c.until_on >= {today}
        AND NOT EXISTS (SELECT 1 FROM term_change r WHERE r.term_id = t.id AND r.follows = c.id
            AND r.kind = 'resumed'
            AND (r.until_on IS NULL OR r.until_on < {today})))
"""
ENDED = """
    EXISTS (SELECT 1 FROM term_change c WHERE c.term_id = t.id
        AND c.kind IN ('cancelled', 'refunded', 'transferred', 'switched')
        AND NOT EXISTS (SELECT 1 FROM term_change r WHERE r.term_id = t.id AND r.follows = c.id
            AND r.kind = 'restored'))
"""
EXPELLED = """
    EXISTS (SELECT 1 FROM member_hold h WHERE h.member_id = t.member_id AND h.kind = 'expulsion'
        AND h.from_on <= {today} AND h.lifted_at IS NULL)
"""
ERASED = "m.erased_at IS NOT NULL"
OPTED_OUT = """
    EXISTS (SELECT 1 FROM opt_out p WHERE p.member_id = t.member_id AND p.ended_at IS NULL
        AND (p.category IN ('reminders', 'everything')
            OR p.category = 'marketing' AND t.category = 'marketing'))
"""
COUNT = """
    {due} SELECT became, COUNT(*) FROM (
        SELECT 'already' AS became FROM due t JOIN outbox o ON {its_message}
            AND o.state <> 'suppressed'
        UNION ALL
        SELECT CASE WHEN {unwanted} THEN 'suppressed' ELSE 'new' END {open}) found
    GROUP BY became
"""
QUEUE = """
    INSERT INTO outbox (id, member_id, purpose, category, cause, channel, language, facts, state,
        created_at)
    {due} SELECT :base + ROW_NUMBER() OVER (ORDER BY t.id, t.first_on, w.channel), t.member_id,
        t.purpose, t.category, t.cause, w.channel, m.language,
        '{{"end_on": "' || {iso} || '", "plan": ' || {json} || '}}', 'queued', {at}
    {open} AND NOT ({unwanted})
    ON CONFLICT (member_id, purpose, cause, channel) DO UPDATE
    SET state = 'queued', reason = '', facts = excluded.facts, due_at = NULL
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the organisation has decided about reminders.

    email, sms -- the ways that are used; first -- SMS only where there is no e-mail
    """

    steps: tuple[Offset, ...]
    window_days: int
    email: bool
    sms: bool
    first: bool


def reminder_plan(session: Session) -> Plan:
    """Return the policies about reminders."""
    ways = policy(session, "reminder_channels")
    return Plan(
        steps=parse_offsets(policy(session, "reminder_steps")),
        window_days=policy_number(session, "reminder_window_days"),
        email=ways != "sms",
        sms=ways != "email",
        first=ways == "first",
    )


def queue_reminders(session: Session, *, today: date, by: Actor, at: datetime) -> RemindersRun:
    """Queue every reminder that is due and not there yet, each once for ever.

    The same statements for one term and for a million. Source: rules N1, N2.
    """
    plan = reminder_plan(session)
    ends = open_ends(plan.steps, today, plan.window_days)
    speech, values = _spoken(session, plan, ends, today)
    connection = session.connection()
    counted = connection.execute(text(COUNT.format(**speech)), values)
    counts = {str(became): int(count) for became, count in counted}
    new = counts.get("new", 0)
    if new:
        _insert(session, speech, values, new, at)
        note(session, "reminder.queued", today.isoformat(), by=by, at=at, count=new)
    already, suppressed = counts.get("already", 0), counts.get("suppressed", 0)
    return RemindersRun(new + already + suppressed, new, already, suppressed)


def _insert(
    session: Session, speech: dict[str, str], values: dict[str, Any], new: int, at: datetime
) -> None:
    """Insert the new ones; one that was suppressed for a reason that has gone is queued again."""
    numbers = take(session, "outbox", new)
    queue = QUEUE.format(**speech)
    sqlite = session.connection().dialect.name == "sqlite"
    done = session.connection().execute(
        text(queue), {**values, "base": numbers[0] - 1, "at": instant_text(at) if sqlite else at}
    )
    assert done.rowcount == new, "what was counted is what is queued"


def _spoken(
    session: Session, plan: Plan, ends: Sequence[OpenEnds], today: date
) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the parts of the statements in this engine's words, and the values they name."""
    own = SPEECH[session.connection().dialect.name]
    sqlite = session.connection().dialect.name == "sqlite"

    def day(value: date) -> str | date:
        return value.isoformat() if sqlite else value

    values: dict[str, Any] = {
        "today": day(today), "email": plan.email, "sms": plan.sms, "first": plan.first,
    }  # fmt: skip
    steps = []
    for n, each in enumerate(ends):
        values |= {
            f"key{n}": each.step.key, f"purpose{n}": each.purpose.value,
            f"category{n}": category_of(each.purpose).value,
            f"first{n}": day(each.first), f"last{n}": day(each.last), f"days{n}": each.days,
        }  # fmt: skip
        steps.append(
            STEP.format(
                n=n, first=own["day"].format(f"first{n}"), last=own["day"].format(f"last{n}")
            )
        )
    on = own["day"].format("today")
    reasons = [SHORT, RENEWED, ENDED, FROZEN, EXPELLED, ERASED, OPTED_OUT]
    unwanted = " OR ".join(reasons).format(today=on, length=own["length"])
    reached = REACHED.format(its_message=ITS_MESSAGE)
    return {
        **own,
        "its_message": ITS_MESSAGE,
        "due": DUE.format(steps=" UNION ALL ".join(steps)),
        "open": OPEN.format(its_message=ITS_MESSAGE, ways=WAYS, reached=reached),
        "unwanted": unwanted,
    }, values


def channels_of(plan: Plan, *, has_email: bool, has_phone: bool) -> tuple[Channel, ...]:
    """Return the ways in which somebody is reminded, as the statements choose them."""
    found = []
    if plan.email and has_email:
        found.append(Channel.EMAIL)
    if plan.sms and has_phone and not (plan.first and has_email):
        found.append(Channel.SMS)
    return tuple(found) or (Channel.CALL,)
