"""The page about security names every promise, and every promise has tests of its number."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "memberctl/help/security.md").read_text(encoding="utf-8")
PROMISES = [f"R{number}" for number in range(1, 26)]


def proofs_of(promise: str) -> list[str]:
    """Return the files of tests whose first line, or name, has a promise's number."""
    name = f"test_r{int(promise[1:]):02}_"
    return [
        path.name
        for path in sorted(TESTS.rglob("test_*.py"))
        if path.name.startswith(name)
        or re.search(rf"\b{promise}\b", path.read_text(encoding="utf-8").partition("\n")[0])
    ]


def test_the_page_about_security_names_every_promise_once() -> None:
    assert sorted(re.findall(r"\bR\d+\b", PAGE)) == sorted(PROMISES)


def test_every_promise_has_tests() -> None:
    assert {promise for promise in PROMISES if not proofs_of(promise)} == set()
    assert proofs_of("R99") == []
