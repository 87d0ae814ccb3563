"""``samsvar relations``: which care givers have a relation to a person. Never prints a person."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samsvar.access.words import Relation
from samsvar.cli.data_folder import opened
from samsvar.cli.listing import local, print_json, print_rows
from samsvar.cli.moments import moment
from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.outcome import REFUSED, WRONG_INPUT, Stop
from samsvar.cli.persons import OnlyPersonOption, PersonOption, person_from
from samsvar.clock import SystemClock
from samsvar.model.identifiers import HsaId

if TYPE_CHECKING:
    from samsvar.store.relations import KeptRelation, StoredRelations

app = typer.Typer(help="Relations between care givers and persons, for access decisions.")


class RelationKind(StrEnum):
    """What can be registered, as people type it."""

    CURRENT_PATIENT = "current-patient"
    FORMER_PATIENT = "former-patient"
    CARE_RECEIVER = "care-receiver"
    UNDER_INVESTIGATION = "under-investigation"


@app.command("list")
def list_all(
    settings: SettingsOption = None,
    person: OnlyPersonOption = None,
    care_giver: Annotated[
        str | None, typer.Option("--care-giver", help="only of this one (HSA-id)")
    ] = None,
    most: Annotated[int, typer.Option("--most", min=1, max=100_000, help="no more rows")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Print relations, the newest first: never whose."""
    who = person_from(person) if person is not None else None
    with _store(settings) as store:
        found = store.all(who, care_giver, most)
    if as_json:
        told = [_told(row) for row in found]
        print_json(told)
        return
    if not found:
        raise Stop(REFUSED, "no relation is registered that matches")
    rows = (
        (
            told["id"],
            told["state"],
            told["care_giver"],
            told["care_unit"] or "",
            told["employee"] or "",
            told["kind"] + (" (other services only)" if told["only_other_services"] else ""),
            local(told["start"]),
            local(told["end"] or ""),
            told["registered_by"],
        )
        for told in map(_told, found)
    )
    print_rows(
        ("Id", "State", "Care giver", "Unit", "Employee", "Kind", "From", "Until", "By"), rows
    )


@app.command("register")
def register(
    person: PersonOption,
    care_giver: Annotated[str, typer.Option("--care-giver", help="HSA-id of the care giver")],
    kind: Annotated[RelationKind, typer.Option("--kind", help="what the person is to it")],
    unit: Annotated[
        str | None, typer.Option("--unit", help="only for this care unit (HSA-id)")
    ] = None,
    employee: Annotated[
        str | None, typer.Option("--employee", help="only for this employee (HSA-id)")
    ] = None,
    only_other_services: Annotated[
        bool,
        typer.Option("--only-other-services", help="services outside the law on sharing (IFO)"),
    ] = False,
    since: Annotated[str | None, typer.Option("--from", help="left out: from now on")] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="last day, or a moment; left out: until ended")
    ] = None,
    settings: SettingsOption = None,
) -> None:
    """Register a relation, and print its id."""
    from samsvar.store.grounds import NotSound
    from samsvar.store.relations import NewRelation

    now = SystemClock().now()
    new = NewRelation(
        HsaId(care_giver),
        Relation[kind.name],
        moment("--from", since) if since is not None else now,
        moment("--to", until, after_the_day=True) if until is not None else None,
        HsaId(unit) if unit is not None else None,
        HsaId(employee) if employee is not None else None,
        only_other_services,
    )
    who = person_from(person)
    with _store(settings) as store:
        try:
            name = store.register(who, new, getpass.getuser(), now)
        except NotSound as error:
            raise Stop(WRONG_INPUT, str(error)) from error
    sys.stdout.write(f"{name}\n")


@app.command("end")
def end(
    name: Annotated[str, typer.Argument(metavar="ID", help="as relations list shows it")],
    at: Annotated[str | None, typer.Option("--at", help="day or moment; left out: now")] = None,
    mistaken: Annotated[
        bool, typer.Option("--mistaken", help="it was never true: it counts for nothing")
    ] = False,
    settings: SettingsOption = None,
) -> None:
    """End a relation. One as a current patient is then one as a former patient."""
    when = moment("--at", at) if at is not None else SystemClock().now()
    if mistaken and at is not None:
        raise Stop(WRONG_INPUT, "--mistaken has no --at: it was never true")
    with _store(settings) as store:
        if not store.end(name, getpass.getuser(), when, mistaken=mistaken):
            raise Stop(
                REFUSED, "no relation of that id goes on at that moment: samsvar relations list"
            )
    sys.stdout.write("It was never true.\n" if mistaken else "It has ended.\n")


def _told(row: KeptRelation) -> dict[str, Any]:
    relation = row.relation
    now = SystemClock().now()
    ended = relation.ends is not None and relation.ends <= now
    state = "ended" if ended else "to come" if now < relation.starts else "in force"
    return {
        "id": row.id,
        "state": "mistaken" if row.mistaken else state,
        "care_giver": relation.care_giver,
        "care_unit": relation.care_unit,
        "employee": relation.employee,
        "kind": RelationKind[relation.kind.name].value,
        "only_other_services": relation.only_other_services,
        "start": relation.starts.isoformat(),
        "end": relation.ends.isoformat() if relation.ends else None,
        "registered": row.registered.isoformat(),
        "registered_by": row.registered_by,
        "ended_by": row.ended_by,
    }


@contextmanager
def _store(settings: Path | None) -> Iterator[StoredRelations]:
    from samsvar.store.relations import StoredRelations
    from samsvar.store.secrets import open_vault

    with opened(settings_from(settings), write=True) as database:
        yield StoredRelations(database, open_vault(database))
