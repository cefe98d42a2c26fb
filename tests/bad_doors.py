"""Every place of every command line at which a value comes in, for the table of bad inputs."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.bad_values import REFUSED, TAKEN, UNKNOWN, USAGE, VALUES, Kind, Value

STRANGER, CONFLICT = 5, 7


@dataclass(frozen=True, slots=True)
class Door:
    """One place where a value comes in.

    line    -- the command line; {value} is the value, other names are the scene's numbers
    as_     -- who types it
    shows   -- the command that shows afterwards what was taken; "" when nothing does
    refusal -- exit code of what is refused here
    answers -- exit codes by number of the list, where this door answers otherwise
    """

    kind: Kind
    line: str
    as_: str = "owner"
    shows: str = ""
    refusal: int = REFUSED
    answers: dict[str, int] = field(default_factory=dict)

    def words(self, line: str, numbers: dict[str, str], value: str) -> list[str]:
        """Return a line's words; blanks inside a value do not part it."""
        named = {**numbers, "value": "\0"}
        return [word.format(**named).replace("\0", value) for word in line.split()]

    def exit(self, value: Value) -> int:
        """Return the exit code that a value has here."""
        usual = self.refusal if value.exit == REFUSED else value.exit
        return self.answers.get(value.number, usual)


def _doors(
    kind: Kind, as_: str, *lines: str, refusal: int = REFUSED, **answers: int
) -> tuple[Door, ...]:
    codes = {number.lstrip("_"): code for number, code in answers.items()}
    return tuple(Door(kind, line, as_, refusal=refusal, answers=codes) for line in lines)


def _kept(line: str, shows: str, as_: str = "owner") -> Door:
    return Door(Kind.TEXT, line, as_, shows)


TEXT_DOORS = (
    _kept("staff add hu --role service --name {value}", "staff show hu"),
    _kept("branch add QQ01 --name {value}", "branch show QQ01"),
    _kept("plan add QQ --term 12m --price 10.00 --name {value}", "plan show QQ", "zhao"),
    _kept("plan revise MONTH --price 300.00 --name {value}", "plan show MONTH", "zhao"),
    _kept("tier revise gold --from 2028-01-01 --name {value}", "tier show gold", "zhao"),
    _kept("order withdraw {filed} --yes --reason {value}", "audit log --object {filed}", "sun"),
    _kept("order void {filed} --yes --reason {value}", "audit log --object {filed}", "zhao"),
    _kept("order file {third} --plan YEAR --agreed --channel {value}", "", "sun"),
    _kept("order file {third} --kind service --line {value}:1:10.00", "", "sun"),
    _kept("review advance {filed} --return {value}", "review show {filed}", "li"),
    _kept("review advance {filed} --reject {value}", "review show {filed}", "li"),
    _kept("review advance {filed} --approve --reason {value}", "review show {filed}", "li"),
    _kept("review extend {filed} --days 2 --reason {value}", "review show {filed}", "wang"),
    _kept("payment void {payment} --yes --reason {value}", "payment show {payment}", "qian"),
    _kept("payment record {confirmed} 10.00 --method cash --reference {value}", "", "qian"),
    _kept(
        "member hold {member} --until 2026-12-01 --reason {value}", "member holds {member}", "zhao"
    ),
    _kept("member expel {member} --yes --reason {value}", "member holds {member}", "zhao"),
    _kept("refund request {paid} --amount 1.00 --reason {value}", "refund show RF-0004", "sun"),
    _kept("refund review {asked} --reject {value}", "refund show {asked}", "wang"),
    _kept("refund review {asked} --approve --reason {value}", "refund show {asked}", "wang"),
    _kept("refund withdraw {asked} --yes --reason {value}", "refund show {asked}", "sun"),
    _kept("refund fail {returned} --yes --reason {value}", "refund show {returned}", "qian"),
    _kept("refund pay {approved} --yes --reference {value}", "", "qian"),
    _kept("term cancel {member} --yes --on 2026-12-01 --reason {value}", "term history", "sun"),
    _kept("card replace {card} --reason {value}", "audit log --object {card}", "sun"),
    _kept("term freeze {member} --from 2026-07-01 --until 2026-07-02 --reason {value}",
          "term history {member}", "sun"),
    _kept("card block {card} --reason {value}", "audit log --object {card}", "sun"),
    _kept("checkin undo {visit} --reason {value}", "checkin show {visit}", "li"),
    _kept("checkin scan {card} --force --reason {value}", "", "zhao"),
    _kept("checkin scan {card} --nonce {value}", "", "sun"),
    Door(
        Kind.TEXT, "payment list --reveal {value}", "zhao",
        "audit log --event personal.revealed", answers={"16b": USAGE, "16c": USAGE},
    ),
    Door(
        Kind.TEXT, "branch add QQ01 --name 店 --key {value}",
        answers={"16b": USAGE, "16c": USAGE},
    ),
    _kept("staff add hu --name 胡 --role service --database-user {value}", "staff show hu"),
    _kept("member register --phone 13712345678 --name {value}", "member show {next}", "sun"),
    _kept("member register 钱多多 --phone 13712345678 --override {value}", "", "sun"),
    _kept(
        "member update {member} --birth-date 1990-03-07 --reason {value}",
        "member changes --all",
        "sun",
    ),
    _kept("member update {third} --reason 结婚 --name {value}", "", "sun"),
    _kept("member approve-change {change} --remark {value}", "member changes --all", "wang"),
    _kept("member reject-change {change} --reason {value}", "member changes --all", "wang"),
    _kept("member merge {member} {third} --yes --reason {value}", "member merges", "zhao"),
    _kept("member erase {third} --yes --reason {value}", "", "owner"),
    _kept("application import {people} --source {value}", "", "sun"),
    _kept("member import {people} --ignore-extra --source {value}", "", "sun"),
    # Blanks say nothing about somebody, as an empty cell of a file does; in an update they
    # take away what was there.
    *_doors(
        Kind.TEXT, "sun",
        "member register 钱多多 --phone 13712345678 --address {value}",
        "member register 钱多多 --phone 13712345678 --channel {value}",
        "member register 钱多多 --phone 13712345678 --referrer {value}",
        "member register 钱多多 --phone 13712345678 --external-ref {value}",
        "member update {member} --address {value}",
        _16b=TAKEN, _16c=TAKEN,
    ),
)  # fmt: skip
CODE_DOORS = (
    *_doors(
        Kind.CODE, "owner",
        "staff add --name 胡 --role service -- {value}",
        "staff add hu --name 胡 --role service --branch {value}",
        "branch add --name 店 -- {value}",
        "staff show -- {value}",
        "staff grant -- {value} reviewer",
        "staff revoke -- {value} reviewer",
        "staff leave -- {value}",
        "branch show -- {value}",
        "policy show -- {value}",
        "policy set -- {value} 5",
        "policy set -- review_days {value}",
        "policy set -- reminder_steps {value}",
        "policy set -- quiet_hours {value}",
        "policy set -- dunning_days {value}",
        "branch update SH01 --zone {value}",
        "branch update SH01 --hours {value}",
        "branch update --capacity 5 -- {value}",
        "audit log --staff {value}",
        "bank account add --method bank -- {value}",
        "bank account add QQ --method bank --currency {value}",
        "bank import {people} --account {value}",
    ),
    *_doors(
        Kind.CODE, "zhao",
        "plan add --name 卡 --term 1m --price 1.00 -- {value}",
        "template show --language zh -- {value}",
        "template reset --language zh -- {value}",
        "plan add QQ --name 卡 --term 1m --price 1.00 --product {value}",
        "plan revise --price 1.00 -- {value}",
        "tier show -- {value}",
        "tier revise --from 2028-01-01 --name x -- {value}",
        "agreement show -- {value}",
        "order file {third} --agreed --plan YEAR --branch {value}",
        "card stock --add 5 -- {value}",
        "card issue {third} --branch {value}",
        "checkin scan {card} --branch {value}",
        "checkin list --branch {value}",
        "checkin refused --branch {value}",
        "plan add QQ --name 卡 --term 1m --price 1.00 --branches {value}",
        "plan add QQ --name 卡 --term 1m --price 1.00 --hours {value}",
        "plan revise YEAR --hours {value}",
        "plan revise YEAR --branches {value}",
        "member list --branch {value}",
    ),
)  # fmt: skip
LOOK_UP_DOORS = (
    *_doors(
        Kind.CODE, "zhao",
        "plan withdraw -- {value}",
        "plan show -- {value}",
        "order file {third} --agreed --plan {value}",
        "quote revise {filed} --plan {value}",
        refusal=UNKNOWN,
    ),
    # A policy may be emptied; who is unknown has no right, which is logged.
    *_doors(Kind.CODE, "owner", "policy set -- join_documents {value}", _16b=TAKEN, _16c=TAKEN),
    *_doors(
        Kind.CODE, "sun",
        "member register 钱多多 --phone 13712345678 --branch {value}",
        "member register 钱多多 --phone 13712345678 --language {value}",
        "member update {member} --branch {value}",
        _16b=TAKEN, _16c=TAKEN,
    ),
    *_doors(Kind.CODE, "owner", "plan list --as {value}", refusal=STRANGER, _16b=USAGE, _16c=USAGE),
)  # fmt: skip
NUMBER_DOORS = (
    *_doors(
        Kind.NUMBER, "zhao",
        "order show -- {value}",
        "order withdraw --yes --reason x -- {value}",
        "order void --yes --reason x -- {value}",
        "order resubmit -- {value}",
        "order file --plan YEAR --agreed -- {value}",
        "order file --kind upgrade --plan YEAR -- {value}",
        "order file {member} --kind transfer --agreed --to {value}",
        "order file {member} --kind upgrade --plan YEAR --of {value}",
        "quote show -- {value}",
        "quote revise -- {value}",
        "quote accept -- {value}",
        "review show -- {value}",
        "review advance --approve -- {value}",
        "review extend --days 1 --reason x -- {value}",
        "payment show -- {value}",
        "payment void --yes --reason x -- {value}",
        "receipt show -- {value}",
        "refund preview -- {value}",
        "refund show -- {value}",
        "refund request --reason x -- {value}",
        "refund review --approve -- {value}",
        "refund withdraw --yes --reason x -- {value}",
        "term cancel --yes --reason x -- {value}",
        "card issue -- {value}",
        "card show -- {value}",
        "checkin scan -- {value}",
        "checkin show -- {value}",
        "checkin undo --reason x -- {value}",
        "card replace -- {value}",
        "card block -- {value}",
        "term list -- {value}",
        "term preview --change resume -- {value}",
        "term history -- {value}",
        "term freeze --from 2026-07-01 --until 2026-07-02 --reason x -- {value}",
        "term resume -- {value}",
        "term freeze {member} --from 2026-07-01 --until 2026-07-02 --reason x --order {value}",
        "message preview -- {value}",
        "message settle --sent -- {value}",
        "message retry -- {value}",
        "reminder explain -- {value}",
        "member opt-outs -- {value}",
        "member opt-out --category marketing -- {value}",
        "member show -- {value}",
        "member hold --until 2026-12-01 --reason x -- {value}",
        "member release --reason x -- {value}",
        "member expel --yes --reason x -- {value}",
        "member readmit --reason x -- {value}",
        "member holds -- {value}",
        "member update --phone 13712345678 -- {value}",
        "member verify --document-seen passport -- {value}",
        "member approve-change -- {value}",
        "member reject-change --reason x -- {value}",
        "member merge --reason x --yes {member} -- {value}",
        "member merge --reason x --yes -- {value} {member}",
        "member unmerge --reason x --yes -- {value}",
        "member dossier -- {value}",
        "archive request --reason x -- {value}",
        "archive approve -- {value}",
        "archive refuse -- {value}",
        "archive view -- {value}",
    ),
    *_doors(
        Kind.NUMBER, "qian",
        "payment record --method cash -- {value} 10.00",
        "payment verify -- {value}",
        "payment chargeback --yes --reason x -- {value}",
        "credit apply -- {value}",
        "credit show -- {value}",
        "credit approve -- {value}",
        "credit pay --yes -- {value}",
        "debt show -- {value}",
        "debt write-off --reason x -- {value}",
        "debt approve --yes -- {value}",
        "debt instalments --count 3 --first 2026-04-01 -- {value}",
        "invoice issue -- {value}",
        "invoice show -- {value}",
        "invoice void --yes --reason x -- {value}",
        "invoice credit --reason x -- {value}",
        "till show -- {value}",
        "refund pay --yes -- {value}",
        "refund fail --yes --reason x -- {value}",
    ),
)  # fmt: skip
SEARCH_DOORS = (
    *_doors(
        Kind.SEARCH, "zhao",
        "audit log --object {value}",
        "audit log --event {value}",
        "application list --source {value}",
        "member list --name {value}",
        "member list --channel {value}",
        refusal=TAKEN,
    ),
    *_doors(
        Kind.SEARCH, "zhao",
        "order list --member name:{value}",
        "member show name:{value}",
        "help {value}",
        refusal=UNKNOWN,
    ),
    *_doors(Kind.SEARCH, "zhao", "order list --stage {value}", refusal=UNKNOWN),
    *_doors(Kind.SEARCH, "zhao", "plan list --fields {value}", refusal=USAGE),
    *_doors(
        Kind.SEARCH, "zhao",
        "ledger journal --about {value}",
        "ledger journal --party {value}",
        "order list --member {value}",
        "order list --member phone:{value}",
        "member show phone:{value}",
        "payment list --order {value}",
        "payment list --member {value}",
        "refund list --order {value}",
        "refund list --member {value}",
        "receipt list --member {value}",
        "card list --member {value}",
        "checkin list --member {value}",
        "checkin refused --member {value}",
        "message list --member {value}",
        "audit log --member {value}",
    ),
)  # fmt: skip
AMOUNT_DOORS = (
    *_doors(
        Kind.AMOUNT, "zhao",
        "plan add QQ --name 卡 --term 12m --price {value}",
        "plan revise YEAR --price {value}",
        "quote revise {filed} --price {value}",
        "order file {third} --kind service --line hall:1:{value}",
        "order file {third} --plan YEAR --agreed --total {value}",
        "refund request {paid} --reason x --amount {value}",
        "refund request {paid} --reason x --gifts {value}",
        "refund preview {paid} --gifts {value}",
    ),
    *_doors(
        Kind.AMOUNT, "zhao",
        "plan add QQ --name 卡 --term 12m --price 1.00 --joining-fee {value}",
        "plan revise YEAR --joining-fee {value}",
        "tier revise gold --from 2028-01-01 --threshold {value}",
        _53a=TAKEN,
    ),
    *_doors(Kind.AMOUNT, "qian", "payment record --method cash -- {confirmed} {value}"),
    *_doors(Kind.AMOUNT, "qian", "till close --method cash --counted {value}", _53a=TAKEN),
)  # fmt: skip
COUNT_DOORS = (
    *_doors(Kind.PERCENT, "zhao", "tier revise gold --from 2028-01-01 --price-percent {value}"),
    *_doors(Kind.PERCENT, "zhao", "tier revise gold --from 2028-01-01 --points-percent {value}"),
    *_doors(
        Kind.COUNT, "zhao",
        "tier revise gold --from 2028-01-01 --guests {value}",
        "review extend {filed} --reason x --days {value}",
        "order file {third} --kind service --line hall:{value}:10.00",
        "card stock SH01 --counted {value}",
        "plan add QQ --name 卡 --term 1m --price 1.00 --visits {value}",
        "term preview --from 2026-01-31 --term 1m --count {value}",
        "message send --limit-messages {value}",
        "agreement show --wording {value}",
        "calendar show -- {value}",
        "member duplicates --min-score {value}",
    ),
    # A version that never was is a conflict, not a malformed number.
    *_doors(
        Kind.COUNT, "zhao",
        "review advance {filed} --approve --seen {value}",
        "order withdraw {filed} --yes --reason x --seen {value}",
        "payment void {payment} --yes --reason x --seen {value}",
        "refund withdraw {asked} --yes --reason x --seen {value}",
        "card block {card} --seen {value}",
        "member update {member} --phone 13712345678 --seen {value}",
        _63=CONFLICT,
    ),
    *_doors(
        Kind.COUNT, "zhao", "plan list --limit {value}", "audit log --limit {value}", refusal=USAGE
    ),
    *_doors(
        Kind.COUNT, "owner",
        "staff add hu --name 胡 --role service --uid {value}",
        "policy set -- review_days {value}",
        "policy set -- reminder_steps {value}",
        "policy set -- quiet_hours {value}",
        "policy set -- dunning_days {value}",
        "calendar add -- {value}",
        "branch update SH01 --capacity {value}",
    ),
)  # fmt: skip
DATE_DOORS = (
    *_doors(
        Kind.DATE, "zhao",
        "plan add QQ --name 卡 --term 12m --price 1.00 --from {value}",
        "plan revise YEAR --price 1.00 --from {value}",
        "plan revise YEAR --price 1.00 --season {value}",
        "tier revise gold --guests 3 --from {value}",
        "audit log --since {value}",
        "checkin list --from {value}",
        "checkin list --to {value}",
        "checkin refused --from {value}",
        "audit log --until {value}",
        "term preview --term 1m --from {value}",
        "term preview {member} --change upgrade --plan YEAR --from {value}",
        "term preview {member} --change freeze --from 2026-07-01 --until {value}",
        "refund preview {paid} --on {value}",
        "refund request {paid} --reason x --on {value}",
        "term cancel {member} --yes --reason x --on {value}",
        "term freeze {member} --until 2026-07-02 --reason x --from {value}",
        "term freeze {member} --from 2026-07-01 --reason x --until {value}",
        "term resume {member} --from {value}",
        "member hold {member} --reason x --until {value}",
        "member hold {member} --reason x --until 2026-12-01 --from {value}",
        "calendar show -- {value}",
        "message print --again {value}",
    ),
    *_doors(
        Kind.DATE, "zhao", "plan list --as-of {value}", "run daily --as-of {value}",
        _16b=USAGE, _16c=USAGE,
    ),
    *_doors(
        Kind.DATE, "qian",
        "debt instalments {confirmed} --count 3 --first {value}",
        "ledger balance --on {value}",
        "bank report --to 2026-12-31 --from {value}",
        "bank report --from 2026-01-01 --to {value}",
        "ledger recognise --through {value}",
        "ledger statement --month {value}",
    ),
    *_doors(
        Kind.DATE, "qian", "payment record {confirmed} 10.00 --method cash --received {value}"
    ),
    *_doors(
        Kind.PERIOD, "zhao",
        "plan add QQ --name 卡 --price 1.00 --term {value}",
        "plan revise YEAR --term {value}",
        "term preview --from 2026-01-31 --term {value}",
        "renewal list --within {value}",
    ),
)  # fmt: skip
PERSON_DOORS = (
    *_doors(
        Kind.PHONE, "sun",
        "member register 钱多多 --phone {value}",
        "member update {member} --phone {value}",
    ),
    *_doors(
        Kind.EMAIL, "sun",
        "member register 钱多多 --email {value}",
        "member update {member} --email {value}",
    ),
    *_doors(
        Kind.IDENTITY, "sun",
        "member register 钱多多 --phone 13712345678 --id-number {value}",
        "member update {member} --reason x --id-number {value}",
    ),
    *_doors(
        Kind.BIRTH, "sun",
        "member register 钱多多 --phone 13712345678 --birth-date {value}",
        "member update {member} --reason x --birth-date {value}",
    ),
)  # fmt: skip
DOORS = (
    *TEXT_DOORS, *CODE_DOORS, *LOOK_UP_DOORS, *NUMBER_DOORS, *SEARCH_DOORS, *AMOUNT_DOORS,
    *COUNT_DOORS, *DATE_DOORS, *PERSON_DOORS,
)  # fmt: skip


def cases() -> list[tuple[Door, Value]]:
    """Return every value at every door that can be given it."""
    return [(door, value) for door in DOORS for value in VALUES[door.kind]]


def name_of(door: Door, value: Value) -> str:
    """Return the name of a case: the number of the list and the command."""
    return f"{value.number}-{door.line.format_map(_Shown())}"


class _Shown(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "..." if key == "value" else key.upper()
