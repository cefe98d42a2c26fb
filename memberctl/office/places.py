"""Changing a branch: where it lies, when it is open, how many it holds.

Source: rules T1, C4.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from memberctl.core.actor import Actor
from memberctl.office.branches import BranchChanged, BranchSettings
from memberctl.office.queries import branch_line, branch_to_change
from memberctl.office.rules import Outcome
from memberctl.store.audit import note

if TYPE_CHECKING:
    from sqlmodel import Session


def update_branch(
    session: Session, code: str, settings: BranchSettings, *, by: Actor, at: datetime
) -> BranchChanged:
    """Change what holds at a branch from now on. Raises NotFound."""
    branch = branch_to_change(session, code)
    before = branch_line(branch)
    if settings.zone is not None:
        branch.zone = settings.zone or None
    if settings.hours is not None:
        branch.hours = settings.hours or None
    if settings.capacity is not None:
        branch.capacity = settings.capacity or None
    after = branch_line(branch)
    if after == before:
        return BranchChanged(**asdict(after), outcome=Outcome.UNCHANGED)
    branch.version += 1
    session.flush()
    note(
        session, "branch.updated", branch.code, by=by, at=at, zone=branch.zone,
        hours=branch.hours, capacity=branch.capacity,
    )  # fmt: skip
    return BranchChanged(**asdict(after), outcome=Outcome.UPDATED)
