"""Who comes in: the checks of a scan, in their order, and what came of it.

Pure decisions; `visit_queries` asks for the facts and `scanning` writes what is decided.
Source: rules C4-C6, T1, T6.
"""

from __future__ import annotations

from enum import StrEnum


class VisitGround(StrEnum):
    """On what ground somebody came in. A forced visit may be without a term."""

    TERM = "term"
    GRACE = "grace"
    FORCED = "forced"


class Refusal(StrEnum):
    """Why somebody is not let in, in the order in which it is asked."""

    NUMBER = "number"
    CHECK_DIGIT = "check_digit"
    CARD_UNKNOWN = "card_unknown"
    CARD_BLOCKED = "card_blocked"
    CARD_REPLACED = "card_replaced"
    EXPELLED = "expelled"
    HELD = "held"
    NO_TERM = "no_term"
    TERM_FUTURE = "term_future"
    TERM_ENDED = "term_ended"
    GRACE = "grace"
    FROZEN = "frozen"
    BRANCH = "branch"
    HOURS = "hours"
    PACK_EMPTY = "pack_empty"
    CAPACITY = "capacity"
    DEBT = "debt"
