"""Who acts is whom the system, or PostgreSQL, says is there: no variable makes another of them.

Source: reliability.md "Who may do what, honestly"; bad inputs 85.
"""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from memberctl.cli import run as cli_run
from memberctl.store.engine import Store
from tests.program import Program
from tests.reliability.terminals import run_terminal, terminal

ROOT = Path(__file__).parents[2]
# Who reads one of these to know who is there is told that it is zhao, whose uid is 4242.
NAMES = ("LOGNAME", "USER", "USERNAME", "LNAME", "SUDO_USER", "DOAS_USER", "GIT_AUTHOR_NAME")
NUMBERS = ("UID", "EUID", "SUDO_UID", "PKEXEC_UID")
OURS = ("USER", "LOGIN", "STAFF", "ACTOR", "ACTING", "OWNER", "UID", "ROLE", "ROLES", "SUDO")
PRETENDED = {
    **dict.fromkeys(NAMES, "zhao"),
    **dict.fromkeys(NUMBERS, "4242"),
    **{f"MEMBERCTL_{name}": "4242" if name == "UID" else "zhao" for name in OURS},
}
WHO = ("audit", "log", "--event", "policy.set", "--limit", "1")


@pytest.fixture
def club(memberctl: Program) -> Program:
    """A store in which zhao has a login of their own, and nobody acts for anybody."""
    with Store(memberctl.location).writing() as session:
        of_theirs = "uid = 4242" if session.connection().dialect.name == "sqlite" else (
            "database_user = 'zhao'"
        )  # fmt: skip
        session.execute(text(f"UPDATE staff SET {of_theirs} WHERE code = 'zhao'"))
        session.commit()
    memberctl.ok("policy", "set", "acting", "off")
    return memberctl


def pretended_home(club: Program) -> dict[str, str]:
    """Return every variable at once, and a home of zhao's with a configuration that names them."""
    home = club.folder / "home" / "zhao"
    (home / ".config" / "memberctl").mkdir(parents=True)
    (home / ".config" / "memberctl" / "config.toml").write_text('as = "zhao"\n')
    return {**PRETENDED, "HOME": str(home)}


def newest(club: Program) -> tuple[str, str]:
    """Return who was there, and in whose name, when a policy was set last."""
    (row,) = club.ok(*WHO)
    return row["login"], row["staff"]


def set_days(club: Program, days: int, environ: Mapping[str, str], **more: object) -> str:
    """Set a policy, which only the owner may, in a process with these variables; return stderr."""
    command = terminal(
        club, "policy", "set", "review_days", str(days), folder=club.folder / f"t{days}",
        environ=environ, **more,  # type: ignore[arg-type]
    )  # fmt: skip
    command.end()
    return command.err


def test_a_whole_program_asks_no_variable_who_is_there(club: Program) -> None:
    done = club.process("policy", "set", "review_days", "6", **pretended_home(club))
    assert done.exit == 0, done.err
    assert newest(club) == ("owner", "owner")


def test_no_variable_alone_makes_somebody_else(club: Program) -> None:
    for days, (variable, value) in enumerate(pretended_home(club).items(), 10):
        assert set_days(club, days, {variable: value}) == "", variable
        assert newest(club) == ("owner", "owner"), variable


def gullible(argv: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
    """Be a program that believes LOGNAME."""
    asked = cli_run.login_of

    def login_of(session: object) -> dict[str, object]:
        truly = asked(session)  # type: ignore[arg-type]
        if environ.get("LOGNAME") != "zhao":
            return truly
        sqlite = truly["uid"] is not None
        return {"uid": 4242 if sqlite else None, "database_user": None if sqlite else "zhao"}

    cli_run.login_of = login_of  # type: ignore[assignment]
    run_terminal(argv, environ, folder)


def test_a_program_that_believed_a_variable_would_be_seen(club: Program) -> None:
    said = set_days(club, 8, {"LOGNAME": "zhao"}, be=gullible)
    assert said.startswith("memberctl: zhao has no right"), said
    refused = club.ok("audit", "log", "--event", "right.refused", "--limit", "1")[0]
    assert refused["staff"] == "owner", "who is written down as refused is asked anew, and truly"
    assert club.ok("policy", "show", "review_days")["value"] != "8"


def test_who_makes_a_store_is_named_by_the_system(club: Program) -> None:
    new = club.folder / "new.db"
    made = terminal(
        club, "init", "--db", str(new), folder=club.folder / "init",
        environ={**PRETENDED, "XDG_CONFIG_HOME": str(club.folder)},
    )  # fmt: skip
    assert made.end() == 0, made.err
    assert f"you are {pwd.getpwuid(os.getuid()).pw_name}" in made.out


def test_every_variable_of_ours_that_is_read_is_in_the_manual() -> None:
    sources = [*(ROOT / "memberctl").rglob("*.py")]
    read = {
        name
        for path in sources
        for name in re.findall(r'"(MEMBERCTL_[A-Z_]+)"', path.read_text(encoding="utf-8"))
    }
    manual = (ROOT / "memberctl/help/options.md").read_text(encoding="utf-8")
    assert "MEMBERCTL_AS" in read
    assert {name for name in read if f"`{name}" not in manual} == set()
    assert read.isdisjoint(PRETENDED)
