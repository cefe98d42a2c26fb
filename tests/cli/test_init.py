"""A store from nothing, to its end or not at all."""

import stat
from pathlib import Path

import pytest

from tests.program import Program
from tests.stores import database_url, drop_database, make_database


@pytest.fixture
def nowhere(tmp_path: Path) -> Program:
    """The program where no store is yet."""
    return Program(str(tmp_path / "club.db"), tmp_path / "keys", tmp_path)


def test_init_makes_a_store_that_is_sound_and_yours(nowhere: Program) -> None:
    made = nowhere.ok("init", "--name", "长风健身", "--owner", "boss")
    assert (made["name"], made["owner"]) == ("长风健身", "boss")
    assert [row["roles"] for row in nowhere.ok("staff", "list")] == [["owner"]]
    assert nowhere.ok("db", "check")["problems"] == []


def test_the_store_and_its_key_are_for_the_owners_eyes_alone(nowhere: Program) -> None:
    made = nowhere.ok("init")
    for path in (made["store"], made["key_file"]):
        assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
    assert Path(made["key_file"]).parent != Path(made["store"]).parent


def test_init_never_touches_what_is_there(nowhere: Program, tmp_path: Path) -> None:
    there = tmp_path / "club.db"
    there.write_text("my notes")
    refused = nowhere("init")
    assert (refused.exit, there.read_text()) == (7, "my notes")
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    "wish", [("--zone", "Mars/Base"), ("--currency", "XXZ"), ("--name", "  "), ("--owner", "a b")]
)
def test_a_wish_that_cannot_be_met_leaves_nothing_behind(
    nowhere: Program, tmp_path: Path, wish: tuple[str, str]
) -> None:
    refused = nowhere("init", *wish)
    assert refused.exit == 6
    assert not list(tmp_path.glob("club.db*"))
    assert not list(tmp_path.glob("keys/*"))
    assert nowhere("init").exit == 0


def test_every_command_without_a_store_names_init(nowhere: Program) -> None:
    for argv in (("status",), ("member", "list"), ("plan", "add", "A", "--name", "a",
                  "--term", "1m", "--price", "1")):  # fmt: skip
        result = nowhere(*argv)
        assert result.exit == 10
        assert "memberctl init" in result.err


def test_without_its_key_file_a_store_can_be_read_and_not_written(nowhere: Program) -> None:
    key = Path(nowhere.ok("init")["key_file"])
    key.rename(key.with_suffix(".away"))
    assert nowhere("staff", "list").exit == 0
    refused = nowhere("branch", "add", "SH01", "--name", "上海")
    assert refused.exit == 12
    key.write_text("00" * 32 + "\n")
    key.chmod(0o600)
    assert nowhere("branch", "add", "SH01", "--name", "上海").exit == 12


def test_init_founds_a_store_in_an_empty_postgresql_database_once(tmp_path: Path) -> None:
    make_database("fresh_for_init")
    shop = Program(database_url("fresh_for_init"), tmp_path / "keys", tmp_path)
    assert shop("init").exit == 0
    assert shop("init").exit == 7
    assert shop.ok("db", "check")["problems"] == []
    drop_database("fresh_for_init")


def test_a_dry_run_of_init_leaves_neither_store_nor_key(nowhere: Program, tmp_path: Path) -> None:
    tried = nowhere("init", "--dry-run", "--format", "json")
    assert (tried.exit, tried.envelope["status"]) == (0, "dry-run")
    assert "dry run: nothing was written" in tried.err
    assert not list(tmp_path.glob("club.db*"))
    assert not list(tmp_path.glob("keys/*"))
    assert nowhere("init").exit == 0


def test_a_dry_run_of_init_leaves_a_postgresql_database_empty(tmp_path: Path) -> None:
    make_database("fresh_for_dry_init")
    shop = Program(database_url("fresh_for_dry_init"), tmp_path / "keys", tmp_path)
    assert [shop("init", "--dry-run").exit, shop("init").exit] == [0, 0]
    drop_database("fresh_for_dry_init")
