"""A store with one of everything that a command can be about, and the numbers of it."""

from __future__ import annotations

from pathlib import Path

from memberctl.core.numbering import parse_member_number
from memberctl.message.rules import Channel
from tests import histories
from tests.bank.texts import SAMPLES, swift
from tests.message.queueing import queue, receipt
from tests.program import Program

JOINED = "2025-12-01T10:00:00+08:00"
TODAY = "2026-03-02T10:00:00+08:00"
PLANS = """[[plan]]
code = "HALF"
name = "半年卡"
term = "6m"
price = "1980.00"
from = 2026-04-01
"""
REASON = ("--reason", "as agreed")


def a_long_history(program: Program, folder: Path) -> dict[str, str]:
    """Let everything happen at least once and return the numbers by what they are of."""
    program.now = JOINED
    archive = _archive(program, folder)
    program.now = TODAY
    member, paid = histories.a_paid_member(program)
    card = program.ok("card", "issue", member, as_="sun")["number"]
    visit = program.ok("checkin", "scan", card, as_="sun")["visit"]
    program("checkin", "scan", "86000100001236", as_="sun")
    return {
        **archive,
        "member": member,
        "card": card,
        "visit": visit,
        "paid": paid,
        "cardless": histories.a_paid_member(program)[0],
        "free": histories.a_member(program),
        "confirmed": histories.a_confirmed_order(program),
        **_reviews(program),
        **_people(program),
        **_money(program),
        **_messages(program, member),
        **_files(program, folder),
    }


def a_proposal(program: Program) -> dict[str, str]:
    """Let there be a second owner, and one proposal that waits for them."""
    program.ok("staff", "add", "chen", "--name", "陈", "--role", "owner")
    return {"proposal": program.ok("policy", "set", "review_days", "7")["number"]}


def _archive(program: Program, folder: Path) -> dict[str, str]:
    """An archived order of last year, and two requests to look at it, one of them approved."""
    _, order = histories.a_paid_member(program)
    program.now = TODAY
    program.ok("archive", "create", "--quarter", "2025Q4", "--to", str(folder))
    ask = ("archive", "request", order, *REASON)
    looks = [program.ok(*ask, as_=person)["number"] for person in ("qian", "feng")]
    program.ok("archive", "approve", looks[1], as_="owner")
    return {"archived": order, "look": looks[0], "looked": looks[1]}


def _reviews(program: Program) -> dict[str, str]:
    """Join orders that came so far: filed, with papers missing, with a quote."""
    filed, quoted, offered = (
        histories.a_join_order(program, histories.a_member(program)) for _ in range(3)
    )
    for order in (quoted, offered):
        program.ok("review", "advance", order, "--approve", as_="li")
    line = ("order", "file", histories.a_member(program), "--plan", "YEAR")
    incomplete = program.ok(*line, as_="sun")["number"]
    return {"filed": filed, "quoted": quoted, "offered": offered, "incomplete": incomplete}


def _people(program: Program) -> dict[str, str]:
    """Members who are held, expelled, frozen, merged, and one whose name is to change."""
    held, frozen = (histories.a_paid_member(program)[0] for _ in range(2))
    expelled, changing, kept, gone = (histories.a_member(program) for _ in range(4))
    program.ok("member", "hold", held, "--until", "2026-06-30", *REASON, as_="zhao")
    program.ok("member", "expel", expelled, *REASON, "--yes", as_="zhao")
    freeze = ("term", "freeze", frozen, "--from", "2026-04-01", "--until", "2026-04-30", *REASON)
    program.ok(*freeze, as_="sun")
    asked = program.ok("member", "update", changing, "--name", "李小龙", *REASON, as_="sun")
    program.ok("member", "merge", kept, gone, *REASON, "--yes", as_="zhao")
    program.ok("member", "opt-out", changing, "--category", "marketing", as_="sun")
    merge = program.ok("member", "merges")[0]["number"]
    return {
        "held": held, "frozen": frozen, "expelled": expelled, "changing": changing,
        "change": asked["requests"][0], "merge": merge,
    }  # fmt: skip


def _money(program: Program) -> dict[str, str]:
    """Refunds, credits and requests about them, invoices, debts, a closed till, a statement."""
    rich, payouts = _a_credit(program)
    owed, off, invoiced, card = (histories.a_big_order(program, "100.00") for _ in range(4))
    plan = ("debt", "instalments", owed, "--count", "3", "--first", "2026-03-31")
    program.ok(*plan, as_="qian")
    line = ("payment", "record", card, "100.00", "--method", "card", "--reference", "C1")
    till = ("till", "close", "--branch", "SH01", "--method", "cash", "--counted", "0.00", "--yes")
    issued = program.ok("invoice", "issue", invoiced, as_="qian")["number"]
    histories.a_matched_statement(program)
    return {
        "line": _an_open_line(program),
        **histories.three_refunds(program),
        "rich": rich,
        "owed": owed, "invoiced": card, "invoice": issued,
        "debt": off, "off": program.ok("debt", "write-off", off, *REASON, as_="qian")["number"],
        "payment": program.ok(*line, as_="sun")["number"],
        "till": program.ok(*till, as_="sun")["number"],
        **payouts,
    }  # fmt: skip


def _an_open_line(program: Program) -> str:
    path = program.folder / "unknown.sta"
    row = ":61:2603020302C7,NTRFNONREF//U1\n:86:THANK YOU"
    path.write_text(swift(row, opening="C260302CNY0,", closing="C260302CNY7,"))
    program.ok("bank", "import", str(path), "--account", "ONLINE", as_="qian")
    return str(program.ok("bank", "lines", "--state", "open", as_="qian")[0]["number"])


def _a_credit(program: Program) -> tuple[str, dict[str, str]]:
    """A member with credit who owes something, and three requests to pay some of it out."""
    order = histories.a_big_order(program, "100.00")
    histories.pay(program, order, "500.00")
    member = program.ok("order", "show", order)["member"]
    line = ("credit", "payout", member, "--method", "bank", *REASON, "--amount", "10.00")
    numbers = [program.ok(*line, as_="sun")["number"] for _ in range(2)]
    program.ok("credit", "approve", numbers[1], as_="feng")
    filed = program.ok(
        "order", "file", member, "--kind", "service", "--line", "hall:1:50.00", as_="sun"
    )
    histories.confirm(program, filed["number"])
    return member, {"payout": numbers[0], "due": numbers[1]}


def _messages(program: Program, member: str) -> dict[str, str]:
    """A call and a letter that wait for a person, and a call that reached nobody."""
    program.ok("member", "update", member, "--address", "长乐路1号", as_="sun")
    id_ = parse_member_number(member)
    for number, channel in enumerate((Channel.CALL, Channel.PRINT, Channel.CALL), 900):
        queue(program, receipt(id_, channel=channel, n=number))
    listed = program.ok("message", "list", "--member", member)
    calls = [each["number"] for each in listed if each["channel"] == "call"]
    program.ok("message", "settle", calls[0], "--failed", as_="zhao")
    return {"failed": calls[0], "call": calls[1]}


def _files(program: Program, folder: Path) -> dict[str, str]:
    """Files that commands read, and what was written beside the store."""
    texts = {
        "people": ("people.csv", "name,phone,plan\n李四,13712340000,YEAR\n"),
        "members": ("members.csv", "name,phone\n李四,13712340000\n"),
        "wording": ("en.toml", '[welcome]\nsubject = "Hello"\nbody = "Dear $name"\n'),
        "plans": ("plans.toml", PLANS),
        "terms": ("terms.md", "# 会员协议\n\n请遵守。\n"),
    }
    for name, text in texts.values():
        (folder / name).write_text(text, encoding="utf-8")
    anchors, backup = folder / "anchors", folder / "one.backup"
    program("audit", "anchor", "--output", str(anchors))
    program("backup", "create", str(backup))
    return {
        **{key: str(folder / name) for key, (name, _) in texts.items()},
        "statement": str(SAMPLES / "alipay.csv"),
        "foreign": str(SAMPLES / "sparkasse.csv"),
        "map": str(SAMPLES / "sparkasse.toml"),
        "anchors": str(anchors),
        "backup": str(backup),
        "folder": str(folder),
    }
