"""``samsvar blocks``: blocks that the hub keeps, and their temporary revokes. Never prints a
person."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
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
from samsvar.model.blocks import BlockRecord, BlockType, RevokeReason, TemporaryRevoke
from samsvar.model.identifiers import HsaId

if TYPE_CHECKING:
    from samsvar.store.block_book import BlockBook

app = typer.Typer(help="Blocks (spärrar) on information, and their temporary revokes.")

_Id = Annotated[str, typer.Argument(metavar="ID", help="as blocks list shows it")]


@app.command("list")
def list_all(
    person: PersonOption, settings: SettingsOption = None, as_json: JsonOption = False
) -> None:
    """Print a person's blocks, those that have ended too, the oldest first."""
    who = person_from(person)
    with _book(settings) as book:
        found = [_told(record) for record in book.of_person(who)]
    if as_json:
        print_json(found)
        return
    if not found:
        raise Stop(REFUSED, "no block of that person is registered")
    rows = (
        (
            told["id"],
            told["state"],
            told["kind"],
            told["care_giver"],
            told["care_unit"] or "",
            local(told["start"] or ""),
            local(told["end"] or ""),
            ", ".join(told["excluded"]),
            "\n".join(
                f"{one['care_unit']} {one['employee'] or ''}".rstrip()
                + f" until {local(one['end'])}"
                for one in told["revokes"]
            ),
        )
        for told in found
    )
    headings = ("Id", "State", "Kind", "Care giver", "Unit", "From", "Until", "Leaves open")
    print_rows((*headings, "Revoked for"), rows)


@app.command("register")
def register(
    person: PersonOption,
    care_giver: GiverOption,
    kind: Annotated[
        BlockType,
        typer.Option("--kind", help="Inner: a unit's, to other units. Outer: to other givers"),
    ],
    by: ByOption,
    unit: Annotated[
        str | None, typer.Option("--unit", help="whose information it is, of an inner block")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", help="on what was registered from then; left out: no bound"),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="to that day or moment; left out: no bound")
    ] = None,
    leave_open: Annotated[
        list[str] | None,
        typer.Option("--leave-open", help="an information type, lak or upp; may be repeated"),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--id", help="an id of your own; left out: a new one")
    ] = None,
    registered_by: RegisteredByOption = None,
    reason: ReasonOption = None,
    settings: SettingsOption = None,
) -> None:
    """Register a block, which the person asked for; a guardian cannot. Print its id."""
    record = BlockRecord(
        block_id=name or str(uuid4()),
        kind=kind,
        subject=person_from(person),
        care_giver=HsaId(care_giver),
        care_unit=HsaId(unit) if unit is not None else None,
        start=moment("--from", since) if since is not None else None,
        end=last_moment("--to", until),
        excluded=frozenset(one.lower() for one in leave_open or ()),
        registration=action(by, registered_by, reason),
        owner=owner(),
    )
    with _book(settings) as book:
        done(book.register(record, SystemClock().now()))
    sys.stdout.write(f"{record.block_id}\n")


@app.command("revoke")
def revoke(
    name: _Id,
    care_giver: GiverOption,
    unit: Annotated[str, typer.Option("--unit", help="HSA-id of the care unit that may see")],
    until: Annotated[str, typer.Option("--to", help="last day, or a moment")],
    why: Annotated[
        RevokeReason,
        typer.Option("--why", help="the patient consents, or it is an emergency"),
    ],
    by: ByOption,
    employee: Annotated[
        str | None, typer.Option("--employee", help="only this employee (HSA-id)")
    ] = None,
    revoke_id: Annotated[
        str | None, typer.Option("--id", help="an id of your own; left out: a new one")
    ] = None,
    registered_by: RegisteredByOption = None,
    reason: ReasonOption = None,
    settings: SettingsOption = None,
) -> None:
    """Open a block for a while (häva tillfälligt); only the care giver whose it is may."""
    end: datetime | None = last_moment("--to", until)
    assert end is not None  # it was given
    made = TemporaryRevoke(
        revoke_id=revoke_id or str(uuid4()),
        end=end,
        care_unit=HsaId(unit),
        employee=HsaId(employee) if employee is not None else None,
        reason=why,
        registration=action(by, registered_by, reason),
        owner=owner(),
    )
    with _book(settings) as book:
        done(book.revoke(name, made, SystemClock().now(), care_giver))
    sys.stdout.write(f"{made.revoke_id}\n")


@app.command("end")
def end(
    name: _Id,
    care_giver: GiverOption,
    by: ByOption,
    registered_by: RegisteredByOption = None,
    reason: ReasonOption = None,
    settings: SettingsOption = None,
) -> None:
    """End a block. It cannot be undone."""
    told = action(by, registered_by, reason)
    with _book(settings) as book:
        done(book.end(name, told, SystemClock().now(), care_giver))
    sys.stdout.write("It has ended.\n")


def _told(record: BlockRecord) -> dict[str, Any]:
    return {
        "id": record.block_id,
        "state": "in force" if record.ending is None else "ended",
        "kind": record.kind.value,
        "care_giver": record.care_giver,
        "care_unit": record.care_unit,
        "start": record.start.isoformat() if record.start is not None else None,
        "end": record.end.isoformat() if record.end is not None else None,
        "excluded": sorted(record.excluded),
        "revokes": [
            {
                "id": one.revoke_id,
                "care_unit": one.care_unit,
                "employee": one.employee,
                "end": one.end.isoformat(),
                "why": one.reason.value,
            }
            for one in record.revokes
        ],
        "owner": record.owner,
    }


@contextmanager
def _book(path: Path | None) -> Iterator[BlockBook]:
    from samsvar.store.block_book import BlockBook
    from samsvar.store.secrets import open_vault

    with opened(kept_here(path, "blocks"), write=True) as database:
        yield BlockBook(database, open_vault(database))
