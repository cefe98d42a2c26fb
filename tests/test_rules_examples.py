"""The examples of the rules as people meet them: by commands, on both engines.

Only what no other test does; ELSEWHERE says where the examples of the other rules are tried.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.histories import a_confirmed_order, a_join_order, a_member, a_paid_member, confirm, pay
from tests.program import Program, Result
from tests.warm import WarmProgram

RESIDENT_ID = "11010519491231002X"
ROOT = Path(__file__).parent

ELSEWHERE = {
    "T1": "reliability/test_r22_clock.py::test_a_term_ends_with_its_last_local_day",
    "T2": "access/test_rules.py::test_the_preview_of_a_month_end_series_has_no_gap_and_no_drift",
    "T3": "core/test_dates.py::test_t3_a_term_ends_the_day_before_the_next_begins",
    "T10": "core/test_seasons.py::test_t10_joining_in_september_pays_122_of_365_days",
    "M11": "order/test_going_on.py"
    "::test_m11_the_rest_is_charged_at_the_new_price_less_the_current_plans_value",
    "T9": "access/test_examples.py"
    "::test_t9_a_freeze_moves_the_end_by_its_days_and_what_is_unused_is_given_back",
    "T8": "access/test_rules.py::test_a_term_that_shares_a_day_is_refused",
    "A6": "member/test_operations.py"
    "::test_an_identity_changes_when_somebody_else_approves_and_the_member_is_told",
    "O1": "order/test_rules.py::test_only_the_listed_moves_are_allowed_and_a_refusal_lists_them",
    "O3": "review/test_commands.py"
    "::test_a_member_whose_data_changed_sends_the_order_back_with_exit_3",
    "O4": "review/test_commands.py::test_a_reviewer_who_looked_at_an_older_version_is_told_so",
    "O6": "core/test_workdays.py::test_o6_a_pause_gives_back_its_working_days_and_not_its_weekend",
    "O7": "order/test_commands.py::test_an_expired_quote_is_accepted_only_with_a_manager_beside",
    "O9": "order/test_commands.py::test_an_order_is_found_however_its_number_is_typed",
    "M1": "payment/test_examples.py"
    "::test_m1_debits_are_credits_and_balances_are_what_orders_and_credits_say",
    "M2": "payment/test_examples.py"
    "::test_m2_each_way_to_undo_is_a_command_of_its_own_and_nothing_is_deleted",
    "M6": "refund/test_examples.py::test_m6_unused_days_are_counted_from_dates_and_rounded_once",
    "M7": "refund/test_examples.py::test_m7_signed_on_the_first_all_goes_back_until_the_eighth",
    "M8": "refund/test_examples.py::test_m8_the_newest_payment_goes_back_first_by_its_own_method",
    "M9": "refund/test_examples.py::test_m9_three_people_and_a_pending_request_counts",
    "M10": "refund/test_examples.py::test_m10_what_ends_is_said_before_and_done_with_the_payout",
    "M12": "payment/test_examples.py::test_m12_a_hundred_in_three_is_33_34_and_twice_33_33",
    "M16": "payment/test_examples.py"
    "::test_m16_a_till_is_counted_per_branch_and_method_and_what_comes_later_is_the_next_days",
    "M14": "payment/test_examples.py"
    "::test_m14_a_write_off_and_a_stale_credit_take_two_people_and_their_days",
    "N1": "renewal/test_examples.py"
    "::test_n1_one_month_before_is_the_28th_of_february_and_comes_once",
    "N2": "renewal/test_examples.py"
    "::test_n2_who_renewed_froze_cancelled_died_or_opted_out_gets_nothing_and_why_is_kept",
    "N3": "renewal/test_examples.py"
    "::test_n3_only_accepted_mail_counts_and_who_has_no_address_is_called",
    "N4": "renewal/test_examples.py"
    "::test_n4_an_opt_out_stops_only_advertising_which_comes_by_day_and_once",
    "N5": "renewal/test_examples.py::test_n5_each_step_is_explained",
    "N6": "renewal/test_examples.py"
    "::test_n6_jobs_have_their_order_a_dry_run_the_same_plan_and_silence_means_well",
    "M13": "payment/test_examples.py"
    "::test_m13_invoices_are_numbered_without_a_gap_per_branch_and_year",
    "M15": "payment/test_examples.py"
    "::test_m15_opening_and_receipts_less_refunds_and_fees_are_the_closing_balance",
    "C1": "core/test_numbering.py::test_c1_one_wrong_digit_is_called_check_digit",
    "C4": "access/test_checkin.py::test_c4_the_first_check_that_fails_gives_the_one_reason",
    "C5": "access/test_checkin.py"
    "::test_c5_a_second_scan_is_the_same_visit_until_the_minutes_are_over",
    "C6": "access/test_checkin.py"
    "::test_c6_packs_count_live_visits_and_the_one_that_ends_first_goes_first",
    "G1": "store/test_chain.py::test_an_attack_on_the_chain_is_found",
    "I1": "cli/test_importing.py::test_good_rows_are_written_and_bad_ones_given_back_unchanged",
    "I4": "cli/test_output.py"
    "::test_without_a_terminal_and_a_format_a_list_is_tsv_that_nothing_wraps_or_crops",
    "I5": "test_keys.py::test_what_goes_wrong_has_its_exit_code_and_one_error_object",
    "I6": "reliability/test_r09_dry_runs.py::test_dry_runs_and_real_runs_of_random_files_agree",
    "I7": "payment/test_races.py::test_one_transaction_from_many_terminals_is_recorded_once",
}
"""Where the example of a rule is tried that has no test here."""


@pytest.fixture
def club(memberctl: Program) -> Iterator[WarmProgram]:
    """The program with its store kept open, because these stories take many commands."""
    warm = WarmProgram(memberctl.location, memberctl.key_dir, memberctl.folder)
    yield warm
    warm.close()


def on(club: Program, day: str, clock: str = "10:00") -> None:
    """Let it be a time of a day in Shanghai."""
    club.now = f"{day}T{clock}:00+08:00"


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def a_member_until_the_end_of_march(club: Program) -> str:
    """Return a member whose year ends on 2026-03-31, and leave the clock on the day they joined."""
    on(club, "2025-04-01")
    return a_paid_member(club)[0]


def renew(club: Program, member: str) -> str:
    """File a renewal with the terms accepted again and return its number."""
    line = ("order", "file", member, "--plan", "YEAR", "--kind", "renewal", "--agreed")
    return str(club.ok(*line, as_="sun")["number"])


def terms(club: Program, member: str) -> list[tuple[str, str, str]]:
    """Return start, end and status of each term."""
    listed = club.ok("term", "list", member)
    return [(each["start_on"], each["end_on"], each["status"]) for each in listed]


def a_file(club: Program, text: str, encoding: str = "utf-8", name: str = "people.csv") -> str:
    """Write a file beside the store and return its path."""
    path = club.folder / name
    path.write_bytes(text.encode(encoding))
    return str(path)


def imported(club: Program, path: str, *options: str) -> Result:
    """Import members as reception."""
    return club("member", "import", path, *options, "--format", "json", as_="sun")


def rejects(club: Program) -> list[dict[str, str]]:
    """Return the rows that an import of people.csv gave back."""
    text = (club.folder / "people.rejects.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_t4_early_renewals_follow_the_end_and_are_voided_one_by_one(club: WarmProgram) -> None:
    member = a_member_until_the_end_of_march(club)
    on(club, "2026-03-01")
    renewal = ("order", "file", member, "--plan", "YEAR", "--kind", "renewal")
    assert club.ok(*renewal, as_="sun")["state"] == "returned", "the terms are accepted again"
    first, second = renew(club, member), renew(club, member)
    for order in (first, second):
        paid = pay(club, order, "3650.00")
    assert terms(club, member)[1:] == [
        ("2026-04-01", "2027-03-31", "future"), ("2027-04-01", "2028-03-31", "future"),
    ]  # fmt: skip
    club.ok("payment", "void", paid["number"], "--reason", "twice", "--yes", as_="feng")
    assert [status for *_, status in terms(club, member)] == ["active", "future", "voided"]


def test_t4_a_renewal_costs_the_price_of_its_own_date(club: WarmProgram) -> None:
    member, joined = a_paid_member(club)
    on(club, "2027-01-05")
    assert club.ok("order", "show", joined)["total"] == money("3650.00")
    assert club.ok("order", "show", renew(club, member))["total"] == money("3980.00")


@pytest.mark.parametrize(
    ("paid_on", "start_on", "continuous_since"),
    [
        ("2026-04-20", "2026-04-01", "2025-04-01"),
        ("2026-05-05", "2026-05-05", "2026-05-05"),
    ],
)
def test_t5_a_late_renewal_is_back_dated_inside_grace_and_a_reinstatement_after_it(
    club: WarmProgram, paid_on: str, start_on: str, continuous_since: str
) -> None:
    member = a_member_until_the_end_of_march(club)
    on(club, paid_on)
    pay(club, renew(club, member), "3650.00")
    assert terms(club, member)[-1][0] == start_on
    shown = club.ok("member", "show", member)
    assert (shown["member_since"], shown["continuous_since"]) == ("2025-04-01", continuous_since)


def test_t6_grace_is_a_status_and_moves_no_end(club: WarmProgram) -> None:
    member = a_member_until_the_end_of_march(club)
    for day, status in (("2026-04-30", "grace"), ("2026-05-01", "lapsed")):
        on(club, day)
        assert club.ok("member", "show", member)["status"] == status
        assert terms(club, member) == [("2025-04-01", "2026-03-31", "ended")]
    for entry in ("warn", "refuse", "allow"):
        assert club.ok("policy", "set", "grace_entry", entry)["value"] == entry


def test_t7_the_status_of_a_past_day_is_told_again_as_it_was(club: WarmProgram) -> None:
    on(club, "2026-01-20")
    member = a_member(club)
    order = a_join_order(club, member)
    on(club, "2026-01-30")
    confirm(club, order)
    on(club, "2026-02-01")
    past = club.ok("member", "show", member)
    assert (past["status"], past["terms"]) == ("pending_payment", [])
    on(club, "2026-02-02")
    paid = pay(club, order, "3650.00")
    assert club.ok("member", "show", member)["status"] == "active"
    on(club, "2026-02-03")
    club.ok("payment", "void", paid["number"], "--reason", "error", "--yes", as_="feng")
    assert club.ok("member", "show", member, "--as-of", "2026-02-02")["status"] == "active"
    again = club.ok("member", "show", member, "--as-of", "2026-02-01")
    assert (again["status"], again["terms"]) == ("pending_payment", [])
    early = club.ok("member", "show", member, "--as-of", "2026-01-20")
    assert early["status"] == "applicant"


def test_a1_every_form_of_a_number_is_one_key(club: WarmProgram) -> None:
    register = ("member", "register", "张伟", "--phone")
    club.ok(*register, "138-0013-8000", as_="sun")
    for form in ("+86 138 0013 8000", "０１３８ ００１３ ８０００", "13800138000"):
        again = club(*register, form, as_="sun")
        assert (again.exit, "M-000001" in again.err) == (6, True), form
        assert club.ok("member", "show", f"phone:{form}")["number"] == "M-000001"


def test_a2_a_wrong_check_character_is_named_and_the_number_is_not(club: WarmProgram) -> None:
    register = ("member", "register", "张伟", "--phone", "13800138000", "--id-number")
    wrong = club(*register, "110105194912310021", as_="sun")
    assert (wrong.exit, "check character" in wrong.err) == (6, True)
    assert re.search(r"\d{6}", wrong.out + wrong.err) is None
    assert club(*register, RESIDENT_ID, as_="sun").exit == 0


def test_a3_each_level_of_likeness_is_judged_inside_one_file_too(club: WarmProgram) -> None:
    path = a_file(
        club,
        "name,phone,birth_date,id_number\n"
        f"张伟,13800138000,,{RESIDENT_ID}\n"
        f"李娜,13900139000,,{RESIDENT_ID}\n"
        "张伟,13800138000,1980-05-06,\n"
        "张小伟,13800138000,,\n"
        "张伟,13700137000,1949-12-31,\n",
    )
    done = imported(club, path)
    assert (done.exit, done.json["created"], done.json["duplicate"]) == (3, 2, 3)
    assert [(row["_row"], row["_code"]) for row in rejects(club)] == [
        ("3", "same_id"), ("4", "same_phone_name"), ("6", "same_name_birth_date"),
    ]  # fmt: skip
    assert "line 5" in done.err and "same phone number" in done.err


def test_a3_who_lets_a_look_alike_in_says_why_and_it_is_logged(club: WarmProgram) -> None:
    line = ("member", "register", "张伟", "--phone", "13800138000", "--birth-date")
    club.ok(*line, "1960-05-06", as_="sun")
    assert club(*line, "1990-03-07", as_="sun").exit == 6
    club.ok(*line, "1990-03-07", "--override", "father and son", as_="sun")
    (logged,) = club.ok("audit", "log", "--object", "M-000002")
    assert logged["staff"] == "sun"
    assert "father and son" in json.loads(logged["facts"]).values()


def test_a5_the_review_clock_starts_when_the_material_is_complete(club: WarmProgram) -> None:
    filed = club.ok("order", "file", a_member(club), "--plan", "YEAR", as_="sun")
    shown = club.ok("order", "show", filed["number"])
    assert (shown["state"], shown["missing"], shown["due_on"]) == ("returned", ["agreement"], None)
    on(club, "2026-03-04")
    complete = club.ok("order", "resubmit", filed["number"], "--agreed", as_="sun")
    assert (complete["state"], complete["due_on"]) == ("submitted", "2026-03-11")


def test_o2_who_enters_does_not_review_and_who_reviewed_does_not_confirm(
    club: WarmProgram,
) -> None:
    club.ok("staff", "grant", "wang", "service", "manager")
    filed = club.ok("order", "file", a_member(club), "--plan", "YEAR", "--agreed", as_="li")
    approve = ("review", "advance", filed["number"], "--approve")
    assert club(*approve, as_="li").exit == 5
    club.ok(*approve, as_="wang")
    club.ok(*approve, as_="wu")
    refused = club(*approve, as_="wang")
    assert (refused.exit, "approved its initial stage" in refused.err) == (5, True)
    assert club.ok(*approve, as_="zhao")["state"] == "confirmed"


def test_o5_two_working_days_after_a_holiday_end_on_the_make_up_saturday(
    club: WarmProgram,
) -> None:
    club.ok("policy", "set", "review_days", "2")
    on(club, "2024-10-10")
    order = a_join_order(club, a_member(club))
    assert club.ok("order", "show", order)["due_on"] == "2024-10-12"
    extend = ("review", "extend", order, "--days", "1", "--reason")
    assert club(*extend, " ", as_="wang").exit == 6
    assert club.ok(*extend, "waiting for the landlord", as_="wang")["due_on"] == "2024-10-14"
    (notice,) = club.ok("message", "list", "--purpose", "review_extended")
    assert "waiting for the landlord" in club.ok("message", "preview", notice["number"])["body"]


def test_o5_a_year_that_the_calendar_lacks_is_an_error(club: WarmProgram) -> None:
    member = a_member(club)
    on(club, "2028-01-03")
    refused = club("order", "file", member, "--plan", "YEAR", "--agreed", as_="sun")
    assert (refused.exit, "memberctl calendar add 2028" in refused.err) == (6, True)
    assert club.ok("order", "list") == []


def test_o8_money_of_the_last_minute_wins_and_later_money_is_credit(club: WarmProgram) -> None:
    on(club, "2026-03-02")
    prompt, late = a_confirmed_order(club), a_confirmed_order(club)
    assert club.ok("order", "show", late)["due_on"] == "2026-03-09"
    on(club, "2026-03-09", "23:59")
    pay(club, prompt, "3650.00")
    club.ok("run", "daily")
    assert club.ok("order", "show", late)["state"] == "confirmed"
    on(club, "2026-03-10", "00:01")
    club.ok("run", "daily")
    states = [club.ok("order", "show", order)["state"] for order in (prompt, late)]
    assert states == ["fulfilled", "forfeited"]
    assert pay(club, late, "3650.00")["credit"] == money("3650.00")
    member = club.ok("order", "show", late)["member"]
    assert terms(club, member) == []
    (line,) = club.ok("credit", "list")
    assert (line["member"], line["credit"]) == (member, money("3650.00"))


@pytest.fixture
def a_thousand(club: WarmProgram) -> str:
    """The number of a confirmed join order on which 1000.00 is due."""
    club.ok("plan", "add", "GYM", "--name", "健身卡", "--term", "12m", "--price", "1000.00")
    line = ("order", "file", a_member(club), "--plan", "GYM", "--agreed")
    order = str(club.ok(*line, as_="sun")["number"])
    confirm(club, order)
    return order


def test_m3_a_part_payment_gives_neither_term_nor_card(club: WarmProgram, a_thousand: str) -> None:
    first = pay(club, a_thousand, "600.00")
    assert (first["order_state"], first["open"]) == ("confirmed", money("400.00"))
    member = club.ok("order", "show", a_thousand)["member"]
    assert terms(club, member) == []
    assert club("card", "issue", member, as_="sun").exit == 6
    assert pay(club, a_thousand, "400.00")["order_state"] == "fulfilled"
    assert len(terms(club, member)) == 1
    assert club("card", "issue", member, as_="sun").exit == 0


def test_m4_what_is_over_is_the_members_credit(club: WarmProgram, a_thousand: str) -> None:
    done = pay(club, a_thousand, "1200.00")
    assert (done["order_state"], done["open"]) == ("fulfilled", money("0.00"))
    assert done["credit"] == money("200.00")
    shown = club.ok("order", "show", a_thousand)
    assert (shown["total"], shown["paid"]) == (money("1000.00"), money("1000.00"))
    (line,) = club.ok("credit", "list")
    assert (line["member"], line["credit"]) == (shown["member"], money("200.00"))
    assert club.ok("ledger", "check")["problems"] == []


def test_m5_the_same_key_gives_the_first_result_and_another_amount_is_a_conflict(
    club: WarmProgram, a_thousand: str
) -> None:
    def record(amount: str) -> Result:
        line = ("payment", "record", a_thousand, amount, "--method", "wechat", "--reference", "T1")
        return club(*line, "--format", "json", as_="qian")

    first, again, other = record("600.00"), record("600.00"), record("600.01")
    assert (first.exit, again.exit, other.exit) == (0, 0, 7)
    assert again.json == {**first.json, "already": True}
    assert club.ok("order", "show", a_thousand)["paid"] == money("600.00")


def test_c2_a_card_has_no_end_of_its_own_and_a_new_one_has_a_new_number(club: WarmProgram) -> None:
    member = a_member_until_the_end_of_march(club)
    card = club.ok("card", "issue", member, as_="sun")["number"]
    on(club, "2026-03-01")
    assert club.ok("card", "show", card)["valid_until"] == "2026-03-31"
    pay(club, renew(club, member), "3650.00")
    assert club.ok("card", "show", card)["valid_until"] == "2027-03-31"
    assert club.ok("card", "block", card, as_="sun")["state"] == "blocked"
    new = club.ok("card", "replace", card, as_="sun")["number"]
    states = {each["number"]: each["state"] for each in club.ok("card", "list")}
    assert states == {card: "replaced", new: "active"}


def test_c3_a_batch_of_cards_is_for_those_who_paid_and_can_be_run_again(club: WarmProgram) -> None:
    paid, unpaid = a_paid_member(club)[0], a_member(club)
    path = a_file(club, f"member\n{paid}\n{unpaid}\n", name="cards.csv")
    batch = ("card", "issue", "--file", path, "--format", "json")
    first, again = club(*batch, as_="sun"), club(*batch, as_="sun")
    assert (first.exit, first.json["issued"], first.json["refused"]) == (3, 1, 1)
    assert (again.exit, again.json["issued"], again.json["already"]) == (3, 0, 1)


def test_g2_personal_data_is_masked_until_a_right_and_a_reason_show_it(club: WarmProgram) -> None:
    club.ok(
        "member", "register", "张伟", "--phone", "13800138000", "--id-number", RESIDENT_ID,
        as_="sun",
    )  # fmt: skip
    for line in (("member", "show", "M-000001"), ("member", "list", "--format", "csv")):
        masked = club(*line, as_="zhao")
        assert "138****8000" in masked.out
        assert "0013" not in masked.out
    reveal = ("member", "list", "--format", "csv", "--reveal", "called back")
    assert club(*reveal, as_="sun").exit == 5
    assert "+8613800138000" in club(*reveal, as_="zhao").out
    (logged,) = club.ok("audit", "log", "--event", "personal.revealed")
    assert (logged["staff"], json.loads(logged["facts"])["reason"]) == ("zhao", "called back")
    everything = club("audit", "log", "--format", "json").out
    assert not re.search(f"0013800|{RESIDENT_ID}", everything)


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl"])
def test_i2_our_own_export_comes_back_unchanged(club: WarmProgram, suffix: str) -> None:
    a_paid_member(club)
    club.ok("member", "register", "=1+1", "--email", "li@example.com", as_="sun")
    path = str(club.folder / f"members.{suffix}")
    excel = ["--for-excel"] if suffix == "csv" else []
    before = club.ok("member", "list")
    club("member", "list", "--output", path, "--reveal", "moving house", *excel)
    done = imported(club, path)
    assert (done.exit, done.json["unchanged"], done.json["read"]) == (0, 2, 2)
    assert club.ok("member", "list") == before


def test_i2_a_masked_export_is_refused_and_makes_nobody_anew(club: WarmProgram) -> None:
    a_member(club)
    club.ok("member", "register", "李娜", "--email", "li@example.com", as_="sun")
    path = str(club.folder / "people.csv")
    club("member", "list", "--output", path)
    done = imported(club, path)
    assert (done.exit, done.json["rejected"], done.json["read"]) == (3, 2, 2)
    assert [row["_code"] for row in rejects(club)] == ["masked", "masked"]
    assert "--reveal" in done.err
    assert len(club.ok("member", "list")) == 2


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_i3_what_a_spreadsheet_made_of_a_file_is_read_or_refused_and_never_guessed(
    club: WarmProgram, encoding: str
) -> None:
    path = a_file(
        club,
        "编号,姓名,手机号,身份证号,生日\n"
        "007,张伟,13800138000,,1990-03-07\n"
        "008,李娜,13900139000,1.10105E+17,\n"
        "009,王芳,13700137000,,03/07/1990\n",
        encoding,
    )
    done = imported(club, path)
    assert (done.exit, done.json["created"]) == (3, 1)
    assert [(row["编号"], row["_code"]) for row in rejects(club)] == [
        ("008", "excel_number"), ("009", "date_form"),
    ]  # fmt: skip
    assert [each["name"] for each in club.ok("member", "list")] == ["张伟"]
    again = a_file(club, "编号,姓名,手机号\n007,张伟,13600136000\n")
    assert imported(club, again).json["updated"] == 1, "007 kept its zeros"


def names_of_tests(path: Path) -> set[str]:
    return set(re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("rule", ELSEWHERE)
def test_an_example_that_is_tried_elsewhere_is_still_there(rule: str) -> None:
    file, _, name = ELSEWHERE[rule].partition("::")
    assert name in names_of_tests(ROOT / file)


def test_every_example_is_tried_here_or_elsewhere_and_not_both() -> None:
    here = {name.split("_")[1].upper() for name in names_of_tests(Path(__file__))}
    assert not here & ELSEWHERE.keys()
