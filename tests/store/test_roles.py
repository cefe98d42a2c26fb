"""`db roles` on a real server: what a person's role can do, with the program and without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.clusters import Cluster
from tests.histories import a_confirmed_order, pay
from tests.program import Program
from tests.stores import make_seeded


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, Program]]:
    """A store on a server of its own, with a history and with roles for its people."""
    folder = tmp_path_factory.mktemp("club")
    with Cluster() as cluster:
        url = cluster.make_database("club")
        make_seeded(url, folder / "keys")
        owner = Program(url, folder / "keys", folder)
        pay(owner, a_confirmed_order(owner), "3650.00")
        for code in ("li", "sun", "zhao"):
            shown = owner.ok("staff", "show", code)
            owner.ok(
                "staff", "add", code, "--name", shown["name"], "--role", shown["roles"][0],
                "--database-user", f"user-{code}",
            )  # fmt: skip
        owner.ok("staff", "leave", "zhao")
        for _ in range(2):  # It may be run again.
            cluster.run(owner("db", "roles").out, "club")
        yield cluster, owner


def as_user(club: tuple[Cluster, Program], code: str) -> Program:
    """Return the program as one person runs it, under their own role."""
    cluster, owner = club
    return Program(cluster.url("club", f"user-{code}"), owner.key_dir, owner.folder)


def test_a_person_does_their_work_under_their_own_role(club: tuple[Cluster, Program]) -> None:
    sun = as_user(club, "sun")
    made = sun.ok("member", "register", "钱多多", "--phone", "13712345678")
    filed = sun.ok("order", "file", made["number"], "--plan", "YEAR", "--agreed")
    as_user(club, "li").ok("review", "advance", filed["number"], "--approve")
    (link, *_) = club[1].ok("audit", "log", "--event", "order.filed")
    assert (link["account"], link["login"], link["staff"]) == ("user user-sun", "sun", "sun")
    assert sun("audit", "log").exit == 5
    assert club[1].ok("db", "check", "--deep")["problems"] == []


FORBIDDEN = (
    "UPDATE audit SET facts = '{}'",
    "DELETE FROM audit",
    "TRUNCATE audit",
    "UPDATE ledger_entry SET about = 'x'",
    "DELETE FROM posting",
    "UPDATE posting SET amount_minor = 0",
    "ALTER TABLE audit DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_no_update ON audit",
    "DROP TABLE audit",
    "UPDATE store_info SET store_id = 'x'",
    "UPDATE alembic_version SET version_num = '0001'",
    "CREATE TABLE public.mine (x int)",
    "SET ROLE club_tables",
)


@pytest.mark.parametrize("sql", FORBIDDEN)
def test_no_program_lets_a_person_change_what_only_grows(
    club: tuple[Cluster, Program], sql: str
) -> None:
    where = as_user(club, "li").location.replace("+psycopg", "")
    with (
        psycopg.connect(where) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(sql)


FORGED = """
    INSERT INTO audit (seq, at, account, login, staff, command, event, object, facts, prev, mac)
    SELECT seq + 1, at, '{account}', '{login}', staff, command, event, object, facts, mac, mac
    FROM audit ORDER BY seq DESC LIMIT 1
"""


def test_a_row_of_the_log_is_taken_only_from_whom_it_names(club: tuple[Cluster, Program]) -> None:
    where = as_user(club, "li").location.replace("+psycopg", "")
    for account, login in (("user postgres", "owner"), ("user user-li", "sun"), ("", "li")):
        with psycopg.connect(where) as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="another than"):
                connection.execute(FORGED.format(account=account, login=login))
            connection.rollback()
            connection.execute(FORGED.format(account="user user-li", login="li"))
            connection.rollback()


def test_whoever_has_left_cannot_log_in(club: tuple[Cluster, Program]) -> None:
    assert as_user(club, "zhao")("branch", "list").exit == 10


def test_a_sqlite_store_has_no_roles(shop: Program, tmp_path: Path) -> None:
    refused = shop("db", "roles")
    assert refused.exit == 6
    assert "whoever can write the file" in refused.err
