"""The keys of every command's result, which scripts rely on; the last of them may be followed
by more, in time.

A command, who types it, and the keys that its result begins with, those of rows inside it in
parentheses. {names} are those of the long history.
"""

from __future__ import annotations

ORDER = "number kind member plan state stage total paid open due_on quote"
MEMBER = "number name status phone email branch tier member_since"
CARD = "number member state issued_on"
CHECKED = "checked problems"
REFUND = "number order amount state parts"
REQUEST = "number member kind amount method state left"
INVOICE = "number kind order total tax order_state open credit"
WRITE_OFF = (
    "number order amount state order_state reason requested_at requested_by decided_at decided_by"
)
PLAN = "order count open due_on instalments(position due_on amount open)"
PROPOSAL = "number change about wish state proposed_by proposed_at decided_by decided_at remark"
HOLD = "member kind from_on until_on cards"
QUOTE = "order version state plan total valid_until"
STAFF = "code name roles state outcome"
LOOK = "number order state until_on"
TIER = "code name position price_percent points_percent guests threshold version valid_from"
REFUNDED = f"{REFUND}(payment method amount) effective_on due_on cut beyond"
TERM_CHANGED = "member order from_on until_on days was_on end_on moved"
CHANGE = "number member field state"
OFFER = (
    "code name term price joining_fee payment_timing product version valid_from outcome visits "
    "hours branches season"
)
POLICY = "key value default unit allowed source changed_at changed_by"
BRANCH = "code name card_digits zone hours capacity"
STAFF_LINE = "code name roles branch state uid database_user"
TILL = "number branch method closed_on expected counted difference"

PINNED = {
    "init --db {folder}/new.db --name x": ("owner", "name store owner key_file schema"),
    "status": (
        "zhao",
        "on received unverified owed overrides queues(work role waiting overdue oldest_due_on) "
        "takings(method payments amount) visits refused_scans paid_out "
        "outflows(way method count amount)",
    ),
    "doctor": ("zhao", "check state what mend"),
    "member register 钱多多 --phone 13712345678": ("sun", MEMBER),
    "member show {member}": ("sun", f"{MEMBER} terms cards orders balance history"),
    "member list": ("sun", MEMBER),
    "member approve-change {change}": ("wang", CHANGE),
    "member reject-change {change} --reason x": ("wang", CHANGE),
    "member changes": (
        "wang", "number member name field state reason requested_by requested_at decided_by answer",
    ),
    "member dossier {member} --reveal asked": ("owner", "number name made_at tables"),
    "member duplicates": (
        "zhao", "member name other other_name reason score weight group parts(field level weight)",
    ),
    "member erase {free} --reason x --yes": (
        "owner", "number erased_at cleared open kept(what rows why until) already",
    ),
    "member expel {free} --reason x --yes": ("zhao", HOLD),
    "member hold {member} --until 2026-12-01 --reason x": ("zhao", HOLD),
    "member holds {held}": ("zhao", "member kind from_on until_on lifted_on reason staff at"),
    "member import {members}": (
        "sun", "read created updated unchanged duplicate rejected rejects_file",
    ),
    "member merge {member} {free} --reason x --yes": (
        "zhao",
        "number survivor merged name fields(field survivor merged afterwards) rows overlaps "
        "cards credit tier",
    ),
    "member merges": (
        "zhao", "number survivor merged reason merged_at merged_by undone_at overlaps",
    ),
    "member opt-out {member} --category marketing": (
        "sun", "member category because since changed",
    ),
    "member opt-outs {changing}": ("sun", "member category because since recorded_by"),
    "member readmit {expelled} --reason x": ("zhao", HOLD),
    "member release {held} --reason x": ("zhao", HOLD),
    "member unmerge {merge} --reason x --yes": ("zhao", "number survivor merged name rows credit"),
    "member update {member} --phone 13712345678": ("sun", "number name fields requests remark"),
    "member verify {member} --document-seen passport": (
        "li", "number document verified_by verified_at already",
    ),
    "application import {people}": (
        "sun", "read created updated unchanged duplicate rejected rejects_file",
    ),
    "application list": ("sun", ORDER),
    "order file {free} --plan YEAR --agreed": ("sun", ORDER),
    "order show {paid}": ("sun", ORDER),
    "order list": ("sun", ORDER),
    "order resubmit {incomplete} --agreed": ("sun", f"{ORDER} dunning"),
    "order void {filed} --reason x --yes": ("zhao", "number state credit terms cards"),
    "order withdraw {filed} --reason x --yes": ("sun", "number state credit"),
    "quote accept {offered}": ("li", QUOTE),
    "quote list": ("sun", QUOTE),
    "quote revise {quoted} --price 3000.00": ("wang", f"{QUOTE} stage fell_back"),
    "quote show {quoted}": ("sun", QUOTE),
    "review advance {filed} --approve": ("li", "order stage verdict state next_stage due_on"),
    "review extend {filed} --days 1 --reason x": ("wang", "order days due_on"),
    "review list --all": (
        "li", "order kind member name plan stage total received_on due_on mark version",
    ),
    "review show {filed}": (
        "li",
        "order kind member plan state stage total quote received_on due_on mark version "
        "decisions hands(part staff at released_at) pauses extensions",
    ),
    "payment record {confirmed} 600.00 --method cash": (
        "qian", "number order amount method receipt order_state open credit already",
    ),
    "payment chargeback {payment} --reason x --yes": (
        "qian", "number order amount receipt order_state open lost due_on terms cards",
    ),
    "payment list": (
        "qian", "number order member amount method reference state received_at receipt",
    ),
    "payment show {payment}": (
        "qian",
        "number order member amount applied credit method reference state received_at receipt "
        "recorded_by verified_by verified_at voided_by voided_at void_reason version "
        "charged_back_at charged_back_reason",
    ),
    "payment verify {payment}": ("qian", "number order amount method state verified_by"),
    "payment void {payment} --reason x --yes": (
        "qian", "number order amount receipt order_state open terms cards",
    ),
    "receipt list": ("qian", "number payment order member name amount method state issued_at"),
    "receipt show RC-2026-000001": (
        "qian",
        "number payment order member name amount method state received_at issued_at voided_at",
    ),
    "credit apply {rich}": (
        "sun", "member applied left parts(order payment receipt amount order_state open)",
    ),
    "credit approve {payout}": ("feng", REQUEST),
    "credit list": ("qian", "member name credit since"),
    "credit pay {due} --yes": ("qian", REQUEST),
    "credit payout {rich} --method cash --reason x": ("sun", REQUEST),
    "credit refuse {payout} --reason x": ("feng", REQUEST),
    "credit requests": (
        "qian",
        "number member kind amount method state requested_at requested_by decided_by paid_by "
        "reason decision",
    ),
    "credit show {rich}": (
        "qian", "member name credit since stale movements(at value_on event about amount)",
    ),
    "credit stale {rich} --reason x --as-of 2029-12-01": ("qian", REQUEST),
    "invoice credit {invoice} --amount 1.00 --reason x": ("qian", INVOICE),
    "invoice issue {invoiced}": ("qian", INVOICE),
    "invoice list": ("qian", "number kind order member net tax total credited state issued_on"),
    "invoice show {invoice}": (
        "qian",
        "number kind state order member name address branch net tax total credited open tax_mode "
        "tax_percent issued_on issued_by due_on corrects reason voided_at void_reason version "
        "lines(what quantity net tax amount)",
    ),
    "invoice void {invoice} --reason x --yes": ("qian", "number order total"),
    "debt approve {off} --yes": ("zhao", WRITE_OFF),
    "debt instalments {debt} --count 2 --first 2026-04-01": ("qian", PLAN),
    "debt list": ("qian", "order member total open due_on overdue instalments write_off reason"),
    "debt refuse {off} --reason x": ("zhao", WRITE_OFF),
    "debt show {owed}": ("qian", PLAN),
    "debt write-off {owed} --reason x": ("qian", WRITE_OFF),
    "till close --method card --counted 100.00 --yes": (
        "sun", "number branch method closed_on entries expected counted difference",
    ),
    "till list": ("qian", f"{TILL} closed_by"),
    "till list --open": ("qian", f"{TILL} closed_by"),
    "till show {till}": (
        "qian",
        f"{TILL} remark closed_at closed_by movements(entry at value_on event about amount)",
    ),
    "refund preview {paid} --on 2026-04-10": (
        "sun", "order paid refundable used_days term_days fee amount parts",
    ),
    "refund request {paid} --reason moved": ("sun", REFUND),
    "refund review {asked} --approve": ("wang", REFUND),
    "refund pay {approved} --yes": ("qian", REFUND),
    "refund show {approved}": ("qian", REFUND),
    "refund list": (
        "qian", "number order member amount state effective_on due_on overdue requested_at",
    ),
    "refund fail {returned} --reason x --yes": ("qian", REFUNDED),
    "refund withdraw {asked} --reason x --yes": ("sun", REFUNDED),
    "bank import {statement} --account ALIPAY": (
        "qian", "read new duplicate skipped opening closing",
    ),
    "bank match": ("qian", "matched ambiguous unknown amount_differs"),
    "bank account add ICBC --method bank": ("qian", "code method number currency outcome"),
    "bank account list": ("qian", "code method number currency lines open last_on balance"),
    "bank lines": (
        "qian", "number account booked_on amount state finding name payment order reference reason",
    ),
    "bank map check {foreign} --map {map}": (
        "qian",
        "map columns read money skipped opening closing rows(line booked_on amount balance id "
        "name skipped fee) stated notices problems",
    ),
    "bank map example": ("qian", "map"),
    "bank report --from 2026-03-01 --to 2026-03-02": (
        "qian", "account from_on until_on opening receipts refunds fees closing difference",
    ),
    "bank report --from 2026-03-01 --to 2026-03-02 --account ONLINE": (
        "qian",
        "account from_on until_on opening receipts refunds fees closing difference stated "
        "items(kind number on amount why)",
    ),
    "bank show BL-000001": (
        "qian",
        "number account booked_on amount state finding reason name from_account text reference "
        "candidates",
    ),
    "bank match --reopen BL-000001": ("qian", "line state amount payment order verified"),
    "term list": ("sun", "member plan start_on end_on status visits left"),
    "term preview --from 2024-01-31 --term 1m --count 4": ("sun", "index start_on end_on"),
    "term cancel {member} --reason x --yes": ("sun", "member order end_on was_on cards"),
    "term freeze {member} --from 2026-07-01 --until 2026-07-02 --reason x": ("sun", TERM_CHANGED),
    "term history {frozen}": (
        "sun", "member order change from_on until_on was_on end_on reason staff at",
    ),
    "term resume {frozen} --reason x": ("sun", TERM_CHANGED),
    "card issue {cardless}": ("sun", CARD),
    "card list": ("sun", CARD),
    "card block {card}": ("sun", "number member state"),
    "card replace {card} --reason lost": ("sun", f"{CARD} replaces"),
    "card show {card}": ("sun", f"{CARD} handover ended_on replaced_by valid_until version reason"),
    "card stock SH01 --add 5": ("zhao", "branch blanks"),
    "renewal list --within 2y": ("sun", "member name plan end_on days_left price next"),
    "reminder run": ("zhao", "due queued already suppressed"),
    "reminder calls": ("sun", "number member name phone purpose cause language"),
    "reminder explain {member}": (
        "sun", "member term end_on step due_on until_on channel state why message at",
    ),
    "reminder steps": ("zhao", "step purpose when open_days example"),
    "checkin scan {card}": ("sun", "card member allowed reason visit name until left"),
    "checkin list": ("sun", "visit at member card branch plan ground state"),
    "checkin refused": ("sun", "at reason card member branch staff"),
    "checkin inside": ("sun", "branch inside capacity"),
    "checkin show {visit}": ("sun", "visit at on member card branch plan ground state reason"),
    "checkin undo {visit} --reason x": ("zhao", "visit member left"),
    "message send": ("zhao", "sent retry failed unknown left"),
    "message list": ("sun", "number member purpose cause channel language state created_at"),
    "message preview {call}": (
        "sun", "number member purpose category channel to state subject body",
    ),
    "message print --reveal letters": ("zhao", "number member name address language subject body"),
    "message retry {failed}": ("zhao", "messages count"),
    "message settle {call} --sent": ("zhao", "number member state reason"),
    "template list": ("zhao", "purpose language own subject names changed_at changed_by"),
    "template reset payment_receipt --language zh": ("zhao", "purpose language outcome"),
    "template set {wording} --language en": ("zhao", "templates(purpose language outcome) count"),
    "template show payment_receipt --language zh": ("zhao", "purpose language own subject body"),
    "plan add NEW --name x --term 1m --price 1.00": ("zhao", OFFER),
    "plan import {plans}": ("zhao", "read created updated unchanged"),
    "plan list": (
        "sun",
        "code name term price joining_fee payment_timing product version valid_from state visits "
        "hours branches season",
    ),
    "plan revise MONTH --price 300.00": ("zhao", OFFER),
    "plan show YEAR": (
        "sun",
        "code product state versions(version valid_from name term price joining_fee "
        "payment_timing published_at published_by visits hours branches season)",
    ),
    "plan withdraw MONTH": ("zhao", "code state"),
    "tier list": ("sun", TIER),
    "tier revise gold --from 2028-01-01 --guests 3": ("zhao", f"{TIER} outcome"),
    "tier show gold": (
        "sun",
        "code position versions(code name position price_percent points_percent guests threshold "
        "version valid_from)",
    ),
    "agreement list": ("sun", "code version title valid_from sha256 published_at published_by"),
    "agreement publish {terms}": ("zhao", "code version title valid_from sha256 outcome"),
    "agreement show": ("sun", "code version title valid_from sha256 body"),
    "ledger check": ("zhao", CHECKED),
    "ledger balance": ("zhao", "account kind balance"),
    "ledger journal": ("zhao", "entry at value_on event about account party amount"),
    "ledger recognise --through 2026-03-01": ("qian", "through orders entries earned unearned"),
    "ledger statement": (
        "zhao",
        "month income lost received paid_out receivable credit unearned booked_through "
        "accounts(account kind opening more less closing) months(month income) till_over "
        "till_short",
    ),
    "ledger statement --year 2026": (
        "zhao",
        "year income lost received paid_out receivable credit unearned booked_through "
        "accounts(account kind opening more less closing) months(month income lost received "
        "paid_out receivable credit unearned) till_over till_short",
    ),
    "archive approve {look}": ("owner", LOOK),
    "archive create --quarter 2026Q1 --to {folder} --as-of 2026-04-01": (
        "owner", "quarter file index manifest orders left sha256",
    ),
    "archive list": ("owner", "quarter orders file sha256 made_at made_by"),
    "archive refuse {look}": ("owner", LOOK),
    "archive request {archived} --reason x": ("zhao", LOOK),
    "archive requests": (
        "owner",
        "number order quarter state reason requested_by requested_at decided_by until_on views",
    ),
    "archive verify 2025Q4": ("owner", f"{CHECKED} head"),
    "archive view {looked}": ("feng", "order request erased"),
    "retention list": ("zhao", "kind action policy years since until_on due held"),
    "retention run": (
        "owner", "on erased deleted held lines(kind action policy years since until_on due held)",
    ),
    "staff add hu --name x --role service": (
        "owner", "code name roles branch uid database_user outcome",
    ),
    "staff grant li reviewer": ("owner", STAFF),
    "staff leave li": ("owner", STAFF),
    "staff list": ("owner", STAFF_LINE),
    "staff pin li --remove": ("owner", "code name outcome"),
    "staff revoke li service": ("owner", STAFF),
    "staff rights": ("owner", "right roles everywhere"),
    "staff show li": ("owner", STAFF_LINE),
    "proposal list": ("zhao", PROPOSAL),
    "proposal show {proposal}": ("zhao", PROPOSAL),
    "proposal approve {proposal}": ("chen", PROPOSAL),
    "proposal reject {proposal} --reason x": ("chen", PROPOSAL),
    "proposal withdraw {proposal}": ("owner", PROPOSAL),
    "branch add QQ01 --name x": ("owner", "code name card_digits outcome"),
    "branch list": ("zhao", BRANCH),
    "branch show SH01": ("zhao", BRANCH),
    "branch update SH01 --capacity 5": ("owner", f"{BRANCH} outcome"),
    "policy list": ("owner", POLICY),
    "policy set review_days 6": ("owner", "key value before unit outcome"),
    "policy show review_days": ("owner", POLICY),
    "calendar add 2028": ("owner", "year source provisional holidays workdays outcome"),
    "calendar list": ("zhao", "year source provisional holidays workdays"),
    "calendar show 2026-02": ("zhao", "date weekday working kind name"),
    "audit verify": ("zhao", CHECKED),
    "audit verify --anchors {anchors}": ("zhao", f"{CHECKED} head anchors window"),
    "audit anchor": ("zhao", "line store seq at head mac"),
    "audit log": ("zhao", "seq at staff login command event object facts account"),
    "backup create {backup}2": (
        "zhao", "file manifest store schema at rows bytes sha256 audit_seq audit_head",
    ),
    "backup verify {backup}": ("zhao", f"{CHECKED} file store schema at audit_seq audit_head"),
    "backup list {folder}": ("zhao", "file state at store schema rows bytes audit_seq"),
    "backup restore {backup} --yes": ("owner", "store file schema at rows audit_seq kept"),
    "db upgrade": ("owner", "before schema backup"),
    "db check": ("zhao", CHECKED),
    "db copy --to {folder}/copy.db": ("owner", "to rows tables sums audit_seq audit_head login"),
    "run daily": ("zhao", "on done problems jobs(job done problems failed)"),
    "completion bash": ("zhao", "shell"),
    "help": ("zhao", "topic about"),
    "help backup": ("zhao", "topic text"),
}  # fmt: skip

NO_RECORD = {
    "batch": "every line is answered by the envelope of its own command",
    "ledger export": "it writes a document in the form of another program",
    "db roles": "it writes SQL for PostgreSQL alone",
}
"""Commands that answer with no record of their own, and why."""
