"""The table that a soak prints at its end: promise, figure, result."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.message.conftest import club, server
from tests.reliability.conftest import dice

__all__ = ["club", "dice", "server"]
TABLE: list[tuple[str, str, str]] = []
Report = Callable[[str, str, object], None]


@pytest.fixture
def told() -> Report:
    """Take down what a promise's long figure came to."""

    def tell(promise: str, figure: str, result: object) -> None:
        TABLE.append((promise, figure, str(result)))

    return tell


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    terminalreporter.section("promises")
    for promise, figure, result in [("promise", "figure", "result"), *TABLE]:
        terminalreporter.write_line(f"{promise:<8}  {figure:<44}  {result}")
