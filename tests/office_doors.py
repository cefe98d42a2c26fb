"""The places at which values come in about members' standing, archives, staff and what is sold."""

from __future__ import annotations

from tests.bad_values import TAKEN, UNKNOWN, USAGE, Kind
from tests.door import CONFLICT, Door, doors, kept

OFFICE_DOORS = (
    Door(  # A lone hyphen is a row on stdin.
        Kind.TEXT, "member register --phone 13712345678 -- {value}", "sun", "member show {next}",
        answers={"19k": USAGE},
    ),
    kept("order file {third} --plan YEAR --agreed --external-ref K1 --source {value}", "", "sun"),
    kept("order file {third} --plan YEAR --agreed --source kiosk --external-ref {value}", "",
         "sun"),
    kept("member register 钱多多 --phone 13712345678 --source {value}", "", "sun"),
    kept("member release {held} --reason {value}", "", "zhao"),
    kept("member readmit {expelled} --reason {value}", "", "zhao"),
    kept("member unmerge {merge} --yes --reason {value}", "", "zhao"),
    kept("term resume {frozen} --reason {value}", "term history {frozen}", "sun"),
    kept("archive request {archived} --reason {value}", "archive requests", "zhao"),
    kept("agreement publish {terms} --title {value}", "agreement list", "zhao"),
    *doors(
        Kind.CODE, "zhao",
        "agreement publish {terms} --code {value}",
        "review advance {filed} --approve --reason x --override {value}",
        "quote accept {offered} --honour-expired {value}",
        "archive verify -- {value}",
        "member import {people} --encoding {value}",
        "member duplicates --file {people} --encoding {value}",
    ),
    *doors(
        Kind.CODE, "owner",
        "archive create --to {folder} --quarter {value}",
        "staff pin --remove -- {value}",
    ),
    *doors(
        Kind.CODE, "owner",
        "staff add hu --name 胡 --role {value}",
        "staff grant li {value}",
        "staff revoke li {value}",
        refusal=USAGE,
    ),
    *doors(
        Kind.CODE, "zhao", "term preview {member} --change upgrade --plan {value}", refusal=UNKNOWN
    ),
    *doors(
        Kind.CODE, "zhao", "review advance {filed} --approve --stage {value}", refusal=CONFLICT
    ),
    # An empty word takes away what was there, or leaves the encoding to be found.
    *doors(
        Kind.CODE, "zhao",
        "member update {member} --staff {value}",
        "member update {member} --language {value}",
        _16b=TAKEN, _16c=TAKEN,
    ),
    *doors(Kind.CODE, "sun", "application import {people} --encoding {value}", _16c=TAKEN),
    *doors(
        Kind.NUMBER, "owner",
        "member erase --reason x --yes -- {value}",
        "term resume {frozen} --reason x --order {value}",
        "term cancel {member} --reason x --yes --order {value}",
        "proposal show -- {value}",
        "proposal approve -- {value}",
        "proposal reject --reason x -- {value}",
        "proposal withdraw -- {value}",
    ),
    *doors(Kind.SEARCH, "zhao", "application list --stage {value}", refusal=UNKNOWN),
    *doors(
        Kind.COUNT, "zhao", "card stock SH01 --add {value}", "plan revise YEAR --visits {value}"
    ),
    *doors(
        Kind.DATE, "zhao",
        "checkin refused --to {value}",
        "agreement publish {terms} --from {value}",
        "plan add QQ --name 卡 --term 12m --price 1.00 --season {value}",
    ),
)  # fmt: skip
