"""Members on the command line, on both engines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.program import Program

ID_NUMBER = "11010519491231002X"


def registered(memberctl: Program, name: str = "张伟", phone: str = "13800138000") -> str:
    """Register somebody and return their number."""
    data = memberctl.ok("member", "register", name, "--phone", phone, as_="sun")
    return str(data["number"])


def test_registering_says_the_number_and_masks_the_phone(memberctl: Program) -> None:
    data = memberctl.ok(
        "member", "register", "张伟", "--phone", "138-0013-8000", "--branch", "sh01", as_="sun"
    )
    assert data == {
        "number": "M-000001",
        "name": "张伟",
        "status": "applicant",
        "phone": "138****8000",
        "email": None,
        "branch": "SH01",
        "tier": "regular",
        "member_since": None,
    }
