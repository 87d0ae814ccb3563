"""Scopes of SMART on FHIR, both versions: what each lets whom do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from samsvar.model.user import User, UserKind
from samsvar.tokens.refused import TokenRefused
from samsvar.tokens.scopes import Interaction, allows, parsed, refuse_without_scope

STAFF, CITIZEN = UserKind.STAFF, UserKind.CITIZEN
ALL = "cruds"


@pytest.mark.parametrize(
    ("scope", "staff", "citizen"),
    [
        ("user/CarePlan.rs", "rs", ""),
        ("user/CarePlan.r", "r", ""),
        ("user/CarePlan.cruds", ALL, ""),
        ("user/CarePlan.read", "rs", ""),
        ("user/CarePlan.write", "cud", ""),
        ("user/CarePlan.*", ALL, ""),
        ("user/*.rs", "rs", ""),
        ("user/*.*", ALL, ""),
        ("patient/CarePlan.rs", "", "rs"),
        ("patient/*.rs", "", "rs"),
        ("patient/CarePlan.read", "", "rs"),
        # none of these is a scope that lets anybody do anything
        ("system/*.*", "", ""),
        ("user/Patient.rs", "", ""),
        ("user/CarePlanX.rs", "", ""),
        ("user/careplan.rs", "", ""),
        ("user/CarePlan.sr", "", ""),
        ("user/CarePlan.rr", "", ""),
        ("user/CarePlan.", "", ""),
        ("user/CarePlan", "", ""),
        ("user/CarePlan.rs?category=assess-plan", "", ""),
        ("User/CarePlan.rs", "", ""),
        ("user/CarePlan.READ", "", ""),
        ("x user/CarePlan.rs", "", ""),
        ("openid", "", ""),
        ("*", "", ""),
    ],
)
def test_a_scope_lets_a_kind_of_user_do_so_much(scope: str, staff: str, citizen: str) -> None:
    """Letter by letter, and nothing more."""

    def may(kind: UserKind) -> str:
        return "".join(
            each for each in Interaction if allows(frozenset({scope}), kind, "CarePlan", each)
        )

    assert (may(STAFF), may(CITIZEN)) == (staff, citizen)


def test_scopes_add_up() -> None:
    """One that grants is enough; none grants nothing."""
    scopes = parsed("openid user/CarePlan.r user/Encounter.s")

    assert allows(scopes, STAFF, "CarePlan", Interaction.READ)
    assert allows(scopes, STAFF, "Encounter", Interaction.SEARCH)
    assert not allows(scopes, STAFF, "CarePlan", Interaction.SEARCH)
    assert not allows(frozenset(), STAFF, "CarePlan", Interaction.READ)


def test_a_claim_of_scopes_is_text_or_a_list() -> None:
    """Blanks may stand twice; what could hold a number is dropped, for it grants nothing."""
    assert parsed("  user/*.rs  openid ") == {"user/*.rs", "openid"}
    assert parsed(["user/*.rs", ""]) == {"user/*.rs"}
    assert parsed(None) == parsed("") == frozenset()
    assert parsed("user/CarePlan.rs?x=191212121212 191212121212 a1") == frozenset()


@pytest.mark.parametrize(
    "claim", [7, True, {"a": 1}, ["a", 7], [["a"]], 'a"b', "a\\b", "å", "a\tb", "a" * 257]
)
def test_a_claim_that_holds_no_scopes_is_refused(claim: object) -> None:
    """Never read as if it held some."""
    with pytest.raises(ValueError, match=r"scope|text nor"):
        parsed(claim)


@pytest.mark.parametrize(
    ("kind", "would_do"), [(STAFF, "user/CarePlan.s"), (CITIZEN, "patient/CarePlan.s")]
)
def test_a_refusal_names_a_scope_that_would_do(kind: UserKind, would_do: str) -> None:
    """403 and insufficient_scope; with that scope there is none."""
    user = User(kind=kind, subject="a", issuer="https://idp.example", assurance=3)

    with pytest.raises(TokenRefused, match=would_do) as refused:
        refuse_without_scope(user, "CarePlan", Interaction.SEARCH)
    assert (refused.value.status, refused.value.error) == (403, "insufficient_scope")
    refuse_without_scope(
        replace(user, scopes=frozenset({would_do})), "CarePlan", Interaction.SEARCH
    )
