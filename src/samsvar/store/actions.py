"""Who did what, when and why, as it is kept: sealed, since a reason is free text about a person.

Knows one form. Knows no table.
"""

from __future__ import annotations

from datetime import datetime

import orjson

from samsvar.model.identifiers import HsaId, PersonId
from samsvar.model.registration import Action, Employee
from samsvar.store.lease import stamp
from samsvar.store.secrets import PersonVault

_ROOT = "action"  # where a sealed person has the series of its number


def sealed(vault: PersonVault, action: Action) -> bytes:
    """The action as it is kept."""
    told = orjson.dumps(
        [
            stamp(action.requested_at),
            _told(action.requested_by),
            stamp(action.registered_at),
            _told(action.registered_by),
            action.reason,
        ]
    )
    return vault.seal(PersonId(_ROOT, told.decode()))


def opened(vault: PersonVault, kept: bytes) -> Action:
    """The action that was kept.

    Raises:
        ResourcesMissing: it was changed, or sealed with another key.
    """
    requested_at, requested_by, registered_at, registered_by, reason = orjson.loads(
        vault.open(kept).extension
    )
    return Action(
        datetime.fromisoformat(requested_at),
        _employee(requested_by),
        datetime.fromisoformat(registered_at),
        _employee(registered_by),
        reason,
    )


def _told(employee: Employee) -> list[str | None]:
    return [employee.employee, employee.assignment, employee.assignment_name]


def _employee(told: list[str | None]) -> Employee:
    employee, assignment, name = told
    return Employee(HsaId(employee or ""), HsaId(assignment) if assignment else None, name)
