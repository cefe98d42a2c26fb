"""--output writes the whole file or nothing, and never over what it should not touch."""

from __future__ import annotations

import os
import resource
import stat
from pathlib import Path

import pytest

from memberctl.cli.formats import Format
from memberctl.core.errors import Invalid, NotFound, NotShown, UsageProblem
from tests.cli.showing import Shop


def written(path: Path, **options: object) -> None:
    shop = Shop(path=str(path), **options)
    shop.output.prepare()
    shop.output.show_list([{"number": "M-000001", "name": "李"}], ["number", "name"])
    assert shop.data() == ""


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        ("x.csv", "number,name\nM-000001,李\n"),
        ("x.TSV", "number\tname\n"),
        ("x", "number\tname\n"),
        ("x.json", '{"memberctl": 1, '),
        ("x.jsonl", '{"number": "M-000001", "name": "李"}\n'),
        ("x.md", "| number "),
        ("x.html", "<!doctype html>"),
        ("x.txt", "number    name\nM-000001  李\n"),
    ],
)
def test_the_suffix_chooses_the_format(tmp_path: Path, name: str, begin: str):
    written(tmp_path / name)
    assert (tmp_path / name).read_text("utf-8").startswith(begin)


def test_a_format_that_was_given_beats_the_suffix(tmp_path: Path):
    written(tmp_path / "x.csv", format=Format.IDS)
    assert (tmp_path / "x.csv").read_text() == "M-000001\n"


def test_an_unknown_suffix_is_refused_before_any_work(tmp_path: Path):
    with pytest.raises(UsageProblem, match=r"\.csv \.tsv"):
        Shop(path=str(tmp_path / "x.xlsx")).output.prepare()
    assert list(tmp_path.iterdir()) == []


def test_which_file_was_written_and_with_how_many_rows_is_said_unless_quiet(tmp_path: Path):
    def told(count: int, **options: object) -> str:
        shop = Shop(path=str(tmp_path / "x.csv"), force=True, **options)
        shop.output.show_list([{"a": "1"}] * count, ["a"])
        assert shop.data() == ""
        return shop.words()

    assert told(2) == f"wrote 2 rows to {tmp_path}/x.csv\n"
    assert told(1) == f"wrote 1 row to {tmp_path}/x.csv\n"
    assert told(0).startswith("wrote 0 rows")
    assert told(9, limit=3) == f"3 of 9 shown, use --limit\nwrote 3 rows to {tmp_path}/x.csv\n"
    assert told(2, format=Format.COUNT) == f"wrote {tmp_path}/x.csv\n"
    assert told(2, quiet=True) == ""


def test_a_record_is_one_row_and_a_text_or_document_has_none(tmp_path: Path):
    for show, said in (
        (lambda output: output.show_record({"a": "1"}), "wrote 1 row to "),
        (lambda output: output.say({"a": "1"}, "Did {a}."), "wrote "),
        (lambda output: output.show_text("a\nb\n", {"a": "1"}), "wrote "),
        (lambda output: output.show_document(["a\n"]), "wrote "),
    ):
        shop = Shop(path=str(tmp_path / "x.out"), force=True)
        show(shop.output)
        assert shop.data() == ""
        assert shop.words() == f"{said}{tmp_path}/x.out\n"


def test_what_goes_to_standard_output_is_not_said_to_be_a_file():
    for path in (None, "-"):
        shop = Shop(path=path)
        shop.output.show_list([{"a": "1"}], ["a"])
        assert shop.data() == "a\n1\n"
        assert shop.words() == ""


def test_a_file_is_private_and_leaves_nothing_beside_it(tmp_path: Path):
    written(tmp_path / "x.csv")
    assert [found.name for found in tmp_path.iterdir()] == ["x.csv"]
    assert stat.S_IMODE((tmp_path / "x.csv").stat().st_mode) == 0o600


def test_before_it_is_flushed_a_file_does_not_exist_and_discarded_it_never_will(tmp_path: Path):
    shop = Shop(path=str(tmp_path / "x.csv"))
    shop.output.show_list([{"a": "1"}], ["a"])
    assert not (tmp_path / "x.csv").exists()
    shop.output.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_replaced_only_by_force(tmp_path: Path):
    target = tmp_path / "x.csv"
    target.write_text("old")
    with pytest.raises(Invalid, match="it exists") as refused:
        Shop(path=str(target)).output.prepare()
    assert "--force" in str(refused.value.hint)
    assert target.read_text() == "old"
    written(target, force=True)
    assert target.read_text("utf-8").startswith("number,name")


def test_a_link_is_never_followed(tmp_path: Path):
    aim, link = tmp_path / "aim", tmp_path / "x.csv"
    aim.write_text("old")
    link.symlink_to(aim)
    with pytest.raises(Invalid, match="symbolic link"):
        Shop(path=str(link)).output.prepare()
    written(link, force=True)
    assert aim.read_text() == "old"
    assert not link.is_symlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused(tmp_path: Path):
    target = tmp_path / "x.csv"
    target.touch()
    os.chown(target, 12345, -1)
    with pytest.raises(Invalid, match="somebody else"):
        Shop(path=str(target)).output.prepare()


def test_folders_pipes_and_devices_are_refused_even_by_force(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "pipe", tmp_path / "folder", Path("/dev/null")):
        with pytest.raises(Invalid, match="folder or a device"):
            Shop(path=str(path), force=True).output.prepare()


@pytest.mark.parametrize(
    "name",
    [
        "a\x00b",
        "n" * 300,
        "张" * 90,
        "a\nb",
        "\u202egpj.csv",
        "CON",
        "nul.csv",
        "-rf",
        "~root/x",
        "a/",
        "..",
    ],
    ids=ascii,
)
def test_odd_names_are_refused_and_not_repeated(name: str):
    with pytest.raises(Invalid) as refused:
        Shop(path=name, format=Format.CSV).output.prepare()
    assert name not in refused.value.message or len(name) < 4
    assert refused.value.exit_code == 6


def test_a_missing_folder_is_not_found(tmp_path: Path):
    with pytest.raises(NotFound, match="folder does not exist"):
        Shop(path=str(tmp_path / "no" / "x.csv")).output.prepare()


def test_what_came_into_being_meanwhile_is_not_replaced(tmp_path: Path):
    target = tmp_path / "x.csv"
    shop = Shop(path=str(target))
    shop.output.show_list([{"a": "1"}], ["a"])
    target.write_text("theirs")
    with pytest.raises(NotShown, match="File exists") as refused:
        shop.output.flush()
    assert refused.value.hint is None
    assert target.read_text() == "theirs"
    assert [found.name for found in tmp_path.iterdir()] == ["x.csv"]


def test_a_full_disk_leaves_no_half_file(tmp_path: Path):
    shop = Shop(path=str(tmp_path / "x.csv"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(NotShown, match="File too large") as refused:
            shop.output.show_list([{"a": "x" * 100_000}], ["a"])
            shop.output.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert refused.value.hint == f"df -h {tmp_path}"
    assert list(tmp_path.iterdir()) == []


def test_a_dash_is_stdout():
    shop = Shop(path="-")
    shop.output.show_list([{"a": "1"}], ["a"])
    assert shop.data() == "a\n1\n"
