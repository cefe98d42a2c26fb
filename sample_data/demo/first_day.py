"""The first day: a club is founded, and one application becomes a member with a card."""

from __future__ import annotations

import csv
from pathlib import Path

from stage import Stage

FIRST_DAY = "2025-06-03"
STAFF = (
    ("sun", "孙悦", "reception"),
    ("li", "李娜", "service"),
    ("wang", "王磊", "reviewer"),
    ("zhao", "赵敏", "manager"),
    ("qian", "钱进", "finance"),
    ("zhou", "周密", "privacy"),
    ("wu", "吴昊", "auditor"),
)
RETURNED = "身份证复印件不清"


def found(stage: Stage) -> None:
    """Make the organisation: people, branches, policies, prices, agreement."""
    stage.turn_to(FIRST_DAY, "A store for a club with two branches, and somebody in every role")
    stage.run("init", "--name", "长风健身 Longwind Fitness", "--owner", "chen")
    people = [f"staff add {code} --name {name} --role {role}" for code, name, role in STAFF]
    stage.batch(
        [
            "branch add SH01 --name 上海静安店",
            "branch add BJ01 --name 北京朝阳店",
            *people,
            "policy set review_days 5",
            "policy set payment_days 5",
        ]
    )
    stage.run("plan", "import", "catalog.toml", "--as", "zhao")
    stage.run("agreement", "publish", "agreement.md", "--from", "2025-01-01", "--as", "zhao")
    fields = ("--fields", "code,name,term,price,joining_fee,payment_timing")
    stage.run("plan", "list", *fields)


def bring_in(stage: Stage) -> None:
    """Import the applications, twice, and once more from a file as Excel in China writes it."""
    stage.tell("Two hundred applications from a file; twelve of them are wrong")
    importing = ("application", "import")
    stage.run(*importing, "applications.csv", "--as", "sun", exit_code=3)
    show_rejects(stage.folder / "applications.rejects.csv")
    stage.tell("The same file again changes nothing")
    stage.run(*importing, "applications.csv", "--as", "sun", exit_code=3)
    stage.tell("The same rows in GB18030 with Chinese headers, as a dry run")
    stage.run(*importing, "applications.gb18030.csv", "--dry-run", "--as", "sun", exit_code=3)


def show_rejects(path: Path) -> None:
    """Print what was refused and why, from the file that the import left."""
    print(path.name)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            print(f"  {row['external_ref']}  {row['_code']:<18} {row['_message']}")


def review(stage: Stage) -> str:
    """Walk one order through its three stages; return its number."""
    stage.tell("One of them, through three stages by three people")
    (order,) = stage.ask("order", "list", "--member", "phone:13800138000")
    queue = "order,name,plan,stage,total,due_on,mark"
    stage.run("review", "list", "--limit", "5", "--fields", queue, "--as", "li")
    advance = ("review", "advance", order["number"], "--approve", "--as")
    stage.run(*advance, "li")
    stage.run("quote", "show", order["number"])
    stage.tell("Nobody reviews an order twice, whatever their roles")
    stage.run("staff", "grant", "li", "reviewer")
    stage.run(*advance, "li", exit_code=5)
    stage.run(*advance, "wang")
    stage.run(*advance, "zhao")
    return str(order["number"])


def pay(stage: Stage, order: str) -> None:
    """Pay an order in two parts, one of them said twice; then the card."""
    stage.tell("Paid in two parts; the first one is recorded twice and counts once")
    record = ("payment", "record", order)
    first = (*record, "2000.00", "--method", "wechat", "--reference", "WX-20318", "--as", "sun")
    stage.run(*first)
    stage.run(*first)
    stage.run(*record, "1650.00", "--method", "cash", "--as", "sun")
    stage.run("receipt", "show", stage.ask("receipt", "list")[0]["number"])
    stage.tell("The membership is active at once, and the card can be handed out")
    stage.run("term", "list", "phone:13800138000")
    stage.run("card", "issue", "phone:13800138000", "--as", "sun")
    stage.run("member", "show", "phone:13800138000")


def work_through_the_pile(stage: Stage) -> None:
    """Let the others review all the rest, many commands in one process; one lacks a paper."""
    stage.tell("Meanwhile, at the other desks: everything else is reviewed, by one batch")
    orders = [row["number"] for row in stage.ask("order", "list", "--state", "submitted")]
    lacking, *complete = reversed(orders)
    stage.batch(
        [
            f'review advance {lacking} --return "{RETURNED}" --as li',
            *(
                f"review advance {order} --approve --as {who}"
                for who in ("li", "wang", "zhao")
                for order in complete
            ),
        ]
    )
    columns = "number,member,plan,state,stage,total,paid,open,due_on"
    stage.run("order", "list", "--limit", "6", "--fields", columns)


def close_the_day(stage: Stage) -> None:
    """Count the till, and see what waits for whom."""
    stage.tell("In the evening: the till is counted, and what waits for whom")
    stage.run("till", "list", "--open", "--as", "qian")
    till = ("till", "close", "--branch", "BJ01", "--method", "cash")
    stage.run(*till, "--counted", "1650.00", "--as", "qian")
    stage.run("status", "--as", "zhao")
