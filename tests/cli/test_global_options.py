"""Options that every command takes, wherever on the line they stand."""

import json

import pytest

from tests.program import Program


@pytest.mark.parametrize(
    "argv",
    [
        ("--format", "json", "branch", "list"),
        ("branch", "--format", "json", "list"),
        ("branch", "list", "--format", "json"),
        ("-f", "tsv", "branch", "list", "-f", "json"),
    ],
)
def test_a_global_option_may_stand_anywhere_and_the_last_wins(
    shop: Program, argv: tuple[str, ...]
) -> None:
    assert {row["code"] for row in shop(*argv).json} == {"BJ01", "SH01"}


def test_the_same_key_happens_once_and_answers_as_before(memberctl: Program) -> None:
    first = memberctl("policy", "set", "review_days", "7", "--key", "k1")
    again = memberctl("policy", "set", "review_days", "7", "--key", "k1")
    assert (first.exit, again.exit) == (0, 0)
    assert again.out == first.out
    assert "already done on 2026-03-02" in again.err


def test_the_same_key_for_something_else_is_a_conflict(memberctl: Program) -> None:
    memberctl.ok("policy", "set", "review_days", "7", "--key", "k1")
    other = memberctl("policy", "set", "review_days", "8", "--key", "k1")
    assert other.exit == 7
    assert memberctl.ok("policy", "show", "review_days")["value"] == "7"


def test_a_dry_run_says_the_same_and_writes_nothing(memberctl: Program) -> None:
    dry = memberctl("policy", "set", "review_days", "7", "--dry-run")
    assert (dry.exit, memberctl.ok("audit", "log")) == (0, [])
    assert dry.out == memberctl("policy", "set", "review_days", "7").out


def test_what_is_refused_is_written_down_with_both_names(memberctl: Program) -> None:
    refused = memberctl("policy", "set", "review_days", "7", as_="li")
    assert refused.exit == 5
    (link,) = memberctl.ok("audit", "log")
    assert (link["event"], link["staff"], link["login"]) == ("right.refused", "li", "owner")


def test_an_error_is_one_line_of_json_where_json_is_asked_for(shop: Program) -> None:
    result = shop("staff", "show", "nobody", "--format", "json")
    answer = json.loads(result.err)
    assert (result.exit, answer["exit"], answer["code"]) == (4, 4, "not_found")
    assert (answer["type"], answer["committed"]) == ("error", False)


def test_a_mistyped_noun_verb_or_option_is_exit_2_and_says_what_was_meant(shop: Program) -> None:
    for argv, meant in (
        (["polcy", "list"], "policy"),
        (["policy", "lst"], "list"),
        (["policy", "list", "--fromat", "json"], "--format"),
    ):
        result = shop(*argv)
        assert result.exit == 2
        assert meant in result.err


def test_bytes_that_are_no_text_are_refused_without_a_trace(shop: Program) -> None:
    result = shop("staff", "show", "\udce9")
    assert result.exit == 2
    assert "Traceback" not in result.err


def test_a_batch_answers_every_line_with_one_line_of_json(shop: Program) -> None:
    lines = 'policy show review_days\nstaff show nobody\npolicy set review_days 9\n"open\n'
    result = shop("batch", stdin=lines)
    answers = [json.loads(line) for line in result.out.splitlines()]
    assert result.exit == 3
    assert [answer.get("status", answer.get("code")) for answer in answers] == [
        "ok", "not_found", "ok", "usage",
    ]  # fmt: skip
    assert shop.ok("policy", "show", "review_days")["value"] == "9"


def test_login_names_from_the_environment_change_nothing(shop: Program) -> None:
    shop("policy", "set", "review_days", "7", environ={"LOGNAME": "li", "USER": "li"})
    (link,) = shop.ok("audit", "log")
    assert (link["staff"], link["login"]) == ("owner", "owner")


def test_help_says_each_verb_whole_and_keeps_an_example_on_its_line(shop: Program) -> None:
    nouns_help = " ".join(shop.process("order", "--help").out.split())
    assert "Void an order that was entered by mistake, with the term and the card" in nouns_help
    assert "..." not in nouns_help.replace("[ARGS]...", "")
    example = (
        'Example: memberctl --db club.db init --name "Longwind Fitness" --zone Asia/Shanghai\n'
    )
    assert example in shop.process("init", "--help").out


def test_every_line_of_a_batch_is_one_line_of_json_even_help_and_what_is_refused(
    shop: Program,
) -> None:
    lines = ["member --help", "--version", "member", "batch", "plan lst", 'plan "list', "plan list"]
    done = shop.process("batch", stdin="\n".join(lines).encode())
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert "Register a member" in answers[0]["data"]["text"]
    assert answers[1]["data"]["text"].startswith("memberctl ")
    assert [answer.get("exit", 0) for answer in answers] == [0, 0, 2, 2, 2, 2, 0]
    assert (done.exit, done.err) == (3, "")


def test_words_by_the_way_of_a_batch_stay_off_its_answers(shop: Program) -> None:
    line = "policy set review_days 9 --key k1\n"
    result = shop("batch", stdin=line + line + "staff show nobody\n")
    assert len([json.loads(answer) for answer in result.out.splitlines()]) == 3
    assert "already done" in result.err
