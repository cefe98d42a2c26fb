"""R24 and the standby: servers that crash, a primary that is killed and never comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clusters import Cluster
from tests.histories import a_big_order
from tests.program import Program
from tests.reliability.promises import acknowledged, assert_sound
from tests.reliability.test_r24_crashes import (
    TILLS,
    codes_in,
    crash_under_tills,
    lines_of,
    tills_at_work,
)
from tests.soak.conftest import Report
from tests.stores import make_seeded

CRASHES = 10
LINES = 200


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A server of our own."""
    with Cluster() as made:
        yield made


def seeded(cluster: Cluster, folder: Path, name: str = "club") -> Program:
    """Return the program on a seeded store of a server."""
    url = cluster.make_database(name)
    make_seeded(url, folder / "keys")
    return Program(url, folder / "keys", folder)


def test_ten_crashes_under_four_tills(cluster: Cluster, tmp_path: Path, told: Report) -> None:
    acknowledgements = losses = 0
    codes: set[int] = set()
    for number in range(CRASHES):
        folder = tmp_path / str(number)
        folder.mkdir()
        program = seeded(cluster, folder, f"club{number}")
        said, lost, seen = crash_under_tills(program, cluster, LINES)
        acknowledgements, losses, codes = acknowledgements + said, losses + lost, codes | seen
        assert_sound(program)
    told(
        "R24",
        f"{CRASHES} crashes, {acknowledgements} acknowledged",
        f"{losses} lost, exits {codes}",
    )
    assert losses == 0
    assert codes <= {0, 11, 16}


def test_a_primary_is_killed_and_its_standby_goes_on(
    cluster: Cluster, tmp_path: Path, told: Report
) -> None:
    program = seeded(cluster, tmp_path)
    order = a_big_order(program)
    standby = cluster.standby(5433)
    cluster.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
    cluster.run("SELECT pg_reload_conf()")
    follows = "SELECT COUNT(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
    while cluster.run(follows) != "1":
        time.sleep(0.1)
    both = cluster.url("club").partition("?")[0]
    both += (
        f"?host={cluster.folder},{cluster.folder}&port=5432,5433&target_session_attrs=read-write"
    )
    chain = Program(both, program.key_dir, program.folder)
    try:
        tills = tills_at_work(chain, order, LINES)
        cluster.crash()
        standby.promote()
        promoted = time.monotonic()
        chain.ok("branch", "add", "AFTER", "--name", "x")
        waited = time.monotonic() - promoted
        for till in tills:
            assert till.end() in {0, 3}, till.err
        known = {answer["number"] for till in tills for answer in acknowledged(till.out)}
        stored = {row["number"] for row in chain.ok("payment", "list")}
        for till in range(TILLS):
            assert chain("batch", as_="qian", stdin=lines_of(till, order, LINES)).exit == 0
        payments = len(chain.ok("payment", "list"))
        assert_sound(chain)
    finally:
        standby.crash()
    told(
        "R24", f"primary killed, standby promoted, {len(known)} known",
        f"{len(known - stored)} lost, exits {codes_in(tills)}, next command after {waited:.1f} s",
    )  # fmt: skip
    assert known <= stored
    assert payments == TILLS * LINES
