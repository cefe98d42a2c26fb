"""The two programs that read our export, asked whether they accept it and what they come to."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from memberctl.ledger.exporting import account_name
from memberctl.ledger.rules import AccountKind
from tests.program import Program

Balances = dict[str, Decimal]
# Where every change is tested the program is installed, so that nothing is left out there.
needs_hledger = pytest.mark.skipif(
    shutil.which("hledger") is None and not os.environ.get("CI"),
    reason="hledger is not installed here",
)


def ours(memberctl: Program) -> Balances:
    """Return our balances by the names that are exported, those of 0 left out."""
    return {
        account_name(row["account"], AccountKind(row["kind"])): Decimal(row["balance"]["amount"])
        for row in memberctl.ok("ledger", "balance", as_="qian")
        if Decimal(row["balance"]["amount"])
    }


def by_beancount(file: Path) -> Balances:
    """Return beancount's balances other than 0 of a file that `bean-check` takes without a word."""
    from beancount import loader
    from beancount.core.data import Transaction

    checker = Path(sys.executable).parent / "bean-check"
    done = subprocess.run([checker, file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")

    entries, errors, _ = loader.load_file(str(file))
    assert errors == []
    found: dict[str, Decimal] = defaultdict(Decimal)
    numbers = []
    for entry in entries:
        if isinstance(entry, Transaction):
            numbers.append(entry.meta["entry"])
            for posting in entry.postings:
                assert posting.units is not None and posting.units.number is not None
                found[posting.account] += posting.units.number
    assert len(numbers) == len(set(numbers))
    return {account: total for account, total in found.items() if total}


def by_hledger(file: Path) -> Balances:
    """Return hledger's balances other than 0 of a file that its strict checks take in silence."""
    command = ["hledger", "-f", str(file)]
    checks = ["check", "--strict", "ordereddates", "payees"]
    done = subprocess.run([*command, *checks], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")

    told = subprocess.run(
        [*command, "balance", "--flat", "--no-total", "--output-format", "csv"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return {
        row["account"]: Decimal(row["balance"].split()[0].replace(",", ""))
        for row in csv.DictReader(io.StringIO(told))
    }
