"""Statements as tests write them: the forms of real downloads with invented content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent.parent / "sample_data" / "bank"
ALIPAY_HEADER = (
    "交易时间,交易分类,交易对方,对方账号,商品说明,收/支,金额,收/付款方式,交易状态,"
    "交易订单号,商家订单号,备注,\n"
)
WECHAT_HEADER = (
    "交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注\n"
)


def alipay(*rows: str, preamble: str = "") -> bytes:
    """Return a download of the app with these rows, in GB18030."""
    head = f"-----\n导出信息：\n支付宝账户：shop@example.com\n{preamble}\n-----\n"
    return (head + ALIPAY_HEADER + "".join(f"{row}\n" for row in rows)).encode("gb18030")


def alipay_row(
    number: str,
    amount: str,
    *,
    at: str = "2026-03-02 10:00:00",
    way: str = "收入",
    status: str = "交易成功",
    name: str = "*小明",
    what: str = "年卡",
) -> str:
    """Return one padded row."""
    return f"{at} ,商业服务 ,{name} ,/ ,{what} ,{way} ,{amount} ,余额 ,{status} ,{number}\t,\t, ,"


def wechat(*rows: str, lines_before: int = 16) -> bytes:
    """Return a download of WeChat with these rows and as many lines before its header."""
    before = ["微信支付账单明细", "微信昵称：[长风健身]", *["注："] * (lines_before - 2)]
    text = "".join(f"{line},,,,,,,,,,\n" for line in before)
    return (text + WECHAT_HEADER + "".join(f"{row}\n" for row in rows)).encode("utf-8-sig")


def wechat_row(
    number: str, amount: str, *, at: str = "2026-03-02 10:00:00", way: str = "收入"
) -> str:
    """Return one row; a tab stands behind the closing quote of numbers, as WeChat writes it."""
    return f'{at},二维码收款,林小满,"月卡",{way},¥{amount},零钱,已收钱,"{number}"\t,"/"\t,"/"'


def swift(*rows: str, opening: str = "C260302EUR0,", closing: str) -> str:
    """Return one MT940 statement with these rows."""
    body = "\n".join(rows)
    return f":20:START\n:25:37040044/1\n:28C:1/1\n:60F:{opening}\n{body}\n:62F:{closing}\n-\n"


def camt(
    entries: Sequence[str],
    *,
    version: str = "08",
    opening: str = "0.00",
    closing: str,
    more: str = "",
) -> str:
    """Return a camt.053 of one statement."""

    def balance(kind: str, amount: str) -> str:
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>"
            f'<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>'
        )

    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>'
        "<Stmt><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{balance('OPBD', opening)}{balance('CLBD', closing)}{more}{''.join(entries)}"
        "</Stmt></BkToCstmrStmt></Document>\n"
    )


def entry(
    amount: str, *, mark: str = "CRDT", status: str = "BOOK", details: str = "", more: str = ""
) -> str:
    """Return one entry of a camt.053; status as the versions from 04 on write it."""
    return (
        f'\n<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd>{more}'
        f"<Sts><Cd>{status}</Cd></Sts><BookgDt><Dt>2026-03-05</Dt></BookgDt>"
        f"<NtryDtls>{details}</NtryDtls></Ntry>"
    )
