"""A pager is the user's own program, started without a shell, for people at a terminal alone."""

import os
import sys
from pathlib import Path

import pexpect

from memberctl.cli.formats import OutputOptions
from memberctl.cli.output import Output
from tests.program import PYTHON, Program


def test_a_terminal_shows_lists_through_the_pager_and_a_pipe_does_not(
    shop: Program, tmp_path: Path
) -> None:
    seen = tmp_path / "seen.txt"
    environ = shop.environment(MEMBERCTL_PAGER=f"tee {seen}")
    child = pexpect.spawn(
        PYTHON, ["-m", "memberctl", "branch", "list"], env=environ, encoding="utf-8", timeout=60
    )
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert "上海静安店" in seen.read_text()
    seen.unlink()
    assert shop.process("branch", "list", MEMBERCTL_PAGER=f"tee {seen}").exit == 0
    assert not seen.exists()


def test_a_pager_is_split_into_words_and_never_given_to_a_shell(tmp_path: Path) -> None:
    leader, follower = os.openpty()
    with os.fdopen(follower, "w", encoding="utf-8") as terminal:
        options = OutputOptions(pager=f"tee '{tmp_path / 'a;touch b'}'")
        output = Output(options, stdout=terminal, stderr=sys.stderr, environ={})
        output.show_list([{"code": "SH01"}], ("code",))
        output.flush()
    os.close(leader)
    assert "SH01" in (tmp_path / "a;touch b").read_text()
    assert not (tmp_path / "b").exists()
