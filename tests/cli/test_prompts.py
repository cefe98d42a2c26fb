"""Questions reach a person at a terminal, on stderr, or are not asked at all."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO

import pexpect
import pytest

from memberctl.cli.prompts import Declined, ask, ask_secret, confirm, may_prompt
from memberctl.core.errors import UsageProblem
from tests.cli.showing import Screen


def test_a_question_needs_a_terminal_on_both_sides_and_leave_to_ask():
    screen, pipe = Screen(), StringIO()
    assert may_prompt(screen, screen, no_input=False)
    assert not may_prompt(screen, screen, no_input=True)
    assert not may_prompt(pipe, screen, no_input=False)
    assert not may_prompt(screen, pipe, no_input=False)
    assert not may_prompt(None, None, no_input=False)


@pytest.mark.parametrize("answer", ["y\n", "yes\n", " YES \n", "Y"])
def test_yes_agrees(answer: str):
    stderr = Screen()
    confirm("Pay 3.00?", yes=False, no_input=False, stdin=Screen(answer), stderr=stderr)
    assert stderr.getvalue() == "Pay 3.00? [y/N] "


@pytest.mark.parametrize("answer", ["", "\n", "n\n", "no\n", "yess\n", "ok\n"])
def test_anything_else_does_nothing_and_ends_with_6(answer: str):
    with pytest.raises(Declined, match="nothing was done") as declined:
        confirm("Pay?", yes=False, no_input=False, stdin=Screen(answer), stderr=Screen())
    assert declined.value.exit_code == 6


def test_agreed_already_asks_nothing():
    stderr = Screen()
    confirm("Pay?", yes=True, no_input=True, stdin=None, stderr=stderr)
    assert stderr.getvalue() == ""


def test_where_nobody_can_be_asked_the_option_is_named():
    with pytest.raises(UsageProblem) as refused:
        confirm("Pay?", yes=False, no_input=True, stdin=Screen("y\n"), stderr=Screen())
    assert "--yes" in str(refused.value.hint)
    for question in (ask, ask_secret):
        with pytest.raises(UsageProblem, match="--reason is missing"):
            question("Why", option="--reason", no_input=False, stdin=StringIO("x"), stderr=Screen())


def test_an_answer_may_begin_with_a_dash_and_loses_only_outer_blanks():
    stderr = Screen()
    answer = ask("Name", option="--name", no_input=False, stdin=Screen(" -rf \n"), stderr=stderr)
    assert (answer, stderr.getvalue()) == ("-rf", "Name: ")


def test_the_end_of_input_declines():
    with pytest.raises(Declined):
        ask("Name", option="--name", no_input=False, stdin=Screen(""), stderr=Screen())


def test_a_hostile_question_is_shown_escaped():
    stderr = Screen()
    confirm("Void \x1b[2J?", yes=False, no_input=False, stdin=Screen("y\n"), stderr=stderr)
    assert stderr.getvalue() == "Void \\x1b[2J? [y/N] "


CONFIRMING = """
import sys
from memberctl.cli.prompts import ask_secret, confirm
confirm("Pay?", yes=False, no_input=False, stdin=sys.stdin, stderr=sys.stderr)
secret = ask_secret("PIN", option="--pin-file", no_input=False, stdin=sys.stdin, stderr=sys.stderr)
print("got", len(secret), file=sys.stderr)
"""


def test_on_a_real_terminal_the_secret_is_not_echoed_and_stdout_stays_clean(tmp_path):
    out = tmp_path / "out"
    child = pexpect.spawn(
        "bash", ["-c", '"$0" -c "$1" > "$2"', sys.executable, CONFIRMING, str(out)], timeout=20
    )
    child.expect_exact("Pay? [y/N] ")
    child.sendline("y")
    child.expect_exact("PIN: ")
    child.sendline("8642")
    child.expect_exact("got 4")
    assert b"8642" not in child.before
    child.expect(pexpect.EOF)
    assert out.read_text() == ""


BAR = """
import sys, time
from memberctl.cli.progress import progress
with progress("Import [red]", 40, stream=sys.stderr, quiet=QUIET) as bar:
    for _ in range(COUNT):
        time.sleep(0.03)
        bar.advance()
"""


@pytest.mark.parametrize(
    ("quiet", "count", "shown"), [("False", 40, True), ("True", 40, False), ("False", 3, False)]
)
def test_a_bar_appears_on_a_terminal_when_the_work_lasts(quiet: str, count: int, shown: bool):
    program = BAR.replace("QUIET", quiet).replace("COUNT", str(count))
    child = pexpect.spawn(
        sys.executable, ["-c", program], timeout=20, env=os.environ | {"TERM": "xterm"}
    )
    child.expect(pexpect.EOF)
    assert (b"Import [red]" in child.before) is shown
    assert bool(child.before) is shown


def test_no_bar_goes_into_a_file():
    program = BAR.replace("QUIET", "False").replace("COUNT", "30")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
