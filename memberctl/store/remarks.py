"""What a look-up found out by the way and the person should hear, said after the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlmodel import Session

_REMARKS = "remarks"


def remark(session: Session, text: str) -> None:
    """Let the person hear `text` when the command has come so far; the same one once."""
    said = session.info.setdefault(_REMARKS, [])
    if text not in said:
        said.append(text)


def remarks_of(session: Session) -> list[str]:
    """Return what is to be said, in the order in which it was found out."""
    return list(session.info.get(_REMARKS, ()))
