"""The export is read without a warning by beancount and hledger, with our own balances."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from memberctl.ledger.exporting import (
    ExportEntry,
    ExportLine,
    Target,
    account_name,
    exported,
)
from memberctl.ledger.rules import Account, AccountKind, kind_of
from tests import histories
from tests.ledger.programs import by_beancount, by_hledger, needs_hledger, ours
from tests.program import Program
from tests.stores import Grounds, drop_database


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def books(
    request: pytest.FixtureRequest, grounds: Grounds, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    """A shop in which money came, was too much, was voided and earned; the tests only read it."""
    folder, name = tmp_path_factory.mktemp("books"), None
    location = str(folder / "store.db")
    if request.param == "sqlite":
        grounds.sqlite_copy(folder / "store.db")
    else:
        name, location = grounds.postgres_copy()
    memberctl = Program(location, grounds.key_dir / request.param, folder)
    histories.a_busy_day(memberctl)
    memberctl.now = "2026-05-17T10:00:00+08:00"
    memberctl.ok("ledger", "recognise", "--through", "2026-05-16", as_="qian")
    yield memberctl
    if name is not None:
        drop_database(name)


def export(memberctl: Program, target: Target, suffix: str) -> Path:
    file = memberctl.folder / f"books{suffix}"
    line = ("ledger", "export", "--to", target, "--output", str(file), "--force")
    done = memberctl(*line, as_="qian")
    assert done.exit == 0, done
    return file


def test_beancount_reads_the_books_without_a_word_and_comes_to_our_balances(
    books: Program,
) -> None:
    assert by_beancount(export(books, Target.BEANCOUNT, ".beancount")) == ours(books)


@needs_hledger
def test_hledger_reads_the_books_strictly_and_comes_to_our_balances(books: Program) -> None:
    assert by_hledger(export(books, Target.HLEDGER, ".journal")) == ours(books)


def test_a_csv_adds_up_to_our_balances(books: Program) -> None:
    rows = list(csv.DictReader(export(books, Target.CSV, ".csv").open(encoding="utf-8")))
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        found[account_name(row["account"], AccountKind(row["kind"]))] += Decimal(row["amount"])
    assert {account: total for account, total in found.items() if total} == ours(books)


@pytest.mark.parametrize("target", Target)
def test_no_name_phone_or_address_leaves_with_the_books(books: Program, target: Target) -> None:
    told = export(books, target, ".csv" if target is Target.CSV else ".journal").read_text()
    members = books.ok("member", "list", as_="owner")
    assert any(each["number"] in told for each in members)
    assert [each["name"] for each in members if each["name"] in told] == []


@pytest.mark.parametrize("target", Target)
def test_a_hostile_title_or_reference_is_only_ever_text(target: Target, tmp_path: Path) -> None:
    hostile = 'x"\n2026-01-01 open Assets:Evil\n; a:b, c\\'
    lines = (
        ExportLine("cash", AccountKind.ASSET, None, 100, "JPY"),
        ExportLine("fee_income", AccountKind.INCOME, hostile, -100, "JPY"),
    )
    entry = ExportEntry(1, date(2026, 1, 1), "payment.recorded", hostile, "店", 7, lines)
    told = "".join(exported([entry], hostile, target))
    file = tmp_path / "books.beancount"
    file.write_text(told, encoding="utf-8")
    if target is Target.BEANCOUNT:
        from beancount import loader

        entries, errors, _ = loader.load_file(str(file))
        assert errors == []
        assert len(entries) == 1 + 1 + 2
    elif target is Target.HLEDGER:
        assert sum(line.startswith("20") for line in told.splitlines()) == 1
    else:
        assert len(list(csv.reader(io.StringIO(told)))) == 3


@pytest.mark.parametrize("target", Target)
def test_empty_books_are_a_file_all_the_same(target: Target) -> None:
    assert "".join(exported([], "club", target)).endswith("\n")


def test_every_account_has_a_name_of_its_own() -> None:
    names = {account_name(account.value, kind_of(account)) for account in Account}
    assert len(names) == len(Account)


def test_a_format_is_refused_because_the_program_says_the_form(memberctl: Program) -> None:
    refused = memberctl("ledger", "export", "--to", "csv", "--format", "json", as_="qian")
    assert refused.exit == 2
    assert "leave out --format" in refused.err


def test_another_commands_list_is_not_written_as_a_journal(shop: Program) -> None:
    file = str(shop.folder / "members.journal")
    assert shop("member", "list", "--output", file, as_="sun").exit == 2
