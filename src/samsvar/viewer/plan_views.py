"""A plan as the pages of staff show it: a line of the list, and the whole. Knows no FHIR."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from samsvar.viewer.sessions import PlanPlace
from samsvar.viewer.words import Pair


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One plan in a list."""

    place: PlanPlace
    type: Pair
    type_code: str
    title: str
    status: Pair
    status_code: str
    unit: str | None
    author: str | None
    owner: str | None
    """HSA-id of the care giver."""
    source: str
    start: str | None
    end: str | None
    changed: str | None
    restricted: bool
    """Protected identity."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Mål."""

    id: str
    text: str
    kind: str
    own: bool
    status: Pair
    due: str | None
    evaluation: str | None


@dataclass(frozen=True, slots=True)
class Activity:
    """Insats."""

    text: str
    status: Pair
    status_code: str
    who: str | None
    principal: Pair | None
    start: str | None
    end: str | None
    when: str | None
    goals: tuple[int, ...]
    """Which goals it serves, by their place from 1."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who takes part."""

    name: str | None
    role: str | None
    unit: str | None
    phone: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class WholePlan:
    """One plan, whole."""

    line: PlanLine
    important: str | None
    assessment: tuple[tuple[str, str], ...]
    needs: tuple[tuple[str, str | None], ...]
    goals: tuple[Goal, ...]
    activities: tuple[Activity, ...]
    people: tuple[Person, ...]
    meetings: tuple[Mapping[str, Any], ...]
    follow_ups: tuple[Mapping[str, Any], ...]
    closing: Mapping[str, Any] | None
    files: tuple[tuple[str, str, str], ...]
    """Title, media type and the handle of its Binary."""
    text: Markup

    @property
    def structured(self) -> bool:
        """Whether it has parts, and not only a text."""
        return bool(self.goals or self.activities or self.needs or self.important)
