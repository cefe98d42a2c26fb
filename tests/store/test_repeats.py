"""Idempotency keys: the same command under one key happens once and answers the same."""

from __future__ import annotations

import pytest

from tests.program import Program

ADD = ("branch", "add", "GZ01", "--name", "Guangzhou", "--key", "K1", "--format", "json")


def test_a_repeat_answers_what_was_answered_first(memberctl: Program) -> None:
    first, second = memberctl(*ADD), memberctl(*ADD)
    assert (first.exit, second.exit) == (0, 0)
    assert second.json == first.json
    assert "already done" in second.err
    assert len(memberctl.ok("branch", "list")) == 3


def test_other_content_under_the_same_key_is_a_conflict(memberctl: Program) -> None:
    memberctl(*ADD)
    other = memberctl("branch", "add", "GZ02", "--name", "Guangzhou", "--key", "K1")
    assert other.exit == 7
    assert "nothing was done" in other.err
    assert len(memberctl.ok("branch", "list")) == 3


def test_output_options_are_no_other_content(memberctl: Program) -> None:
    memberctl(*ADD)
    assert memberctl(*ADD[:-2], "--format", "tsv").exit == 0


@pytest.mark.parametrize("more", [["--dry-run"], ["--key", "K2"]])
def test_another_key_or_a_dry_run_is_another_request(memberctl: Program, more: list[str]) -> None:
    assert memberctl(*ADD[:-4], "--key", "K0", *more).exit == 0
    assert memberctl.ok("branch", "list")


def test_a_refused_command_leaves_its_key_free(memberctl: Program) -> None:
    refused = memberctl("branch", "add", "!", "--name", "x", "--key", "K1")
    assert refused.exit == 6
    assert memberctl(*ADD).exit == 0


def test_a_dry_run_leaves_its_key_free(memberctl: Program) -> None:
    assert memberctl(*ADD, "--dry-run").exit == 0
    done = memberctl(*ADD)
    assert (done.exit, "already" in done.err) == (0, False)
    assert len(memberctl.ok("branch", "list")) == 3


def test_a_key_belongs_to_one_person_and_one_command(memberctl: Program) -> None:
    assert memberctl(*ADD).exit == 0
    set_policy = memberctl("policy", "set", "review_days", "7", "--key", "K1")
    assert set_policy.exit == 0


def test_a_batch_line_may_be_repeated_too(memberctl: Program) -> None:
    line = "branch add GZ01 --name Guangzhou --key K1\n"
    result = memberctl("batch", stdin=line * 3)
    assert result.exit == 0
    assert len(memberctl.ok("branch", "list")) == 3
