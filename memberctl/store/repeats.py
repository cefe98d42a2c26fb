"""Idempotency keys: the same command under the same key happens once. Source: rules M5; R3."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from memberctl.core.errors import AlreadyDone, Conflict
from memberctl.store.tables import Repeat

if TYPE_CHECKING:
    from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class Request:
    """One command as it was asked for.

    command -- "payment record"; args_sha256 -- the hash of what was asked, without output options
    key     -- the idempotency key, or None
    """

    command: str
    args_sha256: str
    key: str | None = None


def begin(session: Session, request: Request, actor: str, at: datetime) -> Repeat | None:
    """Take the request's key, first of all; raise AlreadyDone or Conflict when it is taken."""
    if request.key is None:
        return None
    found = session.get(Repeat, (actor, request.command, request.key))
    if found is not None:
        _refuse_other_content(found, request)
        raise AlreadyDone(found.at, json.loads(found.result or "{}"))
    taken = Repeat(
        actor=actor,
        command=request.command,
        key=request.key,
        args_sha256=request.args_sha256,
        at=at,
    )
    session.add(taken)
    session.flush()
    return taken


def _refuse_other_content(found: Repeat, request: Request) -> None:
    if found.args_sha256 != request.args_sha256:
        raise Conflict(
            f"the key was used for another `{request.command}` on {found.at:%Y-%m-%d}; "
            "nothing was done",
            hint="give a new --key, or repeat the command exactly as it was",
        )


def finish(taken: Repeat | None, answer: dict[str, Any]) -> None:
    """Keep what the command answers, in the transaction that did it."""
    if taken is not None:
        taken.result = json.dumps(answer, ensure_ascii=False, sort_keys=True)
