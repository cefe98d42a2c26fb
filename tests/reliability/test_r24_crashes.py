"""R24: a PostgreSQL server that crashes loses nothing acknowledged; deadlocks are never shown.

Four tills record payments, each under a key of its own, while the server is stopped as by a power
cut and comes up again. Whatever was answered "ok" is there; the same lines again leave each
payment exactly once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from memberctl.store.engine import WRITERS_LOCK
from tests.clusters import Cluster
from tests.histories import a_big_order
from tests.program import Program
from tests.reliability.promises import acknowledged, assert_sound
from tests.reliability.terminals import Terminal, happens, terminal
from tests.stores import make_seeded

TILLS = 4
LINES = 60


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A server of our own, which keeps what it acknowledges."""
    with Cluster() as made:
        yield made


@pytest.fixture
def program(cluster: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Program:
    """The program on a seeded store of that server."""
    name = f"t{abs(hash(request.node.name)) % 10**9}"
    url = cluster.make_database(name)
    make_seeded(url, tmp_path / "keys")
    return Program(url, tmp_path / "keys", tmp_path)


def lines_of(till: int, order: str, count: int) -> bytes:
    """Return the payments of one till, each with its own key."""
    line = f"payment record {order} 1.00 --method cash --again --key"
    return "".join(f"{line} T{till}-{n}\n" for n in range(count)).encode()


def tills_at_work(program: Program, order: str, count: int) -> list[Terminal]:
    """Start the tills and wait until each has recorded something."""
    tills = [
        terminal(program, "batch", folder=program.folder / f"till{till}", as_="qian",
                 stdin=lines_of(till, order, count))
        for till in range(TILLS)
    ]  # fmt: skip
    for till in tills:
        assert happens(lambda till=till: '"status": "ok"' in till.out)
    return tills


def crash_under_tills(program: Program, cluster: Cluster, count: int) -> tuple[int, int, set[int]]:
    """Crash the server under its tills; return acknowledged, lost, and all exit codes."""
    order = a_big_order(program)
    tills = tills_at_work(program, order, count)
    cluster.crash()
    cluster.start()
    for till in tills:
        assert till.end() in {0, 3}, till.err
        assert "Traceback" not in till.err
    told = [answer["number"] for till in tills for answer in acknowledged(till.out)]
    stored = {row["number"] for row in program.ok("payment", "list")}
    for till in range(TILLS):  # Every line again, under its key.
        assert program("batch", as_="qian", stdin=lines_of(till, order, count)).exit == 0
    assert len(program.ok("payment", "list")) == TILLS * count
    return len(told), len(set(told) - stored), codes_in(tills)


def codes_in(tills: list[Terminal]) -> set[int]:
    """Return the exit codes that the tills' lines were answered with."""
    import json

    answers: list[Any] = [json.loads(line) for till in tills for line in till.out.splitlines()]
    return {answer.get("exit", 0) for answer in answers}


def test_a_crash_of_the_server_loses_nothing_acknowledged(
    program: Program, cluster: Cluster
) -> None:
    told, lost, codes = crash_under_tills(program, cluster, LINES)
    assert told > TILLS
    assert lost == 0
    assert codes <= {0, 11, 16}
    assert_sound(program)


def test_a_deadlock_is_repeated_and_never_shown(program: Program, cluster: Cluster) -> None:
    order = a_big_order(program)
    where = program.location.replace("+psycopg", "")
    with psycopg.connect(where) as rival:
        rival.execute("SELECT id FROM orders WHERE number = %s FOR UPDATE", (order,))
        till = terminal(
            program, "payment", "record", order, "1.00", "--method", "cash",
            folder=program.folder / "till", as_="qian",
        )  # fmt: skip
        assert happens(lambda: waiting(cluster))
        try:
            rival.execute("SELECT pg_advisory_xact_lock(%s)", (WRITERS_LOCK,))
        except psycopg.errors.DeadlockDetected:
            rival.rollback()
        rival.rollback()
    assert till.end() == 0, till.err
    assert len(program.ok("payment", "list")) == 1
    deadlocks = cluster.run("SELECT SUM(deadlocks) FROM pg_stat_database")
    assert int(deadlocks) >= 1


def waiting(cluster: Cluster) -> bool:
    """Return whether somebody waits for a lock."""
    return cluster.run("SELECT COUNT(*) FROM pg_locks WHERE NOT granted") != "0"


def test_a_commit_of_which_nobody_knows_is_told_so_and_happens_once(
    program: Program, cluster: Cluster
) -> None:
    """A standby that never answers makes COMMIT wait; then the server is lost under it."""
    order = a_big_order(program)
    cluster.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    cluster.run("SELECT pg_reload_conf()")
    line = ("payment", "record", order, "1.00", "--method", "cash", "--key", "K1")
    till = terminal(program, *line, folder=program.folder / "till", as_="qian")
    stuck = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    assert happens(lambda: cluster.run(stuck) == "1")
    cluster.crash()
    assert till.end() == 16
    assert "may be done or not" in till.err
    (cluster.data / "postgresql.auto.conf").write_text("")
    cluster.start()
    again = program(*line, as_="qian")
    assert again.exit == 0
    assert len(program.ok("payment", "list")) == 1


def test_a_server_that_is_gone_is_told_in_plain_words(program: Program, cluster: Cluster) -> None:
    several = program.location.replace(
        f"host={cluster.folder}&port={cluster.port}",
        f"host={cluster.folder},{cluster.folder}&port=1,{cluster.port}"
        "&target_session_attrs=read-write",
    )
    chain = Program(several, program.key_dir, program.folder)
    chain.ok("branch", "add", "B1", "--name", "x")
    cluster.crash()
    began = time.monotonic()
    gone, nobody = program("branch", "list"), chain("branch", "list")
    assert (gone.exit, nobody.exit) == (10, 11)
    assert "cannot be reached" in gone.err
    assert time.monotonic() - began < 60
    cluster.start()
    assert chain("branch", "list").exit == 0
