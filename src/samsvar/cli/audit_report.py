"""``samsvar audit accesses`` and ``refusals``: who has read, and what was not shown to whom."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samsvar.cli.ask import person_id
from samsvar.cli.audit_search import desk_of, moment
from samsvar.cli.listing import print_json, print_rows
from samsvar.cli.options import JsonOption, SettingsOption
from samsvar.cli.outcome import REFUSED, WRONG_INPUT, Stop
from samsvar.model.local_time import STOCKHOLM

if TYPE_CHECKING:
    from samsvar.audit.reports import AccessSeen
    from samsvar.store.access_report import AccessReport
    from samsvar.store.audit_search import Wanted

_From = Annotated[str | None, typer.Option("--from", help="not before this day or moment")]
_To = Annotated[str | None, typer.Option("--to", help="before this day or moment")]
_FIRST, _END = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def accesses(
    settings: SettingsOption = None,
    person: Annotated[
        str | None, typer.Option("--person", help="-: the number is read from standard input")
    ] = None,
    owner: Annotated[
        str | None, typer.Option("--owner", help="HSA-id of the care giver whose records were read")
    ] = None,
    since: _From = None,
    until: _To = None,
    most: Annotated[int, typer.Option("--most", min=1, max=100_000, help="no more rows")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Who has read about a person, or of an owner. The report is a row of the log itself."""
    from samsvar.store.audit_search import Wanted

    if person not in (None, "-"):
        raise Stop(
            WRONG_INPUT,
            "give --person - and the number on standard input: arguments stand in the list of"
            " processes",
        )
    if (person is None) == (owner is None):
        raise Stop(WRONG_INPUT, "give --person - or --owner")
    who = person_id(sys.stdin.readline().strip()) if person else None
    wanted = Wanted(person=who, owner=owner, since=moment(since), until=moment(until))
    with _report(settings, wanted) as (report, first, last):
        if who is not None:
            found = report.for_person(who, first, last, most)
        else:
            found = report.for_owner(owner or "", first, last, most)
    if as_json:
        print_json([_told(seen) for seen in found])
        return
    if not found:
        raise Stop(REFUSED, "nobody has read anything in that time")
    print_rows(
        ("When", "Who", "Unit", "Purpose", "What", "How", "Records", "Whose", "Row"),
        map(_line, found),
    )


def refusals(
    settings: SettingsOption = None,
    since: _From = None,
    until: _To = None,
    as_json: JsonOption = False,
) -> None:
    """What was refused or masked, counted by care giver and rule: for control of the log."""
    from samsvar.store.audit_search import Wanted

    wanted = Wanted(since=moment(since), until=moment(until))
    with _report(settings, wanted) as (report, first, last):
        found = report.refusals(first, last)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        raise Stop(REFUSED, "nothing was refused or masked in that time")
    print_rows(
        ("Care giver", "Outcome", "Rule", "Questions"),
        ((one.care_giver or "", one.outcome, one.rule, str(one.questions)) for one in found),
    )


@contextmanager
def _report(
    settings: Path | None, wanted: Wanted
) -> Iterator[tuple[AccessReport, datetime, datetime]]:
    from samsvar.store.audit_search import REPORT

    with desk_of(settings) as desk:
        desk.note(REPORT, wanted)
        yield (
            desk.report,
            wanted.since or _FIRST,
            wanted.until or _END,
        )


def _line(seen: AccessSeen) -> tuple[str, ...]:
    how = "Förekomst" if seen.existence else seen.activity.value
    return (
        f"{seen.at.astimezone(STOCKHOLM):%Y-%m-%d %H:%M:%S}",
        seen.care_giver_name or seen.care_giver or seen.reader.value,
        seen.care_unit_name or seen.care_unit or "",
        seen.purpose,
        seen.resource,
        f"{how} (!)" if seen.emergency else how,
        str(seen.records),
        ", ".join(seen.owners),
        str(seen.sequence),
    )


def _told(seen: AccessSeen) -> dict[str, Any]:
    told = asdict(seen)
    # Which employee it was is looked up by the row's number, by those who may know.
    for name in ("subject", "user_id", "user_name", "user_title"):
        del told[name]
    return {**told, "emergency": seen.emergency}
