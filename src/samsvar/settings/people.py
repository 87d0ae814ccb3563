"""Who may say who a user is, and how it is said."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from samsvar.settings.values import ClaimName, PurposeWord, Section, fault_of_url


class ClaimSettings(Section):
    """Under which names an issuer's tokens say things. The defaults are those of Sambi."""

    hsa_id: ClaimName = Field(default="employeeHsaId", description="HSA-id of the employee")
    name: ClaimName = Field(default="name", description="the user's name, for people")
    title: ClaimName = Field(default="title", description="the employee's title")
    assignment: ClaimName = Field(
        default="commissionHsaId", description="HSA-id of the assignment (medarbetaruppdrag)"
    )
    care_giver: ClaimName = Field(
        default="healthCareProviderHsaId",
        description="HSA-id of the care giver (vårdgivare, omsorgsgivare)",
    )
    care_unit: ClaimName = Field(
        default="healthCareUnitHsaId", description="HSA-id of the care unit (vårdenhet)"
    )
    purpose: ClaimName = Field(
        default="commissionPurpose", description="what the assignment is for (ändamål)"
    )
    person: ClaimName = Field(
        default="personalIdentityNumber",
        description="the citizen's personnummer or samordningsnummer",
    )
    assurance: ClaimName = Field(
        default="acr", description="level of assurance (tillitsnivå) of the login"
    )
    scope: ClaimName = Field(default="scope", description="what the client may do for the user")

    @model_validator(mode="after")
    def _each_says_one_thing(self) -> ClaimSettings:
        names = [getattr(self, key) for key in type(self).model_fields]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"one claim cannot mean two things: {', '.join(twice)}")
        return self


class IssuerSettings(Section):
    """One identity provider whose tokens let users in."""

    issuer: str = Field(
        max_length=512,
        description="its URL, exactly as in its tokens (iss); keys are found below it",
    )
    kind: Literal["staff", "citizen"] = Field(description="whom its tokens are of: one kind only")
    audience: tuple[Annotated[str, Field(min_length=1, max_length=512)], ...] = Field(
        description="what its tokens call this hub (aud); one of them is enough"
    )
    authority: Path | None = Field(
        default=None,
        description="who issued its TLS certificate, PEM; the machine's trust store otherwise",
    )
    algorithms: tuple[Literal["RS256", "PS256", "ES256", "EdDSA"], ...] = Field(
        default=("RS256", "PS256", "ES256", "EdDSA"),
        description="how its tokens may be signed",
    )
    leeway_seconds: Annotated[float, Field(ge=0, le=120)] = Field(
        default=30.0, description="how far its clock may be from ours"
    )
    longest_hours: Annotated[float, Field(gt=0, le=24)] = Field(
        default=12.0, description="tokens that are valid for longer than this are refused"
    )
    fresh_seconds: Annotated[float, Field(ge=1, le=3600)] = Field(
        default=300.0, description="its keys are fetched anew when they are older than this"
    )
    keys_hours: Annotated[float, Field(gt=0, le=72)] = Field(
        default=12.0, description="how long its last keys still count while it does not answer"
    )
    claims: ClaimSettings = Field(
        default=ClaimSettings(), description="names of claims, where they are not the usual ones"
    )
    assurance: dict[str, Annotated[int, Field(ge=1, le=4)]] = Field(
        default={
            "http://id.sambi.se/loa/loa1": 1,
            "http://id.sambi.se/loa/loa2": 2,
            "http://id.sambi.se/loa/loa3": 3,
            "http://id.sambi.se/loa/loa4": 4,
            "http://id.elegnamnden.se/loa/1.0/loa2": 2,
            "http://id.elegnamnden.se/loa/1.0/loa3": 3,
            "http://id.elegnamnden.se/loa/1.0/loa4": 4,
        },
        min_length=1,
        max_length=100,
        description="what its tokens say of the login -> level of assurance, 1 to 4",
    )
    purposes: dict[str, PurposeWord] = Field(
        default={"Vård och behandling": "CARE", "Statistik": "STATISTICS"},
        max_length=100,
        description="what its tokens say of the purpose -> the purpose of the access rules",
    )

    @field_validator("audience", "algorithms")
    @classmethod
    def _not_none(cls, told: tuple[str, ...]) -> tuple[str, ...]:
        if not told:  # not min_length, as for listeners
            raise ValueError("at least one is needed")
        return told

    @field_validator("issuer")
    @classmethod
    def _safe_to_ask(cls, issuer: str) -> str:
        if (fault := fault_of_url(issuer, plain_on_loopback=True)) or "?" in issuer:
            raise ValueError(fault or "no query belongs in it")
        return issuer


class UserSettings(Section):
    """Who may say who a user is."""

    issuer: tuple[IssuerSettings, ...] = Field(
        default=(), max_length=20, description="identity providers; none: no user is let in"
    )
    base_url: str | None = Field(
        default=None,
        max_length=512,
        description="how clients reach the hub, where that is not what their Host header says",
    )
    step_seconds: Annotated[float, Field(gt=0, le=10)] = Field(
        default=0.25,
        description="answers leave at a multiple of this: their time must tell nothing",
    )
    handle_minutes: Annotated[float, Field(gt=0, le=1440)] = Field(
        default=30.0, description="how long the id of a resource can be used to read it again"
    )

    @field_validator("issuer")
    @classmethod
    def _each_is_one(cls, issuers: tuple[IssuerSettings, ...]) -> tuple[IssuerSettings, ...]:
        if len({each.issuer for each in issuers}) < len(issuers):
            raise ValueError("an issuer stands twice: its tokens are of one kind of user")
        return issuers

    @field_validator("base_url")
    @classmethod
    def _can_be_reached(cls, url: str | None) -> str | None:
        if url is None:
            return None
        if (fault := fault_of_url(url, plain_on_loopback=True)) or "?" in url:
            raise ValueError(fault or "no query belongs in it")
        return url.rstrip("/")
