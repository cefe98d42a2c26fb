"""Files of applications for the promises about imports: good rows, bad rows, repeats."""

from __future__ import annotations

import csv
import io
import random
from typing import Any

COLUMNS = "external_ref name phone email birth_date id_number address plan channel branch agreed_on"
NAMES = (
    "张伟",
    "王芳",
    "李娜",
    "Nguyễn Thị",
    "O'Brien",
    "van der Berg",
    "欧阳修",
    "=SUM(1)",
    "null",
)
WRONG = {
    "name": ("", "\u200b", "a\x1b[2J"),
    "phone": ("110", "abc", "1" * 40),
    "email": ("a@b, evil@y", "@", "x"),
    "birth_date": ("2023-02-29", "31/04/2024", "2999-01-01"),
    "id_number": ("1.10105E+17", "110105194912310021", "1"),
    "plan": ("", "NOPLAN", "yeer"),
    "branch": ("XX99",),
    "agreed_on": ("2024-W01-1", "tomorrow"),
}


def good_row(number: int, dice: random.Random) -> dict[str, str]:
    """Return one application that is accepted; `number` makes it differ from all others."""
    return {
        "external_ref": f"A-{number:06d}",
        "name": f"{dice.choice(NAMES)} {number}",
        "phone": f"138{number:08d}",
        "email": f"p{number}@example.com" if dice.random() < 0.5 else "",
        "birth_date": f"{dice.randrange(1950, 2005)}-{dice.randrange(1, 13):02d}-15",
        "id_number": "",
        "address": "",
        "plan": dice.choice(("YEAR", "MONTH", "year")),
        "channel": dice.choice(("web", "store", "")),
        "branch": dice.choice(("SH01", "BJ01", "")),
        "agreed_on": dice.choice(("2026-03-01", "")),
    }


def random_row(number: int, dice: random.Random, before: list[dict[str, str]]) -> dict[str, str]:
    """Return an application that is good, or wrong in one cell, or a repeat of an earlier one."""
    throw = dice.random()
    if before and throw < 0.15:
        return dict(dice.choice(before))
    row = good_row(number, dice)
    row["name"] = dice.choice(NAMES)
    if throw < 0.4:
        column = dice.choice(sorted(WRONG))
        row[column] = dice.choice(WRONG[column])
    return row


def a_file(rows: list[dict[str, str]]) -> str:
    """Return the rows as CSV."""
    target = io.StringIO()
    writer: Any = csv.DictWriter(target, COLUMNS.split(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()
