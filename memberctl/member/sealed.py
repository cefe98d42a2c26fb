"""A member's sealed fields, moved from one number to another: each is sealed for its place alone.

Source: rules A4, G2; reliability.md "Who may do what, honestly".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlmodel import col, select

from memberctl.member.tables import ChangeRequest, IdentityDocument, Member
from memberctl.store.sealing import new_member_key, seal, unseal, unwrap_key, wrap_key

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.store.keys import Keys

SEALED_COLUMNS = frozenset(
    {"identity_document.sealed", "change_request.sealed_old", "change_request.sealed_new"}
)
"""What is sealed for a member; a snapshot of a merge stays where it was made."""


def move_seals(
    session: Session,
    keys: Keys,
    *,
    from_: Member,
    to: Member,
    moved: Mapping[str, Sequence[Sequence[Any]]],
) -> None:
    """Seal for `to` what was sealed for `from_`; moved -- the keys of the rows by table."""
    documents = [key[0] for key in moved.get(IdentityDocument.__tablename__, ())]
    requests = [key[0] for key in moved.get(ChangeRequest.__tablename__, ())]
    if not documents and not requests:
        return
    old, new = own_key(keys, from_), own_key(keys, to)
    session.flush()

    def again(sealed: bytes, place: str, field: str) -> bytes:
        clear = unseal(old, bytes(sealed), place, from_.id, field)
        return seal(new, clear, place, to.id, field)

    for document in session.scalars(
        select(IdentityDocument).where(col(IdentityDocument.id).in_(documents))
    ):
        document.sealed = again(document.sealed, "identity_document", document.kind)
    for request in session.scalars(
        select(ChangeRequest).where(col(ChangeRequest.id).in_(requests))
    ):
        request.sealed_new = again(request.sealed_new, "change_request", f"{request.id}.new")
        if request.sealed_old is not None:
            request.sealed_old = again(request.sealed_old, "change_request", f"{request.id}.old")
    session.flush()


def own_key(keys: Keys, member: Member) -> bytes:
    """Return a member's own key; who has none yet gets one."""
    if member.wrapped_key is None:
        member.wrapped_key = wrap_key(keys, new_member_key(), member.id)
    return unwrap_key(keys, member.wrapped_key, member.id)
