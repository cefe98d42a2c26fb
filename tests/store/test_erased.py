"""The list of erased members, which no backup takes back."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memberctl.core.errors import StorageFailure
from memberctl.store.erased import erased_members, erased_path, remember_erased

AT = datetime(2026, 3, 2, tzinfo=UTC)


def test_who_was_erased_is_remembered_in_order_and_once(tmp_path: Path) -> None:
    assert erased_members(tmp_path, "store") == []
    remember_erased(tmp_path, "store", ["M-000002", "M-000001"], at=AT)
    remember_erased(tmp_path, "store", ["M-000002"], at=AT)
    assert erased_members(tmp_path, "store") == ["M-000002", "M-000001"]
    assert erased_members(tmp_path, "other") == []
    assert stat.S_IMODE(erased_path(tmp_path, "store").stat().st_mode) == 0o600


def test_the_list_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine\n")
    erased_path(tmp_path, "store").symlink_to(tmp_path / "precious")
    with pytest.raises(StorageFailure):
        remember_erased(tmp_path, "store", ["M-000002"], at=AT)
    assert (tmp_path / "precious").read_text() == "mine\n"
