"""``samsvar audit outbox``: what the log service has not taken, and what it will not take."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from samsvar.cli.data_folder import opened
from samsvar.cli.listing import local, print_json, print_rows
from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.outcome import REFUSED, Stop

app = typer.Typer(help="Rows of the access log on their way to the log service.")


@app.command("list")
def list_rows(
    settings: SettingsOption = None,
    most: Annotated[int, typer.Option("--most", min=1, max=10_000, help="no more rows")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Print what waits for the log service, dead letters first; never about whom."""
    from samsvar.store.log_outbox import LogOutboxDesk

    with opened(settings_from(settings)) as database:
        desk = LogOutboxDesk(database)
        counts, letters = desk.counts(), desk.letters(most)
    if as_json:
        told = {
            "receivers": [
                {"receiver": receiver, "waiting": waiting, "dead": dead}
                for receiver, waiting, dead in counts
            ],
            "rows": [asdict(letter) for letter in letters],
        }
        print_json(told)
        return
    if not counts:
        sys.stdout.write("Nothing waits: the log service has taken every row.\n")
        return
    for receiver, waiting, dead in counts:
        sys.stdout.write(f"{receiver or 'no care giver'}: {waiting} waiting, {dead} dead\n")
    print_rows(
        ("Row", "State", "Care giver", "Access", "Refusals", "Again at", "Why"),
        (
            (
                str(letter.sequence),
                "dead" if letter.dead else "waiting",
                letter.receiver,
                local(letter.at),
                str(letter.refusals),
                local(letter.not_before),
                letter.reason,
            )
            for letter in letters
        ),
    )


@app.command("retry")
def retry(
    settings: SettingsOption = None,
    row: Annotated[int | None, typer.Option("--row", help="this row only")] = None,
) -> None:
    """Send dead letters once more: all, or one."""
    from samsvar.store.log_outbox import LogOutboxDesk

    with opened(settings_from(settings), write=True) as database:
        count = LogOutboxDesk(database).retry(row)
    if not count:
        raise Stop(REFUSED, "there is no such dead letter: samsvar audit outbox list")
    sys.stdout.write(f"{count} {'row waits' if count == 1 else 'rows wait'} again\n")
