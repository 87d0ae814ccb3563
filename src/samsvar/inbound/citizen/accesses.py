"""One access of a report, as a person reads it."""

from __future__ import annotations

from samsvar.inbound.citizen.bodies import AccessBody, Words
from samsvar.model.local_time import local_time
from samsvar.pipeline.access_report import Access


def told(access: Access) -> AccessBody:
    """Who, when, what and what for; in one sentence too."""
    who = access.care_unit_name or access.care_unit
    giver = access.care_giver_name or access.care_giver
    told = ", ".join(each for each in (who, giver) if each) or access.reader
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
        activity=access.activity,
        emergency=access.emergency,
        existence_only=access.existence,
        text=Words(
            sv=f"{told} {verb[0]}: {access.resource} ({access.purpose})",
            en=f"{told} {verb[1]}: {access.resource} ({access.purpose})",
        ),
    )
