"""What must always be true of messages: each has its cause, and went out if that was noted.

The table's own keys and CHECKs say the rest: one row for each member, purpose, cause and channel,
a lease while it is being sent, an instant when it was.
Source: reliability.md R10, "Invariants"; rules N1-N3, M14.
"""

from __future__ import annotations

from memberctl.message.queries import number
from memberctl.report.rules import Invariant

# As message.queries.number makes it, in the words of both engines.
NUMBER = """(CASE WHEN b.id > 999999 THEN 'MS-' || b.id
    ELSE 'MS-' || SUBSTR('00000' || b.id, LENGTH('00000' || b.id) - 5) END)"""
SENT = """(event = 'message.sent' OR event = 'message.settled' AND facts LIKE '%"sent"%')"""

MESSAGES = (
    Invariant(
        "outbox_member",
        """
        SELECT b.id, 'a member', 'none'
        FROM outbox b LEFT JOIN member m ON m.id = b.member_id WHERE m.id IS NULL
        """,
        number,
    ),
    Invariant(
        "message_erased",
        """
        SELECT b.id, 'nothing that waits for who was erased', b.state
        FROM outbox b JOIN member m ON m.id = b.member_id
        WHERE b.state IN ('queued', 'retry') AND m.erased_at IS NOT NULL
        """,
        number,
    ),
    Invariant(
        "message_retry",
        """
        SELECT id, 'when it is tried again', 'never' FROM outbox
        WHERE state = 'retry' AND due_at IS NULL
        """,
        number,
    ),
    Invariant(
        "message_handed",
        """
        SELECT id, 'handed over before it is sent', channel FROM outbox
        WHERE state = 'sent' AND channel IN ('email', 'sms') AND attempts = 0
        """,
        number,
    ),
    Invariant(
        "message_noted",
        f"""
        SELECT b.id, 'a note that it was sent', 'none' FROM outbox b
        WHERE b.state = 'sent'
            AND NOT EXISTS (SELECT 1 FROM audit WHERE object = {NUMBER} AND {SENT})
        UNION ALL
        SELECT b.id, 'sent, as was noted', b.state FROM outbox b
        WHERE b.state <> 'sent'
            AND EXISTS (SELECT 1 FROM audit WHERE object = {NUMBER} AND {SENT})
        """,  # noqa: S608 -- our own words.
        number,
    ),
    Invariant(
        "message_sent_once",
        f"""
        SELECT object, 'sent once', COUNT(*) FROM audit WHERE {SENT}
        GROUP BY object HAVING COUNT(*) > 1
        """,  # noqa: S608 -- our own words.
    ),
    Invariant(
        "reminder_term",
        """
        SELECT b.id, 'a term of its member', b.cause FROM outbox b
        WHERE b.purpose IN ('renewal_reminder', 'win_back') AND NOT EXISTS (
            SELECT 1 FROM term t
            WHERE t.member_id = b.member_id AND b.cause LIKE 'T-' || t.id || '/%')
        """,
        number,
    ),
    Invariant(
        "message_dunned",
        """
        SELECT b.id, 'an order that was asked for', b.cause FROM outbox b
        WHERE b.purpose = 'payment_reminder' AND NOT EXISTS (
            SELECT 1 FROM orders o JOIN dunning d ON d.order_id = o.id
            WHERE o.member_id = b.member_id AND b.cause = o.number || '/' || d.level)
        """,
        number,
    ),
    Invariant(
        "message_quoted",
        """
        SELECT b.id, 'a quote', b.cause FROM outbox b
        WHERE b.purpose = 'quote_sent' AND NOT EXISTS (
            SELECT 1 FROM orders o JOIN quote q ON q.order_id = o.id
            WHERE o.member_id = b.member_id AND b.cause = o.number || '/' || q.version)
        """,
        number,
    ),
    Invariant(
        "message_order",
        """
        SELECT b.id, 'an order', b.cause FROM outbox b LEFT JOIN orders o ON o.number = b.cause
        WHERE b.purpose IN ('order_confirmed', 'order_forfeited') AND o.id IS NULL
        """,
        number,
    ),
)
