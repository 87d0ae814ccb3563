"""Who sees what of a plan of many owners, whatever comes in the way; and what is kept of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samsvar.access import CAUTIOUS
from samsvar.access.words import Block, Consent, Subject, Truth
from samsvar.errors import AccessRefused
from samsvar.fact_ports import BlockQuestion, CapacityAnswer, ConsentAnswer, PopulationAnswer
from samsvar.model.catalogue import Consumer
from samsvar.model.exchange import Activity, Disclosure, Existence, Reason, Shown
from samsvar.model.identifiers import HsaId
from samsvar.model.user import Capacity, Statement
from samsvar.pipeline import run
from tests.facts import DOWN, MemoryFacts, Trouble
from tests.mixed_plan import (
    ALL,
    ANOTHER_UNIT,
    BOARD,
    CHILD,
    CITIZENS,
    EMERGENCY,
    FAMILY,
    GROWN_UP,
    GUARDIAN,
    HEADER,
    HEALTH,
    HOME_HELP,
    NOT_GIVEN,
    ONLY_FAMILY,
    OTHER_BOARD,
    OTHER_REGION,
    PRINT,
    REGION,
    REGION_UNIT,
    SERVED,
    SOURCE,
    UNIT_OF_FAMILY,
    UNMARKED,
    Asking,
    citizen,
    plan,
    staff,
    words,
)
from tests.world import CONSUMER

SHARED = {HEADER, HEALTH, HOME_HELP}


def blocked(owner: HsaId, unit: HsaId | None = None, how: Block = Block.OUTER) -> MemoryFacts:
    """What this owner, or one unit of it, holds is blocked."""

    def block(question: BlockQuestion) -> Block:
        same = question.owner == owner and unit in (None, question.owner_unit)
        return how if same else Block.NONE

    return MemoryFacts(block=block)


def guarded() -> MemoryFacts:
    """The population register says that the one who asks is a guardian."""
    return MemoryFacts(population=PopulationAnswer(Truth.NO, Truth.YES))


ACTORS = {
    "a system that keeps social care's rules": (Asking(), SHARED),
    "a system that has not said so": (
        Asking(consumers=(Consumer(CONSUMER),)),
        {HEADER, HEALTH},
    ),
    "staff of another region, by consent": (Asking(staff(OTHER_REGION)), SHARED),
    "the same, without consent": (
        Asking(staff(OTHER_REGION), facts=MemoryFacts(consent=NOT_GIVEN)),
        set(),
    ),
    "the same, blocked by the region": (
        Asking(staff(OTHER_REGION), facts=blocked(REGION)),
        set(),
    ),
    "the same, blocked by the board": (
        Asking(staff(OTHER_REGION), facts=blocked(BOARD)),
        {HEADER, HEALTH},
    ),
    "the same, in an emergency": (
        Asking(staff(OTHER_REGION), EMERGENCY, MemoryFacts(consent=NOT_GIVEN)),
        {HEADER, HEALTH},
    ),
    "staff of the region itself": (Asking(staff(REGION, REGION_UNIT)), SHARED),
    "the same, blocked inside by the unit": (
        Asking(staff(REGION, ANOTHER_UNIT), facts=blocked(REGION, REGION_UNIT, Block.INNER)),
        set(),
    ),
    "staff of the board": (
        Asking(staff(BOARD), facts=MemoryFacts(relation=SERVED)),
        {*SHARED, UNMARKED},
    ),
    "staff of a board elsewhere, in an emergency": (
        Asking(staff(OTHER_BOARD), EMERGENCY, MemoryFacts(relation=SERVED)),
        set(),
    ),
    "staff of a board that knows the family only": (
        Asking(staff(OTHER_BOARD), facts=MemoryFacts(relation=ONLY_FAMILY)),
        set(),
    ),
    "the person": (Asking(citizen(GROWN_UP)), SHARED),
    "a guardian of a small child": (
        Asking(
            citizen(GUARDIAN),
            Statement(capacity=Capacity.GUARDIAN),
            guarded(),
            subject=CHILD,
        ),
        SHARED,
    ),
    "one who says to be a guardian": (
        Asking(citizen(GUARDIAN), Statement(capacity=Capacity.GUARDIAN), subject=CHILD),
        set(),
    ),
    "the person, by a consumer for citizens": (
        Asking(sender=CITIZENS, actor=(GROWN_UP.extension, "subject_of_care")),
        SHARED,
    ),
}


@pytest.mark.parametrize("who", ACTORS)
async def test_each_sees_what_the_table_says_and_no_word_of_the_rest(who: str) -> None:
    """The part's word, its unit's name, the print of it all: there or nowhere."""
    asking, seen = ACTORS[who]

    answer, made = await asking.answer()

    assert words(answer) == seen
    assert len(answer.statuses) == 1
    assert answer.statuses[0].error is None, "a source that may not be seen has answered"
    (row,) = made.log.records
    (decision,) = row.decisions
    assert decision.reason is (Reason.ANSWERED if seen else Reason.DENIED)
    assert decision.access
    assert row.policy == CAUTIOUS.version


@pytest.mark.parametrize(
    ("asking", "rule"),
    [
        (Asking(staff(OTHER_REGION, assurance=2)), "GT1"),
        (Asking(replace(staff(OTHER_REGION), assignment=None)), "GT2"),
        (Asking(staff(OTHER_REGION, purpose="STATISTICS")), "GT3"),
        (Asking(staff(OTHER_REGION, purpose=None)), "GT3"),
        (Asking(staff(HsaId("SE-NOBODY"))), "GT3"),
        (Asking(citizen(GUARDIAN), Statement(capacity=Capacity.AGENT)), "CZ12"),
        (Asking(citizen(GUARDIAN)), "DEFAULT"),
        (Asking(sender=CITIZENS), "GT1"),
        (Asking(sender=CITIZENS, actor=(GUARDIAN.extension, "subject_of_care")), "GT1"),
        (Asking(sender=CITIZENS, actor=(GROWN_UP.extension, "subject_of_care_agent")), "GT1"),
        (Asking(sender=CITIZENS, actor=(GROWN_UP.extension, "nurse")), "GT1"),
    ],
)
async def test_who_may_see_nothing_whatever_there_is_asks_nobody(asking: Asking, rule: str) -> None:
    """The refusal names the rule, the log has it, and no source has heard of the person."""
    made = asking.stage()

    with pytest.raises(AccessRefused) as refused:
        await run(asking.call(), made.world)

    assert refused.value.rule_id == rule
    assert made.transport.asked == []
    (row,) = made.log.records
    assert row.fault == "ACCESS"
    assert row.fault_detail.startswith(rule)


@pytest.mark.parametrize("name", ["consents", "blocks", "relations", "capacities"])
@pytest.mark.parametrize("how", ["down", "slow"])
async def test_a_service_that_fails_closes_what_needs_it(name: str, how: str) -> None:
    """Staff see nothing that hangs on it, within the deadline, and the log says which it was."""
    trouble = DOWN if how == "down" else Trouble(seconds=30.0)
    facts = MemoryFacts(trouble={name: trouble})

    answer, made = await Asking(staff(OTHER_REGION), facts=facts).answer()

    assert words(answer) == frozenset()
    (row,) = made.log.records
    assert [event.partition(":")[0] for event in row.security] == [name]


async def test_a_block_service_that_answers_too_little_is_not_believed() -> None:
    """As many answers as questions, or none counts."""

    class Short:
        async def check(self, *_asked: object) -> list[Block]:
            return []

    asking = Asking(staff(OTHER_REGION))
    made = asking.stage()
    broken = replace(made.world.facts, blocks=Short())

    answer = await run(asking.call(), replace(made.world, facts=broken))

    assert words(answer) == frozenset()
    (row,) = made.log.records
    assert row.security == ("blocks: as many answers as questions are needed",)


async def test_a_citizen_is_unaffected_by_consents_that_cannot_be_asked() -> None:
    """Nobody consents to oneself; blocks that cannot be asked close social care's alone."""
    without_consents = MemoryFacts(trouble={"consents": DOWN, "relations": DOWN})
    without_blocks = MemoryFacts(trouble={"blocks": DOWN})

    seen, _ = await Asking(citizen(GROWN_UP), facts=without_consents).answer()
    less, _ = await Asking(citizen(GROWN_UP), facts=without_blocks).answer()

    assert words(seen) == SHARED
    assert words(less) == {HEADER, HEALTH}


async def test_services_are_asked_once_for_each_question_and_blocks_for_each_owner() -> None:
    """All before the answer, whatever the number of plans."""
    facts = MemoryFacts()
    plans = [plan(plan_id=f"P{number}") for number in range(3)]

    await Asking(staff(OTHER_REGION), facts=facts, plans=plans).answer()

    asked = [name for name, _ in facts.asked]
    assert sorted(asked) == ["blocks", "capacities", "consents", "population", "relations"]
    (questions,) = [what for name, what in facts.asked if name == "blocks"]
    assert isinstance(questions, tuple)
    assert len(questions) == len(set(questions)) == 4


async def test_a_system_costs_no_service_a_question() -> None:
    """It has agreed to ask them itself."""
    facts = MemoryFacts()

    await Asking(facts=facts).answer()

    assert facts.asked == []


async def test_the_log_has_a_line_for_each_owner_with_the_rules_that_decided() -> None:
    """Shown, shown in part and refused ones."""
    _, made = await Asking(staff(OTHER_REGION)).answer()

    (row,) = made.log.records
    assert row.consent_id == "assertion-1"
    assert row.user == staff(OTHER_REGION)
    assert row.disclosures == (
        Disclosure(SOURCE, REGION, REGION_UNIT, Shown.ALLOW, ("VG1",), 1),
        Disclosure(SOURCE, BOARD, "SE2129999997-U1", Shown.MASK, ("VG1", "GT7"), 1),
        Disclosure(SOURCE, "SE2129999997-OG2", None, Shown.DENY, ("GT6",), 0),
        Disclosure(SOURCE, "SE2129999997-VG2", None, Shown.DENY, ("GT7",), 0),
    )


async def test_an_emergency_is_logged_as_one() -> None:
    """With what was shown by it; and one that is refused as an event of its own."""
    without = MemoryFacts(consent=NOT_GIVEN)
    _, made = await Asking(staff(OTHER_REGION), EMERGENCY, without).answer()
    _, refused = await Asking(staff(OTHER_BOARD), EMERGENCY, MemoryFacts(relation=SERVED)).answer()

    (row,) = made.log.records
    assert row.disclosures[0].activity is Activity.EMERGENCY
    assert row.security == ()
    (other,) = refused.log.records
    assert other.security == ("EMERGENCY_REFUSED: claimed where there is no emergency access",)


@pytest.mark.parametrize(
    ("asking", "told"),
    [
        (
            Asking(staff(OTHER_REGION), facts=MemoryFacts(consent=NOT_GIVEN)),
            Existence(unblocked=True),
        ),
        (Asking(staff(OTHER_REGION), facts=blocked(REGION)), Existence(blocked=True)),
        (Asking(staff(OTHER_BOARD), facts=blocked(REGION)), Existence()),
        (
            Asking(staff(OTHER_REGION), facts=blocked(BOARD), plans=()),
            Existence(),
        ),
        (
            Asking(
                staff(OTHER_REGION),
                EMERGENCY,
                replace(blocked(REGION), consent=ConsentAnswer(Consent.NONE)),
            ),
            Existence(blockers=(REGION,), may_request_lift=True),
        ),
        (
            Asking(
                staff(OTHER_REGION),
                facts=MemoryFacts(capacity=CapacityAnswer(Subject.ADULT_INCAPABLE_LASTING)),
            ),
            Existence(owners=(REGION,)),
        ),
    ],
)
async def test_existence_is_told_where_a_rule_lets_it(asking: Asking, told: Existence) -> None:
    """Never by the plan itself: the plan is not in the answer."""
    answer, _ = await replace(asking, door="existence").answer()

    if told.blockers or told.owners:
        assert answer.existence is not None
        assert answer.existence.blockers == told.blockers
        assert set(told.owners) <= set(answer.existence.owners)
    else:
        assert answer.existence == told
    assert answer.records == ()


async def test_a_whole_plan_keeps_its_print_and_its_participants() -> None:
    """Nothing masked: nothing withheld."""
    whole = replace(plan(), activities=plan().activities[:2])

    answer, _ = await Asking(staff(OTHER_REGION), plans=[whole]).answer()

    (item,) = answer.records
    assert item.record == whole
    assert PRINT in words(answer)
    assert answer.partial is False


async def test_who_may_have_a_protected_identity_is_shown_without_places() -> None:
    """Not known is not no; the print may hold an address, so it goes too."""
    whole = replace(plan(), activities=plan().activities[:2])
    unknown = MemoryFacts(population=PopulationAnswer())

    answer, _ = await Asking(staff(OTHER_REGION), facts=unknown, plans=[whole]).answer()

    assert words(answer) == SHARED | {UNIT_OF_FAMILY}


async def test_unknown_blocked_and_without_data_look_the_same() -> None:
    """No record, no error, no trace of what is not there."""
    answers = [
        (await Asking(staff(OTHER_REGION), facts=facts, plans=plans).answer())[0]
        for facts, plans in (
            (MemoryFacts(), ()),
            (blocked(REGION), None),
            (MemoryFacts(consent=NOT_GIVEN), None),
        )
    ]

    alike = {
        (answer.items, answer.records, tuple(row.code for row in answer.statuses), answer.raw)
        for answer in answers
    }
    assert len(alike) == 1


SEEN = {name: seen for name, (_, seen) in ACTORS.items()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    who=st.sampled_from(sorted(ACTORS)),
    trouble=st.sets(
        st.sampled_from(["consents", "blocks", "relations", "capacities", "population"])
    ),
)
async def test_no_trouble_ever_shows_more(who: str, trouble: set[str]) -> None:
    """Whatever fails, what is seen is part of what is seen when nothing does."""
    asking, seen = ACTORS[who]
    facts = replace(asking.facts, trouble=dict.fromkeys(trouble, DOWN), asked=[])

    answer, _ = await replace(asking, facts=facts).answer()

    assert words(answer) <= seen
    assert not words(answer) & (ALL - seen) & {FAMILY, UNMARKED, PRINT}


async def test_slow_sources_and_a_slow_block_service_end_within_the_deadline() -> None:
    """The sources must be done while there is time to ask of blocks."""
    facts = MemoryFacts(trouble={"blocks": Trouble(seconds=30.0)})
    asking = Asking(staff(OTHER_REGION), facts=facts)
    made = asking.stage()
    begun = made.world.clock.monotonic()

    await run(replace(asking.call(), received=begun, deadline=begun + 0.8), made.world)

    assert made.world.clock.monotonic() - begun < 0.8
