"""A statement as WeChat Pay would hand it over, with the numbers of orders that exist only now.

Its form is that of 微信支付账单: sixteen lines before the header, amounts like ¥28.16.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

APART = timedelta(minutes=3)
_TITLE = "微信支付账单明细"
_RULE = "----------------------微信支付账单明细列表--------------------"
_NOTES = (
    "注：",
    "1. 充值/提现/理财通购买/零钱通存取/信用卡还款等交易，将计入中性交易",
    "2. 本明细仅展示当前账单中的交易，不包括已删除的记录",
    "3. 本明细仅供个人对账使用",
    "",
)
_HEADER = "交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注"


@dataclass(frozen=True, slots=True)
class Movement:
    """One row: from whom or to whom, with which words, how much; spent -- it went out.

    reference -- the shop's own number of the payment, where the till gave it one
    """

    name: str
    text: str
    amount: Decimal
    spent: bool = False
    reference: str = "/"


def wechat_statement(movements: Sequence[Movement], first: datetime) -> str:
    """Return the file's text, with its stated sums; the rows are some minutes apart."""
    last = first + APART * len(movements)
    preamble = (
        _TITLE,
        "微信昵称：[长风健身]",
        f"起始时间：[{first:%Y-%m-%d} 00:00:00] 终止时间：[{last:%Y-%m-%d} 23:59:59]",
        "导出类型：[全部]",
        f"导出时间：[{last + timedelta(days=1):%Y-%m-%d} 09:10:00]",
        "",
        f"共{len(movements)}笔记录",
        _sum("收入", [each.amount for each in movements if not each.spent]),
        _sum("支出", [each.amount for each in movements if each.spent]),
        _sum("中性交易", []),
        *_NOTES,
        _RULE,
    )
    return "\n".join((*preamble, _HEADER, *_rows(movements, first))) + "\n"


def _sum(what: str, amounts: Sequence[Decimal]) -> str:
    return f"{what}：{len(amounts)}笔 {sum(amounts, Decimal('0.00'))}元"


def _rows(movements: Sequence[Movement], first: datetime) -> Iterator[str]:
    for number, each in enumerate(movements):
        at = first + APART * number
        id_ = f"420000{at:%Y%m%d}{number:014}"
        kind, way = ("商户消费", "支出") if each.spent else ("二维码收款", "收入")
        state = "支付成功" if each.spent else "已收钱"
        yield (
            f"{at:%Y-%m-%d %H:%M:%S},{kind},{each.name},{each.text},{way},¥{each.amount},零钱,"
            f"{state},{id_}\t,{each.reference}\t,/"
        )
