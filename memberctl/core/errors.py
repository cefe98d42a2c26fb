"""Every way in which a command can end other than well, each with its exit code.

The codes are a contract with scripts and are never renumbered.
Source: cli.md "Exit codes".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime


class MemberctlError(Exception):
    """A failure that is said to the user in one clear message, never as a traceback.

    message -- what was refused and the fact that decided it, without personal data
    hint    -- the next command to run, or None
    allowed -- what would have been allowed instead; None when that is no question
    """

    code = "failure"
    exit_code = 1
    allowed_are = "allowed now"  # How `allowed` is introduced.

    def __init__(
        self, message: str, *, hint: str | None = None, allowed: Sequence[str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.allowed = None if allowed is None else tuple(allowed)


class UsageProblem(MemberctlError):
    """The command line, the environment or the configuration file cannot be understood."""

    code = "usage"
    exit_code = 2


class NeedsPerson(MemberctlError):
    """The work is finished, but some of it was refused or waits for somebody."""

    code = "needs_person"
    exit_code = 3


class NotFound(MemberctlError):
    """Nothing has the number or name that was given."""

    code = "not_found"
    exit_code = 4


class NotPermitted(MemberctlError):
    """The person may not do this: role, branch or four eyes."""

    code = "not_permitted"
    exit_code = 5


class NoAccess(NotPermitted):
    """The system lets this user not read or write a file, whatever their role."""


class RuleRefused(MemberctlError):
    """A rule of the organisation forbids it; nothing was written."""

    code = "refused"
    exit_code = 6


class SeveralFound(RuleRefused):
    """More than one thing has the name that was given; `allowed` are their numbers."""

    allowed_are = "it may be"


class Invalid(MemberctlError):
    """A value is malformed or out of bounds; nothing was written.

    field -- the stable key of the value that is wrong, or None
    rule  -- a stable reason code for rejects files and scripts, e.g. "check_character"
    """

    code = "invalid"
    exit_code = 6
    allowed_are = "allowed"

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        rule: str = "invalid",
        hint: str | None = None,
        allowed: Sequence[str] | None = None,
    ) -> None:
        super().__init__(message, hint=hint, allowed=allowed)
        self.field = field
        self.rule = rule


class Conflict(MemberctlError):
    """Something else is there: other content under a key, a probable duplicate, a newer version."""

    code = "conflict"
    exit_code = 7


class IntegrityFailure(MemberctlError):
    """What is stored contradicts itself."""

    code = "integrity"
    exit_code = 8


class NoStore(MemberctlError):
    """There is no store, it is not memberctl's, or its schema is older or newer."""

    code = "no_store"
    exit_code = 10


class Unreachable(NoStore):
    """A database server does not answer, or not this user."""


class Busy(MemberctlError):
    """Others held the store too long; nothing was done."""

    code = "busy"
    exit_code = 11


class TryAgain(Busy):
    """The database asked for the transaction to be repeated; nothing was done yet."""


class KeyProblem(MemberctlError):
    """The key file is missing, unreadable or not the one this store was made with."""

    code = "key"
    exit_code = 12


class StorageFailure(MemberctlError):
    """The disk is full, read-only or failing; nothing was done."""

    code = "storage"
    exit_code = 13


class NotShown(MemberctlError):
    """The work is committed, but its result could not be printed."""

    code = "not_shown"
    exit_code = 14


class OutsideUnclear(MemberctlError):
    """An outside service did not say whether it did what it was asked."""

    code = "unclear"
    exit_code = 16


class AlreadyRunning(MemberctlError):
    """The same job runs in another process."""

    code = "already_running"
    exit_code = 75


class AlreadyDone(Exception):
    """No failure: the command was done under this idempotency key before (rules M5).

    at     -- when; answer -- what it answered then: "data", "line" and "exit"
    """

    def __init__(self, at: datetime, answer: Mapping[str, object]) -> None:
        super().__init__("already done")
        self.at = at
        self.answer = answer
