"""A text file is known to the byte before it is parsed, or refused."""

from __future__ import annotations

import hashlib
import os

import pytest

from memberctl.core.errors import Invalid, NotFound
from memberctl.core.rows import open_rows

HEADER = "name,phone\n"
CHINESE = "姓名,手机,地址\n张伟,13800138000,北京市朝阳区建国路八十八号\n"
TAIWANESE = "姓名,電話,地址\n陳怡君,0912345678,臺北市中正區忠孝東路一段\n"


def cells(rows):
    return [row.cells for row in rows]


def refusal(table, *arguments, **options):
    with pytest.raises(Invalid) as refused:
        table(*arguments, **options)
    return refused.value


def test_a_byte_order_mark_is_no_part_of_the_header(table):
    file, rows = table(b"\xef\xbb\xbf" + b'"name",phone\nLi,1\n')

    assert file.header == ["name", "phone"]
    assert file.encoding == "utf-8-sig"
    assert cells(rows) == [["Li", "1"]]


def test_gb18030_is_read_only_where_utf8_is_out_of_the_question_and_it_is_said(table):
    file, rows = table(CHINESE.encode("gb18030"))

    assert file.encoding == "gb18030"
    assert rows[0].cells[0] == "张伟"
    assert "GB18030" in file.notices[0]
    assert table(CHINESE)[0].encoding == "utf-8"


def test_rare_characters_of_four_bytes_are_read_as_gb18030(table):
    _, rows = table("姓名,手机\n𠮷田喆,1\n".encode("gb18030"))

    assert cells(rows) == [["𠮷田喆", "1"]]


def test_a_few_rare_ideographs_do_not_make_gb18030_doubtful(table):
    rare = "姓名,地址\n朱镕基,北京市海淀区中关村大街\n王喆,\n张珺瑄,\n"

    assert table(rare.encode("gb18030"))[0].encoding == "gb18030"


def test_big5_is_not_guessed(table):
    refused = refusal(table, TAIWANESE.encode("big5"))

    assert "cannot be told from GB18030: give --encoding" in refused.message
    assert "big5" in refused.hint


def test_a_file_too_small_to_tell_is_not_guessed(table):
    assert "give --encoding" in refusal(table, "name,phone\n陳,1\n".encode("big5")).message
    assert "give --encoding" in refusal(table, "name,phone\n李,1\n".encode("gb18030")).message


@pytest.mark.parametrize("codec", ["big5", "gb18030", "utf-8"])
def test_a_stated_encoding_is_followed_without_a_notice(table, codec):
    file, rows = table(TAIWANESE.encode(codec), encoding=codec.upper())

    assert rows[0].cells[0] == "陳怡君"
    assert file.notices == []


def test_a_stated_encoding_that_does_not_fit_is_refused(table):
    assert refusal(table, TAIWANESE.encode("big5"), encoding="utf-8").rule == "encoding"
    assert "not supported" in refusal(table, HEADER, encoding="ebcdic").message


@pytest.mark.parametrize("word", ["José,1\n", "Muñoz,1\n", "García,1\n"])
def test_western_and_japanese_encodings_are_not_taken_for_chinese(table, word):
    assert refusal(table, (HEADER + word).encode("cp1252")).rule == "encoding"
    assert refusal(table, "名前,電話\nサトウ,1\n".encode("shift_jis")).rule == "encoding"


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [HEADER + "Li,1\n", CHINESE])
def test_utf16_is_refused_with_and_without_its_mark(table, codec, text):
    assert "is UTF-16" in refusal(table, text.encode(codec)).message


def test_a_spreadsheet_is_told_from_text(table):
    assert "spreadsheet" in refusal(table, b"PK\x03\x04whatever").message


@pytest.mark.parametrize("ending", ["", "\r"])
def test_a_line_that_would_fill_the_memory_is_refused_before_it_is_read(table, ending):
    huge = HEADER + "x" * 10_000_000 + ending + "\nLi,1\n"

    assert refusal(table, huge).rule == "field_too_long"


def test_the_hash_is_that_of_the_bytes(table):
    file, _ = table(HEADER + "Li,1\n")

    assert file.sha256 == hashlib.sha256((HEADER + "Li,1\n").encode()).hexdigest()


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(HEADER + "Li,1\n" * 10)
    with open_rows(path) as file:
        rows = iter(file)
        next(rows)
        with path.open("a") as other:
            other.write("Ng,2\n")
        with pytest.raises(Invalid, match="was changed while it was read"):
            file.finish()


def test_a_file_that_differed_while_it_was_read_is_refused_though_it_was_put_back(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(HEADER + "Li,1\n")
    with open_rows(path) as file:
        path.write_text(HEADER + "Ng,2\n")
        assert cells(file) == [["Ng", "2"]]
        path.write_text(HEADER + "Li,1\n")
        with pytest.raises(Invalid) as refused:
            file.finish()
    assert refused.value.rule == "file_changed"


def test_a_file_that_turns_undecodable_while_it_is_read_is_refused_as_changed(tmp_path):
    for name, line in (("a.csv", "Li,1\n"), ("a.jsonl", '{"a": 1}\n')):
        path = tmp_path / name
        path.write_text(line * 3)
        with open_rows(path) as file:
            path.write_bytes(line.encode() + b"\xff\xff\n")
            with pytest.raises(Invalid, match="changed"):
                list(file)


def test_pipes_devices_folders_and_links_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "link.csv").symlink_to("/etc/passwd")
    (tmp_path / "folder.csv").mkdir()
    for name in ("pipe.csv", "link.csv", "folder.csv", "/dev/zero", "a\0b", "x" * 300):
        with pytest.raises(Invalid) as refused:
            open_rows(tmp_path / name)
        assert refused.value.rule == "file_kind"


def test_a_file_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(NotFound, match=r"there is no file nobody\.csv"):
        open_rows(tmp_path / "nobody.csv")
