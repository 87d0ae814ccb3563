"""``samsvar queue``: all that waits to have its effect, or was given up, whatever it lies in.

Each is named by a word: ``index/ADDRESS`` is what a subscriber has not heard of, ``log/CARE-GIVER``
what the log service has not taken of our own access log, ``log-for/CARE-GIVER`` the same of other
hubs' that we deliver. At the message broker lie ``broker/ADDRESS``, what others have told our
index, and ``broker-log/ADDRESS``, what they have given us to deliver. Knows no queue's ways: their
desks do. Never says whom anything is about.

Long, for each command's options stand in its signature.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samsvar.cli.data_folder import opened
from samsvar.cli.listing import local, print_json, print_rows
from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.outcome import DONE, PARTLY, REFUSED, WRONG_INPUT, Stop
from samsvar.errors import ResourcesMissing

if TYPE_CHECKING:
    from samsvar.broker.dead_letters import DeadLetters, Letter
    from samsvar.broker.durable_message import DurableKind
    from samsvar.settings import Settings
    from samsvar.store.database import Database
    from samsvar.store.shipping_desk import ShippingDesk

INDEX, LOG, LOG_FOR, BROKER, BROKER_LOG = "index", "log", "log-for", "broker", "broker-log"
_AT_BROKER = (BROKER, BROKER_LOG)
app = typer.Typer(
    no_args_is_help=True, help="What waits to have its effect, and what was given up."
)

_Name = Annotated[str, typer.Argument(help="as `samsvar queue list` has it: index/ADDRESS")]
_Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="no more than so many, the oldest first")
]
_Number = Annotated[int | None, typer.Option("--number", help="this one only; not at the broker")]


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    waiting: int
    dead: int
    oldest: str = ""
    again_at: str = ""
    why: str = ""


@app.command("list")
def list_queues(settings: SettingsOption = None, as_json: JsonOption = False) -> int:
    """Print every queue with something in it. Exit code 1: the message broker was not reached."""
    told = settings_from(settings)
    lines = list(_in_database(told))
    trouble = ""
    try:
        for kind, address in _received(told).items():
            lines += _at_broker(told, settings, kind, address)
    except ResourcesMissing as error:
        trouble = str(error)
    if as_json:
        print_json({"queues": [asdict(line) for line in lines], "trouble": trouble})
    elif not lines and not trouble:
        sys.stdout.write("Nothing waits, and nothing was given up.\n")
    elif lines:
        print_rows(
            ("Queue", "Waiting", "Dead", "Oldest", "Again at", "Why"),
            (
                (
                    line.name,
                    str(line.waiting),
                    str(line.dead),
                    local(line.oldest),
                    local(line.again_at),
                    line.why,
                )
                for line in lines
            ),
        )
    if trouble:
        sys.stderr.write(f"{trouble}\n")
    return PARTLY if trouble else DONE


@app.command("show")
def show(
    name: _Name,
    settings: SettingsOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="no more")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Print what is kept in one queue, the oldest first; never about whom."""
    kind, which = _parts(name)
    told = settings_from(settings)
    if kind in _AT_BROKER:
        with _letters(told, settings, kind, which) as desk:
            found: Sequence[Any] = desk.letters(limit)
    else:
        with opened(told) as database:
            if kind == INDEX:
                from samsvar.store.outbox_desk import OutboxDesk

                found = OutboxDesk(database).changes(which, limit)
            else:
                found = _shipping(database, kind).letters(limit, which)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        raise Stop(REFUSED, "nothing is kept there: samsvar queue list")
    rows = [asdict(one) for one in found]
    print_rows(
        tuple(key.replace("_", " ").capitalize() for key in rows[0]),
        [tuple(_word(value) for value in row.values()) for row in rows],
    )


@app.command("retry")
def retry(
    name: _Name,
    settings: SettingsOption = None,
    number: _Number = None,
    limit: _Limit = None,
) -> None:
    """Send dead letters again, the oldest first. Ctrl-C stops it: the others stay as they are."""
    kind, which = _parts(name)
    told = settings_from(settings)
    if kind in _AT_BROKER:
        _one_by_one(told, settings, kind, which, number, "waits again", limit)
        return
    with opened(told, write=True) as database:
        if kind == INDEX:
            from samsvar.store.outbox_desk import OutboxDesk

            count = OutboxDesk(database).retry(which, number, most=limit)
        else:
            count = _shipping(database, kind).retry(number, which, most=limit)
    _counted(count, "again")


@app.command("drop")
def drop(
    name: _Name,
    settings: SettingsOption = None,
    number: _Number = None,
    limit: _Limit = None,
    yes: Annotated[bool, typer.Option("--yes", help="do it; it cannot be undone")] = False,
) -> None:
    """Forget dead letters, the oldest first: they will never have their effect."""
    kind, which = _parts(name)
    if kind in (LOG, LOG_FOR):
        raise Stop(REFUSED, "the log service must have every row: send them again instead")
    if not yes:
        raise Stop(WRONG_INPUT, "they will never have their effect: give --yes")
    told = settings_from(settings)
    if kind in _AT_BROKER:
        _one_by_one(told, settings, kind, which, number, "is dropped", limit)
        return
    from samsvar.store.outbox_desk import OutboxDesk

    with opened(told, write=True) as database:
        count = OutboxDesk(database).drop(which, number, most=limit)
    _counted(count, "dropped")


@app.command("permissions")
def permissions(settings: SettingsOption = None) -> None:
    """Print the least that the hub's user of RabbitMQ needs, as a command for its administrator."""
    from samsvar.broker.durable import receiver_permissions, sender_permissions
    from samsvar.broker.streams import received_streams, sent_streams
    from samsvar.broker.topology import hub_permissions

    told = settings_from(settings)
    needed = [hub_permissions(), *map(sender_permissions, sent_streams(told))]
    needed += [
        receiver_permissions(stream, address) for stream, address in received_streams(told).items()
    ]
    sys.stdout.write(
        f"rabbitmqctl set_permissions -p VHOST {told.broker.user or 'HUB-USER'}"
        f" '{'|'.join(one.configure for one in needed)}'"
        f" '{'|'.join(one.write for one in needed)}'"
        f" '{'|'.join(one.read for one in needed)}'\n"
    )


def _in_database(settings: Settings) -> Iterator[_Line]:
    from samsvar.store.outbox_desk import OutboxDesk

    with opened(settings) as database:
        for line in OutboxDesk(database).lines():
            name = f"{INDEX}/{line.subscriber}"
            yield _Line(name, line.waiting, line.dead, line.oldest, line.retry_at, line.reason)
        for kind in (LOG, LOG_FOR):
            for receiver, waiting, dead in _shipping(database, kind).counts():
                yield _Line(f"{kind}/{receiver}", waiting, dead)


def _shipping(database: Database, kind: str) -> ShippingDesk:
    from samsvar.store.log_inbox import LogInboxDesk
    from samsvar.store.log_outbox import LogOutboxDesk

    return LogOutboxDesk(database) if kind == LOG else LogInboxDesk(database)


def _received(settings: Settings) -> dict[str, str]:
    """What the broker keeps for us: kind, and at which of our addresses."""
    from samsvar.broker.streams import received_streams

    streams = received_streams(settings)
    found = {kind: streams.get(_message_kind(kind).stream) for kind in _AT_BROKER}
    return {kind: address for kind, address in found.items() if address is not None}


def _message_kind(kind: str) -> DurableKind[Any]:
    from samsvar.broker.log_records import RECORDS
    from samsvar.broker.news import NEWS

    return NEWS if kind == BROKER else RECORDS


def _at_broker(settings: Settings, path: Path | None, kind: str, address: str) -> list[_Line]:
    with _letters(settings, path, kind, address) as desk:
        depths = desk.depths()
    stream = _message_kind(kind).stream
    living = [one for one in depths if stream.owns(one.queue)]
    waiting = sum(one.ready for one in living)
    dead = sum(one.ready for one in depths) - waiting
    unread = not living or not all(one.readers for one in living)
    if not waiting and not dead and not unread:
        return []
    return [_Line(f"{kind}/{address}", waiting, dead, why="no hub reads it" if unread else "")]


def _one_by_one(
    settings: Settings,
    path: Path | None,
    kind: str,
    address: str,
    number: int | None,
    what: str,
    limit: int | None,
) -> None:
    """Tell each as it is done, so that whoever stops it sees how far it came."""
    if number is not None:
        raise Stop(WRONG_INPUT, "at the broker they have no numbers: give --limit")
    count = 0

    def done(letter: Letter) -> None:
        nonlocal count
        count += 1
        sys.stdout.write(f"{letter.id or 'a message of no known form'} {what}\n")
        sys.stdout.flush()

    with opened(settings, write=True), _letters(settings, path, kind, address) as desk:
        (desk.drop if what == "is dropped" else desk.retry)(limit, done)
    _counted(count, "again" if what == "waits again" else "dropped")


@contextmanager
def _letters(
    settings: Settings, path: Path | None, kind: str, address: str
) -> Iterator[DeadLetters]:
    from samsvar.broker.dead_letters import dead_letters
    from samsvar.settings import read_secret

    message = _message_kind(kind)
    if _received(settings).get(kind) != address:
        raise Stop(
            REFUSED,
            f"the broker keeps no {message.stream.title} for that address of this hub:"
            f" {message.named_by}",
        )
    base = path.parent if path else Path.cwd()
    with dead_letters(
        settings.broker, lambda name: read_secret(name, base), message, address
    ) as desk:
        yield desk


def _parts(name: str) -> tuple[str, str]:
    kind, slash, which = name.partition("/")
    if not slash or kind not in (INDEX, LOG, LOG_FOR, *_AT_BROKER):
        raise Stop(
            WRONG_INPUT,
            "a queue is index/ADDRESS, log/CARE-GIVER, log-for/CARE-GIVER, broker/ADDRESS or"
            " broker-log/ADDRESS: see list",
        )
    return kind, which


def _counted(count: int, done: str) -> None:
    if not count:
        raise Stop(REFUSED, "there is no such dead letter: samsvar queue list")
    one, several = ("waits again", "wait again") if done == "again" else ("is", "are")
    words = (one if count == 1 else several) + ("" if done == "again" else " dropped")
    sys.stdout.write(f"{count} {'letter' if count == 1 else 'letters'} {words}\n")


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return local(value) if isinstance(value, str) and _is_time(value) else str(value)


def _is_time(value: str) -> bool:
    return len(value) > 19 and value[4:5] == "-" and value[10:11] == "T"
