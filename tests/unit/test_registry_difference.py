"""Differences of registries: every row once, and two people's changes made one."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samsvar.model.identifiers import ContractUrn
from samsvar.registry import Registry, RegistryInvalid
from samsvar.registry.difference import ChangedByBoth, Kind, difference, rebased
from samsvar.registry.file import parse_registry, write_registry

PLANS = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2")
GROUND = f"""
[[contract]]
urn = "{PLANS}"
title = "Planer"

[[producer]]
id = "north"
title = "Norra"
kind = "soap"
address = "https://north.example/"
owner = "SE1"

[[producer]]
id = "south"
title = "Södra"
kind = "soap"
address = "https://south.example/"
owner = "SE1"

[[address]]
logical_address = "A"
description = "Norra kommunen"

[[route]]
contract = "GetCarePlans 2"
logical_address = "A"
producer = "north"
valid_to = 2026-12-31

[[permission]]
consumer = "C"
contract = "GetCarePlans 2"
logical_address = "*"

[[care_giver]]
id = "SE1"
name = "Regionen"
kind = "VG"

[[consumer]]
id = "C"
channel = "system"
social_care = false

[hsa]
A = "SE1"
"""
ROUTE_B = """
[[route]]
contract = "GetCarePlans 2"
logical_address = "B"
producer = "south"
"""
GIVER_2 = """
[[care_giver]]
id = "SE2"
name = "Omsorgsnämnden"
kind = "OG"
"""
PERMISSION_D = """
[[permission]]
consumer = "D"
contract = "GetCarePlans 2"
logical_address = "A"
"""


def parse(text: str) -> Registry:
    return parse_registry(text, known_contracts=[PLANS], known_adapters={}, allow_plain_http=False)


def changed(*pairs: tuple[str, str], more: str = "") -> Registry:
    text = GROUND
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return parse(text.replace("[hsa]", f"{more}\n[hsa]"))


def test_a_registry_does_not_differ_from_itself() -> None:
    assert difference(parse(GROUND), parse(write_registry(parse(GROUND)))) == ()


def test_each_row_that_differs_is_told_once_with_its_fields() -> None:
    """A producer's new address is told at the producer, not at each route to it."""
    after = changed(
        ("https://north.example/", "https://new.example/"),
        ("valid_to = 2026-12-31", "valid_to = 2027-12-31"),
        ('description = "Norra kommunen"', 'description = "Norra"'),
        ('consumer = "C"', 'consumer = "C2"'),
        ('kind = "VG"', 'kind = "VG"\nconnected = false'),
        ('"system"\nsocial_care = false', '"citizen"\nsocial_care = true'),
        ('A = "SE1"', 'A = "SE2"'),
        more=ROUTE_B + GIVER_2,
    )

    assert [(one.kind, one.key, one.fields) for one in difference(parse(GROUND), after)] == [
        (Kind.CHANGED, ("producer", "north"), ("address",)),
        (Kind.CHANGED, ("address", "a"), ("description",)),
        (Kind.CHANGED, ("route", "GetCarePlans 2", "a", "1900-01-01"), ("valid_to",)),
        (Kind.ADDED, ("route", "GetCarePlans 2", "b", "1900-01-01"), ()),
        (Kind.REMOVED, ("permission", "c", "GetCarePlans 2", "*", "1900-01-01"), ()),
        (Kind.ADDED, ("permission", "c2", "GetCarePlans 2", "*", "1900-01-01"), ()),
        (Kind.CHANGED, ("care_giver", "se1"), ("connected",)),
        (Kind.ADDED, ("care_giver", "se2"), ()),
        (Kind.CHANGED, ("consumer", "c"), ("channel", "social_care")),
        (Kind.CHANGED, ("hsa", "a"), ("parent",)),
    ]


def test_changes_of_two_people_to_different_rows_are_all_kept() -> None:
    mine = changed(("https://south.example/", "https://mine.example/"), more=ROUTE_B)
    theirs = changed(('title = "Norra"', 'title = "Norra kommunen"'), more=PERMISSION_D)

    both = rebased(parse(GROUND), mine, theirs)

    assert both.producers[0].title == "Norra kommunen"
    assert both.producers[1].address == "https://mine.example/"
    assert [(row.logical_address, row.producer) for row in both.routes] == [
        ("A", both.producers[0]),
        ("B", both.producers[1]),
    ]
    assert [row.consumer for row in both.permissions] == ["C", "D"]
    assert parse(write_registry(both)) == both


def test_two_people_may_change_the_directory_and_the_consumers() -> None:
    mine = changed(('kind = "VG"', 'kind = "OG"'))
    theirs = changed(("social_care = false", "social_care = true"), more=GIVER_2)

    both = rebased(parse(GROUND), mine, theirs)

    assert [(row.id, row.kind) for row in both.care_givers] == [("SE1", "OG"), ("SE2", "OG")]
    assert [row.social_care for row in both.consumers] == [True]
    assert parse(write_registry(both)) == both


def test_a_row_that_one_removed_and_nobody_else_touched_is_gone() -> None:
    mine = parse(GROUND.replace('[hsa]\nA = "SE1"\n', ""))
    theirs = changed(more=PERMISSION_D)

    assert rebased(parse(GROUND), mine, theirs).hsa == ()
    assert rebased(parse(GROUND), theirs, mine).hsa == ()


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (("https://north.example/", "https://a.example/"), ("https://north.", "https://b.")),
        (('A = "SE1"', 'A = "SE2"'), ('A = "SE1"', "")),
        (("valid_to = 2026-12-31", "valid_to = 2027-01-31"), ("2026-12-31", "2026-06-30")),
    ],
)
def test_a_row_that_both_changed_is_for_people_to_decide(
    mine: tuple[str, str], theirs: tuple[str, str]
) -> None:
    with pytest.raises(ChangedByBoth) as caught:
        rebased(parse(GROUND), changed(mine), changed(theirs))

    assert len(caught.value.keys) == 1


def test_the_same_change_by_both_is_no_quarrel() -> None:
    alike = changed(("https://north.example/", "https://a.example/"))

    assert rebased(parse(GROUND), alike, alike) == alike


def test_a_route_to_a_producer_that_the_other_removed_is_refused() -> None:
    theirs = parse(
        GROUND.replace(
            GROUND[GROUND.index('[[producer]]\nid = "south"') :].split("[[address]]")[0], ""
        )
    )

    with pytest.raises(RegistryInvalid, match="its producer was removed"):
        rebased(parse(GROUND), changed(more=ROUTE_B), theirs)


_EDITS = st.lists(
    st.sampled_from(
        [
            ("https://north.example/", "https://x.example/"),
            ('title = "Norra"', 'title = "X"'),
            ('description = "Norra kommunen"', 'description = "X"'),
            ("valid_to = 2026-12-31", "valid_to = 2028-12-31"),
            ('A = "SE1"', 'A = "SE9"'),
            ("https://south.example/", "https://y.example/"),
        ]
    ),
    unique=True,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(mine=_EDITS, added=st.booleans())
def test_what_nobody_else_touched_rebases_to_itself(
    mine: list[tuple[str, str]], added: bool
) -> None:
    """And the difference is what was edited, wherever it is looked at from."""
    ground, edited = parse(GROUND), changed(*mine, more=ROUTE_B if added else "")

    assert rebased(ground, edited, ground) == edited
    assert rebased(ground, ground, edited) == edited
    there, back = difference(ground, edited), difference(edited, ground)
    assert [(one.key, one.before, one.after) for one in there] == [
        (one.key, one.after, one.before) for one in back
    ]
