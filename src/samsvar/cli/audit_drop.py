"""``samsvar audit drop``: let rows of the access log go when their time has passed."""

from __future__ import annotations

import getpass
import sys
from datetime import date
from typing import Annotated

import typer

from samsvar.cli.data_folder import opened
from samsvar.cli.options import SettingsOption, settings_from
from samsvar.cli.outcome import REFUSED, WRONG_INPUT, Stop


def drop(
    before: Annotated[str, typer.Option("--before", help="day, 2020-01-01: rows older than it go")],
    settings: SettingsOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="do it; it cannot be undone")] = False,
) -> None:
    """Let rows go that are old enough; what is left stays proven. Without --yes: say which."""
    from samsvar.clock import SystemClock
    from samsvar.store.audit_drop import DropDesk, DropRefused
    from samsvar.store.audit_heads import HeadHabits, HeadWriter
    from samsvar.store.secrets import open_vault

    try:
        day = date.fromisoformat(before)
    except ValueError as error:
        raise Stop(WRONG_INPUT, "--before is a day: 2020-01-01") from error
    told = settings_from(settings)
    clock = SystemClock()
    with opened(told, write=True, noted=False) as database:
        desk = DropDesk(
            database, open_vault(database), clock, getpass.getuser(), told.audit.keep_years
        )
        try:
            left = desk.sweep() if yes else 0
            if left:
                sys.stdout.write(f"{left} rows went that had been let go before.\n")
            what = desk.look(day)
            if not yes:
                raise Stop(
                    WRONG_INPUT,
                    f"{what.rows} rows would go, {what.first} to {what.tree.size}, and nobody could"
                    " tell any more who had read what: give --yes",
                )
            row = desk.drop(what)
        except DropRefused as error:
            raise Stop(REFUSED, str(error)) from error
        alarms = HeadWriter(database, clock, HeadHabits(file=told.audit.heads_file)).look(
            at_once=True
        )
    sys.stdout.write(
        f"{what.rows} rows are let go, {what.first} to {what.tree.size}. Row {row} tells of it, and"
        " the log is proven from the row after them.\n"
    )
    for alarm in alarms.alarms:
        sys.stderr.write(f"{alarm}\n")
