"""The first schema: every table that turns an application into a member with a card."""

import sqlalchemy as sa
from alembic import op

from memberctl.store.columns import INTEGER, Day, Instant
from memberctl.store.migrations.append_only import forbid_changes

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table; the audit log and the journal then take no change but new rows."""
    op.create_table(
        "account",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('asset', 'liability', 'income', 'expense')",
            name=op.f("ck_account_kind_known"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_account")),
        sqlite_strict=True,
    )
    op.create_table(
        "agreement",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
        sa.UniqueConstraint("code", name=op.f("uq_agreement_code")),
        sqlite_strict=True,
    )
    op.create_table(
        "audit",
        sa.Column("seq", INTEGER, autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("staff", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("prev", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_audit_counts_up")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_audit_object"), "audit", ["object"], unique=False)
    op.create_table(
        "branch",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", INTEGER, server_default="1", nullable=False),
        sa.CheckConstraint("id BETWEEN 1 AND 9999", name=op.f("ck_branch_fits_cards")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch")),
        sa.UniqueConstraint("code", name=op.f("uq_branch_code")),
        sqlite_strict=True,
    )
    op.create_table(
        "calendar_year",
        sa.Column("year", INTEGER, autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("year BETWEEN 1900 AND 2199", name=op.f("ck_calendar_year_possible")),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_year")),
        sqlite_strict=True,
    )
    op.create_table(
        "card_stock",
        sa.Column("branch_id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("blanks", INTEGER, nullable=False),
        sa.CheckConstraint("blanks >= 0", name=op.f("ck_card_stock_not_negative")),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_card_stock")),
        sqlite_strict=True,
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", INTEGER, nullable=False),
        sa.CheckConstraint("value >= 0", name=op.f("ck_counter_counts_up")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
        sqlite_strict=True,
    )
    op.create_table(
        "job_lease",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_job_lease")),
        sqlite_strict=True,
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("value_on", Day(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("reverses", INTEGER, nullable=True),
        sa.ForeignKeyConstraint(
            ["reverses"], ["ledger_entry.id"], name=op.f("fk_ledger_entry_reverses")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("reverses", name=op.f("uq_ledger_entry_reverses")),
        sqlite_strict=True,
    )
    op.create_index("ix_ledger_entry_about", "ledger_entry", ["about"], unique=False)
    op.create_table(
        "organisation",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_organisation_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sqlite_strict=True,
    )
    op.create_table(
        "outbox",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("member_id", INTEGER, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "category IN ('transactional', 'marketing')", name=op.f("ck_outbox_category_known")
        ),
        sa.CheckConstraint(
            "channel IN ('email', 'sms', 'print')", name=op.f("ck_outbox_channel_known")
        ),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_outbox_language_known")),
        sa.CheckConstraint(
            "purpose IN ('quote_sent', 'review_returned', 'review_rejected', 'review_extended', 'order_confirmed', 'order_forfeited', 'payment_receipt', 'welcome', 'change_applied', 'change_rejected')",
            name=op.f("ck_outbox_purpose_known"),
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'suppressed', 'sent', 'failed')",
            name=op.f("ck_outbox_state_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint(
            "member_id",
            "purpose",
            "cause",
            "channel",
            name=op.f("uq_outbox_member_id_purpose_cause_channel"),
        ),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_outbox_cause"), "outbox", ["cause"], unique=False)
    op.create_table(
        "plan",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", INTEGER, server_default="1", nullable=False),
        sa.CheckConstraint("state IN ('offered', 'withdrawn')", name=op.f("ck_plan_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("code", name=op.f("uq_plan_code")),
        sqlite_strict=True,
    )
    op.create_table(
        "repeat",
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("args_sha256", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("actor", "command", "key", name=op.f("pk_repeat")),
        sqlite_strict=True,
    )
    op.create_table(
        "review_stage",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("position", INTEGER, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('join', 'renewal', 'upgrade', 'downgrade', 'transfer', 'service')",
            name=op.f("ck_review_stage_kind_known"),
        ),
        sa.CheckConstraint(
            "role IN ('reception', 'service', 'reviewer', 'manager', 'finance', 'privacy', 'auditor', 'owner')",
            name=op.f("ck_review_stage_role_known"),
        ),
        sa.CheckConstraint("position >= 1", name=op.f("ck_review_stage_position_counts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_stage")),
        sa.UniqueConstraint("kind", "position", name=op.f("uq_review_stage_kind_position")),
        sa.UniqueConstraint("kind", "stage", name=op.f("uq_review_stage_kind_stage")),
        sqlite_strict=True,
    )
    op.create_table(
        "store_info",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("application", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("key_check", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("application = 'memberctl'", name=op.f("ck_store_info_ours")),
        sa.CheckConstraint("id = 1", name=op.f("ck_store_info_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_info")),
        sqlite_strict=True,
    )
    op.create_table(
        "tier",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("position", INTEGER, nullable=False),
        sa.CheckConstraint("position >= 1", name=op.f("ck_tier_position_counts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier")),
        sa.UniqueConstraint("code", name=op.f("uq_tier_code")),
        sqlite_strict=True,
    )
    op.create_table(
        "calendar_day",
        sa.Column("day", Day(), nullable=False),
        sa.Column("year", INTEGER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('holiday', 'workday')", name=op.f("ck_calendar_day_kind_known")
        ),
        sa.ForeignKeyConstraint(
            ["year"], ["calendar_year.year"], name=op.f("fk_calendar_day_year")
        ),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_day")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_calendar_day_year"), "calendar_day", ["year"], unique=False)
    op.create_table(
        "posting",
        sa.Column("entry_id", INTEGER, nullable=False),
        sa.Column("line", INTEGER, autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=True),
        sa.Column("amount_minor", INTEGER, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_posting_moves_something")),
        sa.ForeignKeyConstraint(["account"], ["account.code"], name=op.f("fk_posting_account")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entry.id"], name=op.f("fk_posting_entry_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", "line", name=op.f("pk_posting")),
        sqlite_strict=True,
    )
    op.create_index("ix_posting_account_party", "posting", ["account", "party"], unique=False)
    op.create_table(
        "staff",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uid", INTEGER, nullable=True),
        sa.Column("database_user", sa.Text(), nullable=True),
        sa.Column("branch_id", INTEGER, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", INTEGER, server_default="1", nullable=False),
        sa.CheckConstraint("state IN ('active', 'left')", name=op.f("ck_staff_state_known")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_staff_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("code", name=op.f("uq_staff_code")),
        sa.UniqueConstraint("database_user", name=op.f("uq_staff_database_user")),
        sa.UniqueConstraint("uid", name=op.f("uq_staff_uid")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_staff_branch_id"), "staff", ["branch_id"], unique=False)
    op.create_table(
        "tier_version",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("tier_id", INTEGER, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("price_basis_points", INTEGER, nullable=False),
        sa.Column("points_percent", INTEGER, nullable=False),
        sa.Column("guests", INTEGER, nullable=False),
        sa.Column("threshold_minor", INTEGER, nullable=False),
        sa.Column("valid_from", Day(), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "points_percent >= 0 AND guests >= 0", name=op.f("ck_tier_version_points_not_negative")
        ),
        sa.CheckConstraint(
            "price_basis_points BETWEEN 0 AND 10000", name=op.f("ck_tier_version_price_share")
        ),
        sa.ForeignKeyConstraint(["tier_id"], ["tier.id"], name=op.f("fk_tier_version_tier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier_version")),
        sa.UniqueConstraint(
            "tier_id", "valid_from", name=op.f("uq_tier_version_tier_id_valid_from")
        ),
        sa.UniqueConstraint("tier_id", "version", name=op.f("uq_tier_version_tier_id_version")),
        sqlite_strict=True,
    )
    op.create_table(
        "agreement_version",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("agreement_id", INTEGER, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("valid_from", Day(), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.Column("published_by", INTEGER, nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_version_agreement_id")
        ),
        sa.ForeignKeyConstraint(
            ["published_by"], ["staff.id"], name=op.f("fk_agreement_version_published_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_version")),
        sa.UniqueConstraint(
            "agreement_id", "sha256", name=op.f("uq_agreement_version_agreement_id_sha256")
        ),
        sa.UniqueConstraint(
            "agreement_id", "version", name=op.f("uq_agreement_version_agreement_id_version")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "member",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("phone_typed", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("birth_on", Day(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("branch_id", INTEGER, nullable=True),
        sa.Column("tier_id", INTEGER, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("referrer", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("external_ref", sa.Text(), nullable=True),
        sa.Column("twin", INTEGER, nullable=False),
        sa.Column("staff_id", INTEGER, nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.Column("registered_by", INTEGER, nullable=False),
        sa.Column("verified_at", Instant(), nullable=True),
        sa.Column("verified_by", INTEGER, nullable=True),
        sa.Column("version", INTEGER, server_default="1", nullable=False),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_member_language_known")),
        sa.CheckConstraint(
            "phone IS NOT NULL OR email IS NOT NULL", name=op.f("ck_member_reachable")
        ),
        sa.CheckConstraint("twin >= 0", name=op.f("ck_member_twin_counts")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_member_branch_id")),
        sa.ForeignKeyConstraint(
            ["registered_by"], ["staff.id"], name=op.f("fk_member_registered_by")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_member_staff_id")),
        sa.ForeignKeyConstraint(["tier_id"], ["tier.id"], name=op.f("fk_member_tier_id")),
        sa.ForeignKeyConstraint(["verified_by"], ["staff.id"], name=op.f("fk_member_verified_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("source", "external_ref", name=op.f("uq_member_source_external_ref")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_member_branch_id"), "member", ["branch_id"], unique=False)
    op.create_index("ix_member_name_key_birth_on", "member", ["name_key", "birth_on"], unique=False)
    op.create_index(
        "uq_member_email_name",
        "member",
        ["email", "name_key", "twin"],
        unique=True,
        sqlite_where=sa.text("email IS NOT NULL"),
        postgresql_where=sa.text("email IS NOT NULL"),
    )
    op.create_index(
        "uq_member_phone_name",
        "member",
        ["phone", "name_key", "twin"],
        unique=True,
        sqlite_where=sa.text("phone IS NOT NULL"),
        postgresql_where=sa.text("phone IS NOT NULL"),
    )
    op.create_table(
        "plan_version",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("plan_id", INTEGER, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("price_minor", INTEGER, nullable=False),
        sa.Column("joining_fee_minor", INTEGER, nullable=False),
        sa.Column("payment_timing", sa.Text(), nullable=False),
        sa.Column("valid_from", Day(), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.Column("published_by", INTEGER, nullable=False),
        sa.CheckConstraint(
            "payment_timing IN ('after_approval', 'on_filing')",
            name=op.f("ck_plan_version_payment_timing_known"),
        ),
        sa.CheckConstraint(
            "price_minor >= 0 AND joining_fee_minor >= 0",
            name=op.f("ck_plan_version_price_not_negative"),
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_version_plan_id")),
        sa.ForeignKeyConstraint(
            ["published_by"], ["staff.id"], name=op.f("fk_plan_version_published_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_version")),
        sa.UniqueConstraint(
            "plan_id", "valid_from", name=op.f("uq_plan_version_plan_id_valid_from")
        ),
        sa.UniqueConstraint("plan_id", "version", name=op.f("uq_plan_version_plan_id_version")),
        sqlite_strict=True,
    )
    op.create_table(
        "policy",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("changed_by", INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["staff.id"], name=op.f("fk_policy_changed_by")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_policy")),
        sqlite_strict=True,
    )
    op.create_table(
        "staff_role",
        sa.Column("staff_id", INTEGER, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "role IN ('reception', 'service', 'reviewer', 'manager', 'finance', 'privacy', 'auditor', 'owner')",
            name=op.f("ck_staff_role_role_known"),
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_role_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", "role", name=op.f("pk_staff_role")),
        sqlite_strict=True,
    )
    op.create_table(
        "card",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("member_id", INTEGER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("handover", sa.Text(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("issued_by", INTEGER, nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("replaced_by", INTEGER, nullable=True),
        sa.Column("version", INTEGER, server_default="1", nullable=False),
        sa.CheckConstraint("handover IN ('counter', 'post')", name=op.f("ck_card_handover_known")),
        sa.CheckConstraint("kind IN ('membership')", name=op.f("ck_card_kind_known")),
        sa.CheckConstraint(
            "state IN ('active', 'blocked', 'replaced')", name=op.f("ck_card_state_known")
        ),
        sa.ForeignKeyConstraint(["issued_by"], ["staff.id"], name=op.f("fk_card_issued_by")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_card_member_id")),
        sa.ForeignKeyConstraint(["replaced_by"], ["card.id"], name=op.f("fk_card_replaced_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
        sa.UniqueConstraint("number", name=op.f("uq_card_number")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_card_member_id"), "card", ["member_id"], unique=False)
    op.create_index(
        "uq_card_one_active",
        "card",
        ["member_id", "kind"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "change_request",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("member_id", INTEGER, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("sealed_old", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_new", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", INTEGER, nullable=False),
        sa.Column("requested_at", Instant(), nullable=False),
        sa.Column("decided_by", INTEGER, nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("version", INTEGER, server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state = 'requested') = (decided_at IS NULL)",
            name=op.f("ck_change_request_decided_or_open"),
        ),
        sa.CheckConstraint(
            "state IN ('requested', 'approved', 'rejected')",
            name=op.f("ck_change_request_state_known"),
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> requested_by",
            name=op.f("ck_change_request_four_eyes"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff.id"], name=op.f("fk_change_request_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_change_request_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["staff.id"], name=op.f("fk_change_request_requested_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_request")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_change_request_member_id"), "change_request", ["member_id"], unique=False
    )
    op.create_table(
        "identity_document",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("member_id", INTEGER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("blind_index", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('resident_id', 'business_code', 'passport')",
            name=op.f("ck_identity_document_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_identity_document_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_document")),
        sa.UniqueConstraint(
            "kind", "blind_index", name=op.f("uq_identity_document_kind_blind_index")
        ),
        sa.UniqueConstraint("member_id", "kind", name=op.f("uq_identity_document_member_id_kind")),
        sqlite_strict=True,
    )
    op.create_table(
        "orders",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("member_id", INTEGER, nullable=False),
        sa.Column("plan_version_id", INTEGER, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("missing", sa.Text(), nullable=False),
        sa.Column("branch_id", INTEGER, nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("external_ref", sa.Text(), nullable=True),
        sa.Column("total_minor", INTEGER, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("filed_at", Instant(), nullable=False),
        sa.Column("filed_by", INTEGER, nullable=False),
        sa.Column("received_on", Day(), nullable=True),
        sa.Column("due_on", Day(), nullable=True),
        sa.Column("confirmed_on", Day(), nullable=True),
        sa.Column("payment_due_on", Day(), nullable=True),
        sa.Column("version", INTEGER, server_default="1", nullable=False),
        sa.CheckConstraint(
            "kind IN ('join', 'renewal', 'upgrade', 'downgrade', 'transfer', 'service')",
            name=op.f("ck_orders_kind_known"),
        ),
        sa.CheckConstraint(
            "state IN ('submitted', 'in_review', 'confirmed', 'paid', 'fulfilled', 'closed', 'returned', 'rejected', 'withdrawn', 'forfeited', 'voided')",
            name=op.f("ck_orders_state_known"),
        ),
        sa.CheckConstraint("total_minor >= 0", name=op.f("ck_orders_total_not_negative")),
        sa.CheckConstraint(
            "plan_version_id IS NOT NULL OR kind = 'service'",
            name=op.f("ck_orders_plan_unless_service"),
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_orders_branch_id")),
        sa.ForeignKeyConstraint(["filed_by"], ["staff.id"], name=op.f("fk_orders_filed_by")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_orders_member_id")),
        sa.ForeignKeyConstraint(
            ["plan_version_id"], ["plan_version.id"], name=op.f("fk_orders_plan_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_number")),
        sa.UniqueConstraint("source", "external_ref", name=op.f("uq_orders_source_external_ref")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_orders_member_id"), "orders", ["member_id"], unique=False)
    op.create_index("ix_orders_state_stage", "orders", ["state", "stage"], unique=False)
    op.create_table(
        "term",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("member_id", INTEGER, nullable=False),
        sa.Column("plan_version_id", INTEGER, nullable=False),
        sa.Column("tier_version_id", INTEGER, nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("start_on", Day(), nullable=False),
        sa.Column("end_on", Day(), nullable=False),
        sa.Column("anchor_on", Day(), nullable=False),
        sa.Column("granted_at", Instant(), nullable=False),
        sa.Column("voided_at", Instant(), nullable=True),
        sa.Column("version", INTEGER, server_default="1", nullable=False),
        sa.CheckConstraint("end_on >= start_on", name=op.f("ck_term_not_backwards")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_term_member_id")),
        sa.ForeignKeyConstraint(
            ["plan_version_id"], ["plan_version.id"], name=op.f("fk_term_plan_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["tier_version_id"], ["tier_version.id"], name=op.f("fk_term_tier_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term")),
        sqlite_strict=True,
    )
    op.create_index("ix_term_end_on", "term", ["end_on"], unique=False)
    op.create_index(op.f("ix_term_member_id"), "term", ["member_id"], unique=False)
    op.create_index(
        "uq_term_member_product_start",
        "term",
        ["member_id", "product", "start_on"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_index(
        "uq_term_source",
        "term",
        ["source"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_table(
        "consent",
        sa.Column("order_id", INTEGER, nullable=False),
        sa.Column("agreement_version_id", INTEGER, nullable=False),
        sa.Column("agreed_on", Day(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_version_id"],
            ["agreement_version.id"],
            name=op.f("fk_consent_agreement_version_id"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_consent_order_id")),
        sa.PrimaryKeyConstraint("order_id", "agreement_version_id", name=op.f("pk_consent")),
        sqlite_strict=True,
    )
    op.create_table(
        "order_hand",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("order_id", INTEGER, nullable=False),
        sa.Column("staff_id", INTEGER, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("released_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_hand_order_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_order_hand_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_hand")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_order_hand_live",
        "order_hand",
        ["order_id", "staff_id"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_index(
        "uq_order_hand_part",
        "order_hand",
        ["order_id", "part"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "order_line",
        sa.Column("order_id", INTEGER, nullable=False),
        sa.Column("line", INTEGER, autoincrement=False, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("quantity", INTEGER, nullable=False),
        sa.Column("unit_minor", INTEGER, nullable=False),
        sa.Column("amount_minor", INTEGER, nullable=False),
        sa.CheckConstraint(
            "amount_minor = quantity * unit_minor", name=op.f("ck_order_line_arithmetic")
        ),
        sa.CheckConstraint(
            "quantity BETWEEN 1 AND 10000", name=op.f("ck_order_line_quantity_counts")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_line_order_id")),
        sa.PrimaryKeyConstraint("order_id", "line", name=op.f("pk_order_line")),
        sqlite_strict=True,
    )
    op.create_table(
        "payment",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("order_id", INTEGER, nullable=False),
        sa.Column("amount_minor", INTEGER, nullable=False),
        sa.Column("applied_minor", INTEGER, nullable=False),
        sa.Column("credit_minor", INTEGER, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("recorded_by", INTEGER, nullable=False),
        sa.Column("entry_id", INTEGER, nullable=False),
        sa.Column("verified_at", Instant(), nullable=True),
        sa.Column("verified_by", INTEGER, nullable=True),
        sa.Column("voided_at", Instant(), nullable=True),
        sa.Column("voided_by", INTEGER, nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("version", INTEGER, server_default="1", nullable=False),
        sa.CheckConstraint(
            "method IN ('cash', 'bank', 'wechat', 'alipay', 'card', 'cheque', 'online')",
            name=op.f("ck_payment_method_known"),
        ),
        sa.CheckConstraint(
            "state IN ('recorded', 'verified', 'voided')", name=op.f("ck_payment_state_known")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_something")),
        sa.CheckConstraint(
            "applied_minor >= 0 AND credit_minor >= 0 AND applied_minor + credit_minor = amount_minor",
            name=op.f("ck_payment_all_of_it"),
        ),
        sa.CheckConstraint(
            "verified_by IS NULL OR verified_by <> recorded_by", name=op.f("ck_payment_four_eyes")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entry.id"], name=op.f("fk_payment_entry_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_payment_order_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["staff.id"], name=op.f("fk_payment_recorded_by")),
        sa.ForeignKeyConstraint(["verified_by"], ["staff.id"], name=op.f("fk_payment_verified_by")),
        sa.ForeignKeyConstraint(["voided_by"], ["staff.id"], name=op.f("fk_payment_voided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_payment_order_id"), "payment", ["order_id"], unique=False)
    op.create_index("ix_payment_received_at", "payment", ["received_at"], unique=False)
    op.create_index(
        "uq_payment_method_reference",
        "payment",
        ["method", "reference"],
        unique=True,
        sqlite_where=sa.text("reference IS NOT NULL AND state <> 'voided'"),
        postgresql_where=sa.text("reference IS NOT NULL AND state <> 'voided'"),
    )
    op.create_table(
        "quote",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("order_id", INTEGER, nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.Column("plan_version_id", INTEGER, nullable=True),
        sa.Column("tier_version_id", INTEGER, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("total_minor", INTEGER, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("valid_until", Day(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("made_by", INTEGER, nullable=False),
        sa.Column("accepted_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('sent', 'accepted', 'superseded', 'expired', 'lost')",
            name=op.f("ck_quote_state_known"),
        ),
        sa.CheckConstraint("total_minor >= 0", name=op.f("ck_quote_total_not_negative")),
        sa.ForeignKeyConstraint(["made_by"], ["staff.id"], name=op.f("fk_quote_made_by")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_quote_order_id")),
        sa.ForeignKeyConstraint(
            ["plan_version_id"], ["plan_version.id"], name=op.f("fk_quote_plan_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["tier_version_id"], ["tier_version.id"], name=op.f("fk_quote_tier_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote")),
        sa.UniqueConstraint("order_id", "version", name=op.f("uq_quote_order_id_version")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_quote_open",
        "quote",
        ["order_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('sent', 'accepted')"),
        postgresql_where=sa.text("state IN ('sent', 'accepted')"),
    )
    op.create_table(
        "review_extension",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("order_id", INTEGER, nullable=False),
        sa.Column("working_days", INTEGER, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("extended_by", INTEGER, nullable=False),
        sa.Column("extended_at", Instant(), nullable=False),
        sa.CheckConstraint("working_days >= 1", name=op.f("ck_review_extension_adds_days")),
        sa.ForeignKeyConstraint(
            ["extended_by"], ["staff.id"], name=op.f("fk_review_extension_extended_by")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_review_extension_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_extension")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_review_extension_order_id"), "review_extension", ["order_id"], unique=False
    )
    op.create_table(
        "review_pause",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("order_id", INTEGER, nullable=False),
        sa.Column("from_on", Day(), nullable=False),
        sa.Column("until_on", Day(), nullable=True),
        sa.CheckConstraint(
            "until_on IS NULL OR until_on >= from_on", name=op.f("ck_review_pause_not_backwards")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_review_pause_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_pause")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_review_pause_order_id"), "review_pause", ["order_id"], unique=False)
    op.create_table(
        "quote_line",
        sa.Column("quote_id", INTEGER, nullable=False),
        sa.Column("line", INTEGER, autoincrement=False, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("quantity", INTEGER, nullable=False),
        sa.Column("unit_minor", INTEGER, nullable=False),
        sa.Column("amount_minor", INTEGER, nullable=False),
        sa.CheckConstraint(
            "amount_minor = quantity * unit_minor", name=op.f("ck_quote_line_arithmetic")
        ),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_line_quote_id")),
        sa.PrimaryKeyConstraint("quote_id", "line", name=op.f("pk_quote_line")),
        sqlite_strict=True,
    )
    op.create_table(
        "receipt",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("year", INTEGER, nullable=False),
        sa.Column("serial", INTEGER, nullable=False),
        sa.Column("payment_id", INTEGER, nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("voided_at", Instant(), nullable=True),
        sa.CheckConstraint("serial >= 1", name=op.f("ck_receipt_counts_up")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_receipt_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("series", "year", "serial", name=op.f("uq_receipt_series_year_serial")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_receipt_payment_id"), "receipt", ["payment_id"], unique=False)
    op.create_table(
        "review_decision",
        sa.Column("id", INTEGER, autoincrement=False, nullable=False),
        sa.Column("order_id", INTEGER, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("quote_id", INTEGER, nullable=True),
        sa.Column("decided_by", INTEGER, nullable=False),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.Column("override_by", INTEGER, nullable=True),
        sa.Column("fell_back_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "verdict IN ('approve', 'return', 'reject')",
            name=op.f("ck_review_decision_verdict_known"),
        ),
        sa.CheckConstraint(
            "override_by IS NULL OR override_by <> decided_by",
            name=op.f("ck_review_decision_override_differs"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff.id"], name=op.f("fk_review_decision_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_review_decision_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["override_by"], ["staff.id"], name=op.f("fk_review_decision_override_by")
        ),
        sa.ForeignKeyConstraint(
            ["quote_id"], ["quote.id"], name=op.f("fk_review_decision_quote_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_decision")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_review_decision_order_id"), "review_decision", ["order_id"], unique=False
    )
    for table in ("audit", "ledger_entry", "posting"):
        forbid_changes(table)
