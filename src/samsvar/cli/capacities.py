"""``samsvar capacities``: who has been assessed able to consent, or not. Never prints a person."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samsvar.access.words import Subject
from samsvar.cli.data_folder import opened
from samsvar.cli.listing import local, print_json, print_rows
from samsvar.cli.moments import moment
from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.outcome import REFUSED, WRONG_INPUT, Stop
from samsvar.cli.persons import OnlyPersonOption, PersonOption, person_from
from samsvar.clock import SystemClock
from samsvar.model.identifiers import HsaId

if TYPE_CHECKING:
    from samsvar.store.capacities import KeptAssessment, StoredCapacities

app = typer.Typer(help="Assessments of who can consent, for access decisions.")


class CapacityKind(StrEnum):
    """What can be registered, as people type it."""

    ADULT = "adult"
    ADULT_INCAPABLE_LASTING = "adult-incapable-lasting"
    ADULT_INCAPABLE_TEMPORARY = "adult-incapable-temporary"
    CHILD_CAN_CONSENT = "child-can-consent"
    CHILD_CANNOT_CONSENT = "child-cannot-consent"


@app.command("list")
def list_all(
    settings: SettingsOption = None,
    person: OnlyPersonOption = None,
    care_giver: Annotated[
        str | None, typer.Option("--care-giver", help="only by this one (HSA-id)")
    ] = None,
    most: Annotated[int, typer.Option("--most", min=1, max=100_000, help="no more rows")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Print assessments, the newest first: never of whom."""
    who = person_from(person) if person is not None else None
    with _store(settings) as store:
        found = store.all(who, care_giver, most)
    if as_json:
        told = [_told(row) for row in found]
        print_json(told)
        return
    if not found:
        raise Stop(REFUSED, "no assessment is registered that matches")
    rows = (
        (
            told["id"],
            told["care_giver"],
            told["kind"],
            "clarified" if told["attitude_clarified"] else "",
            told["assessed_by"],
            local(told["start"]),
            local(told["end"]),
            told["reason"],
        )
        for told in map(_told, found)
    )
    print_rows(
        ("Id", "Care giver", "Kind", "Attitude", "Assessed by", "From", "Until", "Reason"), rows
    )


@app.command("register")
def register(
    person: PersonOption,
    care_giver: Annotated[str, typer.Option("--care-giver", help="whose assessment (HSA-id)")],
    kind: Annotated[CapacityKind, typer.Option("--kind", help="what was found")],
    assessed_by: Annotated[
        str, typer.Option("--assessed-by", help="the employee who assessed (HSA-id)")
    ],
    attitude_clarified: Annotated[
        bool,
        typer.Option(
            "--attitude-clarified", help="no reason to think that the person would be opposed"
        ),
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", help="how that was clarified; nothing personal")
    ] = "",
    since: Annotated[str | None, typer.Option("--from", help="left out: from now on")] = None,
    days: Annotated[
        int | None, typer.Option("--days", min=1, help="left out: as long as it may hold")
    ] = None,
    settings: SettingsOption = None,
) -> None:
    """Register an assessment, and print its id. It takes the place of those before it."""
    from samsvar.store.capacities import NewAssessment, longest
    from samsvar.store.grounds import NotSound

    now = SystemClock().now()
    found = Subject[kind.name]
    starts = moment("--from", since) if since is not None else now
    try:
        ends = starts + (timedelta(days=days) if days is not None else longest(found))
    except OverflowError as error:
        raise Stop(WRONG_INPUT, f"--days: at most {longest(found).days}") from error
    new = NewAssessment(
        HsaId(care_giver), found, HsaId(assessed_by), starts, ends, attitude_clarified, reason
    )
    who = person_from(person)
    with _store(settings) as store:
        try:
            name = store.register(who, new, getpass.getuser(), now)
        except NotSound as error:
            raise Stop(WRONG_INPUT, str(error)) from error
    sys.stdout.write(f"{name}\n")


def _told(row: KeptAssessment) -> dict[str, Any]:
    one = row.assessment
    return {
        "id": row.id,
        "care_giver": one.care_giver,
        "kind": CapacityKind[one.subject.name].value,
        "attitude_clarified": one.attitude_clarified,
        "reason": one.reason,
        "assessed_by": one.assessed_by,
        "start": one.starts.isoformat(),
        "end": one.ends.isoformat(),
        "registered": row.registered.isoformat(),
        "registered_by": row.registered_by,
    }


@contextmanager
def _store(settings: Path | None) -> Iterator[StoredCapacities]:
    from samsvar.store.capacities import StoredCapacities
    from samsvar.store.secrets import open_vault

    with opened(settings_from(settings), write=True) as database:
        yield StoredCapacities(database, open_vault(database))
