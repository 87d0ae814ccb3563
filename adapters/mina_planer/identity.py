"""What makes a resource one record: its id, its subject, its time, and that it comes once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from samsvar.adapter_api import PersonId, ProducerAnswerInvalid, care
from samsvar_adapters.mina_planer.parties import subject_in
from samsvar_adapters.mina_planer.reading import (
    Extensions,
    JsonObject,
    Remarks,
    as_object,
    flag,
    moment,
    text,
)

_Record = TypeVar("_Record", bound=care.CarePlan | care.CareContact)

_DUPLICATE = care.DataQuality(
    care.QualityCode.DUPLICATE_IN_SOURCE, "id", "given more than once: the last changed is kept"
)


def plans_among(resources: Iterable[JsonObject]) -> list[JsonObject]:
    """The plans among the resources of a bundle; other kinds are passed over."""
    return [resource for resource in resources if resource.get("resourceType") == "CarePlan"]


def author_time_in(resource: JsonObject, remarks: Remarks) -> datetime | None:
    """The last change, else when it was established, else created. Never "now"."""
    changed = moment(as_object(resource.get("meta")).get("lastUpdated"), "meta", remarks)
    if changed is not None:
        return changed
    earlier = established_in(resource, Remarks()) or moment(
        resource.get("created"), "created", remarks
    )
    if earlier is not None:
        remarks.add(care.QualityCode.DATE_FALLBACK, "meta", "no last change: an earlier time")
    return earlier


def established_in(resource: JsonObject, remarks: Remarks) -> datetime | None:
    """When the source says in so many words that the plan was established."""
    return moment(Extensions.of(resource).value("upprattad"), "upprattad", remarks)


def identified_in(
    resource: JsonObject, query: care.CareQuery, remarks: Remarks
) -> tuple[str, PersonId, datetime] | None:
    """Id, subject and time: without any of them there is no plan to hand on."""
    plan_id = text(resource.get("id"))
    changed = author_time_in(resource, remarks)
    subject = subject_in(resource, query.subject, changed.date()) if changed else None
    if plan_id is None or subject is None or changed is None:
        return None
    return plan_id, subject, changed


def approved_in(extensions: Extensions) -> bool:
    """Whether the person may see it; no, if the source does not say."""
    return flag(extensions.value("visningInvanare")) is True


def each_once(
    mapped: Sequence[_Record | None], identity: Callable[[_Record], str]
) -> tuple[_Record, ...]:
    """One record for each id and subject, the one last changed. Another person's record with
    the same id stays: the hub must see it, and drop the answer."""
    read = [record for record in mapped if record is not None]
    if mapped and not read:
        raise ProducerAnswerInvalid("no record has an id, a subject and a time that can be read")
    kept: dict[tuple[str, PersonId], _Record] = {}
    for record in read:
        key = identity(record), record.subject
        earlier = kept.get(key)
        if earlier is None:
            kept[key] = record
        elif record.last_changed > earlier.last_changed:
            kept[key] = replace(record, quality=(*record.quality, _DUPLICATE))
        else:
            kept[key] = replace(earlier, quality=(*earlier.quality, _DUPLICATE))
    return tuple(kept.values())
