"""82, 84 and 90 of the list, at every command: a malicious store, a configuration that others can
write, and a kill in whatever changes more than rows.
"""

from __future__ import annotations

import hashlib
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.histories import a_member
from tests.program import Program
from tests.reliability.test_r12_full_and_forbidden import set_scene
from tests.reliability.test_r14_backups import killed_at, tools
from tests.reliability.test_r20_canary import canary, lines, words

__all__ = ["canary", "tools"]

TRAPS = {
    "a trigger": "CREATE TRIGGER theirs AFTER INSERT ON audit BEGIN"
    " UPDATE staff SET name = 'caught'; END",
    "a view in a table's place": "CREATE VIEW theirs AS SELECT * FROM member",
}
# They open no store, or have to read a file first, which the lines do not name.
OPENS_NONE = {
    "help {phone}", "completion bash", "init --owner", "doctor", "batch", "term preview",
    "staff rights", "bank map", "db roles", "backup list", "backup verify", "backup restore",
    "plan import", "agreement publish", "member import", "bank import", "template set",
}  # fmt: skip
# Where the canary's lines are refused for what is typed, these are not.
MORE = """
card stock SH01 --add 5 | template show order_confirmed --language zh
template reset order_confirmed --language en | tier revise gold --price-percent 90 --from 2027-01-01
staff add new --name x --role service | staff grant li finance | staff revoke li service
branch add QQ01 --name x
policy set review_days 6 | calendar add 2027 | calendar show 2026 | branch update SH01 --capacity 5
debt instalments @order --count 3 --first 2026-04-01 | bank report --from 2026-01-01 --to 2026-03-31
term freeze @member --from 2026-04-01 --until 2026-05-01 --reason x
checkin scan 86000100000014 | ledger recognise --through 2026-02-28
member verify @member --document-seen resident_id
"""


def every_line() -> Iterator[str]:
    """Yield lines for every command."""
    yield from lines()
    for row in MORE.strip().splitlines():
        yield from (line.strip() for line in row.split("|"))


@pytest.mark.parametrize("trap", TRAPS)
def test_every_command_refuses_a_store_with_a_trap_in_it(
    canary: tuple[Program, dict[str, str]], trap: str
) -> None:
    shop, names = canary
    connection = sqlite3.connect(shop.location)
    connection.execute(TRAPS[trap])
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    before = hashlib.sha256(Path(shop.location).read_bytes()).digest()
    codes: dict[str, set[int]] = {}
    for line in every_line():
        typed = words(line, names)
        codes.setdefault(" ".join(line.split()[:2]), set()).add(shop(*typed).exit)
    open_ = {verb for verb, ended in codes.items() if 8 not in ended}
    assert open_ - OPENS_NONE == set()
    assert all(ended <= {0, 2, 3, 4, 6, 7, 8} for ended in codes.values()), codes
    connection = sqlite3.connect(shop.location)
    assert connection.execute("SELECT 1 FROM staff WHERE name = 'caught'").fetchone() is None
    connection.close()
    assert hashlib.sha256(Path(shop.location).read_bytes()).digest() == before


def test_no_command_reads_a_configuration_that_others_can_write(
    canary: tuple[Program, dict[str, str]],
) -> None:
    shop, names = canary
    config = shop.folder / "shared.toml"
    config.write_text('as = "zhao"\n')
    config.chmod(0o666)
    refusing, all_of_them = set(), set()
    for line in every_line():
        refused = shop(*words(line, names), environ={"MEMBERCTL_CONFIG": str(config)})
        verb = " ".join(line.split()[:2])
        all_of_them.add(verb)
        if "chmod go-w" in refused.err:
            assert refused.exit == 2
            refusing.add(verb)
    assert all_of_them - refusing <= {"help {phone}", "completion bash", "bank map"}


CHANGE_FILES = {
    "init --db {out}/new.db": 7,
    "db copy --to {out}/copy.db": 7,
    "archive create --quarter 2026Q1 --to {out}/kept --force": 7,
    "audit anchor --output {out}/anchors.txt": 0,
    "backup create {out}/b --force": 0,
    "member erase {member} --reason asked --yes": 0,
}


@pytest.mark.parametrize("line", CHANGE_FILES)
def test_what_is_killed_in_the_middle_is_repeated_to_its_end(shop: Program, line: str) -> None:
    names = {**set_scene(shop), "member": a_member(shop)}
    ground, out = shop.folder / "ground.db", Path(names["out"])
    shutil.copy(shop.location, ground)
    typed = line.format(**names).split()
    for nth in count(1):
        shutil.rmtree(out)
        (out / "kept").mkdir(parents=True)
        for suffix in ("", "-wal", "-shm"):
            Path(shop.location + suffix).unlink(missing_ok=True)
        shutil.copy(ground, shop.location)
        code = killed_at(nth, shop, *typed)
        again = shop(*typed)
        assert again.exit == (CHANGE_FILES[line] if code == 0 else 0), (nth, again)
        assert shop("db", "check").exit == 0, nth
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert nth > 1 or "copy" in line
