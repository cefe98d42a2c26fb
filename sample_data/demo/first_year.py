"""The first year: what happens to memberships after their first day."""

from __future__ import annotations

from stage import Stage

ZHANG = "phone:13800138000"
GUO = "M-000003"
AMELIA = "M-000005"
YU = "M-000008"


def bring_the_paper(stage: Stage) -> None:
    """Let the application go on that lacked a paper: its review begins when it is complete."""
    stage.turn_to("2025-06-05", "The missing paper has come, and the review goes on")
    (returned,) = stage.ask("order", "list", "--state", "returned")
    stage.run("order", "resubmit", returned["number"], "--as", "sun")
    stage.batch(
        [
            f"review advance {returned['number']} --approve --as {who}"
            for who in ("li", "wang", "zhao")
        ]
    )


def give_up_the_unpaid(stage: Stage) -> None:
    """Let cron do the morning's work: who never paid loses the place."""
    stage.turn_to("2025-06-11", "The deadline has passed: what cron does every morning")
    stage.run("run", "daily", "--dry-run", "--as", "zhao")
    stage.run("run", "daily", "--as", "zhao")
    stage.run("run", "daily", "--as", "zhao")


def come_in(stage: Stage) -> None:
    """Scan the card: once, again, and mistyped."""
    stage.turn_to("2025-07-02", "At the door: a scan, the same scan again, a digit mistyped")
    (card, *_) = stage.ask("card", "list", "--member", ZHANG)
    scan = ("checkin", "scan", "--branch", "BJ01", "--as", "sun")
    stage.run(*scan, card["number"])
    stage.run(*scan, card["number"])
    stage.run(*scan, f"{int(card['number']) + 1}", exit_code=6)
    stage.run("checkin", "list")


def freeze(stage: Stage) -> None:
    """Let a term rest for a month, and take it up again before its time."""
    stage.turn_to("2025-07-20", "A month abroad: the term rests, its end moves by as many days")
    days = ("--from", "2025-08-01", "--until", "2025-08-30")
    stage.run("term", "preview", GUO, "--change", "freeze", *days)
    stage.run("term", "freeze", GUO, *days, "--reason", "出差", "--as", "sun")
    stage.turn_to("2025-08-11", "Back early: what was not used is given back")
    stage.run("term", "resume", GUO, "--as", "sun")
    stage.run("term", "list", GUO)


def upgrade(stage: Stage) -> None:
    """Sell a better plan for the rest of a term."""
    stage.turn_to("2025-09-01", "A better plan, for the rest of the term")
    better = ("--name", "尊享年卡", "--term", "12m", "--price", "5200.00")
    stage.run("plan", "add", "PLUS", *better, "--from", "2025-09-01", "--as", "zhao")
    change = ("--change", "upgrade", "--plan", "PLUS")
    stage.run("term", "preview", AMELIA, *change)
    stage.run("order", "file", AMELIA, "--kind", "upgrade", "--plan", "PLUS", "--as", "sun")

    (order, *_) = stage.ask("order", "list", "--member", AMELIA)
    pay = ("--method", "card", "--reference", "POS-0901", "--as", "sun")
    stage.run("payment", "record", order["number"], order["open"]["amount"], *pay)
    stage.run("term", "history", AMELIA)


def refund(stage: Stage) -> None:
    """Give back what is left of a year: one asks, a second reviews, a third pays."""
    stage.turn_to("2025-10-10", "A member moves away: one asks, a second reviews, a third pays")
    (order, *_) = stage.ask("order", "list", "--member", YU)
    stage.run("refund", "preview", order["number"])
    stage.run("refund", "request", order["number"], "--reason", "搬去外地", "--as", "sun")
    stage.run("refund", "review", "RF-0001", "--approve", "--as", "wang")
    stage.run("refund", "pay", "RF-0001", "--yes", "--as", "wang", exit_code=5)
    stage.run("refund", "pay", "RF-0001", "--yes", "--as", "qian")
    stage.run("term", "list", YU)


def remind(stage: Stage) -> None:
    """Remind whose membership ends in a month."""
    stage.turn_to("2026-05-02", "A month before the end: each reminder goes out once")
    stage.run("reminder", "run", "--as", "zhao")
    stage.run("reminder", "run", "--as", "zhao")
    explained = ("--fields", "term,step,channel,due_on,until_on,state,why")
    stage.run("reminder", "explain", ZHANG, *explained)


def renew(stage: Stage) -> None:
    """Renew in time: the next term begins the day after the end."""
    stage.turn_to("2026-05-18", "Renewed in time: no day is lost, and no further reminder comes")
    stage.run("renewal", "list", "--within", "16d", "--limit", "3")
    stage.run(
        "order", "file", ZHANG, "--kind", "renewal", "--plan", "YEAR", "--agreed", "--as", "sun"
    )
    (order, *_) = stage.ask("order", "list", "--member", ZHANG)
    pay = ("--method", "alipay", "--reference", "ALI-0518", "--as", "sun")
    stage.run("payment", "record", order["number"], order["open"]["amount"], *pay)
    stage.run("term", "list", ZHANG)
    stage.turn_to("2026-06-02", "The last day of the old term")
    stage.run("reminder", "run", "--as", "zhao")
    explained = ("--fields", "term,step,channel,due_on,until_on,state,why")
    stage.run("reminder", "explain", ZHANG, *explained)
    stage.tell("The past can be asked for: who was what on a day last August")
    facts = ("--fields", "number,name,status,member_since,terms")
    stage.run("member", "show", GUO, *facts, "--as-of", "2025-08-05")
