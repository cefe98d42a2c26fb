"""Who comes in and who does not, by commands: rules C1-C6, T1 and T6."""

from __future__ import annotations

import pytest

from tests.access.ground import a_holder, a_pack, at, reason, scan, sold
from tests.histories import a_confirmed_order, confirm, pay
from tests.program import Program


def test_t1_a_term_ends_with_its_last_local_day_on_a_server_in_any_zone(memberctl: Program) -> None:
    at(memberctl, "2026-03-01 12:00")
    _, card = a_holder(memberctl, "MONTH", "399.00")
    for zone in ("UTC", "America/Los_Angeles", "Pacific/Kiritimati"):
        at(memberctl, "2026-03-31 23:59")
        environ = {"TZ": zone}
        scanned = memberctl("checkin", "scan", card, "-f", "json", as_="sun", environ=environ)
        assert (scanned.exit, scanned.json["allowed"]) == (0, True)
        at(memberctl, "2026-04-01 00:01")
        late = memberctl("checkin", "scan", card, "-f", "json", as_="sun", environ=environ)
        assert (late.exit, late.json["reason"]) == (6, "grace")


def test_c5_a_second_scan_behind_midnight_is_the_same_visit_while_the_term_runs(
    memberctl: Program,
) -> None:
    at(memberctl, "2026-03-01 12:00")
    _, card = a_holder(memberctl)
    at(memberctl, "2026-03-31 23:59")
    visit = scan(memberctl, card)["visit"]
    at(memberctl, "2026-04-01 00:01")
    again = scan(memberctl, card)
    assert (again["visit"], again["reason"]) == (visit, "already_in")


def test_t1_a_branch_counts_in_its_own_zone(memberctl: Program) -> None:
    at(memberctl, "2026-03-01 12:00")
    _, card = a_holder(memberctl, "MONTH", "399.00")
    memberctl.ok("policy", "set", "grace_days", "0")
    memberctl.ok("branch", "update", "BJ01", "--zone", "Asia/Urumqi")
    at(memberctl, "2026-04-01 01:59")  # 23:59 of the day before in Urumqi.
    assert reason(memberctl, card, "--branch", "SH01") == "term_ended"
    assert scan(memberctl, card, "--branch", "BJ01")["allowed"] is True
    assert memberctl.ok("checkin", "show", "V-000001")["on"] == "2026-03-31"


def test_t6_grace_is_a_policy_of_entry_and_moves_no_end(memberctl: Program) -> None:
    at(memberctl, "2026-03-01 12:00")
    _, card = a_holder(memberctl, "MONTH", "399.00")
    memberctl.ok("policy", "set", "entry_repeat_minutes", "0")
    at(memberctl, "2026-04-20 09:00")
    answers = {}
    for policy in ("allow", "warn", "refuse"):
        memberctl.ok("policy", "set", "grace_entry", policy)
        result = memberctl("checkin", "scan", card, "--format", "json", as_="sun")
        answers[policy] = (result.exit, result.json["allowed"], result.json["reason"])
        if result.json["allowed"]:
            assert result.json["until"] == "2026-03-31"
    assert answers == {
        "allow": (0, True, None),
        "warn": (0, True, "grace"),
        "refuse": (6, False, "grace"),
    }
    assert memberctl.ok("checkin", "show", "V-000001")["ground"] == "grace"
    at(memberctl, "2026-05-01 09:00")
    assert reason(memberctl, card) == "term_ended"


def test_c1_a_wrong_digit_is_called_check_digit_and_an_unknown_card_not_found(
    memberctl: Program,
) -> None:
    wrong = memberctl("checkin", "scan", "86000100001235", as_="sun")
    assert (wrong.exit, "check digit" in wrong.err) == (6, True)
    assert "86000100001235" not in wrong.out + wrong.err
    unknown = memberctl("checkin", "scan", "86000100001236", as_="sun")
    assert (unknown.exit, "no card has this number" in unknown.err) == (4, True)
    assert reason(memberctl, "86 0001 0000 1236", exit=4) == "card_unknown"
    short = memberctl("checkin", "scan", "8600", as_="sun")
    assert (short.exit, short.out, "14 digits" in short.err) == (6, "", True)
    assert [row["reason"] for row in memberctl.ok("checkin", "refused")] == ["card_unknown"] * 2


def test_c2_a_lost_card_opens_nothing_at_once_and_its_scans_are_written_down(
    memberctl: Program,
) -> None:
    member, card = a_holder(memberctl)
    assert scan(memberctl, card)["visit"] == "V-000001"
    memberctl.ok("card", "block", card, "--reason", "lost", as_="sun")
    assert reason(memberctl, card) == "card_blocked"  # Although a scan a moment ago let in.
    new = memberctl.ok("card", "replace", card, as_="sun")["number"]
    assert reason(memberctl, card) == "card_replaced"
    assert scan(memberctl, new)["reason"] == "already_in"
    rows = memberctl.ok("checkin", "refused", "--member", member)
    assert [(row["card"], row["reason"], row["staff"]) for row in rows] == [
        (card, "card_blocked", "sun"), (card, "card_replaced", "sun"),
    ]  # fmt: skip


def test_c3_a_card_is_issued_only_after_full_payment_and_a_batch_may_be_run_again(
    memberctl: Program,
) -> None:
    order = a_confirmed_order(memberctl)
    member = memberctl.ok("order", "show", order)["member"]
    pay(memberctl, order, "3000.00")
    assert memberctl("card", "issue", member, as_="sun").exit == 6
    pay(memberctl, order, "650.00")
    first = memberctl.ok("card", "issue", "--all-paid", as_="sun")
    assert (first["issued"], memberctl.ok("card", "issue", "--all-paid", as_="sun")["issued"]) == (
        1, 0,
    )  # fmt: skip
    assert scan(memberctl, first["cards"][0]["number"])["allowed"] is True


def test_c4_the_first_check_that_fails_gives_the_one_reason(memberctl: Program) -> None:
    """Everything is wrong at once; mended one by one in the order of C4, the next one speaks."""
    at(memberctl, "2026-03-02 12:00")
    a_pack(memberctl, 1)
    memberctl.ok("plan", "revise", "PACK", "--branches", "BJ01", "--from", "2026-03-03", as_="zhao")
    memberctl.ok("policy", "set", "entry_repeat_minutes", "0")
    memberctl.ok("policy", "set", "debt_entry", "refuse")
    at(memberctl, "2026-03-03 12:00")
    member, card = a_holder(memberctl, "PACK", "100.00")
    _, friend = a_holder(memberctl)
    debt = memberctl.ok(
        "order", "file", member, "--kind", "service", "--line", "locker:1:50.00", as_="sun"
    )
    confirm(memberctl, debt["number"])
    at(memberctl, "2026-03-03 13:00")
    assert scan(memberctl, card, "--branch", "BJ01")["left"] == 0
    memberctl.ok("branch", "update", "SH01", "--hours", "mon-sun 08:00-20:00")
    memberctl.ok("branch", "update", "BJ01", "--hours", "mon-sun 08:00-20:00", "--capacity", "1")
    at(memberctl, "2026-03-30 21:00")
    told = [
        reason(memberctl, card, "--branch", "SH01"),
        reason(memberctl, card, "--branch", "BJ01"),
    ]
    at(memberctl, "2026-03-31 10:00")
    assert scan(memberctl, friend, "--branch", "BJ01")["allowed"] is True
    told.append(reason(memberctl, card, "--branch", "BJ01"))
    memberctl.ok("checkin", "undo", "V-000001", "--reason", "wrong card", as_="li")
    told.append(reason(memberctl, card, "--branch", "BJ01"))
    memberctl.ok("branch", "update", "BJ01", "--capacity", "none")
    told.append(reason(memberctl, card, "--branch", "BJ01"))
    memberctl.ok("run", "daily", as_="zhao")  # Nobody waits for this money any more (rules O8).
    assert told == ["branch", "hours", "pack_empty", "capacity", "debt"]
    assert scan(memberctl, card, "--branch", "BJ01")["left"] == 0


@pytest.mark.parametrize(
    ("policy", "code"), [("hours", "hours"), ("capacity", "capacity"), ("branch", "branch")]
)
def test_c4_where_and_when_and_how_many(memberctl: Program, policy: str, code: str) -> None:
    at(memberctl, "2026-03-02 12:00")
    if policy == "branch":
        revise = ["plan", "revise", "MONTH", "--branches", "BJ01", "--hours", "daily 09:00-16:00"]
        memberctl.ok(*revise, "--from", "2026-03-03", as_="zhao")
    at(memberctl, "2026-03-03 12:00")
    _, card = a_holder(memberctl, "MONTH", "399.00")
    _, friend = a_holder(memberctl)
    if policy == "hours":
        memberctl.ok("branch", "update", "SH01", "--hours", "mon-fri 06:00-22:00")
        at(memberctl, "2026-03-07 12:00")
    if policy == "capacity":
        memberctl.ok("branch", "update", "SH01", "--capacity", "1")
        assert scan(memberctl, friend, "--branch", "SH01")["allowed"] is True
        assert memberctl.ok("checkin", "inside")[1] == {
            "branch": "SH01", "inside": 1, "capacity": 1,
        }  # fmt: skip
        # Who steps out and comes back takes no second place.
        at(memberctl, "2026-03-03 12:30")
        assert scan(memberctl, friend, "--branch", "SH01")["reason"] is None
        assert memberctl.ok("checkin", "inside")[1]["inside"] == 1
    assert reason(memberctl, card, "--branch", "SH01") == code
    if policy == "capacity":
        at(memberctl, "2026-03-03 14:31")
        assert scan(memberctl, card, "--branch", "SH01")["allowed"] is True
    else:
        assert scan(memberctl, card, "--branch", "BJ01")["allowed"] is True
    if policy == "branch":
        at(memberctl, "2026-03-04 16:00")
        assert reason(memberctl, card, "--branch", "BJ01") == "hours"
        assert reason(memberctl, card) == "branch"  # No branch is said, so it can be none of them.


def test_c4_a_freeze_a_hold_and_an_expulsion_keep_out(memberctl: Program) -> None:
    member, card = a_holder(memberctl)
    until = ["--until", "2026-03-10"]
    memberctl.ok("member", "hold", member, *until, "--reason", "looked into", as_="zhao")
    assert reason(memberctl, card) == "held"
    memberctl.ok("member", "release", member, "--reason", "not so", as_="zhao")
    memberctl.ok(
        "term", "freeze", member, "--from", "2026-03-02", *until, "--reason", "ill", as_="sun"
    )  # fmt: skip
    assert reason(memberctl, card) == "frozen"
    at(memberctl, "2026-03-11 00:00")
    assert scan(memberctl, card)["until"] == "2027-03-10"
    memberctl.ok("member", "expel", member, "--reason", "violence", "--yes", as_="zhao")
    assert reason(memberctl, card) in {"expelled", "card_blocked"}
    forced = ["--force", "--reason", "by mistake"]
    assert scan(memberctl, card, *forced, as_="zhao", exit=6)["allowed"] is False


def test_c4_a_term_that_lies_ahead_and_none_at_all_are_told_apart(memberctl: Program) -> None:
    at(memberctl, "2026-03-02 12:00")
    member, card = a_holder(memberctl)
    order = memberctl.ok("member", "show", member)["orders"][0]["number"]
    at(memberctl, "2026-03-01 12:00")
    assert reason(memberctl, card) in {"no_term", "term_future"}
    at(memberctl, "2026-03-02 13:00")
    payment = memberctl.ok("payment", "list")[0]["number"]
    memberctl.ok("payment", "void", payment, "--reason", "typed twice", "--yes", as_="qian")
    assert memberctl.ok("order", "show", order)["state"] != "fulfilled"
    assert reason(memberctl, card) == "card_blocked"


def test_c4_overdue_money_keeps_out_only_where_the_policy_says_so(memberctl: Program) -> None:
    member, card = a_holder(memberctl)
    memberctl.ok("policy", "set", "entry_repeat_minutes", "0")
    debt = memberctl.ok(
        "order", "file", member, "--kind", "service", "--line", "locker:1:50.00", as_="sun"
    )
    confirm(memberctl, debt["number"])
    answers = []
    for day in ("2026-03-03", "2026-03-30"):
        at(memberctl, f"{day} 09:00")
        for policy in ("allow", "warn", "refuse"):
            memberctl.ok("policy", "set", "debt_entry", policy)
            answer = memberctl("checkin", "scan", card, "--format", "json", as_="sun").json
            answers.append((answer["allowed"], answer["reason"]))
    assert answers == [
        (True, None), (True, None), (True, None), (True, None), (True, "debt"), (False, "debt"),
    ]  # fmt: skip


def test_c4_force_takes_the_right_and_a_reason_and_uses_no_session(memberctl: Program) -> None:
    _, card = a_holder(memberctl, a_pack(memberctl, 1), "100.00")
    memberctl.ok("policy", "set", "entry_repeat_minutes", "0")
    assert scan(memberctl, card)["left"] == 0
    assert reason(memberctl, card) == "pack_empty"
    force = ["checkin", "scan", card, "--force"]
    assert memberctl(*force, as_="zhao").exit == 2
    assert memberctl(*force, "--reason", "guest of the house", as_="sun").exit == 5
    assert scan(memberctl, card, "--force", "--reason", "guest", as_="zhao")["reason"] == "forced"
    shown = memberctl.ok("checkin", "show", "V-2")
    assert (shown["ground"], shown["reason"], shown["plan"], shown["recorded_by"]) == (
        "forced", "guest", None, "zhao",
    )  # fmt: skip
    assert memberctl("db", "check").exit == 0


def test_c5_a_second_scan_is_the_same_visit_until_the_minutes_are_over(memberctl: Program) -> None:
    at(memberctl, "2026-03-02 10:00")
    _, card = a_holder(memberctl, a_pack(memberctl, 2), "100.00")
    assert scan(memberctl, card)["left"] == 1
    at(memberctl, "2026-03-02 10:09")
    again = scan(memberctl, card)
    assert (again["visit"], again["reason"]) == ("V-000001", "already_in")
    words = memberctl("checkin", "scan", card, as_="sun")
    assert (words.exit, words.out) == (0, "Already in: M-000001 张**, visit V-000001.\n")
    at(memberctl, "2026-03-02 10:10")
    later = scan(memberctl, card)
    assert (later["visit"], later["left"]) == ("V-000002", 0)
    at(memberctl, "2026-03-02 10:15")
    assert scan(memberctl, card)["visit"] == "V-000002"  # The last visit of an empty pack.


def test_c5_one_nonce_is_one_visit_however_late_it_comes_again(memberctl: Program) -> None:
    at(memberctl, "2026-03-02 10:00")
    _, card = a_holder(memberctl)
    _, other = a_holder(memberctl)
    assert scan(memberctl, card, "--nonce", "gate1-17")["visit"] == "V-000001"
    at(memberctl, "2026-03-05 10:00")
    assert scan(memberctl, card, "--nonce", "gate1-17")["reason"] == "already_in"
    assert memberctl("checkin", "scan", other, "--nonce", "gate1-17", as_="sun").exit == 7
    memberctl.ok("checkin", "undo", "V-000001", "--reason", "wrong", as_="li")
    assert memberctl("checkin", "scan", card, "--nonce", "gate1-17", as_="sun").exit == 7
    assert len(memberctl.ok("checkin", "list", "--from", "2026-03-01")) == 1


def test_c6_packs_count_live_visits_and_the_one_that_ends_first_goes_first(
    memberctl: Program,
) -> None:
    memberctl.ok("policy", "set", "entry_repeat_minutes", "0")
    a_pack(memberctl, 1, "SHORT", "1m")
    member, card = a_holder(memberctl, a_pack(memberctl, 2), "100.00")
    sold(memberctl, member, "SHORT", "100.00")
    sold(memberctl, member, "SHORT", "100.00")
    scans = [scan(memberctl, card) for _ in range(4)]
    assert [(each["until"], each["left"]) for each in scans] == [
        ("2026-04-01", 0), ("2026-04-01", 0), ("2026-09-01", 1), ("2026-09-01", 0),
    ]  # fmt: skip
    assert reason(memberctl, card) == "pack_empty"
    packs = memberctl.ok("member", "show", member)["terms"]
    assert [(pack["visits"], pack["left"]) for pack in packs] == [(2, 0), (1, 0), (1, 0)]
    undone = memberctl.ok("checkin", "undo", "V-000001", "--reason", "wrong card", as_="li")
    assert undone["left"] == 1
    assert memberctl.ok("term", "list", member)[1]["left"] == 1
    assert len(memberctl.ok("member", "show", member)["visits"]) == 4
    assert memberctl.ok("status")["visits"] == 3
    assert scan(memberctl, card)["until"] == "2026-04-01"
    assert reason(memberctl, card) == "pack_empty"
    assert memberctl("checkin", "undo", "V-1", "--reason", "again", as_="li").exit == 6
    assert memberctl("checkin", "undo", "V-2", "--reason", "mine", as_="sun").exit == 5
    assert memberctl("db", "check").exit == 0


def test_c6_a_pack_ends_with_its_date_though_visits_are_left(memberctl: Program) -> None:
    at(memberctl, "2026-03-02 10:00")
    memberctl.ok("policy", "set", "entry_repeat_minutes", "0")
    _, card = a_holder(memberctl, a_pack(memberctl, 10, term="1m"), "100.00")
    at(memberctl, "2026-04-01 23:59")
    assert scan(memberctl, card)["left"] == 9
    at(memberctl, "2026-04-02 00:00")
    assert reason(memberctl, card) == "term_ended"  # Packs have no grace.


def test_c6_a_membership_lets_in_before_a_pack_gives_a_visit(memberctl: Program) -> None:
    member, card = a_holder(memberctl, a_pack(memberctl, 1), "100.00")
    sold(memberctl, member, "MONTH", "399.00")
    assert scan(memberctl, card)["left"] is None


def test_every_answer_has_its_keys_in_their_order_and_hides_the_name(memberctl: Program) -> None:
    _, card = a_holder(memberctl)
    answer = scan(memberctl, card)
    assert list(answer)[:5] == ["card", "member", "allowed", "reason", "visit"]
    assert answer["name"] == "张**"
    refused = memberctl("checkin", "scan", "86000100001236", "-f", "json", as_="sun")
    assert refused.envelope["status"] == "refused"
    assert '"code": "not_found"' in refused.err
    assert "张伟" not in memberctl("checkin", "list").out


def test_a_dry_scan_says_the_same_and_lets_nobody_in(memberctl: Program) -> None:
    _, card = a_holder(memberctl)
    tried = memberctl("checkin", "scan", card, "--dry-run", as_="sun")
    assert tried.out == memberctl("checkin", "scan", card, as_="sun").out
    memberctl("checkin", "scan", "86000100001236", "--dry-run", as_="sun")
    assert len(memberctl.ok("checkin", "list")) == 1
    assert memberctl.ok("checkin", "refused") == []


def test_a_repeat_under_a_key_is_told_what_the_first_scan_came_to(memberctl: Program) -> None:
    memberctl.ok("policy", "set", "entry_repeat_minutes", "0")
    _, card = a_holder(memberctl)
    first = memberctl("checkin", "scan", card, "--key", "k1", as_="sun")
    again = memberctl("checkin", "scan", card, "--key", "k1", as_="sun")
    assert (again.exit, again.out) == (0, first.out)
    refused = memberctl("checkin", "scan", "86000100001236", "--key", "k2", as_="sun")
    assert memberctl("checkin", "scan", "86000100001236", "--key", "k2", as_="sun").exit == 4
    assert refused.exit == 4


def test_staff_of_one_branch_let_in_anybody_and_list_only_their_own(memberctl: Program) -> None:
    memberctl.ok("staff", "add", "hu", "--name", "胡", "--role", "reception", "--branch", "BJ01")
    member, card = a_holder(memberctl)
    memberctl.ok(
        "term", "freeze", member, "--from", "2026-03-03", "--until", "2026-03-05", "--reason",
        "ill", as_="sun",
    )  # fmt: skip
    assert scan(memberctl, card, as_="hu")["allowed"] is True
    at(memberctl, "2026-03-04 10:00")
    assert scan(memberctl, card, as_="hu", exit=6)["reason"] == "frozen"
    assert memberctl("checkin", "scan", card, "--branch", "SH01", as_="hu").exit == 5
    everywhere = ["checkin", "list", "--from", "2026-03-01"]
    assert [row["branch"] for row in memberctl.ok(*everywhere)] == ["BJ01"]
    assert memberctl.ok(*everywhere, as_="hu") == []
