"""A table written as a file and read to its end."""

from __future__ import annotations

import pytest

from memberctl.core.rows import open_rows


@pytest.fixture
def table(tmp_path):
    """Write bytes or text as a file and read it to its end: (file, rows)."""

    def write_and_read(content, name="people.csv", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with open_rows(path, **options) as file:
            rows = list(file)
            file.finish()
        return file, rows

    return write_and_read
