"""What the law leaves open, and how what was done is kept and proved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from samsvar.settings.values import (
    Address,
    LoggingHub,
    Section,
    Teller,
    fault_of_url,
    is_loopback,
    of_different_keys,
)


class AccessSettings(Section):
    """Answers to what the law leaves open, for the access rules. Off is the cautious answer."""

    version: str = Field(
        default="cautious-1",
        min_length=1,
        max_length=64,
        description="name of this configuration; change it with every change below",
    )
    sol_other_exception: bool = Field(
        default=False,
        description="GT6: SOL_OTHER that its owner has marked as an exception may be shared (U4)",
    )
    boards_as_one: bool = Field(
        default=False,
        description="SP6: boards (nämnder) of one municipality are one omsorgsgivare (U6)",
    )
    social_unit_blocks: bool = Field(
        default=False,
        description="SP5: blocks of a unit count inside an omsorgsgivare (U5)",
    )
    care_coordination: bool = Field(
        default=False,
        description="VG1 and what follows it, OG1 too: CARE_COORDINATION is a purpose (U7)",
    )
    emergency_social_care: bool = Field(
        default=False,
        description="VG6: emergency access reaches data of an omsorgsgivare (U1)",
    )
    guardian_consent: bool = Field(
        default=False,
        description="OG5: a guardian may consent to data of a vårdgivare (U2)",
    )
    hide_existence: bool = Field(
        default=False,
        description="VG4, OG2, SP2, VG12: not even existence is told (U12)",
    )
    hide_blocked_from_citizen: bool = Field(
        default=False,
        description="CZ5, CZ9: own health care data that are blocked are masked (U3)",
    )
    citizen_blocked_social_care: bool = Field(
        default=False,
        description="CZ6: own data of an omsorgsgivare are shown though blocked (U3)",
    )
    citizen_released_parts: bool = Field(
        default=False,
        description="CZ7: other parts that the owner has marked as releasable are shown (U4)",
    )
    young_citizens: bool = Field(
        default=False,
        description="CZ8: exceptions by a unit's head count for those of 13 to 15 years (U11)",
    )
    guardians_of_teenagers: bool = Field(
        default=False,
        description="CZ10: extensions by a unit's head count until 16 years (U11)",
    )
    adult_agents: bool = Field(
        default=False,
        description="CZ12: an adult agent (ombud) with a mandate may read (U10)",
    )


class AuditSettings(Section):
    """How the access log proves that it is whole."""

    head_seconds: Annotated[float, Field(ge=1, le=3600)] = Field(
        default=60.0, description="how long a row of the access log may wait for a signed head"
    )
    head_rows: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=1000, description="so many new rows are signed for at once"
    )
    heads_file: Path | None = Field(
        default=None, description="file that signed heads are copied to, on another disk"
    )
    keep_years: Annotated[int, Field(ge=5, le=100)] = Field(
        default=10, description="rows younger than this cannot be let go; the law demands 5"
    )
    store_log: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/?#@]+(?:/[^\s#]*)?$",
        description="URL of a log service (StoreLog 2) that hears what staff has seen",
    )
    store_log_address: Address | None = Field(
        default=None,
        description="its logical address; left out: the care giver whose staff it was",
    )
    store_log_system: Annotated[str, Field(pattern=r"^[A-Za-z0-9_:.-]{1,32}$")] | None = Field(
        default=None, description="HSA-id of this hub in log records; left out: its first address"
    )
    store_log_through: Teller | None = Field(
        default=None,
        description="the hub that delivers ours, by the message broker: its first address and its"
        " public key, a blank between; none: store_log is called from here",
    )
    store_log_for: tuple[LoggingHub, ...] = Field(
        default=(),
        max_length=100,
        description="hubs whose records come by the message broker and are delivered to store_log:"
        " HSA-id in log records and public key, a blank between",
    )
    store_log_attempts: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=300,
        description="failures in a row after which what those hubs have given us becomes dead"
        " letters",
    )
    report_seconds: Annotated[float, Field(ge=0.1, le=15)] = Field(
        default=10.0, description="GetAccessLogsForPatient: later than this, the report is queued"
    )
    report_rows: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=10_000, description="GetAccessLogsForPatient: a larger report is refused"
    )

    @model_validator(mode="after")
    def _safe(self) -> AuditSettings:
        if self.store_log and self.store_log.startswith("http:"):
            host = re.sub(r":\d+$", "", self.store_log.split("/")[2]).strip("[]")
            if not is_loopback(host):
                raise ValueError("store_log must be https, or http on a loopback address")
        if self.store_log_for and not self.store_log:
            raise ValueError("store_log_for: needs store_log, where they are delivered to")
        if self.store_log_through and self.store_log and not self.store_log_for:
            raise ValueError("store_log and store_log_through: our own records go by one of them")
        return self

    @field_validator("store_log_for")
    @classmethod
    def _each_key_is_one(cls, hubs: tuple[str, ...]) -> tuple[str, ...]:
        return of_different_keys(hubs, "hub")


class PopulationSettings(Section):
    """The population register (folkbokföring), as an operator loads it."""

    longest_hours: Annotated[float, Field(gt=0, le=720)] = Field(
        default=36.0, description="a population register older than this answers nothing"
    )


class SecuritySettings(Section):
    """Where consents and blocks are kept."""

    addresses: tuple[Address, ...] = Field(
        default=(),
        description=(
            "logical addresses under which the embedded services are served: the first is the"
            " whole service's, each further one a care giver's own; none: not served"
        ),
    )
    consents: str = Field(
        default="embedded", max_length=512, description="the consent service that decisions ask"
    )
    blocks: str = Field(
        default="embedded", max_length=512, description="the block service that decisions ask"
    )
    logical_address: Address = Field(
        default="SE165565594230-1000", description="logical address of the outside services"
    )
    seconds: Annotated[float, Field(gt=0, le=28)] = Field(
        default=2.0, description="how long an outside service may take to answer"
    )

    @field_validator("consents", "blocks")
    @classmethod
    def _kept_here_or_safe_to_ask(cls, where: str) -> str:
        if where != "embedded" and (fault := fault_of_url(where, plain_on_loopback=True)):
            raise ValueError(f'"embedded", or {fault.removeprefix("it must be ")}')
        return where
