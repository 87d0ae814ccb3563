"""A producer tested from here: what is asked for, and what is told of the report.

Knows the report's words as JSON has them. Runs nothing: whoever runs the bench is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from samsvar.inbound.admin.problems import Problem
from samsvar.model.identifiers import ContractUrn, LogicalAddress, PersonId
from samsvar.model.person_numbers import told_by_form

#: customary and official test numbers: one that many test systems know, and one that none does
KNOWN, NOBODY = "191212121212", "189001019802"
_NUMBER = r"^\d{12}$"


class TestBody(BaseModel, extra="forbid"):
    """Two test persons, 12 digits. They stand in this body only, and in no report."""

    __test__ = False  # the name tells people, not pytest

    person: str | None = Field(
        default=None,
        pattern=_NUMBER,
        description="whom the system knows; left out: Tolvan Tolvansson",
    )
    without: str | None = Field(
        default=None,
        pattern=_NUMBER,
        description="whom it does not know; left out: an official one",
    )

    def persons(self) -> tuple[PersonId, PersonId]:
        """Whom the system knows, and whom it does not.

        Raises:
            Problem: 422, somebody who cannot be.
        """
        found = [told_by_form(self.person or KNOWN), told_by_form(self.without or NOBODY)]
        known, unknown = found
        if known is None or unknown is None:
            raise Problem(
                422,
                "these cannot be test persons",
                ["person, without: personnummer or samordningsnummer of 12 digits"],
            )
        return known, unknown


class ResultBody(BaseModel):
    """One rule, by one contract."""

    id: str
    contract: str
    outcome: str
    severity: str
    title: str
    titel: str = Field(description="the title in Swedish")
    reason: str
    orsak: str = Field(description="the reason in Swedish")
    source: str = Field(description="where the rule is written")


class ReportBody(BaseModel):
    """What the bench found."""

    at: datetime
    passed: bool
    summary: dict[str, int] = Field(description="how many results of each outcome")
    results: list[ResultBody]

    def told(self) -> str:
        """In one line, for the history."""
        return ", ".join(f"{count} {outcome}" for outcome, count in self.summary.items())


@dataclass(frozen=True, slots=True)
class TestCase:
    """What the bench is to test."""

    __test__ = False

    url: str
    logical_address: LogicalAddress
    contracts: Sequence[ContractUrn]
    person: PersonId = field(repr=False)
    without: PersonId = field(repr=False)
    approved: bool = False
    """Whether a registrar has said yes to that URL."""


Tester = Callable[[TestCase], Coroutine[Any, Any, ReportBody]]
