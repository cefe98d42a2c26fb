"""Downloads in the forms of many banks, with invented people and sums, and a map for each.

None of them is known to memberctl: each map says what its download is like, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Bank(NamedTuple):
    """A download and its map.

    amounts -- minor units of what is money; skips -- why the other rows are none
    balances -- before and behind the rows of each account
    """

    map: str
    content: str
    amounts: list[int]
    skips: Sequence[str] = ()
    balances: Sequence[tuple[int | None, int | None]] = ((None, None),)
    encoding: str = "utf-8"


CMB_CARD = Bank(
    """
    dates = ["%m/%d"]
    [year]
    pattern = '(?P<year>\\d{4})年(?P<month>\\d{1,2})月'
    [columns]
    date = "记账日"
    amount = "人民币金额"
    text = "交易摘要"
    [signs]
    rule = "reversed"
    """,
    "招商银行信用卡对账单（个人消费卡账户 2026年01月）\n"
    "交易日,记账日,交易摘要,人民币金额,卡号末四位\n"
    ",12/29,掌上生活还款,-399.00,1234\n01/02,01/03,影票,56.78,1234\n"
    '01/05,01/07,中国移动,"8,000.00",1234\n',
    [39900, -5678, -800000],
)
JD = Bank(
    """
    dates = ["%Y-%m-%d %H:%M:%S"]
    [columns]
    date = "交易时间"
    amount = "金额"
    direction = "收/支"
    status = "交易状态"
    id = "交易订单号"
    [amounts]
    pattern = '''(?x) (?P<amount> [\\d.,]+ )
      (?: \\( 已退款 (?P<refund> [\\d.,]+ ) \\) | (?P<refunded> \\( 已全额退款 \\) ) )? '''
    refunds = "deducted"
    [signs]
    in = ["收入"]
    out = ["支出"]
    neutral = ["不计收支"]
    [[totals]]
    of = "out"
    pattern = '^支出：(?P<count>\\d+)笔.*?，(?P<sum>[\\d.,]+)元'
    [[totals]]
    of = "neutral"
    pattern = '^不计收支：(?P<count>\\d+)笔.*?，(?P<sum>[\\d.,]+)元'
    """,
    "\ufeff导出信息：\n支出：2笔(含1笔部分退款)，10.31元\n不计收支：2笔，235.50元\n"
    "交易时间,商户名称,交易说明,金额,收/付款方式,交易状态,收/支,交易分类,交易订单号,商家订单号,备注\n"
    "2026-03-02 17:16:02\t,物流,运费,10.20,余额,交易成功,支出,快递,J1\t,1\t, ,\n"
    "2026-03-02 13:28:32\t,平台,退款-衣,235.50,信用卡(1875),退款成功,不计收支,网购,J2\t,2\t, ,\n"
    "2026-03-02 13:27:56\t,平台,"
    "衣,235.61(已退款235.50),信用卡(1875),交易成功,支出,服饰,J2\t,2\t, ,\n"
    "2026-03-01 10:00:00\t,平台,"
    "袜,30.00(已全额退款),信用卡(1875),交易成功,不计收支,服饰,J3\t,3\t, ,\n",
    [-1020, -11], ["neutral", "neutral"],
)  # fmt: skip
BOCOM_CARD = Bank(
    """
    dates = ["%Y-%m-%d"]
    [columns]
    date = "记账日期"
    amount = "入账币种/金额"
    direction = "交易说明"
    text = "交易说明"
    [amounts]
    pattern = '(?P<currency>[A-Z]{3})\\s*(?P<amount>[\\d.,]+)'
    [signs]
    in_patterns = ["^退货", "^信用卡还款"]
    out_patterns = ["^消费"]
    """,
    "交易日期,记账日期,交易说明,交易币种/金额,入账币种/金额\n"
    "2026-03-10,2026-03-10,退货 出行平台,CNY 123.18,CNY 123.18\n"
    "2026-03-11,2026-03-12,信用卡还款 转账还款-林小满,CNY13.50,CNY13.50\n"
    "2026-03-18,2026-03-18,消费 Suica Charge,JPY 1000.00,CNY 49.85\n",
    [12318, 1350, -4985],
)
COMDIRECT = Bank(
    """
    encoding = "windows-1252"
    decimal = ","
    currency = "EUR"
    dates = ["%d.%m.%Y"]
    [columns]
    date = "Buchungstag"
    amount = "Umsatz in EUR"
    text = "Buchungstext"
    kind = "Vorgang"
    [status]
    pending_lines = ['^"offen"']
    [balances]
    opening = 'Alter Kontostand";"([\\d.,-]+)'
    closing = 'Neuer Kontostand";"([\\d.,-]+)'
    """,
    ';\n"Umsätze Girokonto";"Zeitraum: 30 Tage";\n"Neuer Kontostand";"1.084,50 EUR";\n\n'
    '"Buchungstag";"Wertstellung (Valuta)";"Vorgang";"Buchungstext";"Umsatz in EUR";\n'
    '"offen";"05.03.2026";"Kartenverfügung";"Bäcker";"-4,20";\n'
    '"04.03.2026";"04.03.2026";"Überweisung";"Jörg Weiß ""Beitrag""";"100,00";\n'
    '"03.03.2026";"03.03.2026";"Lastschrift";"Strom";"-15,50";\n'
    '"Alter Kontostand";"1.000,00 EUR";\n',
    [10000, -1550], ["pending"], [(100000, 108450)], "windows-1252",
)  # fmt: skip
ING = Bank(
    """
    encoding = "latin-1"
    decimal = ","
    dates = ["%d.%m.%Y"]
    [columns]
    date = "Buchung"
    amount = "Betrag"
    balance = "Saldo"
    currency = "Währung"
    name = "Auftraggeber/Empfänger"
    text = ["Verwendungszweck", "Buchungstext"]
    [account]
    pattern = '^IBAN;(.+)'
    """,
    "Umsatzanzeige;Datei erstellt am: 05.03.2026 08:00\n\nIBAN;DE89 3704 0044 0532 0130 00\n\n"
    "Buchung;Valuta;Auftraggeber/Empfänger;"
    "Buchungstext;Verwendungszweck;Saldo;Währung;Betrag;Währung\n"
    "04.03.2026;04.03.2026;Jörg Weiß;Gutschrift;Beitrag;1.049,00;EUR;49,00;EUR\n"
    "03.03.2026;03.03.2026;Stadtwerke;Lastschrift;Strom;1.000,00;EUR;-1.234,50;EUR\n",
    [4900, -123450], [], [(223450, 104900)], "latin-1",
)  # fmt: skip
REVOLUT = Bank(
    """
    dates = ["%Y-%m-%d %H:%M:%S"]
    [columns]
    date = "Completed Date"
    amount = "Amount"
    fee = "Fee"
    balance = "Balance"
    currency = "Currency"
    text = ["Description", "Type"]
    status = "State"
    [fees]
    amount = "gross"
    [status]
    pending = ["PENDING"]
    skip = ["REVERTED"]
    """,
    "Type,Product,Started Date,Completed Date,Description,Amount,Fee,Currency,State,Balance\n"
    "TOPUP,Current,2026-03-02 10:00:00,2026-03-02 10:00:05,Li,100.00,0.00,EUR,COMPLETED,100.00\n"
    "TRANSFER,Current,2026-03-02 11:00:00,2026-03-02 11:00:05,"
    "To Wu,-50.00,0.50,EUR,COMPLETED,49.50\n"
    "CARD_PAYMENT,Current,2026-03-03 09:00:00,,Shop,-5.00,0.00,EUR,PENDING,\n",
    [10000, -5000, -50], ["pending"], [(0, 4950)],
)  # fmt: skip
PAYPAL = Bank(
    """
    dates = ["%d/%m/%Y"]
    [columns]
    date = "Date"
    time = "Time"
    amount = "Gross"
    fee = "Fee"
    balance = "Balance"
    currency = "Currency"
    name = "Name"
    status = ["Status", "Balance Impact"]
    id = "Transaction ID"
    [fees]
    amount = "gross"
    charge = "negative"
    [status]
    pending = ["Pending"]
    skip = ["Memo"]
    """,
    '"Date","Time","TimeZone","Name","Type","Status","Currency","Gross","Fee","Net",'
    '"Transaction ID","Balance","Balance Impact"\n'
    '"02/03/2026","10:00:00","CET","Jo Li","Payment","Completed","EUR","50,00","-1,50","48,50",'
    '"1AB","148,50","Credit"\n'
    '"03/03/2026","10:00:00","CET","Jo Li","Refund","Completed","EUR","-50,00","1,50","-48,50",'
    '"2AB","100,00","Debit"\n'
    '"03/03/2026","11:00:00","CET","Wu","Authorization","Completed","EUR","-9,00","0,00","-9,00",'
    '"3AB","100,00","Memo"\n'
    '"04/03/2026","11:00:00","CET","Wu","Payment","Pending","EUR","9,00","0,00","9,00",'
    '"4AB","100,00","Credit"\n',
    [5000, -150, -5000, 150], ["closed", "pending"], [(10000, 10000)],
)  # fmt: skip
PAYPAL = PAYPAL._replace(map='decimal = ","\n' + PAYPAL.map)
MONZO = Bank(
    """
    dates = ["%d/%m/%Y"]
    [columns]
    date = "Date"
    time = "Time"
    amount = "Amount"
    currency = "Currency"
    id = "Transaction ID"
    name = "Name"
    text = ["Notes and #tags", "Description"]
    """,
    "Transaction ID,Date,Time,Type,Name,Emoji,Category,Amount,"
    "Currency,Notes and #tags,Description\n"
    "tx_0001,02/03/2026,10:21:07,Faster payment,LI JO,,General,25.00,GBP,class,LI JO\n"
    "tx_0002,02/03/2026,10:21:07,Card payment,Tea 🍵,🍵,Eating out,-3.20,GBP,,TEA\n",
    [2500, -320],
)
BARCLAYS = Bank(
    """
    currency = "GBP"
    dates = ["%d/%m/%Y"]
    [columns]
    date = "Date"
    amount = "Amount"
    text = ["Memo", "Subcategory"]
    own_account = "Account"
    """,
    "Number,Date,Account,Amount,Subcategory,Memo\n"
    " ,02/03/2026,20-00-00 12345678,25.00,Counter Credit,LI J             \tCLASS BGC\n"
    " ,02/03/2026,20-00-00 12345678,25.00,Counter Credit,LI J             \tCLASS BGC\n"
    " ,03/03/2026,20-00-00 12345678,-9.99,Direct Debit,POWER            \t0001 DDR\n",
    [2500, 2500, -999],
)
AMEX = Bank(
    """
    currency = "USD"
    dates = ["%m/%d/%Y"]
    [columns]
    date = "Date"
    amount = "Amount"
    text = "Description"
    [signs]
    rule = "reversed"
    [[totals]]
    row = "^Total"
    """,
    "Date,Description,Amount\n03/05/2026,GYM SUPPLY,120.50\n03/04/2026,PAYMENT RECEIVED,-400.00\n"
    "Total,,-279.50\n",
    [-12050, 40000],
)
WELLS_FARGO = Bank(
    """
    header = false
    currency = "USD"
    dates = ["%m/%d/%Y"]
    [columns]
    date = 1
    amount = 2
    text = 5
    """,
    '"03/05/2026","-50.00","*","","CHECK # 12"\n"03/04/2026","1,250.00","*","","DEPOSIT"\n',
    [-5000, 125000],
)
CAPITAL_ONE = Bank(
    """
    currency = "USD"
    dates = ["%Y-%m-%d"]
    [columns]
    date = "Posted Date"
    out = "Debit"
    in = "Credit"
    text = ["Description", "Category"]
    """,
    "Transaction Date,Posted Date,Card No.,Description,Category,Debit,Credit\n"
    "2026-03-04,2026-03-05,1234,PAPER,Merchandise,12.34,\n"
    "2026-03-04,2026-03-05,1234,PAYMENT,Payment,,100.00\n",
    [-1234, 10000],
)
SMBC = Bank(
    """
    encoding = "shift-jis"
    currency = "JPY"
    dates = ["%Y/%m/%d"]
    [columns]
    date = "年月日"
    out = "お引出し"
    in = "お預入れ"
    balance = "残高"
    text = "お取り扱い内容"
    """,
    "年月日,お引出し,お預入れ,お取り扱い内容,残高,メモ,ラベル\n"
    '2026/3/2,,"30,000","振込　ﾊﾔｼ ｼｮｳﾏﾝ","130,000","",\n'
    '2026/3/4,"12,500",,"電気料","117,500","",\n',
    [30000, -12500], [], [(100000, 117500)], "cp932",
)  # fmt: skip
REIWA = Bank(
    """
    currency = "JPY"
    dates = ["R%e.%m.%d"]
    [year]
    era = 2018
    [columns]
    date = "日付"
    amount = "入出金(円)"
    balance = "取引後残高(円)"
    text = "内容"
    """,
    "日付,入出金(円),取引後残高(円),内容\nR8.3.2,30000,130000,振込\nR08.03.04,-12500,117500,電気料\n",
    [30000, -12500], [], [(100000, 117500)],
)  # fmt: skip
TAIWAN = Bank(
    """
    currency = "TWD"
    dates = ["%e年%m月%d日"]
    [year]
    era = 1911
    [columns]
    date = "交易日"
    out = "支出金額"
    in = "存入金額"
    """,
    '交易日,支出金額,存入金額,餘額\n115年3月5日,"1,200.00",-,0\n115年3月6日,--,35.00,0\n',
    [-120000, 3500],
)
HDFC = Bank(
    """
    currency = "INR"
    dates = ["%d/%m/%y"]
    [columns]
    date = "Date"
    out = "Debit Amount"
    in = "Credit Amount"
    balance = "Closing Balance"
    references = "Chq/Ref Number"
    text = "Narration"
    """,
    "\n  Date     ,Narration             ,Value Dat,Debit Amount       ,Credit Amount      ,"
    "Chq/Ref Number   ,Closing Balance\n"
    " 02/03/26  ,UPI-LI JO             , 02/03/26 ,         0.00      ,    125000.00      ,"
    "0000606112345678 ,   225000.00\n"
    " 03/03/26  ,RENT                  , 03/03/26 ,     25000.00      ,         0.00      ,"
    "0000606112345679 ,   200000.00\n",
    [12500000, -2500000], [], [(10000000, 20000000)],
)  # fmt: skip
SBI = Bank(
    """
    delimiter = "tab"
    currency = "INR"
    dates = ["%d %b %Y"]
    footer = ['^\\*\\*']
    [columns]
    date = "Txn Date"
    out = "Debit"
    in = "Credit"
    balance = "Balance"
    text = "Description"
    [account]
    pattern = '^Account Number\\s*:_(\\d+)'
    """,
    "Account Number\t:_00000012345678901\nStart Date\t:1 Mar 2026\n\n"
    "Txn Date\tValue Date\tDescription\tRef No./Cheque No.\t        Debit\tCredit\tBalance\n"
    "2 Mar 2026\t2 Mar 2026\tBY TRANSFER-UPI\t\t \t1,25,000.00\t2,25,000.00\t\n"
    "3 Mar 2026\t3 Mar 2026\tTO RENT\t\t25,000.00\t \t2,00,000.00\t\n"
    "**This is a computer generated statement\n",
    [12500000, -2500000], [], [(10000000, 20000000)],
)  # fmt: skip
NUBANK = Bank(
    """
    currency = "BRL"
    dates = ["%d/%m/%Y"]
    [columns]
    date = "Data"
    amount = "Valor"
    id = "Identificador"
    text = "Descrição"
    """,
    "Data,Valor,Identificador,Descrição\n02/03/2026,150.00,69c1-aa,Pix recebido\n"
    "02/03/2026,-12.50,69c1-bb,Pix enviado\n",
    [15000, -1250],
)
BRASIL = Bank(
    """
    decimal = ","
    currency = "BRL"
    dates = ["%d/%m/%Y"]
    [columns]
    date = "Data"
    amount = "Valor R$"
    direction = "Inf."
    text = "Histórico"
    [signs]
    in = ["C"]
    out = ["D"]
    [status]
    skip_lines = ["Saldo Anterior", "S A L D O"]
    [balances]
    opening = '"Saldo Anterior";"([\\d.,]+)"'
    closing = '"S A L D O";"([\\d.,]+)"'
    """,
    '"Data";"Histórico";"Valor R$";"Inf."\n"27/02/2026";"Saldo Anterior";"1.000,00";"C"\n'
    '"02/03/2026";"PIX RECEBIDO";"R$ 150,00";"C"\n"03/03/2026";"TARIFA";"12,50";"D"\n'
    '"03/03/2026";"S A L D O";"1.137,50";"C"\n',
    [15000, -1250], ["closed", "closed"], [(100000, 113750)],
)  # fmt: skip
MBANK = Bank(
    """
    encoding = "windows-1250"
    decimal = ","
    thousands = " "
    currency = "PLN"
    dates = ["%Y-%m-%d"]
    [columns]
    date = "#Data operacji"
    amount = "#Kwota"
    text = "#Opis operacji"
    """,
    "mBank S.A.;\n#Klient;\nŁucja Żak;\n\n"
    "#Data operacji;#Opis operacji;#Rachunek;#Kategoria;#Kwota;\n"
    "2026-03-02;PRZELEW PRZYCHODZĄCY;eKonto;Wpływy;1 234,56 PLN;;\n"
    "2026-03-03;BLIK;eKonto;Zakupy;-12,00 PLN;;\n",
    [123456, -1200], encoding="windows-1250",
)  # fmt: skip
BOURSO = Bank(
    """
    decimal = ","
    thousands = " "
    currency = "EUR"
    dates = ["%d %b %Y"]
    months = [
      "janv", "févr", "mars", "avr", "mai", "juin", "juil", "août", "sept", "oct", "nov", "déc",
    ]
    [columns]
    date = "Date"
    out = "Débit"
    in = "Crédit"
    """,
    "Date;Libellé;Débit;Crédit\n2 févr. 2026;VIR LI;;1\u202f234,50\n05 août 2026;EDF;-12,00;\n",
    [123450, -1200],
)
POSTFINANCE = Bank(
    """
    dates = ["%d.%m.%Y"]
    thousands = "'"
    [columns]
    date = "Datum"
    in = "Gutschrift in CHF"
    out = "Lastschrift in CHF"
    balance = "Saldo in CHF"
    text = "Avisierungstext"
    """,
    'Datum vom:;="2026-03-01"\nKonto:;="CH5609000000123456789"\nWährung:;="CHF"\n\n'
    "Datum;Avisierungstext;Gutschrift in CHF;Lastschrift in CHF;Valuta;Saldo in CHF\n"
    "05.03.2026;MIETE;;-1’200.00;05.03.2026;\n05.03.2026;GUTSCHRIFT LI;49.00;;05.03.2026;849.00\n"
    "04.03.2026;GUTSCHRIFT WU;1'000.00;;04.03.2026;2000.00\n\nDisclaimer:\n",
    [-120000, 4900, 100000], [], [(100000, 84900)],
)  # fmt: skip
POSTFINANCE = POSTFINANCE._replace(map='currency = "CHF"\n' + POSTFINANCE.map)
KOREA = Bank(
    """
    encoding = "euc-kr"
    currency = "KRW"
    dates = ["%Y.%m.%d %H:%M:%S"]
    [columns]
    date = "거래일시"
    out = "출금액(원)"
    in = "입금액(원)"
    balance = "잔액(원)"
    name = "보낸분/받는분"
    """,
    '거래일시,적요,보낸분/받는분,출금액(원),입금액(원),잔액(원)\n'
    '2026.03.05 14:03:22,이체,김소연,0,"50,000","150,000"\n'
    '2026.03.04 10:00:00,카드,가게,"20,000",0,"100,000"\n',
    [50000, -20000], [], [(120000, 150000)], "cp949",
)  # fmt: skip
RUSSIA = Bank(
    """
    encoding = "windows-1251"
    decimal = ","
    dates = ["%d.%m.%Y %H:%M:%S"]
    [columns]
    date = "Дата операции"
    amount = "Сумма операции"
    currency = "Валюта операции"
    status = "Статус"
    text = "Описание"
    [status]
    skip = ["FAILED"]
    [currencies]
    "RUR" = "RUB"
    """,
    '"Дата операции";"Статус";"Сумма операции";"Валюта операции";"Описание"\n'
    '"05.03.2026 10:11:12";"OK";"-1234,50";"RUR";"Зал"\n'
    '"05.03.2026 10:12:12";"FAILED";"-5,00";"RUB";"Чай"\n',
    [-123450], ["closed"], encoding="windows-1251",
)  # fmt: skip
TWO_HEADERS = Bank(
    """
    header_lines = 2
    currency = "MYR"
    dates = ["%d-%b-%Y"]
    [columns]
    date = "Date"
    text = "Particulars"
    out = "Amount Debit"
    in = "Amount Credit"
    balance = "Balance"
    """,
    "Statement of March\nDate,Particulars,Amount,,Balance\n,,Debit,Credit,\n"
    "02-Mar-2026,LI,,100.00,1100.00\n03-Mar-2026,RENT,50.00,,1050.00\n",
    [10000, -5000], [], [(100000, 105000)],
)  # fmt: skip
FIXED_WIDTH = Bank(
    """
    encoding = "gb18030"
    widths = [10, 20, 14, 14]
    dates = ["%Y%m%d"]
    footer = ["^-{5,}"]
    [columns]
    date = "交易日"
    text = "摘要"
    amount = "发生额"
    balance = "余额"
    """,
    "交易日    摘要                发生额        余额\n" + "-" * 58 + "\n"
    "20260302  转账 林小满             +399.00       1399.00\n"
    "20260303  Fee                   -5.00       1394.00\n",
    [39900, -500], [], [(100000, 139400)], "gb18030",
)  # fmt: skip
TAB_WIDE = Bank(
    """
    delimiter = "tab"
    currency = "EUR"
    decimal = ","
    dates = ["%d.%m.%Y"]
    [columns]
    date = "Data"
    amount = "Importo"
    """,
    "Data\tImporto\tCausale\n02.03.2026\t+49,00\tQuota \"marzo\"\n03.03.2026\t-12,00\tTè\n",
    [4900, -1200], encoding="utf-16",
)  # fmt: skip
PRINTED = Bank(
    """
    currency = "GBP"
    dates = ["%d %b"]
    dates_from_above = true
    footer = ["^,BALANCE"]
    [year]
    pattern = 'to (?P<day>\\d+) (?P<month>[A-Za-z]+) (?P<year>\\d{4})'
    [columns]
    date = "Date"
    text = "Payment type and details"
    out = "Paid out"
    in = "Paid in"
    balance = "Balance"
    [balances]
    opening = 'BALANCE BROUGHT FORWARD,,,([\\d.,]+)'
    closing = 'BALANCE CARRIED FORWARD,,,([\\d.,]+)'
    """,
    "Your statement,30 December 2025 to 29 January 2026\n"
    "Date,Payment type and details,Paid out,Paid in,Balance\n,BALANCE BROUGHT FORWARD,,,100.00\n"
    "31 Dec,CR LI JO,,25.00,\n,CR LI JO,,25.00,\n,DD POWER,10.00,,140.00\n"
    "02 Jan,CR WU,,5.00,145.00\n,BALANCE CARRIED FORWARD,,,145.00\n",
    [2500, 2500, -1000, 500], [], [(10000, 14500)],
)  # fmt: skip
MARKED = Bank(
    """
    dates = ["%a %d %B %Y"]
    [columns]
    date = "Posted"
    amount = "Amount"
    balance = "Balance"
    """,
    "Posted|Amount|Balance\nMon 02 March 2026|¥1,234.50 CR|１，２３４.50 CR\n"
    "Tue 03 March 2026|12.00 DR|1,222.50 CR\nWed 04 March 2026|(2.50)|1,220.00CR\n",
    [123450, -1200, -250], [], [(0, 122000)],
)  # fmt: skip
CENTS = Bank(
    """
    currency = "USD"
    decimal = ""
    dates = ["%Y-%m-%dT%H:%M:%S%z"]
    [columns]
    date = "created"
    amount = "amount"
    fee = "fee"
    id = "id"
    changing = "exported_at"
    [fees]
    amount = "net"
    """,
    "id,created,amount,fee,exported_at\nch_1,2026-03-02T10:00:00Z,4825,175,1\n"
    "ch_2,2026-03-02T10:00:00Z,-300,0,1\n",
    [5000, -175, -300],
)
BANKS = {name.lower(): each for name, each in dict(globals()).items() if isinstance(each, Bank)}
