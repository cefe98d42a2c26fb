"""The numbered bad inputs that commands of the office and the catalog can be given."""

from __future__ import annotations

# Number in the list of bad inputs -> a name that is refused.
REFUSED_NAMES = {
    "5": "A\x1b[2J\x1b[H",
    "6": "\x1b]8;;http://evil\x1b\\click",
    "7": "\x1b]52;c;cm0gLXJm\x07",
    "8": "\x9b31m",
    "9": "good\rEVIL",
    "10": "a\x00b",
    "11a": "abc\u202egpj.exe",
    "11b": "\u2066x\u2069",
    "12a": "Li\u200b",
    "12b": "\ufeffLi",
    "15": "a" + "\u0301" * 300,
    "16a": "\u3164",
    "16b": "   ",
    "16c": "",
    "17": "\udce9",
    "18": "x" * 10_000,
    "23a": "a\U000e0041",
    "23b": "a\ue000",
}
# Names that are accepted and shown as they are.
ACCEPTED_NAMES = {
    "1": "[red]x[/red]",
    "2": "[/]",
    "3": "[link=https://evil]Zhang[/link]",
    "4": ":smiley: Li",
    "19a": "𠮷",
    "19b": "王小明",
    "19c": "Nguyễn",
    "19d": "O'Brien",
    "19e": "null",
    "19f": "NaN",
    "19g": "-",
    "21": "Robert'); DROP TABLE staff;--",
    "22": "100%_\\",
    "24": '=HYPERLINK("http://e","x")',
}
REFUSED_CODES = {
    **{number: name for number, name in REFUSED_NAMES.items() if number != "9"},
    "1": "[red]x",
    "14": "аdmin",  # The first letter is Cyrillic.
    "21": "x'; DROP TABLE staff;--",
    "22": "%",
    "52": "YEAR１",
    "78": "../../etc/x",
    "20": "-rf",
}
REFUSED_AMOUNTS = {
    "51a": "NaN",
    "51b": "inf",
    "51c": "1e400",
    "52a": "1_000",
    "52b": "１００",
    "52c": "٣",
    "53a": "0",
    "53b": "-5",
    "53c": "-0",
    "54": "0.005",
    "55a": "1,234.50",
    "55b": "1.234,50",
    "56": "¥100",
    "57": "12345678901234567.89",
    "58": str(2**63),
    "empty": "",
}
REFUSED_DATES = {
    "61a": "2023-02-29",
    "61b": "31/04/2024",
    "61c": "0001-01-01",
    "61d": "2024-W01-1",
    "52": "２０２６-01-01",
    "empty": "",
}
REFUSED_COUNTS = {
    "51": "NaN",
    "52": "１",
    "53": "-1",
    "54": "1.5",
    "63": "1000000000",
    "long": "9" * 5_000,
    "empty": "",
}
