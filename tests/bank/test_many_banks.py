"""Banks that memberctl has never seen, each described by a map and taken in once. Source: M15."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from memberctl.bank.mapping import read_form
from tests.bank.banks import BANKS
from tests.bank.opened import money, read_text
from tests.program import Program


@pytest.mark.parametrize("name", BANKS)
def test_a_download_is_read_whole_by_its_map(tmp_path: Path, name: str) -> None:
    bank = BANKS[name]
    rows, findings, _ = read_text(
        tmp_path, bank.content.encode(bank.encoding), map_text=dedent(bank.map), currency="CNY"
    )
    assert money(rows) == bank.amounts
    assert [row.skip for row in rows if row.skip] == list(bank.skips)
    assert findings.differences == []
    found = [(each.opening_minor, each.closing_minor) for each in findings.sections]
    assert found == list(bank.balances)


def test_each_is_taken_in_once_by_the_command(shop: Program, tmp_path: Path) -> None:
    """Each into an account of its own: the first time all of it, the second time nothing."""
    for at, (name, bank) in enumerate(BANKS.items()):
        code = f"B{at:02}"
        shop.ok("bank", "account", "add", code, "--method", "bank", as_="qian")
        mapped, file = tmp_path / f"{name}.toml", tmp_path / f"{name}.csv"
        mapped.write_text(dedent(bank.map), encoding="utf-8")
        file.write_bytes(bank.content.encode(bank.encoding))
        line = ("bank", "import", str(file), "--account", code, "--map", str(mapped), "-f", "json")
        first, again = (shop(*line, as_="qian") for _ in range(2))
        assert (first.exit, again.exit) == (0, 0), f"{name}: {first.err}"
        assert (first.json["new"], first.json["differences"]) == (len(bank.amounts), []), name
        assert (again.json["new"], again.json["duplicate"]) == (0, len(bank.amounts)), name


def test_every_map_says_nothing_that_it_need_not() -> None:
    for name, bank in BANKS.items():
        assert read_form(dedent(bank.map), name).name == name
