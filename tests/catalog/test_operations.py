"""Plans, tiers and agreements on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlmodel import Session, col

from memberctl.catalog import operations, queries
from memberctl.catalog.agreements import wording
from memberctl.catalog.publishing import publish_agreement
from memberctl.catalog.rules import PlanOffer, PlanState
from memberctl.catalog.tables import Plan, PlanVersion, Tier, TierVersion
from memberctl.catalog.tiers import TierOffer
from memberctl.core.actor import Actor
from memberctl.core.errors import Conflict, Invalid, NotFound, RuleRefused
from memberctl.office.operations import set_policy
from memberctl.office.rules import Outcome
from memberctl.store.audit import append_notes
from memberctl.store.tables import AuditRow, Counter
from tests.statements import statements_sent

Actors = dict[str, Actor]
AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
TODAY = date(2026, 3, 2)
WEEK = PlanOffer("WEEK", "周卡", "1w", 9900)


@pytest.fixture
def said(actors: Actors) -> dict[str, Any]:
    """What every operation is told beside its things."""
    return {"by": actors["zhao"], "at": AT, "today": TODAY, "currency": "CNY"}


def events(session: Session) -> list[str]:
    append_notes(session)
    return list(session.scalars(select(col(AuditRow.event)).order_by(col(AuditRow.seq))))


class TestPlans:
    """Added, revised, withdrawn, found."""

    def test_a_plan_is_added_once(self, session: Session, said: dict[str, Any]) -> None:
        (first,) = operations.add_plans(session, [WEEK], **said)
        (again,) = operations.add_plans(session, [WEEK], **said)
        assert (first.outcome, again.outcome) == (Outcome.CREATED, Outcome.UNCHANGED)
        assert (str(first.price), first.valid_from, first.product) == (
            "99.00 CNY",
            TODAY,
            "membership",
        )
        assert events(session) == ["plan.published"]
        assert queries.find_plan_terms(session, "week", TODAY).price_minor == 9900

    @pytest.mark.parametrize(
        "other",
        [
            PlanOffer("WEEK", "周卡", "1w", 9901),
            PlanOffer("WEEK", "周卡", "2w", 9900),
            PlanOffer("WEEK", "周卡", "1w", 9901, valid_from=date(2025, 1, 1)),
        ],
    )
    def test_other_terms_under_a_code_are_a_conflict(
        self, session: Session, said: dict[str, Any], other: PlanOffer
    ) -> None:
        operations.add_plans(session, [WEEK], **said)
        with pytest.raises(Conflict, match="is there already, with other terms") as refusal:
            operations.add_plans(session, [other], **said)
        assert refusal.value.hint == "memberctl plan revise WEEK"

    def test_sold_terms_keep_their_version_and_new_ones_get_the_newest(
        self, session: Session, said: dict[str, Any]
    ) -> None:
        sold = queries.find_plan_terms(session, "MONTH", TODAY)
        revised = PlanOffer("MONTH", price_minor=45000, valid_from=date(2026, 4, 1))
        (published,) = operations.revise_plans(session, [revised], **said)
        assert (published.version, published.outcome) == (2, Outcome.UPDATED)
        kept = queries.plan_terms_by_id(session, [sold.plan_version_id, 4711])
        assert kept == {sold.plan_version_id: sold}
        prices = [
            queries.find_plan_terms(session, "MONTH", day).price_minor
            for day in (date(2026, 3, 31), date(2026, 4, 1))
        ]
        assert prices == [39900, 45000]

    def test_the_same_revision_again_changes_nothing(
        self, session: Session, said: dict[str, Any]
    ) -> None:
        offer = PlanOffer("MONTH", price_minor=45000, valid_from=date(2026, 4, 1))
        outcomes = [operations.revise_plans(session, [offer], **said)[0].outcome for _ in range(2)]
        assert outcomes == [Outcome.UPDATED, Outcome.UNCHANGED]

    def test_a_plan_that_is_not_there_cannot_be_revised(
        self, session: Session, said: dict[str, Any]
    ) -> None:
        with pytest.raises(NotFound, match=r"did you mean MONTH\?"):
            operations.revise_plans(session, [PlanOffer("MONHT", price_minor=1)], **said)

    def test_a_withdrawn_plan_is_offered_to_nobody_and_kept_by_who_has_it(
        self, session: Session, said: dict[str, Any]
    ) -> None:
        sold = queries.find_plan_terms(session, "MONTH", TODAY)
        done = operations.withdraw_plan(session, "month", by=said["by"], at=AT)
        assert (done.code, done.state) == ("MONTH", PlanState.WITHDRAWN)
        with pytest.raises(RuleRefused, match="MONTH is withdrawn"):
            queries.find_plan_terms(session, "MONTH", TODAY)
        assert set(queries.plan_terms_on(session, TODAY)) == {"YEAR"}
        assert queries.plan_terms_by_id(session, [sold.plan_version_id])
        with pytest.raises(RuleRefused, match="cannot withdraw plan MONTH: it is withdrawn"):
            operations.withdraw_plan(session, "month", by=said["by"], at=AT)

    def test_all_plans_of_a_day_are_found_in_the_version_of_that_day(
        self, session: Session
    ) -> None:
        for day, price in ((date(2026, 12, 31), 365000), (date(2027, 1, 1), 398000)):
            assert queries.plan_terms_on(session, day)["YEAR"].price_minor == price
        assert queries.plan_terms_on(session, date(2023, 12, 31)) == {}

    @pytest.mark.parametrize("code", ["YAER", "yaer"])
    def test_an_unknown_plan_is_answered_with_a_near_code(
        self, session: Session, code: str
    ) -> None:
        with pytest.raises(NotFound, match=r"did you mean YEAR\?"):
            queries.find_plan_terms(session, code, TODAY)

    @pytest.mark.parametrize("code", ["", "\udce9", "a\x00b", "x" * 10_000, "%"])
    def test_what_is_no_code_finds_no_plan(self, session: Session, code: str) -> None:
        with pytest.raises(NotFound, match="no plan has that code"):
            queries.find_plan_terms(session, code, TODAY)

    def test_lists_show_todays_version_and_future_plans_by_code(
        self, session: Session, said: dict[str, Any]
    ) -> None:
        later = PlanOffer("ALL", "全年", "1y", 1, valid_from=date(2030, 1, 1))
        operations.add_plans(session, [later], **said)
        operations.withdraw_plan(session, "MONTH", by=said["by"], at=AT)
        found = queries.list_plans(session, on=TODAY, currency="CNY")
        assert [(line.code, line.version) for line in found.rows] == [("ALL", 1), ("YEAR", 1)]
        everything = queries.list_plans(session, on=TODAY, currency="CNY", withdrawn=True, limit=1)
        assert (len(everything.rows), everything.total) == (1, 3)

    def test_a_plan_shows_who_published_each_version(
        self, session: Session, said: dict[str, Any]
    ) -> None:
        operations.revise_plans(session, [PlanOffer("MONTH", name="月")], **said)
        versions = queries.show_plan(session, "month", currency="CNY").versions
        assert [(v.version, v.name, v.published_by) for v in versions] == [
            (1, "月卡", "owner"),
            (2, "月", "zhao"),
        ]

    def test_a_hundred_plans_cost_as_many_statements_as_one(
        self, session: Session, said: dict[str, Any]
    ) -> None:
        counts = []
        queries.find_plan(session, "YEAR")  # The first statement of all also begins.
        for batch in (
            [PlanOffer("P", "x", "1m", 1)],
            [PlanOffer(f"P{n}", "x", "1m", 1) for n in range(100)],
        ):
            with statements_sent() as sent:
                operations.add_plans(session, batch, **said)
            counts.append(len(sent))
        assert 0 < counts[0] == counts[1]


class TestPriceLists:
    """Plans and tiers of one file."""

    PLANS = (
        PlanOffer("WEEK", "周卡", "1w", 9900, valid_from=date(2025, 1, 1)),
        PlanOffer("WEEK", price_minor=12000, valid_from=date(2025, 7, 1)),
        PlanOffer("MONTH", "月卡", "1m", 39900),
    )
    TIERS = (
        TierOffer("diamond", "钻石", 8000, 400, 3, 0),
        TierOffer("gold", "金卡", 9000, 200, 1, 1000000),
    )

    def test_a_file_may_tell_the_past_of_a_plan_and_is_imported_once(
        self, session: Session, said: dict[str, Any]
    ) -> None:
        first = operations.import_price_list(session, self.PLANS, self.TIERS, **said)
        assert (first.read, first.created, first.updated, first.unchanged) == (5, 2, 1, 2)
        again = operations.import_price_list(session, self.PLANS, self.TIERS, **said)
        assert (again.created, again.updated, again.unchanged) == (0, 0, 5)
        old = queries.find_plan_terms(session, "WEEK", date(2025, 6, 30))
        assert (old.price_minor, old.version) == (9900, 1)

    def test_the_past_of_a_plan_that_members_rely_on_stays(
        self, session: Session, said: dict[str, Any]
    ) -> None:
        late = PlanOffer("MONTH", price_minor=1, valid_from=date(2025, 7, 1))
        with pytest.raises(RuleRefused, match="that day is past"):
            operations.import_price_list(session, [late], [], **said)


class TestTiers:
    """Benefits change with notice."""

    def test_the_seeded_tiers_begin_with_the_lowest(self, session: Session) -> None:
        for table in (TierVersion, Tier):
            session.execute(delete(table))
        session.execute(delete(Counter).where(col(Counter.name).in_(["tier", "tier_version"])))
        session.expire_all()
        operations.seed_tiers(session, at=AT, today=TODAY)
        tiers = list(queries.tier_terms_on(session, TODAY).values())
        assert [(tier.code, tier.price_basis_points) for tier in tiers] == [
            ("regular", 10000),
            ("silver", 9500),
            ("gold", 9000),
            ("platinum", 8500),
        ]
        assert queries.entry_tier_id(session) == tiers[0].tier_id
        assert queries.tier_terms_on(session, date(2020, 1, 1))[tiers[0].tier_id] == tiers[0]

    def test_new_benefits_need_the_notice_of_the_policy(
        self, session: Session, said: dict[str, Any], actors: Actors
    ) -> None:
        tenth = date(2026, 3, 16)
        for day in (TODAY, date(2026, 3, 15)):
            with pytest.raises(RuleRefused, match="10 working days' notice") as refusal:
                operations.revise_tiers(
                    session, [TierOffer("gold", guests=2, valid_from=day)], **said
                )
            assert "2026-03-16" in (refusal.value.hint or "")
        offer = TierOffer("gold", guests=2, valid_from=tenth)
        (published,) = operations.revise_tiers(session, [offer], **said)
        assert (published.guests, published.version) == (2, 2)
        set_policy(session, "benefit_notice_days", "0", by=actors["owner"], at=AT)
        operations.revise_tiers(session, [TierOffer("silver", guests=1, valid_from=TODAY)], **said)

    def test_notice_is_counted_over_holidays_and_make_up_days(
        self, session: Session, said: dict[str, Any], actors: Actors
    ) -> None:
        """Rules O5: after Thursday 2024-10-10 come Friday 11 and the worked Saturday 12."""
        set_policy(session, "benefit_notice_days", "2", by=actors["owner"], at=AT)
        asked = said | {"today": date(2024, 10, 10)}
        with pytest.raises(RuleRefused):
            early = TierOffer("gold", guests=2, valid_from=date(2024, 10, 11))
            operations.revise_tiers(session, [early], **asked)
        offer = TierOffer("gold", guests=2, valid_from=date(2024, 10, 12))
        assert operations.revise_tiers(session, [offer], **asked)[0].version == 2

    def test_a_year_that_the_calendar_lacks_is_refused_not_guessed(
        self, session: Session, said: dict[str, Any]
    ) -> None:
        asked = said | {"today": date(2031, 1, 2)}
        with pytest.raises(RuleRefused, match="no year 2031"):
            operations.revise_tiers(
                session, [TierOffer("gold", guests=2, valid_from=date(2031, 6, 1))], **asked
            )

    def test_a_term_keeps_the_benefits_it_was_sold_with(
        self, session: Session, said: dict[str, Any]
    ) -> None:
        before = queries.tier_terms_on(session, TODAY)[3]
        offer = TierOffer("GOLD".lower(), price_basis_points=8800, valid_from=date(2026, 4, 1))
        operations.revise_tiers(session, [offer], **said)
        assert queries.tier_terms_on(session, date(2026, 3, 31))[3] == before
        after = queries.tier_terms_on(session, date(2026, 4, 1))[3]
        assert (after.price_basis_points, after.points_percent) == (8800, before.points_percent)
        record = queries.show_tier(session, "Gold", currency="CNY")
        assert [line.price_percent for line in record.versions] == ["90", "88"]

    def test_an_unknown_tier_is_answered_with_a_near_code(
        self, session: Session, said: dict[str, Any]
    ) -> None:
        with pytest.raises(NotFound, match=r"did you mean gold\?"):
            operations.revise_tiers(session, [TierOffer("glod", guests=1)], **said)

    def test_without_tiers_nobody_can_begin(self, session: Session) -> None:
        for table in (TierVersion, Tier):
            session.execute(delete(table))
        with pytest.raises(NotFound, match="there are no tiers"):
            queries.entry_tier_id(session)


class TestAgreements:
    """Wordings are published once and hold from a day on."""

    def publish(self, session: Session, said: dict[str, Any], text: str, **more: Any) -> Any:
        asked = {"title": None, "valid_from": None, "code": "MEMBERSHIP"} | more
        written = wording(asked["code"], text, title=asked["title"], valid_from=asked["valid_from"])
        return publish_agreement(session, written, by=said["by"], at=AT, today=TODAY)

    def test_the_same_text_again_is_unchanged(self, session: Session, said: dict[str, Any]) -> None:
        same = self.publish(session, said, "会员协议 Membership agreement")
        assert (same.outcome, same.version) == (Outcome.UNCHANGED, 1)
        new = self.publish(session, said, "新协议")
        again = self.publish(session, said, "新协议\r\n")
        assert (new.outcome, again.outcome) == (Outcome.UPDATED, Outcome.UNCHANGED)
        assert events(session) == ["agreement.published"]

    def test_a_wording_holds_from_its_day_on(self, session: Session, said: dict[str, Any]) -> None:
        self.publish(session, said, "新协议", valid_from=date(2026, 4, 1))
        versions = [
            found.version if (found := queries.agreement_on(session, day)) else None
            for day in (date(2023, 12, 31), date(2026, 3, 31), date(2026, 4, 1))
        ]
        assert versions == [None, 1, 2]

    def test_of_two_wordings_of_one_day_the_later_holds(
        self, session: Session, said: dict[str, Any]
    ) -> None:
        self.publish(session, said, "草稿")
        self.publish(session, said, "定稿")
        found = queries.agreement_on(session, TODAY)
        assert found is not None and found.body == "定稿\n"

    def test_an_older_wording_is_not_published_a_second_time(
        self, session: Session, said: dict[str, Any]
    ) -> None:
        self.publish(session, said, "新协议")
        with pytest.raises(RuleRefused, match="was version 1 of MEMBERSHIP"):
            self.publish(session, said, "会员协议 Membership agreement")

    def test_a_wording_is_not_dated_back(self, session: Session, said: dict[str, Any]) -> None:
        with pytest.raises(RuleRefused, match="that day is past"):
            self.publish(session, said, "新", valid_from=date(2026, 3, 1))

    def test_another_agreement_counts_by_itself(
        self, session: Session, said: dict[str, Any]
    ) -> None:
        first = self.publish(session, said, "隐私", code="privacy", valid_from=date(2020, 1, 1))
        assert (first.code, first.version, first.outcome) == ("PRIVACY", 1, Outcome.CREATED)
        found = queries.agreement_on(session, TODAY, "PRIVACY")
        assert found is not None and found.title == "隐私"
        assert queries.agreement_on(session, TODAY, "NOTHING") is None
        codes = [line.code for line in queries.list_agreements(session).rows]
        assert codes == ["MEMBERSHIP", "PRIVACY"]

    def test_a_wording_is_shown_by_day_or_by_version(
        self, session: Session, said: dict[str, Any]
    ) -> None:
        self.publish(session, said, "新协议", valid_from=date(2026, 4, 1))
        assert queries.show_agreement(session, "membership", on=TODAY).version == 1
        assert queries.show_agreement(session, "membership", on=TODAY, version=2).title == "新协议"
        with pytest.raises(NotFound, match="MEMBERSHIP has no version of that number"):
            queries.show_agreement(session, "membership", on=TODAY, version=3)
        with pytest.raises(NotFound, match="there is no such wording"):
            queries.show_agreement(session, "privacy", on=TODAY)


def test_a_published_version_is_numbered_without_gaps_in_its_own_series(
    session: Session, said: dict[str, Any]
) -> None:
    operations.add_plans(session, [WEEK, PlanOffer("DAY", "日卡", "1d", 1)], **said)
    plans = sorted(session.scalars(select(col(Plan.id))))
    versions = sorted(session.scalars(select(col(PlanVersion.id))))
    assert (plans, versions) == ([1, 2, 3, 4], [1, 2, 3, 4, 5])


def test_a_plan_without_its_terms_is_refused(session: Session, said: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="needs a name, a term and a price"):
        operations.publish_plans(session, [PlanOffer("NEW")], **said)
