"""Terms and cards: what a member is entitled to, and with which credential.

Source: rules T1-T8, C1-C3.
"""

from __future__ import annotations

from enum import StrEnum


class CardState(StrEnum):
    """Whether a card opens anything."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    REPLACED = "replaced"


class CardKind(StrEnum):
    """What kind of credential it is; one active card per member and kind."""

    MEMBERSHIP = "membership"


class Handover(StrEnum):
    """How the card reaches the member."""

    COUNTER = "counter"
    POST = "post"
