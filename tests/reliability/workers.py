"""What the processes of a race do; each function runs in a process of its own.

They are handed a place and numbers, and answer with plain values, so that a test compares what
was told with what is stored.
"""

from __future__ import annotations

import io
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memberctl.access.scanning import scan
from memberctl.access.visit_queries import gate_at
from memberctl.cli.main import main
from memberctl.cli.run import Run
from memberctl.core.errors import RuleRefused
from memberctl.office.operations import set_policy
from memberctl.payment.crediting import apply_credit, request_payout
from memberctl.payment.operations import record_payment
from memberctl.payment.rules import Method, Tender
from memberctl.refund.operations import request_refund
from memberctl.refund.rules import Asked
from memberctl.store.engine import Store
from memberctl.store.repeats import Request
from memberctl.store.work import Open, unit_of_work
from tests.program import Program
from tests.reliability.unguarded import Unguarded

STORES: Mapping[str, type[Store]] = {"guarded": Store, "unguarded": Unguarded}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker works and who it is; it can be sent to another process."""

    location: str
    environ: dict[str, str]
    key_dir: Path

    @classmethod
    def of(cls, memberctl: Program, as_: str | None = None) -> Place:
        """Return the place of a program, worked on by `as_`."""
        return cls(memberctl.location, memberctl.environment(as_), memberctl.key_dir)


@dataclass(frozen=True, slots=True)
class Answered:
    """What one line of a batch was answered, and how long it took in seconds."""

    exit: int
    data: Any
    seconds: float


class _Stamped(io.TextIOBase):
    """Lines that note when each was asked for."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines
        self.asked: list[float] = []

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            self.asked.append(time.perf_counter())
            yield line
        self.asked.append(time.perf_counter())


def run_lines(place: Place, lines: Sequence[str]) -> list[Answered]:
    """Run command lines through one batch, as one terminal would, and return the answers."""
    return _batch(place, iter(lines))


def run_for(place: Place, seconds: float, line: Callable[[int], str]) -> list[Answered]:
    """Run `line(0)`, `line(1)`, ... for some seconds and return the answers."""
    deadline = time.monotonic() + seconds

    def lines() -> Iterator[str]:
        number = 0
        while time.monotonic() < deadline:
            yield line(number)
            number += 1

    return _batch(place, lines())


def _batch(place: Place, lines: Iterator[str]) -> list[Answered]:
    stdin, stdout = _Stamped(lines), io.StringIO()
    main(["batch"], stdin=stdin, stdout=stdout, stderr=io.StringIO(), environ=place.environ)  # type: ignore[arg-type]
    answers = [json.loads(line) for line in stdout.getvalue().splitlines() if line[0] == "{"]
    spans = zip(stdin.asked, stdin.asked[1:], strict=False)
    return [
        Answered(answer.get("exit", 0), answer.get("data"), end - start)
        for answer, (start, end) in zip(answers, spans, strict=True)
    ]


def deposit(place: Place, guard: str, order: str, amounts: Sequence[int]) -> list[str]:
    """Record payments for one order, straight through the operation; return what failed.

    guard -- "guarded" or "unguarded"; amounts -- minor units
    """
    store = STORES[guard](place.location, warm=True)
    open_ = opener(place, "payment.record")
    failures: list[str] = []
    for amount in amounts:
        try:
            with unit_of_work(store, place.key_dir, Request("pay", ""), open_) as work:
                tender = Tender(order, amount, Method.CASH, None, None, again=True)
                opening = work.opening
                record_payment(
                    work.session, tender, by=opening.actor, at=opening.now, today=opening.today,
                    currency=opening.currency,
                )  # fmt: skip
        except Exception as problem:  # noqa: BLE001 -- whatever it is, the promise is broken.
            failures.append(f"{type(problem).__name__}: {str(problem)[:200]}")
    store.close()
    return failures


def ask_back(place: Place, guard: str, order: str, amounts: Sequence[int]) -> list[str]:
    """Ask for refunds of one order, straight through the operation; return what was told.

    guard -- "guarded" or "unguarded"; amounts -- minor units
    Each answer is "asked", "left" when nothing was left to ask for, or what failed.
    """
    store = STORES[guard](place.location, warm=True)
    open_ = opener(place, "refund.request")
    told: list[str] = []
    for amount in amounts:
        try:
            with unit_of_work(store, place.key_dir, Request("ask", ""), open_) as work:
                opening = work.opening
                asked = Asked(order, opening.today, "moved away", amount)
                request_refund(
                    work.session, asked, by=opening.actor, at=opening.now, today=opening.today
                )
            told.append("asked")
        except RuleRefused as refusal:
            told.append("left" if "nothing is left" in refusal.message else refusal.message)
        except Exception as problem:  # noqa: BLE001 -- whatever it is, the promise is broken.
            told.append(f"{type(problem).__name__}: {str(problem)[:200]}")
    store.close()
    return told


def use_credit(
    place: Place, guard: str, deed: str, member_id: int, amounts: Sequence[int]
) -> list[str]:
    """Apply a member's credit or ask for its payout, straight through the operation.

    guard -- "guarded" or "unguarded"; deed -- "apply" or "payout"; amounts -- minor units
    Each answer is "used", "none" when there was not so much, or what failed.
    """
    store = STORES[guard](place.location, warm=True)
    open_ = opener(place, "credit.use")
    told: list[str] = []
    for amount in amounts:
        try:
            with unit_of_work(store, place.key_dir, Request(deed, ""), open_) as work:
                opening = work.opening
                settings: dict[str, Any] = {
                    "amount_minor": amount, "by": opening.actor, "at": opening.now,
                    "today": opening.today, "currency": opening.currency,
                }  # fmt: skip
                if deed == "apply":
                    apply_credit(work.session, member_id, **settings)
                else:
                    request_payout(
                        work.session, member_id, method=Method.CASH, reason="moved", **settings
                    )
            told.append("used")
        except RuleRefused as refusal:
            told.append("none" if "credit" in refusal.message else refusal.message)
        except Exception as problem:  # noqa: BLE001 -- whatever it is, the promise is broken.
            told.append(f"{type(problem).__name__}: {str(problem)[:200]}")
    store.close()
    return told


def scan_once(place: Place, guard: str, card: str) -> str:
    """Scan a card once, straight through the operation; return what came of it."""
    store, open_ = STORES[guard](place.location), opener(place, "checkin.scan")
    try:
        with unit_of_work(store, place.key_dir, Request("checkin scan", ""), open_) as work:
            opening = work.opening
            gate = gate_at(work.session, None, opening.actor)
            scanned = scan(
                work.session, card, gate=gate, owes=lambda _: False, by=opening.actor,
                at=opening.now,
            )  # fmt: skip
    except Exception as problem:  # noqa: BLE001 -- whatever it is, the promise is broken.
        return f"{type(problem).__name__}: {str(problem)[:200]}"
    return "let in" if scanned.allowed else str(scanned.reason)


_WARM: dict[tuple[str, str], Store] = {}


def warm_store(place: Place, guard: str) -> Store:
    """Return this process's own store of a place; its statements are compiled once."""
    key = (place.location, guard)
    if key not in _WARM:
        _WARM[key] = STORES[guard](place.location, warm=True)
    return _WARM[key]


def write_for(
    place: Place, guard: str, seconds: float, thinking: float
) -> tuple[list[float], list[str]]:
    """Change one policy again and again; return how long each write took, and what failed.

    thinking -- seconds between two writes, as a person at a terminal takes them
    """
    store, open_ = warm_store(place, guard), opener(place, "office.change")
    took: list[float] = []
    failures: list[str] = []
    deadline = time.monotonic() + seconds
    time.sleep(random.uniform(0, thinking))  # People do not begin at one instant.
    while time.monotonic() < deadline:
        began = time.perf_counter()
        try:
            with unit_of_work(store, place.key_dir, Request("policy set", ""), open_) as work:
                wanted, opening = str(5 + len(took) % 2), work.opening
                set_policy(work.session, "review_days", wanted, by=opening.actor, at=opening.now)
        except Exception as problem:  # noqa: BLE001 -- whatever it is, the promise is broken.
            failures.append(f"{type(problem).__name__}: {str(problem)[:200]}")
        took.append(time.perf_counter() - began)
        time.sleep(thinking)
    return took, failures


def write_twice(place: Place, guard: str, seconds: float, thinking: float) -> None:
    """Do what `write_for` will do, so that it measures writing and not compiling."""
    write_for(place, guard, 0.01, 0)


def opener(place: Place, right: str) -> Open:
    """Return what identifies the person of a place at the beginning of a transaction."""
    run = Run(stdin=io.StringIO(), stdout=None, stderr=None, environ=place.environ)
    return run.opener(right)
