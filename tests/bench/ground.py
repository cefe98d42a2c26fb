"""What every measurement shares: a store to copy, people to import, a clock around a process."""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.spending import Spent
from tests.stores import make_seeded

PYTHON = sys.executable
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红玲芬"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
COLUMNS = (
    "external_ref", "name", "phone", "email", "birth_date", "id_number", "address", "plan",
    "channel", "branch", "referrer", "agreed_on",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement beside its floor. ours, floor -- median seconds; ratio -- ours / floor."""

    id: str
    job: str
    ours: float
    floor: float
    ratio: float
    goal: str
    met: bool


def rows_wanted(default: int) -> int:
    """Return `--rows N` from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=default)
    return int(parser.parse_args().rows)


def in_turn(ours: Iterator[Spent], floor: Iterator[Spent], times: int) -> tuple[float, float]:
    """Run both in turn, `times` times, and return the medians of their CPU seconds."""
    pairs = [(next(ours).cpu, next(floor).cpu) for _ in range(times)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def report(id_: str, job: str, ours: float, floor: float, most: float | None) -> None:
    """Print one figure as one line of JSON; most -- the ratio to stay below, None for no goal."""
    ratio = ours / floor
    goal = "-" if most is None else f"<= {most:g}"
    met = most is None or ratio <= most
    print(json.dumps(asdict(Figure(id_, job, ours, floor, ratio, goal, met)), ensure_ascii=False))


@contextmanager
def seeded_store() -> Iterator[tuple[Path, dict[str, str]]]:
    """Give a seeded SQLite store and the environment in which the program finds it."""
    with tempfile.TemporaryDirectory(prefix="memberctl-bench-") as name:
        folder = Path(name)
        store = folder / "store.db"
        make_seeded(str(store), folder / "keys")
        config = folder / "config.toml"
        config.write_text(f'key_dir = "{folder / "keys"}"\n')
        config.chmod(0o600)
        environ = {
            "MEMBERCTL_DB": str(store),
            "MEMBERCTL_CONFIG": str(config),
            "MEMBERCTL_NOW": "2026-03-02T10:00:00+08:00",
            "XDG_STATE_HOME": str(folder),
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
        }
        yield store, environ


def copy_store(store: Path, target: Path) -> None:
    """Copy a store that nobody has open."""
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    target.write_bytes(store.read_bytes())


def write_applications(path: Path, count: int, seed: int = 7) -> None:
    """Write `count` good applications of different people; 1 in 12 has an unusual phone form."""
    chance = random.Random(seed)
    taken: set[str] = set()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(count):
            row = _application(number, chance)
            while row[1] + row[4] in taken or row[5] in taken:
                row = _application(number, chance)
            taken |= {row[1] + row[4], row[5]} - {""}
            writer.writerow(row)


def _application(number: int, chance: random.Random) -> list[str]:
    name = chance.choice(SURNAMES) + chance.choice(GIVEN) + chance.choice(GIVEN)
    birth = f"{chance.randint(1950, 2005)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    phone = f"13{number:09d}"
    if number % 12 == 0:
        phone = f"+86 {phone[:3]}-{phone[3:7]}-{phone[7:]}"
    return [
        f"W-{number:07d}",
        name,
        phone,
        f"m{number}@example.com" if number % 3 else "",
        birth,
        _resident_id(birth, number) if number % 4 else "",
        "上海市静安区南京西路 100 号",
        "YEAR" if number % 5 else "MONTH",
        ("store", "web", "app", "phone")[number % 4],
        "SH01" if number % 2 else "BJ01",
        "",
        "2026-03-01",
    ]


def _resident_id(birth: str, number: int) -> str:
    place = ("110105", "310106", "440106", "510104", "330106")[number // 1000 % 5]
    body = f"{place}{birth.replace('-', '')}{number % 1000:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]
