"""``samsvar index``: the engagement index's outbox, and how true the index is."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samsvar.cli.data_folder import opened
from samsvar.cli.listing import local, print_json, print_rows
from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.outcome import REFUSED, WRONG_INPUT, Stop

if TYPE_CHECKING:
    from samsvar.model.consistency import Consistency
    from samsvar.store.outbox_desk import OutboxDesk

app = typer.Typer(help="The engagement index: what others have not heard, and how true it is.")
outbox = typer.Typer(help="Changes of the index on their way to subscribers.")
app.add_typer(outbox, name="outbox")

_Subscriber = Annotated[str, typer.Argument(help="logical address of the subscriber")]
_Number = Annotated[int | None, typer.Option("--number", help="this change only")]


@outbox.command("list")
def list_subscribers(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Print what waits for each subscriber, and what was given up."""
    with _desk(settings) as desk:
        lines = desk.lines()
    if as_json:
        print_json([asdict(line) for line in lines])
        return
    if not lines:
        sys.stdout.write("Nothing waits: every subscriber has heard of every change.\n")
        return
    rows = (
        (
            line.subscriber,
            str(line.waiting),
            str(line.dead),
            local(line.oldest),
            str(line.failures),
            local(line.retry_at),
            line.reason,
        )
        for line in lines
    )
    print_rows(
        ("Subscriber", "Waiting", "Dead", "Oldest", "Failures", "Again at", "Why"),
        rows,
    )


@outbox.command("show")
def show(
    subscriber: _Subscriber,
    settings: SettingsOption = None,
    most: Annotated[int, typer.Option("--most", min=1, max=10_000, help="no more than this")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Print the changes that are kept for a subscriber, the oldest first; never about whom."""
    with _desk(settings) as desk:
        changes = desk.changes(subscriber, most)
    if as_json:
        print_json([asdict(change) for change in changes])
        return
    if not changes:
        raise Stop(REFUSED, "nothing is kept for that subscriber")
    rows = (
        (
            str(change.number),
            "dead" if change.dead else "waiting",
            local(change.written),
            "delete" if change.delete else "store",
            change.categorization,
            change.source_system,
            change.owner,
            change.reason,
        )
        for change in changes
    )
    print_rows(
        ("Number", "State", "Written", "Change", "Category", "Source", "Owner", "Why"),
        rows,
    )


@outbox.command("retry")
def retry(subscriber: _Subscriber, settings: SettingsOption = None, number: _Number = None) -> None:
    """Send dead letters again: all of a subscriber, or one."""
    with _desk(settings, write=True) as desk:
        count = desk.retry(subscriber, number)
    _done(count, "waits again" if count == 1 else "wait again")


@outbox.command("drop")
def drop(
    subscriber: _Subscriber,
    settings: SettingsOption = None,
    number: _Number = None,
    waiting: Annotated[
        bool, typer.Option("--waiting", help="also what still waits, not only dead letters")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do it; it cannot be undone")] = False,
) -> None:
    """Forget dead letters: the subscriber will never hear of those changes."""
    if not yes:
        raise Stop(WRONG_INPUT, "the subscriber will never hear of them: give --yes")
    with _desk(settings, write=True) as desk:
        count = desk.drop(subscriber, number, waiting=waiting)
    _done(count, "is dropped" if count == 1 else "are dropped")


@app.command("consistency")
def consistency(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Print how far the index and the sources' own answers agree."""
    from samsvar.store.consistency import figures

    with opened(settings_from(settings)) as database:
        found, counted, last = figures(database)
    if as_json:
        print_json(
            {
                "sources": [asdict(one) for one in found],
                "questions_counted_to": counted,
                "questions_logged_to": last,
            }
        )
        return
    _print_consistency(found)
    sys.stdout.write(f"Counted up to question {counted} of {last} in the access log.\n")


def _print_consistency(found: Sequence[Consistency]) -> None:
    rows = (
        (
            one.logical_address,
            one.producer,
            one.contract.split(":")[-2].removesuffix("Responder") + f" {one.contract[-1]}",
            _share(one.indexed_empty, one.indexed_answers),
            _share(one.direct_not_indexed, one.direct_answers),
        )
        for one in found
    )
    print_rows(
        ("Source", "Producer", "Contract", "Indexed: empty", "Direct: not indexed"),
        rows,
    )


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.1%})" if whole else "-"


def _done(count: int, what: str) -> None:
    if not count:
        raise Stop(REFUSED, "there is no such dead letter: samsvar index outbox list")
    sys.stdout.write(f"{count} {'change' if count == 1 else 'changes'} {what}\n")


@contextmanager
def _desk(settings: Path | None, *, write: bool = False) -> Iterator[OutboxDesk]:
    from samsvar.store.outbox_desk import OutboxDesk

    with opened(settings_from(settings), write=write) as database:
        yield OutboxDesk(database)
