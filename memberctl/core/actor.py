"""The person behind a command."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and for whom.

    login     -- the staff code of the person at the keyboard, as the operating system says
    staff     -- the staff code in whose name it is done; the same unless `--as` was given
    staff_id  -- the row of `staff`
    roles     -- the roles of `staff`
    branch_id -- the branch `staff` works for, None for the whole organisation
    account   -- the account behind `login`: "uid 1000", or "user li" of PostgreSQL
    Source: reliability.md "Who may do what, honestly".
    """

    login: str
    staff: str
    staff_id: int
    roles: frozenset[str]
    branch_id: int | None = None
    account: str = ""
