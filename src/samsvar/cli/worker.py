"""``samsvar worker``: answer the hub's questions from beside a source, with no port open."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samsvar.cli.outcome import UNREACHED, WRONG_INPUT, Stop

if TYPE_CHECKING:
    from samsvar.worker.config import WorkerConfig

app = typer.Typer(
    invoke_without_command=True,
    help="Answer the hub's questions from beside a source system, over the message broker.",
)


@app.callback()
def worker(
    context: typer.Context,
    adapter: Annotated[
        str | None, typer.Option(help="the source stands behind this adapter, for example prator")
    ] = None,
    riv: Annotated[
        str | None, typer.Option(help="URL of a source that speaks the contracts itself")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="the worker's settings (TOML)")] = None,
) -> None:
    """Take questions from the broker until SIGTERM or Ctrl-C; what is in work is finished first.

    It connects outward, to the broker and to the source, and listens on nothing.
    """
    if context.invoked_subcommand is not None:
        return
    if (adapter is None) == (riv is None):
        raise Stop(WRONG_INPUT, "give --adapter NAME or --riv URL: one of them")
    if config is None:
        raise Stop(WRONG_INPUT, "give --config FILE: docs/howto/run-a-worker.md shows one")
    import uvloop

    told = config_from(config)
    if told.broker.url == "memory://":
        raise Stop(WRONG_INPUT, f"{config}: broker.url: memory:// reaches nobody outside a process")
    uvloop.run(_until_told(told, config.parent, adapter, riv))


@app.command("key")
def key(
    file: Annotated[Path, typer.Argument(help="the key file")],
    new: Annotated[bool, typer.Option("--new", help="make it; it must not be there yet")] = False,
) -> None:
    """Print the public key of a key file: what the registry has of a worker, or a worker of a hub.

    The file itself is secret: it never leaves the machine that it was made on.
    """
    from samsvar.broker.keys import KeyPair
    from samsvar.errors import HubError
    from samsvar.store.key_file import make_key_file
    from samsvar.worker.config import keys_of

    if new:
        if file.exists():
            raise Stop(WRONG_INPUT, f"{file}: is there already; without --new it is printed")
        try:
            make_key_file(file, KeyPair.new().secret())
        except OSError as error:
            raise Stop(WRONG_INPUT, f"{file}: cannot be written: {error.strerror}") from error
    try:
        sys.stdout.write(f"{keys_of(file).public.text}\n")
    except HubError as error:
        raise Stop(WRONG_INPUT, str(error)) from error


@app.command("permissions")
def permissions(
    config: Annotated[
        Path | None, typer.Option(help="a worker's settings; the hub's user without it")
    ] = None,
) -> None:
    """Print the least that a user of RabbitMQ needs, as commands for its administrator."""
    from samsvar.broker.topology import (
        QUESTIONS,
        hub_permissions,
        topic_pattern,
        worker_permissions,
    )

    say = sys.stdout.write
    if config is None:
        least = hub_permissions()
        say(f"rabbitmqctl set_permissions -p VHOST HUB-USER '{least.configure}'")
        say(f" '{least.write}' '{least.read}'\n")
        return
    told = config_from(config)
    least = worker_permissions(told.worker.addresses)
    user = told.broker.user or "WORKER-USER"
    say(f"rabbitmqctl set_permissions -p VHOST {user} '{least.configure}'")
    say(f" '{least.write}' '{least.read}'\n")
    pattern = topic_pattern(told.worker.addresses)
    say(f"rabbitmqctl set_topic_permissions -p VHOST {user} {QUESTIONS} '^$' '{pattern}'\n")


def config_from(path: Path) -> WorkerConfig:
    """The settings, or the end of the command with all their faults."""
    from samsvar.settings import SettingsInvalid
    from samsvar.worker.config import load

    try:
        return load(path)
    except SettingsInvalid as error:
        raise Stop(WRONG_INPUT, "\n".join(error.faults)) from error


async def _until_told(
    config: WorkerConfig, base: Path, adapter: str | None, riv: str | None
) -> None:
    from samsvar.contracts import ContractsInvalid
    from samsvar.errors import HubError
    from samsvar.manifest import AdaptersInvalid
    from samsvar.settings import SettingsInvalid
    from samsvar.worker.running import run

    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _once, loop, told)
    try:
        await run(config, base, told, _say, adapter=adapter, riv=riv)
    except SettingsInvalid as error:
        raise Stop(WRONG_INPUT, "\n".join(error.faults)) from error
    except (AdaptersInvalid, ContractsInvalid) as error:
        raise Stop(WRONG_INPUT, str(error)) from error
    except HubError as error:
        raise Stop(UNREACHED, str(error)) from error


def _once(loop: asyncio.AbstractEventLoop, told: asyncio.Event) -> None:
    """The second signal stops at once."""
    told.set()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)


def _say(line: str) -> None:
    """One line to standard output; whoever runs it puts the time before it."""
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except (OSError, ValueError):
        return
