"""``samsvar audit search`` and ``export``: who asked; and that somebody wanted to know."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samsvar.cli.ask import person_id
from samsvar.cli.data_folder import opened
from samsvar.cli.listing import print_json
from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.outcome import REFUSED, WRONG_INPUT, Stop
from samsvar.model.identifiers import HsaId
from samsvar.model.local_time import STOCKHOLM

if TYPE_CHECKING:
    from samsvar.store.audit_search import AuditDesk

_From = Annotated[str | None, typer.Option("--from", help="not before this day or moment")]
_To = Annotated[str | None, typer.Option("--to", help="before this day or moment")]
_SHOWN = (
    *("sequence", "at", "sender", "original_consumer", "contract", "logical_address"),
    *("verdict", "fault", "items", "correlation_id", "door", "care_giver", "care_unit", "purpose"),
)


class Format(StrEnum):
    """What an export is written as."""

    JSONL = "jsonl"
    CSV = "csv"


def search(
    settings: SettingsOption = None,
    person: Annotated[
        str | None, typer.Option("--person", help="-: the number is read from standard input")
    ] = None,
    sender: Annotated[str | None, typer.Option("--sender", help="HSA-id of the sender")] = None,
    user: Annotated[
        str | None, typer.Option("--user", help="HSA-id of the employee who asked")
    ] = None,
    care_giver: Annotated[
        str | None, typer.Option("--care-giver", help="HSA-id of whose staff asked")
    ] = None,
    since: _From = None,
    until: _To = None,
    most: Annotated[int, typer.Option("--most", min=1, max=100_000, help="no more rows")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Who asked, the latest first. The search is a row of the access log itself."""
    from samsvar.store.audit_search import Wanted

    if person not in (None, "-"):
        raise Stop(
            WRONG_INPUT,
            "give --person - and the number on standard input: arguments stand in the list of"
            " processes",
        )
    who = person_id(sys.stdin.readline().strip()) if person else None
    wanted = Wanted(
        person=who,
        sender=sender,
        user=HsaId(user) if user else None,
        care_giver=care_giver,
        since=moment(since),
        until=moment(until),
    )
    with desk_of(settings) as desk:
        found = [{name: row[name] for name in _SHOWN} for row in desk.search(wanted, most)]
    if as_json:
        print_json(found)
        return
    if not found:
        raise Stop(REFUSED, "no row of the access log matches")
    _print(found)


def export(
    settings: SettingsOption = None,
    since: _From = None,
    until: _To = None,
    form: Annotated[Format, typer.Option("--format", help="jsonl or csv")] = Format.JSONL,
) -> None:
    """Print whole rows; persons hashed and sealed. The export is a row of the log itself."""
    from samsvar.audit.handed_over import csv_heading, csv_line, json_line
    from samsvar.store.audit_search import Wanted

    wanted = Wanted(since=moment(since), until=moment(until))
    with desk_of(settings) as desk:
        if form is Format.CSV:
            sys.stdout.write(csv_heading())
        for row in desk.export(wanted):
            sys.stdout.write(csv_line(row) if form is Format.CSV else json_line(row))


def moment(text: str | None) -> datetime | None:
    """A day or a moment as people write it, in Swedish time."""
    if text is None:
        return None
    try:
        told = datetime.fromisoformat(text)
    except ValueError as error:
        raise Stop(
            WRONG_INPUT, "--from and --to are days or moments: 2026-11-01, 2026-11-01T08:00"
        ) from error
    return told if told.tzinfo else told.replace(tzinfo=STOCKHOLM)


@contextmanager
def desk_of(settings: Path | None) -> Iterator[AuditDesk]:
    """Who audits, at the data folder of the settings."""
    from samsvar.clock import SystemClock
    from samsvar.store.audit_search import AuditDesk
    from samsvar.store.secrets import open_vault

    with opened(settings_from(settings), write=True, noted=False) as database:
        yield AuditDesk(database, open_vault(database), SystemClock(), getpass.getuser())


def _print(found: list[dict[str, Any]]) -> None:
    widest = max(len(str(row["sequence"])) for row in found)
    for row in found:
        at = datetime.fromisoformat(row["at"]).astimezone(STOCKHOLM)
        behalf = row["original_consumer"]
        parts = (
            f"{row['sequence']:>{widest}}",
            f"{at:%Y-%m-%d %H:%M:%S}",
            (row["sender"] or "somebody unknown") + (f" for {behalf}" if behalf else ""),
            _short(row["contract"]),
            f"to {row['logical_address']}" if row["logical_address"] else "",
            f"by staff of {row['care_giver']}" if row["care_giver"] else "",
            " ".join(filter(None, (row["verdict"], row["fault"]))),
            row["correlation_id"],
        )
        sys.stdout.write("  ".join(filter(None, parts)) + "\n")


def _short(contract: str | None) -> str:
    """The last words of a contract's namespace: its interaction and version."""
    return ":".join((contract or "unread").split(":")[-2:])
