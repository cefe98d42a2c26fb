"""Completion of whole lines, as a shell asks for it, and in a real bash."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pexpect
import pytest

from tests.program import PYTHON, Program, Result

HEAVY = ("sqlmodel", "sqlalchemy", "rich")


def completed(shop: Program, line: str, **more: str) -> Result:
    """Return what a press of Tab at the end of the line answers."""
    words = line.split()
    at = len(words) if line.endswith(" ") else len(words) - 1
    asked = {"_MEMBERCTL_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(at)}
    return shop.process(**asked, **more)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("memberctl me", ["member", "message"]),
        ("memberctl order sh", ["show"]),
        ("memberctl member list --format js", ["json", "jsonl"]),
        ("memberctl member list --fo", ["--format", "--for-excel", "--force"]),
        ("memberctl member --as w", ["wang", "wu"]),
        ("memberctl plan show Y", ["YEAR"]),
        ("memberctl order file M-000001 --plan YE", ["YEAR"]),
        ("memberctl quote accept X --honour-expired zha", ["zhao"]),
        ("memberctl staff show su", ["sun"]),
        ("memberctl tier show go", ["gold"]),
        ("memberctl card stock S", ["SH01"]),
        ("memberctl member list --branch B", ["BJ01"]),
        ("memberctl policy set pay", ["payment_days"]),
        ("memberctl help imp", ["import"]),
    ],
)
def test_nouns_verbs_options_and_values_are_completed(
    shop: Program, line: str, offered: list[str]
) -> None:
    result = completed(shop, line)
    assert (result.out.split(), result.err) == (offered, "")


def test_members_and_orders_are_completed_wherever_they_are_asked_for(shop: Program) -> None:
    shop.ok("member", "register", "张伟", "--phone", "13800138000", "--branch", "SH01", as_="sun")
    order = shop.ok("order", "file", "M-000001", "--plan", "YEAR", "--agreed", as_="sun")["number"]
    for line in (
        "member show M-",
        "order file M-",
        "term list M-",
        "card issue M-",
        "payment list --member M-",
    ):
        assert completed(shop, f"memberctl {line}").out.split() == ["M-000001"], line
    for line in ("order show JN", "review advance JN", "quote show JN", "payment record JN"):
        assert completed(shop, f"memberctl {line}").out.split() == [order], line


def test_a_store_named_on_the_line_is_the_one_that_is_asked(shop: Program) -> None:
    elsewhere = {"MEMBERCTL_DB": str(shop.folder / "none.db")}
    line = f"memberctl --db {shop.location} plan show Y"
    assert completed(shop, line, **elsewhere).out.split() == ["YEAR"]
    assert completed(shop, "memberctl plan show Y", **elsewhere).out.split() == []
    assert completed(shop, "memberctl --db none.db plan show Y").out.split() == []


@pytest.mark.parametrize("line", ["memberctl membr ", "memberctl --config /none plan show "])
def test_a_line_that_is_wrong_so_far_spoils_no_prompt(shop: Program, line: str) -> None:
    result = completed(shop, line)
    assert (result.out.split(), result.err) == ([], "")


@pytest.mark.parametrize("line", ["memberctl ", "memberctl plan show "])
def test_completing_loads_no_database_and_the_list_of_nouns_no_noun(
    shop: Program, line: str
) -> None:
    loaded = completed(shop, line, PYTHONPROFILEIMPORTTIME="1").err
    modules = {text.rpartition("|")[2].strip() for text in loaded.splitlines()}
    assert "memberctl.cli.completion" in modules
    assert not [name for name in modules if name.partition(".")[0] in HEAVY]
    if line == "memberctl ":
        assert not [name for name in modules if name.endswith("commands")]


def test_a_real_bash_completes_a_plan_after_its_noun_and_verb(shop: Program) -> None:
    program = shop.folder / "bin" / "memberctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{PYTHON}" -m memberctl "$@"\n')
    program.chmod(0o700)
    script = shop.folder / "completion.bash"
    script.write_text(shop("completion", "bash", "--format", "plain").out)
    environ = shop.environment(
        PATH=f"{program.parent}:{os.environ['PATH']}",
        PYTHONPATH=str(Path(__file__).parent.parent.parent),
        TERM="dumb",
    )
    bash = pexpect.spawn("bash", ["--norc", "-i"], env=environ, encoding="utf-8", timeout=30)
    bash.sendline(f"source {script}; PS1='ready> '")
    bash.expect("ready> ready> |\nready> ")
    bash.send("memberctl pl\tsho\tYE\t")
    bash.expect("memberctl plan show YEAR ")
    bash.close(force=True)


def test_the_script_is_the_same_on_a_terminal_and_in_a_file(shop: Program) -> None:
    script = shop("completion", "bash").out
    done = subprocess.run(["bash", "-n"], input=script, text=True, check=False)
    assert (done.returncode, "complete -o default" in script) == (0, True)
