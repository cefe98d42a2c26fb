"""Files of members through `member import`: what is written, given back and said."""

from __future__ import annotations

import csv
import io
import json

import pytest

from memberctl.cli.importing import BATCH, NamedMembers
from tests.program import PYTHON, Program, Result
from tests.spending import spend

HEADER = "external_ref,name,phone,email,birth_date,id_number\n"


def write(program: Program, text: str | bytes, name: str = "people.csv") -> str:
    """Write a file beside the store and return its path."""
    path = program.folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def imported(program: Program, path: str, *options: str) -> Result:
    """Import a file as sun of reception."""
    return program("member", "import", path, *options, "--format", "json", as_="sun")


def rejects(program: Program, name: str = "people.rejects.csv") -> list[dict[str, str]]:
    """Return the rows of a rejects file."""
    text = (program.folder / name).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def people(count: int, start: int = 0) -> str:
    """Return rows of different people."""
    return "".join(
        f"A{n},王{chr(0x4E00 + n % 20_000)},138{n:08d},p{n}@example.com,1990-03-07,\n"
        for n in range(start, start + count)
    )


def test_good_rows_are_written_and_bad_ones_given_back_unchanged(memberctl: Program) -> None:
    bad = "A9, 李娜 ,110,a@b,2023-02-29,110105194912310021\n"
    done = imported(memberctl, write(memberctl, HEADER + people(2) + bad))
    assert done.exit == 3
    assert done.json == {
        "read": 3,
        "created": 2,
        "updated": 0,
        "unchanged": 0,
        "duplicate": 0,
        "rejected": 1,
        "rejects_file": "people.rejects.csv",
    }
    assert rejects(memberctl) == [
        {
            "external_ref": "A9",
            "name": " 李娜 ",
            "phone": "110",
            "email": "a@b",
            "birth_date": "2023-02-29",
            "id_number": "110105194912310021",
            "_row": "4",
            "_code": "phone_number;email_form;check_character;date_unknown",
            "_field": "phone;email;id_number;birth_date",
            "_message": rejects(memberctl)[0]["_message"],
        }
    ]
    assert done.envelope["status"] == "partial"


def test_the_summary_is_one_sentence(memberctl: Program) -> None:
    path = write(memberctl, HEADER + people(2) + "A9,李娜,110,,,\n")
    done = memberctl("member", "import", path, as_="sun")
    assert done.out == ("Imported 2 of 3 members: 2 created, 1 rejected -> people.rejects.csv\n")
    assert "line 4: phone: no country gives out such a phone number" in done.err


def test_corrected_rejects_are_taken_and_their_notes_passed_over(memberctl: Program) -> None:
    imported(memberctl, write(memberctl, HEADER + "A9,李娜,110,,,\n"))
    path = memberctl.folder / "people.rejects.csv"
    path.write_text(path.read_text().replace("110", "13900139000", 1))
    done = imported(memberctl, str(path))
    assert (done.exit, done.json["created"]) == (0, 1)


def test_older_rejects_stay_until_they_may_be_replaced(shop: Program) -> None:
    path = write(shop, HEADER + "A9,李娜,110,,,\n")
    imported(shop, path)
    assert imported(shop, path).json["rejects_file"] == "people.rejects-2.csv"
    assert imported(shop, path, "--force").json["rejects_file"] == "people.rejects.csv"


def test_the_same_file_twice_changes_nothing(memberctl: Program) -> None:
    path = write(memberctl, HEADER + people(3))
    assert imported(memberctl, path).json["created"] == 3
    again = imported(memberctl, path)
    assert (again.exit, again.json["unchanged"], again.json["read"]) == (0, 3, 3)


def test_new_contact_data_under_a_reference_is_an_update(memberctl: Program) -> None:
    imported(memberctl, write(memberctl, HEADER + people(2)))
    moved = people(2).replace("13800000001", "13900139000")
    done = imported(memberctl, write(memberctl, HEADER + moved))
    assert (done.json["updated"], done.json["unchanged"]) == (1, 1)


def test_all_or_nothing_writes_nothing_but_the_reasons(memberctl: Program) -> None:
    path = write(memberctl, HEADER + people(2) + "A9,李娜,110,,,\n")
    done = imported(memberctl, path, "--all-or-nothing")
    assert done.exit == 6
    assert json.loads(done.err.splitlines()[-1])["committed"] is False
    assert memberctl("member", "list", "--format", "count", as_="sun").out == "0\n"
    assert [row["_row"] for row in rejects(memberctl)] == ["4"]


def test_a_dry_run_counts_the_same_and_leaves_nothing(memberctl: Program) -> None:
    path = write(memberctl, HEADER + people(2) + people(1))
    tried = imported(memberctl, path, "--dry-run")
    assert not (memberctl.folder / "people.rejects.csv").exists()
    assert memberctl("member", "list", "--format", "count", as_="sun").out == "0\n"
    done = imported(memberctl, path)
    assert tried.json == done.json
    assert tried.exit == done.exit == 3


def test_somebody_twice_in_a_file_is_refused_and_both_lines_are_named(memberctl: Program) -> None:
    done = imported(memberctl, write(memberctl, HEADER + people(2) + people(1)))
    assert done.json["duplicate"] == 1
    (row,) = rejects(memberctl)
    assert row["_row"] == "4"
    assert "line 2" in row["_message"]
    again = imported(memberctl, write(memberctl, HEADER + people(2) + people(1)))
    assert (again.json["unchanged"], again.json["duplicate"]) == (2, 1)


def test_somebody_twice_in_a_file_is_found_across_batches(
    memberctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memberctl.cli.importing.BATCH", 2)
    done = imported(memberctl, write(memberctl, HEADER + people(5) + people(1)))
    assert (done.json["created"], done.json["duplicate"]) == (5, 1)
    assert "line 2" in rejects(memberctl)[0]["_message"]


def test_rows_that_cannot_be_read_are_given_back_as_they_are(shop: Program) -> None:
    text = "name,phone\n李娜,13900139000,surplus\n王芳\n张\x00伟,13800138000\n"
    done = imported(shop, write(shop, text))
    assert done.json["rejected"] == 3
    lines = (shop.folder / "people.rejects.csv").read_text().splitlines()
    assert lines[0] == "name,phone,_row,_code,_field,_message"
    assert lines[1].startswith("李娜,13900139000,2,long_row,,") and lines[1].endswith(",surplus")
    assert lines[2].startswith("王芳,,3,short_row,,")


def test_chinese_headers_and_encodings_are_understood_and_said(shop: Program) -> None:
    text = "姓名,手机号,身份证号\n张伟,13800138000,11010519491231002X\n"
    path = write(shop, text.encode("gb18030"))
    done = imported(shop, path)
    assert (done.exit, done.json["created"]) == (0, 1)
    assert "GB18030" in done.err


def test_a_mapping_file_names_columns(shop: Program) -> None:
    mapping = write(shop, '"Kunde" = "name"\n"Ruf" = "phone"\n', "map.toml")
    path = write(shop, "Kunde;Ruf\nWeber;+49 30 901820\n")
    assert imported(shop, path, "--map", mapping).json["created"] == 1


@pytest.mark.parametrize("content", ["Kunde = 1\n", "Kunde =\n", b"\xff"])
def test_a_mapping_file_that_is_none_is_refused(shop: Program, content: str | bytes) -> None:
    mapping = write(shop, content, "map.toml")
    path = write(shop, HEADER)
    assert imported(shop, path, "--map", mapping).exit == 6


def test_an_unknown_column_is_an_error_unless_it_is_passed_over(shop: Program) -> None:
    path = write(shop, "name,phone,shoe_size\nLi,13800138000,43\n")
    assert imported(shop, path).exit == 6
    assert imported(shop, path, "--ignore-extra").json["created"] == 1


def test_an_empty_file_is_nothing_to_do_with_a_warning(shop: Program) -> None:
    for text in ("", HEADER):
        done = imported(shop, write(shop, text))
        assert (done.exit, done.json["read"], done.json["rejects_file"]) == (0, 0, None)
        assert done.envelope["messages"][0]["level"] == "warning"


def test_our_marker_against_formulas_is_taken_back(shop: Program) -> None:
    imported(shop, write(shop, "name,phone\n'=Li,13800138000\n"))
    assert shop.ok("member", "list", as_="sun")[0]["name"] == "=Li"


def test_standard_input_is_read_as_a_file_is(shop: Program) -> None:
    done = shop("member", "import", "-", "--format", "json", as_="sun", stdin=HEADER + people(2))
    assert done.json["created"] == 2


def test_no_personal_data_is_said_about_refused_rows(shop: Program) -> None:
    row = "A1,张秘密,13712345678x,secret@nowhere,1990-13-01,110105194912310021\n"
    done = imported(shop, write(shop, HEADER + row))
    for secret in ("张秘密", "13712345678", "secret", "1990", "110105194912310021"):
        assert secret not in done.err + done.out


def test_whom_a_file_named_is_remembered_with_the_first_line() -> None:
    named = NamedMembers()
    named.remember(7, 2)
    named.remember(7, 9)
    assert (named.line_of(7), named.line_of(8), named.line_of(10**9)) == (2, None, None)
    assert 7 in named and 8 not in named


def peak_mib(program: Program, *line: str, as_: str = "sun") -> float:
    """Return how much memory a process takes at most that imports a file."""
    command = [PYTHON, "-m", "memberctl", *line, "--quiet"]
    return spend(command, program.environment(as_)).peak


def test_memory_does_not_grow_with_the_rows_beyond_a_few_batches(shop: Program) -> None:
    small = peak_mib(shop, "member", "import", write(shop, HEADER + people(2 * BATCH)))
    large = peak_mib(
        shop, "member", "import", write(shop, HEADER + people(7 * BATCH, start=2 * BATCH))
    )
    # SQLite keeps pages of new rows, 7 MiB of them, up to its own limit; keeping the rows that were
    # read as well makes it 16.
    assert large - small < 12, (small, large)
