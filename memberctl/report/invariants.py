"""What must always be true of a store, each rule as one query that finds what breaks it.

A query answers rows of (object, expected, found). It runs unchanged on both engines, and its
object is the number that people know, or an id from which `naming` makes that number. What must
be true of money is the ledger's own list, payment.checking.
Source: reliability.md "Invariants".
"""

from __future__ import annotations

from memberctl.bank.rules import line_number
from memberctl.core.numbering import member_number, visit_number
from memberctl.report.outbox import MESSAGES
from memberctl.report.rules import Invariant

ORDERS = (
    Invariant(
        "order_total",
        """
        SELECT o.number, o.total_minor, COALESCE(SUM(l.amount_minor), 0)
        FROM orders o LEFT JOIN order_line l ON l.order_id = o.id
        GROUP BY o.id, o.number, o.total_minor
        HAVING o.total_minor <> COALESCE(SUM(l.amount_minor), 0)
        """,
    ),
    Invariant(
        "quote_total",
        """
        SELECT MIN(o.number), q.total_minor, COALESCE(SUM(l.amount_minor), 0)
        FROM quote q JOIN orders o ON o.id = q.order_id LEFT JOIN quote_line l ON l.quote_id = q.id
        GROUP BY q.id, q.total_minor
        HAVING q.total_minor <> COALESCE(SUM(l.amount_minor), 0)
        """,
    ),
    Invariant(
        "quote_open_once",
        """
        SELECT MIN(o.number), 'at most 1 open quote', COUNT(*)
        FROM quote q JOIN orders o ON o.id = q.order_id
        WHERE q.state IN ('sent', 'accepted') GROUP BY q.order_id HAVING COUNT(*) > 1
        """,
    ),
    Invariant(
        "order_filed_by_hand",
        """
        SELECT o.number, 'the hand that filed it', 'none'
        FROM orders o LEFT JOIN order_hand h ON h.order_id = o.id AND h.part = 'filing'
        WHERE h.id IS NULL
        """,
    ),
)

REVIEWS = (
    Invariant(
        "review_complete",
        """
        SELECT o.number, 'stage ' || s.stage || ' approved', o.state
        FROM orders o JOIN review_stage s ON s.kind = o.kind
        LEFT JOIN review_decision d ON d.order_id = o.id AND d.stage = s.stage
            AND d.verdict = 'approve' AND d.fell_back_at IS NULL
        WHERE o.state IN ('confirmed', 'paid', 'fulfilled', 'closed') AND d.id IS NULL
        """,
    ),
    Invariant(
        "review_in_order",
        """
        SELECT o.number, 'stage ' || before.stage || ' first', 'stage ' || d.stage
        FROM review_decision d JOIN orders o ON o.id = d.order_id
        JOIN review_stage s ON s.kind = o.kind AND s.stage = d.stage
        JOIN review_stage before ON before.kind = s.kind AND before.position = s.position - 1
        LEFT JOIN review_decision e ON e.order_id = d.order_id AND e.stage = before.stage
            AND e.verdict = 'approve' AND e.id < d.id
        WHERE e.id IS NULL
        """,
    ),
    Invariant(
        "review_four_eyes",
        """
        SELECT MIN(o.number), 'one part per person', COUNT(*)
        FROM (
            SELECT order_id, decided_by AS person FROM review_decision
            WHERE verdict = 'approve' AND fell_back_at IS NULL AND override_by IS NULL
            UNION ALL SELECT id, filed_by FROM orders
        ) part JOIN orders o ON o.id = part.order_id
        GROUP BY part.order_id, part.person HAVING COUNT(*) > 1
        """,
    ),
)

ACCESS = (
    Invariant(
        "term_overlap",
        """
        SELECT member_id, 'after ' || before, start_on FROM (
            SELECT member_id, start_on, MAX(end_on) OVER (
                PARTITION BY member_id, product ORDER BY start_on, id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
            FROM term WHERE voided_at IS NULL AND merge_id IS NULL AND visits IS NULL) spans
        WHERE start_on <= before
        """,
        member_number,
    ),
    Invariant(
        "term_changes",
        """
        SELECT t.member_id, 'to ' || c.end_after, 'to ' || t.end_on
        FROM term t JOIN term_change c ON c.term_id = t.id
        WHERE c.id = (SELECT MAX(id) FROM term_change WHERE term_id = t.id)
            AND (c.start_after <> t.start_on OR c.end_after <> t.end_on)
        """,
        member_number,
    ),
    Invariant(
        "term_change_chain",
        """
        SELECT member_id, 'from what it was, ' || was, 'from ' || end_before FROM (
            SELECT t.member_id, c.start_before, c.end_before,
                LAG(c.start_after) OVER (PARTITION BY c.term_id ORDER BY c.id) AS began,
                LAG(c.end_after) OVER (PARTITION BY c.term_id ORDER BY c.id) AS was
            FROM term_change c JOIN term t ON t.id = c.term_id) links
        WHERE end_before <> was OR start_before <> began
        """,
        member_number,
    ),
    Invariant(
        "term_paid",
        """
        SELECT t.member_id, 'a paid order', COALESCE(o.state, 'no order ' || t.source)
        FROM term t LEFT JOIN orders o ON o.number = t.source
        WHERE t.voided_at IS NULL
            AND (o.id IS NULL OR o.state NOT IN ('paid', 'fulfilled', 'closed'))
        """,
        member_number,
    ),
    Invariant(
        "order_term",
        """
        SELECT o.number, 'a term', 'none'
        FROM orders o LEFT JOIN term t ON t.source = o.number AND t.voided_at IS NULL
        WHERE o.state = 'fulfilled' AND o.kind IN ('join', 'renewal') AND t.id IS NULL
            AND NOT EXISTS (SELECT 1 FROM refund r
                WHERE r.order_id = o.id AND r.state IN ('paid', 'failed'))
        """,
    ),
    Invariant(
        "card_one_active",
        """
        SELECT member_id, 'at most 1 active card', COUNT(*)
        FROM card WHERE state = 'active' GROUP BY member_id, kind HAVING COUNT(*) > 1
        """,
        member_number,
    ),
    Invariant(
        "card_ended",
        """
        SELECT number, 'an end unless active', state
        FROM card WHERE (state = 'active') <> (ended_at IS NULL)
        """,
    ),
    Invariant(
        "card_entitled",
        """
        SELECT c.number, 'a term that was paid for', 'none'
        FROM card c LEFT JOIN term t ON t.member_id = c.member_id AND t.voided_at IS NULL
        WHERE c.state = 'active' AND t.id IS NULL
        """,
    ),
)

VISITS = (
    Invariant(
        "pack_used",
        """
        SELECT t.member_id, 'at most ' || t.visits || ' visits', COUNT(*)
        FROM term t JOIN visit v ON v.term_id = t.id AND v.undone_at IS NULL
        WHERE t.visits IS NOT NULL GROUP BY t.id, t.member_id, t.visits HAVING COUNT(*) > t.visits
        """,
        member_number,
    ),
    Invariant(
        "visit_card",
        """
        SELECT v.id, 'an active card', 'one that ended before'
        FROM visit v JOIN card c ON c.id = v.card_id
        WHERE v.undone_at IS NULL AND c.ended_at < v.visited_at
        """,
        visit_number,
    ),
    Invariant(
        "visit_holder",
        """
        SELECT v.id, 'the holder of the card', 'another member'
        FROM visit v JOIN card c ON c.id = v.card_id WHERE c.member_id <> v.member_id
        """,
        visit_number,
    ),
    Invariant(
        "visit_term",
        """
        SELECT id, start_on || ' to ' || end_then, visited_on FROM (
            SELECT v.id, v.visited_on, v.visited_at, t.start_on, t.voided_at, COALESCE(
                (SELECT c.end_before FROM term_change c
                    WHERE c.term_id = t.id AND c.recorded_at > v.visited_at ORDER BY c.id LIMIT 1),
                t.end_on) AS end_then
            FROM visit v JOIN term t ON t.id = v.term_id
            WHERE v.ground = 'term' AND v.undone_at IS NULL) visits
        WHERE visited_on < start_on OR visited_on > end_then OR voided_at <= visited_at
        """,
        visit_number,
    ),
    Invariant(
        "visit_frozen",
        """
        SELECT v.id, 'a term that is not frozen', 'frozen from ' || c.from_on
        FROM visit v JOIN term_change c ON c.term_id = v.term_id AND c.kind = 'frozen'
            AND v.visited_on BETWEEN c.from_on AND c.until_on AND c.recorded_at <= v.visited_at
        LEFT JOIN term_change r ON r.follows = c.id AND r.kind = 'resumed'
        WHERE v.ground = 'term' AND v.undone_at IS NULL
            AND (r.id IS NULL OR v.visited_on BETWEEN r.from_on AND r.until_on)
        """,
        visit_number,
    ),
    Invariant(
        "visit_noted",
        """
        SELECT 'visits', made, noted FROM (
            SELECT (SELECT COUNT(*) FROM visit) AS made,
                (SELECT COUNT(*) FROM audit
                    WHERE event IN ('visit.recorded', 'visit.forced')) AS noted) counted
        WHERE made <> noted
        """,
    ),
)

TRACES = (
    Invariant(
        "repeat_answered",
        """
        SELECT command, 'an answer to repeat', 'none' FROM repeat WHERE result IS NULL
        """,
    ),
    Invariant(
        "entry_about",
        """
        SELECT 'entry ' || e.id, 'an order', e.about
        FROM ledger_entry e LEFT JOIN orders o ON o.number = e.about
        WHERE o.id IS NULL
            AND e.event NOT IN ('credit.merged', 'credit.unmerged', 'bank.fee', 'till.counted',
                'credit.set_aside', 'credit.given_back', 'credit.paid_out', 'credit.given_up')
        """,
    ),
    Invariant(
        "order_noted",
        """
        SELECT o.number, 'a link of the audit log', 'none'
        FROM orders o LEFT JOIN audit a ON a.object = o.number WHERE a.seq IS NULL
        """,
    ),
    Invariant(
        "payment_noted",
        """
        SELECT 'payments', made, noted FROM (
            SELECT (SELECT COUNT(*) FROM payment) AS made,
                (SELECT COUNT(*) FROM audit WHERE event = 'payment.recorded') AS noted) counted
        WHERE made <> noted
        """,
    ),
)

PEOPLE = (
    Invariant(
        "merged_by_merge",
        """
        SELECT m.id, 'a merge into ' || m.merged_into, 'none'
        FROM member m LEFT JOIN member_merge g ON g.merged_id = m.id AND g.undone_at IS NULL
        WHERE (m.merged_into IS NULL) <> (g.id IS NULL)
        """,
        member_number,
    ),
    Invariant(
        "merged_has_nothing",
        """
        SELECT m.id, 'nothing of its own', 'an order, term or card'
        FROM member m WHERE m.merged_into IS NOT NULL AND (
            EXISTS (SELECT 1 FROM orders o WHERE o.member_id = m.id)
            OR EXISTS (SELECT 1 FROM term t WHERE t.member_id = m.id)
            OR EXISTS (SELECT 1 FROM card c WHERE c.member_id = m.id))
        """,
        member_number,
    ),
    Invariant(
        "erased_clean",
        """
        SELECT m.id, 'nothing personal', 'a name, contact data, a key or a document'
        FROM member m WHERE m.erased_at IS NOT NULL AND (
            m.name <> 'erased' OR m.name_key <> 'erased' OR m.phone IS NOT NULL
            OR m.email IS NOT NULL OR m.address IS NOT NULL OR m.birth_on IS NOT NULL
            OR m.wrapped_key IS NOT NULL
            OR EXISTS (SELECT 1 FROM identity_document d WHERE d.member_id = m.id))
        """,
        member_number,
    ),
    Invariant(
        "erased_by_erasure",
        """
        SELECT m.id, 'an erasure', 'none'
        FROM member m LEFT JOIN erasure e ON e.member_id = COALESCE(m.merged_into, m.id)
        WHERE m.erased_at IS NOT NULL AND e.id IS NULL
        """,
        member_number,
    ),
    Invariant(
        "overlap_by_merge",
        """
        SELECT t.member_id, 'a merge that holds', 'MG ' || t.merge_id
        FROM term t JOIN member_merge g ON g.id = t.merge_id WHERE g.undone_at IS NOT NULL
        """,
        member_number,
    ),
)

BANK = (
    Invariant(
        "bank_line_read",
        """
        SELECT l.id, 'a row as it was read', 'none'
        FROM bank_line l LEFT JOIN bank_reading r ON r.line_id = l.id WHERE r.id IS NULL
        """,
        line_number,
    ),
    Invariant(
        "bank_payment",
        """
        SELECT l.id, l.amount_minor || ' ' || l.currency || ' by ' || a.method,
            p.amount_minor || ' ' || p.currency || ' by ' || p.method
        FROM bank_line l JOIN bank_account a ON a.id = l.account_id
        JOIN payment p ON p.id = l.payment_id
        WHERE p.amount_minor <> l.amount_minor OR p.currency <> l.currency
            OR p.method <> a.method OR p.entry_id <> l.entry_id
        """,
        line_number,
    ),
    Invariant(
        "bank_entry",
        """
        SELECT l.id, l.amount_minor, COALESCE(SUM(g.amount_minor), 0)
        FROM bank_line l JOIN bank_account a ON a.id = l.account_id
        LEFT JOIN posting g ON g.entry_id = l.entry_id AND g.account = a.method
        WHERE l.entry_id IS NOT NULL
        GROUP BY l.id, l.amount_minor HAVING l.amount_minor <> COALESCE(SUM(g.amount_minor), 0)
        """,
        line_number,
    ),
    Invariant(
        "bank_fee",
        """
        SELECT 'entry ' || e.id, 'a line of a statement', 'none'
        FROM ledger_entry e LEFT JOIN bank_line l ON l.entry_id = e.id
        WHERE e.event = 'bank.fee' AND l.id IS NULL
        """,
    ),
)

INVARIANTS = (*PEOPLE, *ORDERS, *REVIEWS, *ACCESS, *VISITS, *MESSAGES, *TRACES, *BANK)
