"""One access of a report, as a person reads it."""

from __future__ import annotations

from samsvar.inbound.citizen import words
from samsvar.inbound.citizen.bodies import AccessBody, Words
from samsvar.model.local_time import local_time
from samsvar.pipeline.access_report import Access


def told(access: Access) -> AccessBody:
    """Who, when, what and what for; in one sentence too."""
    who = access.care_unit_name or access.care_unit
    giver = access.care_giver_name or access.care_giver
    reader, purpose, what = (
        words.reader(access.reader),
        words.purpose(access.purpose),
        words.resource(access.resource),
    )
    named = ", ".join(each for each in (who, giver) if each)
    verb = (
        ("fick veta att det finns", "was told that there is")
        if access.existence
        else ("läste", "read")
    )
    return AccessBody(
        at=local_time(access.at).isoformat(timespec="seconds"),
        reader=access.reader,
        care_giver=giver,
        care_unit=who,
        purpose=access.purpose,
        what=access.resource,
        reader_text=reader,
        purpose_text=purpose,
        what_text=what,
        activity=access.activity,
        emergency=access.emergency,
        existence_only=access.existence,
        text=Words(
            sv=f"{named or reader.sv} {verb[0]}: {what.sv} ({purpose.sv})",
            en=f"{named or reader.en} {verb[1]}: {what.en} ({purpose.en})",
        ),
    )
