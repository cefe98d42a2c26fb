"""A CHECK of a table that has rows already says something else afterwards, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from tests.founding import FOUNDED_AT
from tests.order.ground import a_member


def test_a_member_who_is_neither_merged_nor_erased_must_be_reachable(
    session: Session,
) -> None:
    member = a_member(session, at=FOUNDED_AT)
    gone = "UPDATE member SET phone = NULL, email = NULL"
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(text(f"{gone} WHERE id = {member}"))
    session.execute(text(f"{gone}, merged_into = {member} WHERE id = {member}"))
    session.execute(text(f"UPDATE member SET merged_into = NULL, erased_at = registered_at"
                         f" WHERE id = {member}"))  # fmt: skip
