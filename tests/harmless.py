"""What no run may ever print."""

from __future__ import annotations

from tests.cli.showing import is_dangerous
from tests.program import Result


def harmless(result: Result) -> None:
    """Assert that nothing in a run's words acts on a terminal or shows the program's insides."""
    acting = {each for each in result.out + result.err if each not in "\n\t" and is_dangerous(each)}
    assert not acting, result
    assert "Traceback" not in result.err and "a fault in memberctl" not in result.err, result
