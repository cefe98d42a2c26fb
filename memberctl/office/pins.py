"""PINs, with which people at a shared desk prove in whose name they act.

Kept as argon2id hashes. Five wrong ones within a quarter of an hour, and none is taken until the
first of them is that old.
Source: reliability.md "Who may do what, honestly" (policy `acting`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from memberctl.core.errors import Invalid, NotPermitted

SHORTEST, LONGEST = 6, 64
MOST_WRONG = 5
MEMORY = timedelta(minutes=15)
WRONG_PIN = "pin.wrong"
"""The event under which a wrong PIN stands in the audit log."""


class WrongPin(NotPermitted):
    """A PIN is missing, wrong, or not listened to for now. staff -- whose it should have been"""

    code = "pin"

    def __init__(self, message: str, *, staff: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.staff = staff


def checked_pin(text: str) -> str:
    """Return a new PIN, or refuse one that could be guessed or not be typed. Raises Invalid."""
    if not SHORTEST <= len(text) <= LONGEST or not text.isprintable() or text != text.strip():
        raise Invalid(
            f"a PIN has {SHORTEST} to {LONGEST} characters that can be typed, none blank at its"
            " ends",
            field="pin",
            rule="pin_form",
        )
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    if len(steps) == 1 and steps <= {-1, 0, 1}:
        raise Invalid(
            "the PIN is one character again and again, or a row such as 123456",
            field="pin",
            rule="pin_guessable",
        )
    return text


def pin_hash(pin: str) -> str:
    """Return the argon2id hash under which a PIN is kept."""
    from argon2 import PasswordHasher

    return PasswordHasher().hash(pin)


def pin_fits(kept: str, pin: str) -> bool:
    """Return whether a PIN is the one that was hashed; that takes a twentieth of a second."""
    from argon2 import PasswordHasher
    from argon2.exceptions import VerificationError

    try:
        return PasswordHasher().verify(kept, pin)
    except VerificationError:
        return False


def refuse_guessing(staff: str, wrong_at: Sequence[datetime], clock: datetime) -> None:
    """Refuse to listen to another PIN after too many wrong ones.

    wrong_at -- when wrong PINs were given for this person; clock -- the real time
    Raises WrongPin.
    """
    recent = sorted(at for at in wrong_at if at > clock - MEMORY)
    if len(recent) >= MOST_WRONG:
        free = recent[-MOST_WRONG] + MEMORY
        raise WrongPin(
            f"{MOST_WRONG} wrong PINs for {staff}; the next one is heard at {free:%H:%M} UTC",
            staff=staff,
        )
