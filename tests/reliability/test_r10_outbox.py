"""R10: a sender that is killed loses nothing, doubles at most one message, and `once` never."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter as Count
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from queue import Queue

import pytest
from sqlalchemy import text

from memberctl.message import delivery
from memberctl.message.delivery import Guarantee
from memberctl.order.tables import Dunning
from memberctl.store.engine import Store
from memberctl.store.tables import Counter
from tests.histories import a_confirmed_order
from tests.message.mailserver import MailServer, configure, mail_server
from tests.message.queueing import money_asked, queue, receipt
from tests.program import Program
from tests.reliability.promises import assert_sound
from tests.reliability.terminals import happens, run_terminal, terminal

KILLS = 30
EACH = 3  # Messages that a sender may bring before it is killed.
Be = Callable[[Sequence[str], Mapping[str, str], Path], None]


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A mail server."""
    with mail_server() as running:
        yield running


def prepare(shop: Program, server: MailServer, total: int) -> set[str]:
    """Queue as many messages that may come twice as ones that may not; return the latter's ids."""
    configure(shop, port=server.port, timeout=10)
    order = a_confirmed_order(shop)
    with Store(shop.location).writing() as session:
        session.execute(text("DELETE FROM outbox"))
        session.execute(text("UPDATE counter SET value = 0 WHERE name = 'outbox'"))
        session.execute(text("UPDATE member SET email = 'li@example.com'"))
        order_id = session.execute(text("SELECT id FROM orders")).scalar_one()
        levels = range(1, total, 2)
        reached = {"order_id": order_id, "reached_on": date(2026, 3, 2)}
        session.add_all(Dunning(id=n, level=n, **reached) for n in levels)
        session.add(Counter(name="dunning", value=total))
        session.commit()
    for n in range(1, total, 2):
        queue(shop, receipt(1, n=n), money_asked(1, order, n))
    return {f"<ms-{n:06d}.test-store@example.org>" for n in range(2, total + 1, 2)}


def kill_senders(
    shop: Program, server: MailServer, folder: Path, dice: random.Random, kills: int,
    be: Be | None = None,
) -> None:  # fmt: skip
    """Kill senders, half of them between the message and the server's answer, half at any time."""
    for number in range(kills):
        after = len(server.received) + dice.randrange(EACH)
        sender = terminal(shop, "message", "send", folder=folder / str(number), be=be)
        if number % 2:
            server.on_taken = lambda after=after, pid=sender.process.pid: _kill(
                pid, len(server.received) > after
            )  # fmt: skip
            sender.end()
        else:
            happens(lambda after=after, sender=sender: len(server.received) > after
                    or not sender.process.is_alive())  # fmt: skip
            happens(lambda: False, dice.uniform(0, 0.02))
            sender.kill()
        server.on_taken = None


def _kill(pid: int, now: bool) -> None:
    if now:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def all_is_brought(shop: Program, server: MailServer, once: set[str], kills: int) -> None:
    """Let one sender bring the rest, and judge."""
    shop("message", "send")
    states = {each["number"]: each["state"] for each in shop.ok("message", "list")}
    unknown = {number for number, state in states.items() if state == "unknown"}
    assert {state for number, state in states.items() if number not in unknown} == {"sent"}
    arrived = Count(each.id for each in server.received)
    copies = sum(count - 1 for count in arrived.values())
    print(f"{len(states)} messages, {kills} kills: {copies} copies, {len(unknown)} unknown")
    for number in states.keys() - unknown:
        assert arrived[f"<{number.lower()}.test-store@example.org>"] >= 1, f"{number} is lost"
    assert copies + len(unknown) <= kills
    assert max(arrived[each] for each in once) == 1


def test_a_killed_sender_loses_nothing_and_doubles_at_most_one_message_and_once_is_once(
    shop: Program, server: MailServer, tmp_path: Path, dice: random.Random
) -> None:
    once = prepare(shop, server, KILLS * EACH)
    kill_senders(shop, server, tmp_path, dice, KILLS)
    all_is_brought(shop, server, once, KILLS)
    assert_sound(shop)


def careless(argv: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
    """Be a sender that never minds sending something again."""
    delivery.guarantee_of = lambda *_: Guarantee.AT_LEAST_ONCE
    run_terminal(argv, environ, folder)


def test_without_the_guard_what_may_come_once_comes_twice(
    shop: Program, server: MailServer, tmp_path: Path
) -> None:
    once = prepare(shop, server, 8)
    started: Queue[int] = Queue()
    server.on_taken = lambda: (
        _kill(started.get(timeout=60), True) if server.received[-1].id in once else None
    )
    sender = terminal(shop, "message", "send", folder=tmp_path / "killed", be=careless)
    assert sender.process.pid is not None
    started.put(sender.process.pid)
    sender.end()
    server.on_taken = None
    assert terminal(shop, "message", "send", folder=tmp_path / "next", be=careless).end() == 0
    arrived = Count(each.id for each in server.received)
    assert max(arrived[each] for each in once) > 1


def test_senders_at_once_send_each_message_once(
    shop: Program, server: MailServer, tmp_path: Path
) -> None:
    prepare(shop, server, 30)
    senders = [terminal(shop, "message", "send", folder=tmp_path / str(n)) for n in range(4)]
    codes = [sender.end() for sender in senders]
    arrived = Count(each.id for each in server.received)
    assert (codes, len(arrived), set(arrived.values())) == ([0] * 4, 30, {1})
