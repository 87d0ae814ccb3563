"""Who stands in a document: the subject, units, the accountable, contacts, signatures.

Names of staff and units are read; a relative's, guardian's or proxy's (ombud) never are, as
they are other people's data and no business of the staff elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from samsvar.adapter_api import PersonId, care, subject_of
from samsvar.adapter_api.person_numbers import LOCAL_NUMBER, PERSONNUMMER, SAMORDNINGSNUMMER
from samsvar_adapters.mina_planer.reading import (
    Extensions,
    JsonObject,
    Remarks,
    as_object,
    moment,
    objects,
    text,
    word,
)
from samsvar_adapters.mina_planer.words import STAFF_KINDS

PERSONNUMMER_SYSTEM = "http://electronichealth.se/identifier/personnummer"
SAMORDNINGSNUMMER_SYSTEM = "http://electronichealth.se/identifier/samordningsnummer"
SKANE_RESERVE_SYSTEM = "urn:skane:minaplaner:reservnummer"

_OID = "urn:oid:"
_ROOTS = {
    PERSONNUMMER_SYSTEM: PERSONNUMMER,
    SAMORDNINGSNUMMER_SYSTEM: SAMORDNINGSNUMMER,
    SKANE_RESERVE_SYSTEM: LOCAL_NUMBER,
}
_SYSTEMS = {root: system for system, root in _ROOTS.items() if root != LOCAL_NUMBER}
_SKANE_RESERVE = re.compile(r"\d{8}(?=\d*[A-Z])[0-9A-Z]{4}", re.ASCII)
_TAX_SERIES = frozenset({PERSONNUMMER, SAMORDNINGSNUMMER})
_HSA = re.compile(r"SE\d{10}(?:\d{2})?-[A-Z0-9]{1,18}", re.ASCII | re.IGNORECASE)


def system_of(person: PersonId) -> str:
    """The identifier system under which the source knows such a number."""
    if person.root == LOCAL_NUMBER and _SKANE_RESERVE.fullmatch(person.extension):
        return SKANE_RESERVE_SYSTEM
    return _SYSTEMS.get(person.root, _OID + person.root)


def subject_in(resource: JsonObject, asked: PersonId, on: date) -> PersonId | None:
    """Whom the document says that it is about; None if it does not say.

    The asked person only if number and kind agree. Personnummer and samordningsnummer count
    as one kind, since old records name the wrong one of the two and no number is both.
    """
    identifier = as_object(as_object(resource.get("subject")).get("identifier"))
    value, system = text(identifier.get("value")), text(identifier.get("system"))
    if value is None:
        return None
    root = _ROOTS.get(system, system.removeprefix(_OID)) if system else asked.root
    if root == asked.root or {root, asked.root} <= _TAX_SERIES:
        return subject_of(value, asked, on)
    return PersonId(LOCAL_NUMBER, f"not-asked:{''.join(value.split())}")


def _hsa(value: object) -> str | None:
    # Blanks come from pasting; the case is kept, as the catalogue ignores it.
    squeezed = "".join(value.split()) if isinstance(value, str) else ""
    return squeezed if _HSA.fullmatch(squeezed) else None


def _is_hsa_system(system: object) -> bool:
    return isinstance(system, str) and system.strip().removeprefix(_OID) == care.OID_HSA


def unit_in(reference: JsonObject, path: str, remarks: Remarks) -> care.Unit | None:
    """A unit from a FHIR reference; None if it holds neither id nor name."""
    identifier = as_object(reference.get("identifier"))
    name, value = text(reference.get("display")), text(identifier.get("value"))
    hsa_id = _hsa(value) if _is_hsa_system(identifier.get("system")) else None
    local_id = value if hsa_id is None else None
    if local_id is not None:
        remarks.add(care.QualityCode.LOCAL_UNIT_ID, path, "the unit's id is no HSA-id")
    if name is None and value is None:
        return None
    return care.Unit(name=name, hsa_id=hsa_id, local_id=local_id)


def kind_of(reference: JsonObject) -> str:
    """What the reference says that it points to, in lower case; empty if it does not say."""
    return word(reference.get("type"))


def owner_in(reference: JsonObject) -> str | None:
    """An information owner: its HSA-id, else its organisation number."""
    identifier = as_object(reference.get("identifier"))
    if _is_hsa_system(identifier.get("system")):
        return _hsa(identifier.get("value"))
    system = text(identifier.get("system")) or ""
    if system.removeprefix(_OID) == care.OID_ORGANISATION_NUMBER:
        return text(identifier.get("value"))
    return None


def organisation_of(hsa_id: str | None) -> str | None:
    """The organisation number inside an HSA-id."""
    return hsa_id[2 : hsa_id.index("-")][-10:] if hsa_id and _HSA.fullmatch(hsa_id) else None


def principal_of(hsa_id: str | None) -> care.Principal | None:
    """The principal that the organisation number tells: 2321 are regions, 212 municipalities."""
    number = organisation_of(hsa_id) or ""
    if number.startswith("2321"):
        return care.Principal.REGION
    return care.Principal.MUNICIPALITY if number.startswith("212") else None


def accountable_in(resource: JsonObject, remarks: Remarks) -> care.Professional:
    """Who answers for the document: the author's unit, and the person that the profile names."""
    author = as_object(resource.get("author"))
    named = Extensions.of(resource).first("ansvarig")
    unit = unit_in(author, "author", remarks) if kind_of(author) in STAFF_KINDS | {""} else None
    care_unit = owner_in(named.object("vardenhet"))
    if unit is None or unit.hsa_id is None:
        remarks.add(care.QualityCode.MISSING_HSA_UNIT, "author", "no HSA-id of the author's unit")
    if care_unit is None:
        remarks.add(care.QualityCode.MISSING_HSA_UNIT, "ansvarig", "no HSA-id of the care unit")
    return care.Professional(
        name=named.text("namn"),
        hsa_id=_hsa(named.value("hsaId")),
        role=code_in(named.object("befattning")),
        unit=unit,
        care_unit=_hsa(care_unit),
        care_giver=_hsa(owner_in(named.object("vardgivare"))),
    )


def code_in(coding: JsonObject) -> care.Code | None:
    """A code with system and name together, else what text there is, else None."""
    code, system = text(coding.get("code")), text(coding.get("system"))
    display = text(coding.get("display"))
    if code and display and system and system.startswith(_OID):
        return care.Code(code, system.removeprefix(_OID), display)
    shown = display or code
    return care.Code(text=shown) if shown else None


def units_taking_part(resource: JsonObject, remarks: Remarks) -> tuple[care.Unit, ...]:
    """The contributors that are units. One of no stated kind and no id may be a relative."""
    found: list[care.Unit] = []
    for number, reference in enumerate(objects(resource.get("contributor"))):
        is_unit = kind_of(reference) == "organization" or (
            kind_of(reference) == "" and as_object(reference.get("identifier"))
        )
        unit = unit_in(reference, f"contributor[{number}]", remarks) if is_unit else None
        if unit is not None:
            found.append(unit)
    return tuple(found)


def signatures_in(
    resource: JsonObject, units: Sequence[care.Unit], remarks: Remarks
) -> tuple[tuple[care.Signature, ...], bool]:
    """The signatures given, and whether every party has signed.

    Parties are all who are named for signing, and all units taking part. A signature without
    a time is not proven, and counts as missing.
    """
    given: list[care.Signature] = []
    signed: set[str] = set()
    waiting = False
    for number, named in enumerate(Extensions.of(resource).inner("justering")):
        path = f"justering[{number}]"
        unit = unit_in(named.object("enhet"), path, remarks)
        at = moment(named.value("tidpunkt"), path, remarks)
        if named.word("status") != "signerad" or at is None:
            waiting = True
            continue
        given.append(
            care.Signature(
                at=at,
                name=named.text("namn"),
                hsa_id=_hsa(named.value("hsaId")),
                unit=(unit.name or unit.hsa_id) if unit else None,
            )
        )
        signed |= _spellings(unit) if unit else set()
    missing = any(not _spellings(unit) & signed for unit in units)
    return tuple(given), bool(given) and not waiting and not missing


def _spellings(unit: care.Unit) -> set[str]:
    return {spelling.lower() for spelling in (unit.hsa_id, unit.local_id, unit.name) if spelling}
