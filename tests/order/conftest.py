"""What every test of orders begins with."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from tests.order.ground import MONDAY, Noon, a_member


@pytest.fixture
def member(session: Session, noon: Noon) -> int:
    return a_member(session, at=noon(MONDAY))
