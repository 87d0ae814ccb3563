"""Each access rule by a case and a near miss; what is not known; what is configured; plans."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from samsvar.access import (
    BY_ID,
    CAUTIOUS,
    QUESTIONS,
    RULES,
    SWITCHES,
    Decision,
    Effect,
    Element,
    Facts,
    Obligation,
    Participant,
    PlanFacts,
    Policy,
    Truth,
    Verdict,
    decide,
    decide_plan,
    gate,
    trace,
)
from samsvar.access.case import FACTS
from samsvar.access.words import ActorKind, Block, Consent, Giver, OwnerKind, Purpose, Relation
from samsvar.model.care import LegalBasis
from samsvar.settings import AccessSettings
from tests.access_cases import (
    AGENT,
    BOARDS,
    CASES,
    CITIZEN,
    DANGER,
    GUARDIAN,
    HOME,
    INNER,
    LIFTED,
    NO,
    OG,
    OURS,
    OUTER,
    SMALL,
    SOCIAL,
    SOCIAL_HOME,
    THEIRS,
    UNKNOWN,
    VG,
    YES,
    Case,
    Told,
)

ALLOW, MASK, DENY = Verdict.ALLOW, Verdict.MASK, Verdict.DENY


def decided(told: Told, policy: Policy = CAUTIOUS, **changed: Any) -> tuple[Verdict, str]:
    """Verdict and rule."""
    decision = decide(Facts(**{**told, **changed}), policy)
    return decision.verdict, decision.rule_id


# The matrix


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_decides_its_case_and_not_the_near_miss(case: Case) -> None:
    """One fact changed, and another rule decides."""
    assert decide(Facts(**case.told), CAUTIOUS) == Decision(
        case.verdict, case.rule, case.obligations
    )
    near = {**case.told, case.near.fact: case.near.value}
    assert near != case.told
    assert decided(near) == (case.near.verdict, case.near.rule)
    assert case.near.rule != case.rule


def test_every_rule_has_a_case() -> None:
    """All but the two that decide nothing; those have tests of their own below."""
    assert {case.rule for case in CASES} == set(BY_ID) - {"SP6", "GT9"}
    assert len(RULES) == len(BY_ID) == 9 + 6 + 15 + 11 + 14


def test_another_board_is_another_provider() -> None:
    """SP6 is seen in the trace, and the rules for others decide."""
    looks = {look.rule.id: look for look in trace(Facts(**BOARDS), CAUTIOUS)}
    assert (looks["SP6"].applied, looks["SP6"].verdict) == (True, None)
    assert decided(BOARDS) == (Verdict.EXISTENCE, "OG2")
    assert not {
        look.rule.id: look.applied
        for look in trace(Facts(**{**BOARDS, "same_municipality": NO}), CAUTIOUS)
    }["SP6"]


def test_a_protected_identity_takes_the_address_away_and_nothing_else() -> None:
    """GT9; also where nobody knows whether it is one. Nothing is added to a refusal."""
    strip = (Obligation.STRIP_ADDRESS,)
    for state, obligations in ((YES, strip), (UNKNOWN, strip), (NO, ())):
        decision = decide(Facts(**{**VG, "protected_identity": state}), CAUTIOUS)
        assert decision == Decision(ALLOW, "VG1", obligations)
    refused = decide(Facts(**{**OG, "protected_identity": YES, "emergency": YES}), CAUTIOUS)
    assert refused.obligations == (Obligation.LOG_EMERGENCY_REFUSED,)


# What is not known


def test_nothing_known_is_nothing_allowed() -> None:
    """For no actor."""
    for kind in ActorKind:
        assert decided({"actor_kind": kind}) == (DENY, "GT1")


@pytest.mark.parametrize(
    "down",
    [
        {"blocks_answered": NO},
        {"blocks_answered": UNKNOWN},
        {"consents_answered": NO},
        {"block": Block.UNKNOWN},
        {"owner_provider": None},
        {"owner_kind": OwnerKind.UNKNOWN},
    ],
    ids=str,
)
def test_a_service_that_does_not_answer_closes(down: dict[str, Any]) -> None:
    """To staff of others, in an emergency too."""
    for told in (VG, {**VG, **DANGER}, OG, {**VG, **LIFTED}, {**OG, **SOCIAL, **SMALL}):
        assert decided({**told, **down}) == (DENY, "GT8")
    assert decided({**CITIZEN, "consents_answered": NO}) == (ALLOW, "CZ1")


def test_a_blocked_unit_at_home_stays_closed_when_blocks_are_not_known() -> None:
    """The own unit's data are open all the same."""
    assert decided(HOME, blocks_answered=UNKNOWN) == (DENY, "DEFAULT")
    assert decided(HOME, block=Block.UNKNOWN) == (DENY, "DEFAULT")
    own = {**HOME, "owner_unit": HOME["actor_unit"]}
    assert decided(own, blocks_answered=UNKNOWN) == (ALLOW, "SP1")


def test_truth_cannot_be_taken_for_a_condition() -> None:
    """An unknown fact would pass as true."""
    with pytest.raises(TypeError, match="say which"):
        bool(Truth.UNKNOWN)


# Across the rules


def test_consent_does_not_open_a_block_nor_emergency_anothers() -> None:
    """Whatever the consent, and whatever the danger."""
    for consent in Consent:
        for emergency in Truth:
            for told in (VG, OG, {**VG, **SOCIAL}, {**OG, **SOCIAL}):
                for block in (Block.OUTER, Block.INNER):
                    verdict, _ = decided(
                        {**told, **DANGER}, consent=consent, emergency=emergency, block=block
                    )
                    assert verdict in (MASK, DENY)


def test_no_emergency_opens_anything_to_social_care() -> None:
    """OG11; a block decides first, and the refused emergency is logged with it."""
    for subject in (SMALL, {}, {"consent": Consent.CANNOT_BE_OBTAINED}):
        assert decided({**OG, **SOCIAL, **subject}, emergency=YES) == (DENY, "OG11")
    assert decide(Facts(**{**OG, **OUTER, "emergency": YES}), CAUTIOUS) == Decision(
        MASK, "OG10", (Obligation.LOG_EMERGENCY_REFUSED,)
    )


def test_a_company_of_both_kinds_is_two_providers() -> None:
    """One identifier; its health care reads its social care as another's."""
    both = {**VG, **SOCIAL, "owner_provider": OURS.lower(), "need": YES}
    assert decided(both) == (ALLOW, "VG1")
    assert decided(both, marked_for_sharing=NO) == (MASK, "GT7")
    assert decided(both, owner_kind=OwnerKind.VG) == (ALLOW, "SP1")


def test_a_lifted_block_is_no_consent_but_no_hindrance_in_an_emergency() -> None:
    """The owner lifted it: then the rules that would else hold do."""
    assert decided({**VG, **LIFTED}, consent=Consent.NONE) == (DENY, "DEFAULT")
    assert decided({**VG, **LIFTED, **DANGER}) == (ALLOW, "VG5")
    assert decided({**VG, **LIFTED, **SMALL}) == (ALLOW, "VG15")


def test_a_system_passes_the_gates_and_no_further() -> None:
    """It applies the other rules itself, by agreement; decided here, nothing is allowed."""
    system = {**VG, "actor_kind": ActorKind.SYSTEM, "purpose": Purpose.UNKNOWN}
    assert gate(Facts(**system), CAUTIOUS) is None
    assert decided(system) == (DENY, "DEFAULT")
    for changed, verdict, rule in (
        ({"session_valid": NO}, DENY, "GT1"),
        ({"owner_connected": NO}, DENY, "GT4"),
        ({"reserve_number": YES}, DENY, "GT5"),
        ({"legal_basis": LegalBasis.OTHER_AUTHORITY}, MASK, "GT6"),
        ({**SOCIAL, "marked_for_sharing": UNKNOWN}, MASK, "GT7"),
    ):
        told: dict[str, Any] = {**system, **changed}
        decision = gate(Facts(**told), CAUTIOUS)
        assert decision is not None
        assert (decision.verdict, decision.rule_id) == (verdict, rule)


def test_the_trace_ends_with_the_rule_that_decided() -> None:
    """For every case."""
    for case in CASES:
        last = trace(Facts(**case.told), CAUTIOUS)[-1]
        assert (last.rule.id, last.verdict) == (case.rule, case.verdict)


# What is configured

TURNED: tuple[tuple[str, Told, tuple[Verdict, str], tuple[Verdict, str]], ...] = (
    (
        "sol_other_exception",
        {**VG, **SOCIAL, "legal_basis": LegalBasis.SOL_OTHER, "exception_mark": YES},
        (MASK, "GT6"),
        (ALLOW, "VG1"),
    ),
    ("boards_as_one", {**BOARDS, "relation": Relation.NONE}, (DENY, "OG3"), (ALLOW, "SP6")),
    ("social_unit_blocks", {**SOCIAL_HOME, **INNER}, (ALLOW, "SP5"), (DENY, "DEFAULT")),
    (
        "care_coordination",
        {**VG, "purpose": Purpose.CARE_COORDINATION},
        (DENY, "DEFAULT"),
        (ALLOW, "VG1"),
    ),
    ("emergency_social_care", {**VG, **SOCIAL, **DANGER}, (DENY, "VG6"), (ALLOW, "VG6")),
    (
        "guardian_consent",
        {**OG, **SMALL, "consent": Consent.VALID, "consent_given_by": Giver.GUARDIAN},
        (DENY, "OG5"),
        (ALLOW, "OG5"),
    ),
    (
        "hide_existence",
        {**VG, "consent": Consent.NONE},
        (Verdict.EXISTENCE, "VG4"),
        (DENY, "VG4"),
    ),
    ("hide_blocked_from_citizen", {**CITIZEN, **OUTER}, (ALLOW, "CZ5"), (MASK, "CZ5")),
    ("citizen_blocked_social_care", {**CITIZEN, **SOCIAL, **OUTER}, (MASK, "CZ6"), (ALLOW, "CZ6")),
    (
        "citizen_released_parts",
        {**CITIZEN, "legal_basis": LegalBasis.SCHOOL_HEALTH, "releasable_to_person": YES},
        (MASK, "CZ7"),
        (ALLOW, "CZ7"),
    ),
    (
        "young_citizens",
        {**CITIZEN, "age": 15, "unit_exception": YES},
        (DENY, "CZ8"),
        (ALLOW, "CZ1"),
    ),
    (
        "guardians_of_teenagers",
        {**GUARDIAN, "age": 15, "unit_exception": YES},
        (DENY, "CZ10"),
        (ALLOW, "CZ9"),
    ),
    ("adult_agents", AGENT, (DENY, "CZ12"), (ALLOW, "CZ12")),
)


@pytest.mark.parametrize(("setting", "told", "off", "on"), TURNED, ids=[row[0] for row in TURNED])
def test_a_setting_turns_its_rule_and_no_other_setting_does(
    setting: str, told: Told, off: tuple[Verdict, str], on: tuple[Verdict, str]
) -> None:
    """Off is what holds until somebody has decided."""
    assert decided(told) == off
    assert decided(told, Policy.of({setting: True})) == on
    others = {name: True for name in SWITCHES if name != setting}
    assert decided(told, Policy.of(others)) == off


def test_every_setting_has_a_rule_a_question_and_a_test() -> None:
    """And the settings file has the same keys, with the same defaults."""
    assert {row[0] for row in TURNED} == set(SWITCHES)
    assert {rule.setting for rule in RULES if rule.setting} == set(SWITCHES)
    assert all(rule.question in QUESTIONS for rule in RULES if rule.setting or rule.question)
    assert Policy.of(AccessSettings().model_dump()) == CAUTIOUS


def test_hidden_existence_is_hidden_from_what_comes_with_a_verdict() -> None:
    """Also that blocked data exist."""
    for told in ({**HOME, **INNER}, {**VG, **OUTER}, {**OG, "consent": Consent.NONE}):
        assert decide(Facts(**told), Policy(hide_existence=True)).obligations == ()


def test_a_policy_names_all_its_faults() -> None:
    """A misspelt key is not silently without effect."""
    with pytest.raises(
        ValueError, match="boards: no such setting; adult_agents: give true"
    ) as told:
        Policy.of({"boards": True, "adult_agents": "yes"})
    assert "yes" not in str(told.value)


# Plans


def _facts(told: Told, **changed: Any) -> Facts:
    return Facts(**{**told, **changed})


HEADER = Facts(**VG)
HSL = Element("hsl", HEADER)
IFO = Element(
    "ifo",
    _facts(
        {**VG, **SOCIAL},
        owner_provider="SE2129999963-C",
        owner_unit="SE2129999963-IFO",
        legal_basis=LegalBasis.SOL_OTHER,
    ),
)
PDF = Element("pdf", HEADER, shows_whole_plan=True)
THEIR_UNIT = Participant("SE2129999955-B9", THEIRS)
IFO_UNIT = Participant("SE2129999963-IFO", "SE2129999963-c")
NOBODYS_UNIT = Participant("SE2129999971-X", None)
UNITS = (THEIR_UNIT, IFO_UNIT, NOBODYS_UNIT)


def test_a_whole_plan_leaves_with_its_pdf() -> None:
    """Everything allowed; a unit that nobody knows the owner of goes."""
    plan = PlanFacts(HEADER, (HSL, PDF), UNITS[:1] + UNITS[2:])
    assert decide_plan(plan, CAUTIOUS).effect == Effect(
        ALLOW, ("hsl", "pdf"), (THEIR_UNIT,), pdf=True
    )


def test_a_mixed_plan_leaves_without_its_masked_part_its_pdf_and_its_unit() -> None:
    """One HSL activity, one of IFO, and a PDF of it all."""
    decision = decide_plan(PlanFacts(HEADER, (HSL, IFO, PDF), UNITS), CAUTIOUS)
    assert decision.effect == Effect(ALLOW, ("hsl",), (THEIR_UNIT,), pdf=False)
    assert [(key, each.rule_id) for key, each in decision.decisions] == [
        ("hsl", "VG1"),
        ("ifo", "GT6"),
        ("pdf", "VG1"),
    ]


@pytest.mark.parametrize("case", [one for one in CASES if one.verdict is not ALLOW])
def test_whichever_rule_masks_a_part_takes_the_pdf_with_it(case: Case) -> None:
    """Beside an HSL activity that may be shown, under an own header."""
    header = Facts(**HOME)
    part = Element("part", _facts(case.told, owner_unit="SE2129999963-U"))
    plan = PlanFacts(
        header,
        (Element("own", header), part, Element("pdf", header, shows_whole_plan=True)),
        (Participant("SE2129999963-U9", part.facts.owner_provider),),
    )
    assert decide_plan(plan, CAUTIOUS).effect == Effect(ALLOW, ("own",))


@pytest.mark.parametrize("case", [one for one in CASES if one.verdict is ALLOW])
def test_whichever_rule_allows_a_part_leaves_the_plan_whole_until_one_part_is_masked(
    case: Case,
) -> None:
    """The same plan with and without an IFO activity beside it."""
    header = Facts(**HOME)
    part = Element("part", Facts(**case.told))
    plan = PlanFacts(header, (part, Element("pdf", header, shows_whole_plan=True)), (IFO_UNIT,))
    whole = decide_plan(plan, CAUTIOUS).effect
    assert whole == Effect(ALLOW, ("part", "pdf"), (IFO_UNIT,), pdf=True)
    mixed = decide_plan(replace(plan, elements=(*plan.elements, IFO)), CAUTIOUS).effect
    assert mixed == Effect(ALLOW, ("part",))


def test_a_header_that_may_not_be_shown_takes_the_plan() -> None:
    """It would tell whose the plan is."""
    for told, verdict in (
        ({**VG, **OUTER}, DENY),
        ({**VG, "blocks_answered": NO}, DENY),
        ({**VG, "consent": Consent.NONE}, Verdict.EXISTENCE),
    ):
        plan = PlanFacts(Facts(**told), (Element("own", Facts(**HOME)),), (THEIR_UNIT,))
        assert decide_plan(plan, CAUTIOUS).effect == Effect(verdict)


def test_a_plan_of_which_everything_is_denied_is_not_there() -> None:
    """Masked, it would stay with its header."""
    denied = Element("denied", _facts(VG, relation=Relation.NONE))
    assert decide_plan(PlanFacts(Facts(**HOME), (denied,)), CAUTIOUS).effect == Effect(DENY)
    assert decide_plan(PlanFacts(Facts(**HOME), (IFO,)), CAUTIOUS).effect == Effect(ALLOW)


def test_with_the_block_service_down_only_the_own_part_is_left() -> None:
    """Under an own header whose unit is one's own; under another's, nothing."""
    down = {"blocks_answered": NO, "block": Block.UNKNOWN}
    own = _facts(HOME, owner_unit=HOME["actor_unit"], **down)
    theirs = Element("theirs", _facts(VG, **down))
    plan = PlanFacts(own, (Element("own", own), theirs, Element("pdf", own, True)), UNITS)
    effect = decide_plan(plan, CAUTIOUS).effect
    assert effect.elements == ("own",)
    assert THEIR_UNIT not in effect.participants
    assert decide_plan(replace(plan, header=theirs.facts), CAUTIOUS).effect == Effect(DENY)


def test_an_effect_is_the_same_however_many_parts_are_masked() -> None:
    """Nobody can count them from what leaves."""
    effects = {
        decide_plan(
            PlanFacts(HEADER, (HSL, *(replace(IFO, key=str(n)) for n in range(count)))), CAUTIOUS
        ).effect
        for count in (1, 2, 7)
    }
    assert effects == {Effect(ALLOW, ("hsl",))}


def test_no_pdf_of_a_partial_plan_or_a_protected_person() -> None:
    """What the source left out is missing in it; an address cannot be taken out of it."""
    plan = PlanFacts(HEADER, (HSL, PDF))
    assert decide_plan(replace(plan, partial=True), CAUTIOUS).effect == Effect(ALLOW, ("hsl",))
    protected = Element("hsl", _facts(VG, protected_identity=YES))
    assert decide_plan(replace(plan, elements=(protected, PDF)), CAUTIOUS).effect == Effect(
        ALLOW, ("hsl",), strip_address=True
    )


def test_facts_have_a_name_each() -> None:
    """What is derived cannot be told."""
    assert "same_provider" not in FACTS
    assert len(FACTS) == 44
