"""Banks that nobody knew, read by a map of one's own; errors of maps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from memberctl.bank.forms import FOLDER, example_map
from memberctl.bank.mapping import COLUMNS, TABLES, TOP, read_form
from memberctl.bank.reading import read_map
from memberctl.bank.rules import Skip
from memberctl.core.errors import Invalid
from tests.bank.opened import money, read, read_text
from tests.bank.texts import SAMPLES

SPARKASSE = (SAMPLES / "sparkasse.toml").read_text(encoding="utf-8")
US_BANK = """
name = "A bank in the US"
currency = "USD"
dates = ["%m/%d/%Y"]
[columns]
date = "Posting Date"
amount = "Amount"
balance = "Balance"
text = ["Description", "Memo"]
[signs]
rule = "signed"
"""
CMB = """
name = "招商银行"
currency = "CNY"
dates = ["%Y%m%d", "%Y-%m-%d"]
footer = ["^#"]
[columns]
date = "交易日期"
time = "交易时间"
in = "收入"
out = "支出"
balance = "余额"
kind = "交易类型"
text = ["交易备注"]
[account]
pattern = '账\\s*号\\s*[:：]\\s*\\[(.+?)\\]'
[[totals]]
of = "in"
pattern = '收入合计.*?(?P<count>\\d+)\\s*笔.*?(?P<sum>[\\d.,]+)'
"""
UK_BANK = """
name = "A bank in the UK"
encoding = "latin-1"
currency = "GBP"
dates = ["%d %b %Y"]
[columns]
date = "Date"
out = "Paid out"
in = "Paid in"
balance = "Balance"
text = "Description"
"""
CARD = """
name = "A credit card"
currency = "CAD"
header = false
skip_rows = 1
dates = ["%m/%d/%Y"]
[columns]
date = 1
text = 2
out = 3
in = 4
balance = 5
"""
INVERSE = """
name = "A card that bills"
currency = "CNY"
dates = ["%Y/%m/%d"]
[columns]
date = "交易日期"
amount = "交易金额"
currency = "交易货币"
text = "交易摘要"
[signs]
rule = "reversed"
[currencies]
"人民币" = "CNY"
"""
BANKS = {
    "us": (
        US_BANK,
        'Details,Posting Date,Description,Amount,Type,Balance,Check or Slip #\r\n'
        'CREDIT,03/04/2026,"DEPOSIT, BRANCH 12","$1,250.00",ACH,"$2,200.50",\r\n'
        'DEBIT,03/03/2026,GROCERY,"($49.50)",DEBIT_CARD,$950.50,\r\n',
        [125000, -4950], (100000, 220050),
    ),
    "cmb": (
        CMB,
        '"# 招商银行交易记录"\n"# 账    号: [一卡通：6225********0001 长风]"\n'
        '"# 起始日期: [20260301]   终止日期: [20260331]"\n'
        '"交易日期","交易时间","收入","支出","余额","交易类型","交易备注"\n'
        '"\t20260302","\t10:00:01","399.00","","1,399.00","转账汇款","月卡 林小满"\n'
        '"\t20260303","\t11:30:00","","12.50","1,386.50","快捷支付","财付通"\n'
        '"# 收入合计: 1 笔, 共 399.00 元"\n"# 支出合计: 1 笔, 共 12.50 元"\n',
        [39900, -1250], (100000, 138650),
    ),
    "uk": (
        UK_BANK,
        '"Account Name:","Current ****01234"\n"Account Balance: ","£1,100.00"\n\n'
        '"Date","Transaction type","Description","Paid out","Paid in","Balance"\n'
        '"02 Mar 2026","Bank credit","A SMITH","","£250.00","£1,250.00"\n'
        '"03 Mar 2026","Visa purchase","TESCO","£150.00","","£1,100.00"\n',
        [25000, -15000], (100000, 110000),
    ),
    "card without a header": (
        CARD,
        "as of yesterday\n03/01/2026,DOLLARAMA   _M,1.96,,13.04\n03/02/2026,PAYMENT,,20.00,33.04\n",
        [-196, 2000], (1500, 3304),
    ),
    "card that bills": (
        INVERSE,
        "交易日期,入账日期,交易摘要,交易金额,交易货币\n2026/03/05,2026/03/06,（消费）商户,15.90,人民币\n"
        "2026/03/04,2026/03/04,（退款）商户,-97.20,人民币\n",
        [-1590, 9720], (None, None),
    ),
}  # fmt: skip


@pytest.mark.parametrize("bank", BANKS)
def test_a_bank_that_nobody_knew_is_read_by_a_map(tmp_path: Path, bank: str) -> None:
    map_text, content, amounts, balances = BANKS[bank]
    encoding = "latin-1" if bank == "uk" else "utf-8"
    rows, findings, found = read_text(tmp_path, content.encode(encoding), map_text=map_text)
    assert (found, money(rows), findings.differences) == ("csv", amounts, [])
    section = findings.sections[0]
    assert (section.opening_minor, section.closing_minor) == balances


def test_the_sample_map_reads_decimal_commas_and_umlauts() -> None:
    rows, findings, _ = read(SAMPLES / "sparkasse.csv", map_text=SPARKASSE)
    assert money(rows) == [104900, -21240, -490] and findings.differences == []
    assert rows[0].name == "Müller, Jörg" and rows[2].fee and rows[3].skip is Skip.PENDING


def test_running_balances_are_checked_newest_first_and_newest_last(tmp_path: Path) -> None:
    map_text, content, _, _ = BANKS["us"]
    lines = content.splitlines()
    turned = "\n".join([lines[0], *reversed(lines[1:])])
    for text in (content, turned):
        _, findings, _ = read_text(tmp_path, text, map_text=map_text)
        assert findings.sections[0].opening_minor == 100000 and findings.differences == []
    wrong = content.replace("$950.50", "$950.51")
    _, findings, _ = read_text(tmp_path, wrong, map_text=map_text)
    assert any("running balance" in each for each in findings.differences)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("colour = 1", "line 1: colour is not known"),
        ("decimal = 5", "line 1: decimal is a text"),
        ('decimal = ";"', "line 1: decimal"),
        ('dates = ["%Y"]', "line 1: dates are forms of dates, which need a month and a day"),
        ('dates = ["%Y-%m-%Q"]', "line 1: dates has %Q, which is not known or comes twice"),
        ("dates = []", "line 1: dates is missing"),
        ('encoding = "ebcdic"', "line 1: encoding is not supported"),
        ('delimiter = "xx"', "line 1: delimiter"),
        ('currency = "EURO"', "line 1: currency"),
        ('footer = ["("]', "line 1: footer is no pattern"),
        ('skip_rows = "3"', "line 1: skip_rows is a whole number"),
    ],
)
def test_an_error_of_a_map_names_its_line_and_key(line: str, said: str) -> None:
    key = line.partition(" ")[0]
    rest = "\n".join(each for each in US_BANK.splitlines() if not each.startswith(key))
    with pytest.raises(Invalid) as refused:
        read_form(f"{line}\n{rest}", "bank.toml")
    assert f"the map bank.toml, {said}" in refused.value.message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('amount = "Amount"', 'amout = "Amount"', "line 7: columns.amout is no column"),
        ('amount = "Amount"', "amount = true", "line 7: columns.amount"),
        ('amount = "Amount"', "amount = 0", "line 7: columns.amount"),
        ('date = "Posting Date"', "", "columns.date is missing"),
        ('rule = "signed"', 'rule = "guess"', "line 11: signs.rule is not known"),
        ('rule = "signed"', 'rule = "columns"', "columns.in and out are both needed"),
        ('rule = "signed"', 'rule = "direction"', "columns.direction is missing"),
        ("[signs]", "[signs", "is not TOML"),
        ("[signs]", "x = " + "[" * 9999 + "\n[signs]", "is not TOML: it is nested too deeply"),
    ],
)
def test_an_error_inside_a_table_of_a_map_names_its_line_and_key(
    old: str, new: str, said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        read_form(US_BANK.replace(old, new), "bank.toml")
    assert said in refused.value.message


def test_all_maps_that_come_along_and_the_example_are_sound() -> None:
    from memberctl.bank.forms import known_forms

    assert {family for family, _ in known_forms()} == {"alipay", "wechat", "icbc"}
    assert read_form(example_map(), "example.toml").name
    assert read_map(str(SAMPLES / "sparkasse.toml")).name == "Sparkasse CSV-CAMT"


def blocks_of(page: str) -> list[str]:
    """Return the maps, or parts of maps, that a page of the manual shows."""
    text = (FOLDER.parent.parent / "help" / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", [*blocks_of("maps"), *blocks_of("map-cases")])
def test_every_part_of_a_map_that_the_manual_shows_is_sound(block: str) -> None:
    """With a date and an amount in front, where it has none itself."""
    head, tables = re.split(r"^(?=\[)|\Z", block, maxsplit=1, flags=re.MULTILINE)[:2]
    own = re.match(r"\[columns\]\n((?:[^\[\n].*\n)*)", tables)
    columns = own[1] if own else ""
    columns += "".join(
        f'{key} = "{key}"\n' for key in ("date", "amount") if f"{key} = " not in columns
    )
    dates = "" if "dates = " in head else 'dates = ["%Y-%m-%d"]\n'
    rest = tables[own.end() :] if own else tables
    assert read_form(f"{dates}{head}[columns]\n{columns}{rest}", "manual.toml").columns


def test_the_manual_and_the_example_name_every_key_of_a_map() -> None:
    pages = "".join(
        (FOLDER.parent.parent / "help" / f"{page}.md").read_text(encoding="utf-8")
        for page in ("maps", "map-cases")
    )
    keys = {*TOP, *COLUMNS, *(key for table in TABLES.values() for key in table)}
    for told in (pages, example_map()):
        assert {key for key in keys if not re.search(rf"\b{key}\b", told)} == set()
