"""``samsvar queue``: all that waits to have its effect, or was given up, whatever it lies in.

Each is named by a word: ``index/ADDRESS`` is what a subscriber has not heard of, ``log/CARE-GIVER``
what the log service has not taken, ``broker/ADDRESS`` what others have told us and the message
broker keeps. Knows no queue's ways: their desks do. Never says whom anything is about.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from samsvar.cli.data_folder import opened
from samsvar.cli.listing import local, print_rows
from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.outcome import DONE, PARTLY, REFUSED, WRONG_INPUT, Stop
from samsvar.errors import ResourcesMissing

if TYPE_CHECKING:
    from samsvar.broker.dead_letters import DeadLetters, Letter
    from samsvar.settings import Settings

INDEX, LOG, BROKER = "index", "log", "broker"
app = typer.Typer(
    no_args_is_help=True, help="What waits to have its effect, and what was given up."
)

_Name = Annotated[str, typer.Argument(help="as `samsvar queue list` has it: index/ADDRESS")]
_Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="no more than so many, the oldest first")
]
_Number = Annotated[int | None, typer.Option("--number", help="this one only; not for broker/")]


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
    if told.index.receive_from_broker:
        try:
            lines += _at_broker(told, settings)
        except ResourcesMissing as error:
            trouble = str(error)
    if as_json:
        _print_json({"queues": [asdict(line) for line in lines], "trouble": trouble})
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
    if kind == BROKER:
        with _letters(told, settings, which) as desk:
            found: Sequence[Any] = desk.letters(limit)
    else:
        with opened(told) as database:
            if kind == INDEX:
                from samsvar.store.outbox_desk import OutboxDesk

                found = OutboxDesk(database).changes(which, limit)
            else:
                from samsvar.store.log_outbox import LogOutboxDesk

                found = LogOutboxDesk(database).letters(limit, which)
    if as_json:
        _print_json([asdict(one) for one in found])
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
    if kind == BROKER:
        _one_by_one(told, settings, which, number, "waits again", limit)
        return
    with opened(told, write=True) as database:
        if kind == INDEX:
            from samsvar.store.outbox_desk import OutboxDesk

            count = OutboxDesk(database).retry(which, number, most=limit)
        else:
            from samsvar.store.log_outbox import LogOutboxDesk

            count = LogOutboxDesk(database).retry(number, which, most=limit)
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
    if kind == LOG:
        raise Stop(REFUSED, "the log service must have every row: send them again instead")
    if not yes:
        raise Stop(WRONG_INPUT, "they will never have their effect: give --yes")
    told = settings_from(settings)
    if kind == BROKER:
        _one_by_one(told, settings, which, number, "is dropped", limit)
        return
    from samsvar.store.outbox_desk import OutboxDesk

    with opened(told, write=True) as database:
        count = OutboxDesk(database).drop(which, number, most=limit)
    _counted(count, "dropped")


@app.command("permissions")
def permissions(settings: SettingsOption = None) -> None:
    """Print the least that the hub's user of RabbitMQ needs, as a command for its administrator."""
    from samsvar.broker.durable import receiver_permissions, sender_permissions
    from samsvar.broker.topology import hub_permissions

    told = settings_from(settings)
    needed = [hub_permissions(), sender_permissions()]
    if told.index.receive_from_broker:
        needed.append(receiver_permissions(told.index.address))
    sys.stdout.write(
        f"rabbitmqctl set_permissions -p VHOST {told.broker.user or 'HUB-USER'}"
        f" '{'|'.join(one.configure for one in needed)}'"
        f" '{'|'.join(one.write for one in needed)}'"
        f" '{'|'.join(one.read for one in needed)}'\n"
    )


def _in_database(settings: Settings) -> Iterator[_Line]:
    from samsvar.store.log_outbox import LogOutboxDesk
    from samsvar.store.outbox_desk import OutboxDesk

    with opened(settings) as database:
        for line in OutboxDesk(database).lines():
            name = f"{INDEX}/{line.subscriber}"
            yield _Line(name, line.waiting, line.dead, line.oldest, line.retry_at, line.reason)
        for receiver, waiting, dead in LogOutboxDesk(database).counts():
            yield _Line(f"{LOG}/{receiver}", waiting, dead)


def _at_broker(settings: Settings, path: Path | None) -> list[_Line]:
    address = settings.index.address
    with _letters(settings, path, address) as desk:
        depths = desk.depths()
    dead = sum(one.ready for one in depths if one.queue.startswith("samsvar.dead."))
    waiting = sum(one.ready for one in depths) - dead
    unread = [one for one in depths if not one.readers and not one.queue.startswith("samsvar.dead")]
    if not waiting and not dead and depths and not unread:
        return []
    why = "" if depths and not unread else "no hub reads it"
    return [_Line(f"{BROKER}/{address}", waiting, dead, why=why)]


def _one_by_one(
    settings: Settings,
    path: Path | None,
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

    with opened(settings, write=True), _letters(settings, path, address) as desk:
        (desk.drop if what == "is dropped" else desk.retry)(limit, done)
    _counted(count, "again" if what == "waits again" else "dropped")


@contextmanager
def _letters(settings: Settings, path: Path | None, address: str) -> Iterator[DeadLetters]:
    from samsvar.broker.dead_letters import dead_letters
    from samsvar.settings import read_secret

    if not settings.index.receive_from_broker or address != settings.index.address:
        raise Stop(REFUSED, "this hub is told nothing by the broker: [index] receive_from_broker")
    base = path.parent if path else Path.cwd()
    with dead_letters(settings.broker, lambda name: read_secret(name, base), address) as desk:
        yield desk


def _parts(name: str) -> tuple[str, str]:
    kind, slash, which = name.partition("/")
    if not slash or kind not in (INDEX, LOG, BROKER):
        raise Stop(
            WRONG_INPUT, "a queue is index/ADDRESS, log/CARE-GIVER or broker/ADDRESS: see list"
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


def _print_json(value: Any) -> None:
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")
