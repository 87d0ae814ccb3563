"""One row of an access log as AuditEvent: who saw what, when, and for what purpose.

Knows a neutral row, which whoever keeps the log fills in. Knows no log, and no law: the row is
shown to the person whom it is about, so it holds what that person may know.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from samsvar.fhir.datatypes import (
    Json,
    built,
    hsa_identifier,
    instant,
    organisation,
    patient,
    present,
)
from samsvar.fhir.labels import source_uri
from samsvar.model.identifiers import PersonId

EVENT_TYPE = "http://terminology.hl7.org/CodeSystem/audit-event-type"
INTERACTION = "http://hl7.org/fhir/restful-interaction"
ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
ENTITY_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"


@dataclass(frozen=True, slots=True)
class AccessEvent:
    """One access, or one that was refused."""

    event_id: str
    """1 to 64 of ``A-Z a-z 0-9 - .``; tells nobody's number."""
    at: datetime
    granted: bool
    observer: str
    """HSA-id or name of the system that kept the log."""
    resource_type: str
    """What was asked for: ``CarePlan``, ``Encounter``."""
    subject: PersonId | None = None
    """Whose record it was."""
    care_giver: str | None = None
    """HSA-id."""
    care_giver_name: str | None = None
    unit: str | None = None
    """HSA-id."""
    unit_name: str | None = None
    user_id: str | None = None
    """HSA-id of a member of staff; never a personal number."""
    user_name: str | None = field(repr=False, default=None)
    purpose: str | None = None
    """In the log's own words: ``Vård och behandling``."""
    reason: str | None = None
    """Why it was refused, in words fit for the person."""
    source_system: str | None = None
    """Where the data came from; None: from several."""


def audit_event(event: AccessEvent) -> Json:
    """The AuditEvent. Outcome 0: granted; 4: refused."""
    agents = present(
        [
            _agent(
                {
                    "type": "Practitioner",
                    "identifier": hsa_identifier(event.user_id),
                    "display": event.user_name,
                },
                event.user_name,
                known=bool(event.user_id or event.user_name),
            ),
            _agent(organisation(event.unit, event.unit_name), event.unit_name),
            _agent(organisation(event.care_giver, event.care_giver_name), event.care_giver_name),
        ]
    )
    if not agents:
        agents = [{"who": {"display": "Okänd"}}]
    return built(
        {
            "resourceType": "AuditEvent",
            "id": event.event_id,
            "meta": {
                "lastUpdated": instant(event.at),
                "source": source_uri(event.source_system) if event.source_system else None,
            },
            "type": {"system": EVENT_TYPE, "code": "rest", "display": "RESTful Operation"},
            "subtype": [{"system": INTERACTION, "code": "read", "display": "read"}],
            "action": "R",
            "recorded": instant(event.at),
            "outcome": "0" if event.granted else "4",
            "outcomeDesc": event.reason,
            "purposeOfEvent": [{"text": event.purpose}],
            # the one who asked is the nearest that is known: user, else unit, else care giver
            "agent": [{**agent, "requestor": number == 0} for number, agent in enumerate(agents)],
            "source": {"observer": organisation(None, event.observer)},
            "entity": _entities(event),
        }
    )


def _agent(who: Json, name: str | None, *, known: bool = True) -> Json:
    return {"who": who, "name": name} if who and known else {}


def _entities(event: AccessEvent) -> list[Json]:
    what = {
        "type": {"system": "http://hl7.org/fhir/resource-types", "code": event.resource_type},
        "role": {"system": ENTITY_ROLE, "code": "4", "display": "Domain Resource"},
    }
    if event.subject is None:
        return [what]
    person = {
        "what": patient(event.subject),
        "type": {"system": ENTITY_TYPE, "code": "1", "display": "Person"},
        "role": {"system": ENTITY_ROLE, "code": "1", "display": "Patient"},
    }
    return [person, what]
