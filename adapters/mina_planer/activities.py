"""Activities (insatser) and attachments of a plan: the parts that are masked one by one."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from samsvar.adapter_api import care
from samsvar_adapters.mina_planer.parties import (
    code_in,
    kind_of,
    principal_of,
    unit_in,
)
from samsvar_adapters.mina_planer.provenance import of_part
from samsvar_adapters.mina_planer.reading import (
    Extensions,
    JsonObject,
    Remarks,
    as_object,
    day,
    flag,
    objects,
    text,
    word,
)
from samsvar_adapters.mina_planer.words import ACTIVITY_STATUSES, FILE_BEGINNINGS, PRINCIPALS

# The contract embeds at most so much; more would only be carried through the hub and dropped.
MOST_BYTES = 100 * 1024

_PEOPLE = {"relatedperson": "Närstående", "patient": "Patienten"}


def activities_in(
    resource: JsonObject, plan: care.Provenance, remarks: Remarks
) -> tuple[care.Activity, ...]:
    """Each activity that says what is to be done; ids are numbers where the source has none."""
    found: list[care.Activity] = []
    for number, item in enumerate(objects(resource.get("activity"))):
        detail = as_object(item.get("detail"))
        path = f"activity[{number}]"
        code = _code(as_object(detail.get("code")))
        said = text(detail.get("description")) or text(
            as_object(item.get("reference")).get("display")
        )
        if said is None and code is not None:
            said = code.display or code.text
        if said is not None:
            identity = text(item.get("id")) or text(detail.get("id")) or f"a{number + 1}"
            found.append(_activity(identity, said, code, detail, plan, path, remarks))
    return tuple(found)


def _code(concept: JsonObject) -> care.Code | None:
    codings = objects(concept.get("coding"))
    if codings:
        return code_in(codings[0])
    said = text(concept.get("text"))
    return care.Code(text=said) if said else None


def _activity(
    identity: str,
    said: str,
    code: care.Code | None,
    detail: JsonObject,
    plan: care.Provenance,
    path: str,
    remarks: Remarks,
) -> care.Activity:
    extensions = Extensions.of(detail)
    unit, who = _performers(detail, path, remarks)
    hsa_id = unit.hsa_id if unit else None
    provenance = of_part(extensions, plan, remarks, path, performer=hsa_id, inherits=False)
    if provenance.legal_basis is care.LegalBasis.HSL and hsa_id is None:
        # For social services the system has none, and that is no fault.
        remarks.add(care.QualityCode.MISSING_HSA_UNIT, path, "health care without a unit's HSA-id")
    period = as_object(detail.get("scheduledPeriod"))
    return care.Activity(
        activity_id=identity,
        text=said,
        status=ACTIVITY_STATUSES.get(word(detail.get("status")), care.ActivityStatus.UNKNOWN),
        code=code,
        goal_ids=tuple(
            name
            for goal in objects(detail.get("goal"))
            if (name := (text(goal.get("reference")) or "").rpartition("#")[2])
        ),
        responsible_principal=PRINCIPALS.get(extensions.word("huvudman")) or principal_of(hsa_id),
        responsible_unit=unit,
        responsible_person=who,
        start=day(period.get("start"), f"{path}.start", remarks),
        end=day(period.get("end"), f"{path}.end", remarks),
        # "v. 23" and "juni" are no dates: kept as they were said.
        timing_text=text(detail.get("scheduledString")) or _spoken_time(period),
        social_service_type=extensions.text("insatstyp"),
        provenance=provenance,
    )


def _spoken_time(period: JsonObject) -> str | None:
    # A period of which neither end is a date may still tell a reader something.
    said = [text(period.get(end)) for end in ("start", "end")]
    silent = Remarks()
    if any(day(period.get(end), "", silent) for end in ("start", "end")):
        return None
    return " – ".join(part for part in said if part) or None


def _performers(
    detail: JsonObject, path: str, remarks: Remarks
) -> tuple[care.Unit | None, str | None]:
    """The first unit, and the first person: staff by name, relatives as what they are only."""
    unit: care.Unit | None = None
    who: str | None = None
    for reference in objects(detail.get("performer")):
        kind = kind_of(reference)
        if kind in _PEOPLE:
            who = who or _PEOPLE[kind]
        elif kind in ("practitioner", "practitionerrole"):
            who = who or text(reference.get("display"))
        elif kind in ("", "organization", "careteam", "healthcareservice") and unit is None:
            unit = unit_in(reference, f"{path}.performer", remarks)
            name = (unit.name or "") if unit else ""
            if kind == "" and "/" in name:  # a comma stands in many a unit's name
                remarks.add(
                    care.QualityCode.TEXT_NOT_SPLIT,
                    f"{path}.performer",
                    "who-field may hold both a person and a unit",
                )
    return unit, who


def attachments_in(
    contained: Sequence[JsonObject], plan: care.Provenance, remarks: Remarks
) -> tuple[care.Attachment, ...]:
    """Each attached file. Every one is taken to show the whole plan unless the source denies it.

    A file that is too big, is given as a link only, or is not what it says that it is, is named
    with its size and has no content.
    """
    found: list[care.Attachment] = []
    documents = [item for item in contained if item.get("resourceType") == "DocumentReference"]
    for number, document in enumerate(documents):
        path = f"attachment[{number}]"
        extensions = Extensions.of(document)
        parts = objects(document.get("content"))
        file = as_object(parts[0].get("attachment")) if parts else {}
        kind = (text(file.get("contentType")) or "application/octet-stream").lower()
        content = _content(file.get("data"))
        size = len(content) or _size(file.get("size"))
        if size > MOST_BYTES:
            remarks.add(care.QualityCode.ATTACHMENT_TOO_BIG, path, "left unfetched")
            content = b""
        beginning = FILE_BEGINNINGS.get(kind)
        if beginning is None or not content.startswith(beginning):
            content = b""
        found.append(
            care.Attachment(
                attachment_id=text(document.get("id")) or f"d{number + 1}",
                media_type=kind,
                content=content,
                size=size,
                whole_plan=flag(extensions.value("helaPlanen")) is not False,
                provenance=of_part(extensions, plan, remarks, path),
            )
        )
    return tuple(found)


def _content(data: object) -> bytes:
    if not isinstance(data, str):
        return b""
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except ValueError:
        return b""


def _size(stated: object) -> int:
    return stated if isinstance(stated, int) and not isinstance(stated, bool) and stated > 0 else 0
