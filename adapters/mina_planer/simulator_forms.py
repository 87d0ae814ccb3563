"""Builds the native documents that the simulator answers with. Invented names only.

Knows how Mina planer writes a plan; who has which plan is in ``simulator_data``.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

Json = dict[str, object]

PROFILE = "urn:skane:minaplaner:"
PERSONNUMMER = "http://electronichealth.se/identifier/personnummer"
SAMORDNINGSNUMMER = "http://electronichealth.se/identifier/samordningsnummer"
RESERVNUMMER = "urn:skane:minaplaner:reservnummer"
HSA = "urn:oid:1.2.752.129.2.1.4.1"
ORGANISATION = "urn:oid:1.2.752.29.4.3"

REGION = "SE2321000255-0001"
HEALTH_BOARD = "SE2129999997-H001"


def extension(name: str, **values: object) -> Json:
    """A top-level extension of the profile, with one ``valueX``."""
    return {"url": PROFILE + name, **values}


def nested(name: str, *inner: Json) -> Json:
    """A top-level extension that holds others."""
    return {"url": PROFILE + name, "extension": list(inner)}


def inner(name: str, **values: object) -> Json:
    """One inside another: named without the profile's prefix."""
    return {"url": name, **values}


def reference(display: str, hsa: str | None = None, kind: str | None = None) -> Json:
    """A party: by name, and by HSA-id if it has one."""
    made: Json = {"display": display}
    if hsa:
        made["identifier"] = {"system": HSA, "value": hsa}
    if kind:
        made["type"] = kind
    return made


VC_NORDEN = reference("VC Norden", "SE2321000255-00A1")
MEDICINE_WARD = reference("Medicinavdelning 3, Exempelsjukhuset", "SE2321000255-0M03")
GERIATRIC_WARD = reference("Geriatrik avd 12, Exempelsjukhuset", "SE2321000255-0G12")
PSYCHIATRY = reference("Vuxenpsykiatri avd 81", "SE2321000255-0P81")
PSYCHIATRY_OPEN = reference("Öppenvårdspsykiatrin Söder", "SE2321000255-0P02")
MUNICIPAL_NURSING = reference("Kommunal hälso- och sjukvård Söderslätt", "SE2129999997-HS01")
SOCIAL_SERVICES = reference("Socialförvaltningen Söderslätts kommun")


def subject(number: str, system: str = PERSONNUMMER) -> Json:
    """Whom a document is about, as this system writes it."""
    return {"identifier": {"system": system, "value": number}}


def activity(
    description: str,
    performer: Json,
    *,
    law: str | None,
    status: str = "in-progress",
    more: Sequence[Json] = (),
    **fields: object,
) -> Json:
    """One insats. ``more``: further extensions (marking, target group, owner)."""
    extensions = [extension("lagrum", valueCode=law)] if law else []
    return {
        "detail": {
            "kind": "ServiceRequest",
            "status": status,
            "description": description,
            "performer": [performer],
            "extension": [*extensions, *more],
            **fields,
        }
    }


MARKED = extension("delasSammanhallet", valueBoolean=True)
ELDERLY = extension("malgrupp", valueCode="ALDRE")
DISABILITY = extension("malgrupp", valueCode="FUNKTIONSNEDSATTNING")


def owned_by(hsa: str | None = None, organisation: str | None = None) -> Json:
    """The information owner, by HSA-id or by organisation number."""
    identifier = (
        {"system": HSA, "value": hsa} if hsa else {"system": ORGANISATION, "value": organisation}
    )
    return extension("informationsagare", valueReference={"identifier": identifier})


def goal(identity: str, words: str, by: str, *, due: str | None = None, **fields: object) -> Json:
    """A contained Goal. ``by``: the kind of party that expressed it."""
    return {
        "resourceType": "Goal",
        "id": identity,
        "lifecycleStatus": "active",
        "description": {"text": words},
        "expressedBy": {"type": by},
        **({"target": [{"dueDate": due}]} if due else {}),
        **fields,
    }


def care_team(*participants: Json) -> Json:
    """The contained CareTeam: contacts, and relatives who must not be handed on."""
    return {"resourceType": "CareTeam", "id": "team", "participant": list(participants)}


def contact(name: str, code: str, profession: str, unit: Json, phone: str, *more: Json) -> Json:
    """A fixed contact of one of the four kinds."""
    return {
        "role": [{"coding": [{"system": "urn:oid:1.2.752.129.5.1.69", "code": code}]}],
        "member": {"type": "PractitionerRole", "display": name},
        "onBehalfOf": unit,
        "extension": [
            extension("befattning", valueString=profession),
            extension("telefon", valueString=phone),
            *more,
        ],
    }


def relative(name: str, role: str) -> Json:
    """A relative, guardian or proxy, with a telephone number of their own."""
    return {
        "role": [{"text": role}],
        "member": {"type": "RelatedPerson", "display": name},
        "extension": [extension("telefon", valueString="070-000 00 00")],
    }


def printout(identity: str, size: int = 2_400) -> Json:
    """The plan as a PDF. Over 100 kB the system gives a link and the size."""
    if size > 100 * 1024:
        file: Json = {"contentType": "application/pdf", "size": size, "url": f"Binary/{identity}"}
    else:
        content = b"%PDF-1.7\n" + b"% fiktiv utskrift\n" * (size // 18)
        file = {"contentType": "application/pdf", "data": base64.b64encode(content).decode()}
    return {
        "resourceType": "DocumentReference",
        "id": identity,
        "content": [{"attachment": file}],
    }


def limitation(exists: object, decided: str | None = None, updated: str | None = None) -> Json:
    """Vårdnivåbeslut: that it exists, and its days."""
    found = [inner("finns", valueBoolean=exists)]
    if decided:
        found.append(inner("beslutsdatum", valueDate=decided))
    if updated:
        found.append(inner("senastUppdaterad", valueDateTime=updated))
    return nested("vardnivabeslut", *found)


def admission(identity: str, ward: Json, start: str, **more: str) -> Json:
    """Inskrivning. ``more``: ``slut``, ``status``, ``orsak``, ``beraknadUtskrivning``."""
    keys = {"slut": "valueDateTime", "beraknadUtskrivning": "valueDate"}
    return nested(
        "inskrivning",
        inner("vardtillfalleId", valueString=identity),
        inner("avdelning", valueReference=ward),
        inner("start", valueDateTime=start),
        *(inner(name, **{keys.get(name, "valueString"): value}) for name, value in more.items()),
    )


def signature(unit: Json, name: str, at: str | None) -> Json:
    """A party's justering: given, or waited for."""
    given = [inner("tidpunkt", valueDateTime=at)] if at else []
    return nested(
        "justering",
        inner("enhet", valueReference=unit),
        inner("namn", valueString=name),
        inner("status", valueCode="signerad" if at else "vantar"),
        *given,
    )


def accountable(name: str, hsa: str, profession: str = "Sjuksköterska") -> Json:
    """Who answers for the plan, at a unit of the region."""
    return nested(
        "ansvarig",
        inner("namn", valueString=name),
        inner("hsaId", valueString=hsa),
        inner("befattning", valueCoding={"display": profession}),
        inner("vardenhet", valueReference=reference("Exempelsjukhuset", "SE2321000255-0E01")),
        inner("vardgivare", valueReference=reference("Region Skåne", REGION)),
    )


def plan(
    identity: str,
    process: str,
    status: str,
    who: Json,
    *,
    created: str,
    changed: str | None,
    author: Json = VC_NORDEN,
    extensions: Sequence[Json] = (),
    **fields: object,
) -> Json:
    """A CarePlan resource."""
    return {
        "resourceType": "CarePlan",
        "id": identity,
        **({"meta": {"lastUpdated": changed}} if changed else {}),
        "status": status,
        "intent": "plan",
        "category": [{"coding": [{"system": PROFILE + "process", "code": process}]}],
        "subject": who,
        "created": created,
        "period": {"start": created[:10]},
        "author": author,
        "extension": list(extensions),
        **fields,
    }


def step(name: str) -> Json:
    """Where in the process the case stands."""
    return extension("processteg", valueCode=name)


SHOWN_TO_CITIZEN = extension("visningInvanare", valueBoolean=True)
