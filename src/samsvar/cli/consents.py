"""``samsvar consents``: consents that the hub keeps. Never prints a person."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from samsvar.cli.data_folder import opened
from samsvar.cli.listing import local, print_json, print_rows
from samsvar.cli.moments import moment
from samsvar.cli.options import JsonOption, SettingsOption
from samsvar.cli.outcome import REFUSED, Stop
from samsvar.cli.persons import PersonOption, person_from
from samsvar.cli.security_desk import (
    ByOption,
    GiverOption,
    ReasonOption,
    RegisteredByOption,
    action,
    done,
    kept_here,
    last_moment,
    owner,
)
from samsvar.clock import SystemClock
from samsvar.errors import CatalogueUnavailable
from samsvar.model.consents import AssertionType, ConsentRecord
from samsvar.model.identifiers import HsaId

if TYPE_CHECKING:
    from samsvar.store.consent_book import ConsentBook

app = typer.Typer(help="Consents (samtycken) to access, and statements of emergency access.")

_Id = Annotated[str, typer.Argument(metavar="ID", help="as consents list shows it")]


@app.command("list")
def list_all(
    person: PersonOption, settings: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Print a person's consents, those that are over too, the oldest first."""
    who = person_from(person)
    with _book(settings) as book:
        found = [_told(record) for record in book.of_person(who)]
    if as_json:
        print_json(found)
        return
    if not found:
        raise Stop(REFUSED, "no consent of that person is registered")
    rows = (
        (
            told["id"],
            told["state"],
            told["kind"],
            told["care_giver"],
            told["care_unit"],
            told["employee"] or "",
            local(told["start"]),
            local(told["end"] or ""),
            "yes" if told["represented"] else "",
        )
        for told in found
    )
    headings = ("Id", "State", "Kind", "Care giver", "Unit", "Employee", "From", "Until")
    print_rows((*headings, "Represented"), rows)


@app.command("register")
def register(
    person: PersonOption,
    care_giver: GiverOption,
    unit: Annotated[str, typer.Option("--unit", help="HSA-id of the care unit that may see")],
    by: ByOption,
    kind: Annotated[
        AssertionType, typer.Option("--kind", help="Consent, or Emergency (vårdgivare only)")
    ] = AssertionType.CONSENT,
    employee: Annotated[
        str | None, typer.Option("--employee", help="only this employee, who must ask for it")
    ] = None,
    since: Annotated[str | None, typer.Option("--from", help="left out: from now on")] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="last day, or a moment; left out: until ended")
    ] = None,
    represented_by: Annotated[
        str | None,
        typer.Option(
            "--represented-by",
            help="a lawful representative: -: the number is on the next line of standard input;"
            " or file:PATH",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--id", help="an id of your own; left out: a new one")
    ] = None,
    registered_by: RegisteredByOption = None,
    reason: ReasonOption = None,
    settings: SettingsOption = None,
) -> None:
    """Register a consent, and print its id. Given twice with one id, it is registered once."""
    now = SystemClock().now()
    record = ConsentRecord(
        assertion_id=name or str(uuid4()),
        kind=kind,
        subject=person_from(person),
        care_giver=HsaId(care_giver),
        care_unit=HsaId(unit),
        employee=HsaId(employee) if employee is not None else None,
        start=moment("--from", since) if since is not None else now,
        end=last_moment("--to", until),
        represented_by=person_from(represented_by) if represented_by is not None else None,
        registration=action(by, registered_by, reason),
        owner=owner(),
    )
    with _book(settings) as book:
        done(book.register(record, now, from_now=since is None))
    sys.stdout.write(f"{record.assertion_id}\n")


@app.command("cancel")
def cancel(
    name: _Id,
    care_giver: GiverOption,
    by: ByOption,
    registered_by: RegisteredByOption = None,
    reason: ReasonOption = None,
    settings: SettingsOption = None,
) -> None:
    """End a consent early (återkalla). It cannot be undone."""
    told = action(by, registered_by, reason)
    with _book(settings) as book:
        done(book.cancel(name, told, SystemClock().now(), care_giver))
    sys.stdout.write("It has ended.\n")


@app.command("delete")
def delete(
    name: _Id,
    care_giver: GiverOption,
    by: ByOption,
    registered_by: RegisteredByOption = None,
    reason: ReasonOption = None,
    settings: SettingsOption = None,
) -> None:
    """Nullify a consent that was registered in error (makulera). It stays as history."""
    told = action(by, registered_by, reason)
    with _book(settings) as book:
        done(book.nullify(name, told, SystemClock().now(), care_giver))
    sys.stdout.write("It is nullified.\n")


def _told(record: ConsentRecord) -> dict[str, Any]:
    now = SystemClock().now()
    state = "in force" if record.is_valid(now) else "to come"
    if record.deletion is not None:
        state = "nullified"
    elif record.cancellation is not None:
        state = "ended"
    elif record.has_expired(now):
        state = "expired"
    return {
        "id": record.assertion_id,
        "state": state,
        "kind": record.kind.value,
        "care_giver": record.care_giver,
        "care_unit": record.care_unit,
        "employee": record.employee,
        "start": record.start.isoformat(),
        "end": record.end.isoformat() if record.end is not None else None,
        "represented": record.represented_by is not None,
        "owner": record.owner,
    }


@contextmanager
def _book(path: Path | None) -> Iterator[ConsentBook]:
    from samsvar.packaged import Packaged, catalogue_of
    from samsvar.registry import RegistryInvalid
    from samsvar.security import directory
    from samsvar.store.consent_book import ConsentBook
    from samsvar.store.secrets import open_vault

    settings = kept_here(path, "consents")
    with opened(settings, write=True) as database:
        catalogue = catalogue_of(database, Packaged.load(settings.hub.data), settings)
        with suppress(RegistryInvalid, CatalogueUnavailable):  # then no emergency can be stated
            catalogue.refresh()
        yield ConsentBook(database, open_vault(database), directory(catalogue))
