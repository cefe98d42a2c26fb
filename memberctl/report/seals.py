"""Whether every sealed field opens in its own place and is found by its own blind index.

Says whose field is broken and which, never what it holds.
Source: reliability.md "Invariants", R15; rules G2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, text

from memberctl.core.errors import IntegrityFailure
from memberctl.core.numbering import member_number
from memberctl.store.sealing import blind_index, unseal, unwrap_key
from memberctl.store.trail import Problem

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.store.keys import Keys

SEALED = """
    SELECT d.member_id, m.wrapped_key, 'identity_document' AS place, d.kind AS field, d.sealed,
        d.blind_index AS blind
    FROM identity_document d JOIN member m ON m.id = d.member_id
    UNION ALL
    SELECT c.member_id, m.wrapped_key, 'change_request', c.id || '.old', c.sealed_old, NULL
    FROM change_request c JOIN member m ON m.id = c.member_id WHERE c.sealed_old IS NOT NULL
    UNION ALL
    SELECT c.member_id, m.wrapped_key, 'change_request', c.id || '.new', c.sealed_new, NULL
    FROM change_request c JOIN member m ON m.id = c.member_id
"""


def broken_seals(session: Session, keys: Keys) -> Iterator[Problem]:
    """Return the sealed fields that do not open, or that open to what their index does not say.

    A member without a key was erased: what is sealed of them is meant never to open again.
    """
    for row in session.connection().execute(text(SEALED)):
        if row.wrapped_key is None:
            continue
        problem = _broken(row, keys)
        if problem is not None:
            yield problem


def _broken(row: Row[Any], keys: Keys) -> Problem | None:
    name = f"{member_number(row.member_id)} {row.place} {row.field}"
    try:
        own_key = unwrap_key(keys, bytes(row.wrapped_key), row.member_id)
        clear = unseal(own_key, bytes(row.sealed), row.place, row.member_id, row.field)
    except IntegrityFailure:
        return Problem("field_opens", name, "opens in its place", "does not open")
    if row.blind is not None and bytes(row.blind) != blind_index(keys, row.field, clear):
        return Problem("field_index", name, "the index of what is sealed", "another one")
    return None
