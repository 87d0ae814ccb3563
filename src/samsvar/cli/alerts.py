"""``samsvar alerts``: those that there are; take one on; try whether people would be told."""

from __future__ import annotations

import asyncio
import getpass
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

from samsvar.cli.data_folder import opened
from samsvar.cli.listing import local, print_json, print_rows
from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.outcome import REFUSED, UNREACHED, WRONG_INPUT, Stop
from samsvar.observe.masking import masked

app = typer.Typer(help="Alerts: what the hub has noticed by itself.")
_LONGEST_NAME = 64


@app.command("list")
def list_all(
    id: Annotated[str | None, typer.Option(help="only this one")] = None,
    everything: Annotated[bool, typer.Option("--all", help="also those that are over")] = False,
    most: Annotated[int, typer.Option(min=1, max=100_000, help="how many are shown")] = 100,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print alerts, and what could not be told."""
    from samsvar.store.alert_book import SqlAlertBook
    from samsvar.watch.message import in_english

    with opened(settings_from(settings)) as database:
        book = SqlAlertBook(database)
        found = book.latest(most) if everything or id else book.open_ones()[:most]
        untold = {alert: f"{channel}: {reason}" for alert, channel, _, reason in book.undelivered()}
    found = [one for one in found if id is None or one.id == id]
    if as_json:
        told = [{**in_english(one), "untold": untold.get(one.id)} for one in found]
        print_json(told)
        return
    if not found:
        sys.stdout.write("none\n")
        return
    print_rows(
        (
            "Alert",
            "Severity",
            "Subject",
            "Rule",
            "Since",
            "Until",
            "Why",
            "Looked after by",
            "Not told",
        ),
        (
            (
                one.id,
                one.severity.value,
                one.subject,
                one.rule,
                local(one.opened.isoformat()),
                local(one.closed.isoformat()) if one.closed else "",
                one.reason.english,
                one.acknowledged_by,
                untold.get(one.id, ""),
            )
            for one in found
        ),
    )


@app.command("ack")
def acknowledge(
    name: Annotated[str, typer.Argument(metavar="ID", help="as alerts list shows it")],
    by: Annotated[str | None, typer.Option(help="who looks after it; left out: you")] = None,
    settings: SettingsOption = None,
) -> None:
    """Note that somebody looks after an open alert. Its end is told all the same."""
    from samsvar.clock import SystemClock
    from samsvar.store.alert_book import SqlAlertBook

    who = by or getpass.getuser()
    if not who.isprintable() or len(who) > _LONGEST_NAME or masked(who) != who:
        raise Stop(WRONG_INPUT, "--by: one line of at most 64 letters, without personal numbers")
    with opened(settings_from(settings), write=True) as database:
        if not SqlAlertBook(database).acknowledge(name, who, SystemClock().now()):
            raise Stop(REFUSED, "there is no open alert of that id: samsvar alerts list")
    sys.stdout.write(f"{who} looks after it\n")


@app.command("test-fire")
def fire_test(settings: SettingsOption = None) -> None:
    """Send one alert of severity warning, marked as a test, by each channel, now."""
    from samsvar.clock import SystemClock
    from samsvar.errors import ResourcesMissing
    from samsvar.model.words import Words
    from samsvar.watch.alerts import TEST_FIRE, Alert, Message, Phase, Undelivered
    from samsvar.watch.rules import Severity
    from samsvar.watching.channels import channels_of

    told = settings_from(settings)
    clock = SystemClock()
    try:
        channels = channels_of(told, settings.parent if settings else Path.cwd(), clock)
    except ResourcesMissing as error:
        raise Stop(WRONG_INPUT, str(error)) from error
    if not channels:
        raise Stop(
            WRONG_INPUT, "nobody is told of alerts: set alerts.webhook, or alerts.mail_server"
        )
    who = getpass.getuser()
    alert = Alert(
        secrets.token_hex(6),
        TEST_FIRE,
        "hub",
        Severity.WARNING,
        clock.now(),
        Words(
            f"{who} har prövat om larm kommer fram; inget är fel",
            f"{who} tried whether alerts arrive; nothing is wrong",
        ),
    )

    async def all_of_them() -> bool:
        reached = True
        for name, channel in channels.items():
            try:
                await channel.deliver(Message(alert, Phase.OPENED, name))
            except Undelivered as error:
                sys.stdout.write(f"{name:8} NOT taken: {error}\n")
                reached = False
            else:
                sys.stdout.write(f"{name:8} taken\n")
        return reached

    if not asyncio.run(all_of_them()):
        raise Stop(UNREACHED)
