"""``samsvar audit``: show that the access log is whole, or name the first row that is not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from samsvar.audit.merkle import CompactRange
from samsvar.audit.proofs import NotProven, checked, proof_of
from samsvar.audit.verifying import Chain, Report, verify
from samsvar.cli import audit_drop, audit_outbox, audit_report, audit_search
from samsvar.cli.data_folder import opened
from samsvar.cli.listing import print_json
from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.outcome import PARTLY, REFUSED, WRONG_INPUT, Stop
from samsvar.errors import ResourcesMissing

app = typer.Typer(no_args_is_help=True, help="Prove the access log, search it, hand it over.")
app.add_typer(audit_outbox.app, name="outbox")
app.command("drop")(audit_drop.drop)
app.command("search")(audit_search.search)
app.command("export")(audit_search.export)
app.command("accesses")(audit_report.accesses)
app.command("refusals")(audit_report.refusals)

_Heads = Annotated[
    Path | None,
    typer.Option("--heads", help="heads file; that of the settings if left out"),
]


@app.command("verify")
def verify_log(
    settings: SettingsOption = None, heads: _Heads = None, as_json: JsonOption = False
) -> int:
    """Recompute every row, root and signature. Exit code 1: not whole; the first bad row."""
    from samsvar.store.audit_view import viewed

    told = settings_from(settings)
    path = heads or told.audit.heads_file
    notes: list[str] = []
    chains = [] if path is None else [_chain_of(path, notes)]
    with opened(told) as database, viewed(database) as view:
        try:
            tree, own = view.tree(), Chain("database", list(view.heads()), view.keys())
        except ResourcesMissing as error:
            raise Stop(PARTLY, f"NOT WHOLE: {error}") from error
        report = verify(view.rows(), tree, [own, *chains], view.log, view.cut())
    if path is None:
        notes.append(
            "no heads file was looked at: who can rewrite the whole database cannot be found out"
        )
    if as_json:
        sys.stdout.write(_as_json(report, notes) + "\n")
    else:
        _print(report, notes)
    return PARTLY if report.faults else 0


@app.command("prove")
def prove(
    sequence: Annotated[int, typer.Argument(min=1, help="number of the row")],
    settings: SettingsOption = None,
) -> None:
    """Print the proof that a row stands in the log, for ``samsvar audit check-proof``."""
    from samsvar.store.audit_view import viewed

    with opened(settings_from(settings)) as database, viewed(database) as view:
        found, head, cut = view.row(sequence), view.head_over(sequence), view.cut()
        if cut is not None and sequence <= cut.tree.size:
            raise Stop(REFUSED, f"row {sequence} was let go: the log begins after {cut.tree.size}")
        if found is None:
            raise Stop(REFUSED, f"there is no row {sequence} in the access log")
        if head is None:
            raise Stop(REFUSED, f"no head has been signed over row {sequence} yet: wait a minute")
        try:
            begun = cut.tree if cut else CompactRange()
            leaves = view.leaves(head.head.size, begun.size)
            proof = proof_of(found[0], leaves, head, view.keys(), begun)
        except NotProven as error:
            raise Stop(PARTLY, f"row {sequence}: {error}") from error
    print_json(proof)


@app.command("check-proof")
def check_proof(
    file: Annotated[Path, typer.Argument(help="what samsvar audit prove printed")],
    heads: Annotated[
        Path | None, typer.Option("--heads", help="heads file that must have the proof's head")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", help="id of the key that must have signed it")
    ] = None,
) -> None:
    """Check a proof by itself. Exit code 1: it proves nothing."""
    try:
        proven = checked(orjson.loads(file.read_bytes()))
    except (OSError, orjson.JSONDecodeError) as error:
        raise Stop(WRONG_INPUT, f"{file}: cannot be read as JSON") from error
    except NotProven as error:
        raise Stop(PARTLY, f"{file}: {error}") from error
    if key is not None and key != proven.key:
        raise Stop(PARTLY, f"{file}: signed with key {proven.key}, not with {key}")
    if heads is not None and proven.head not in list(_chain_of(heads, []).heads):
        raise Stop(PARTLY, f"{file}: its head does not stand in {heads}")
    head = proven.head.head
    sys.stdout.write(
        f"Row {proven.sequence} stood in the access log {head.log} at {head.at}, signed with key"
        f" {proven.key}.\n"
    )
    if heads is None and key is None:
        sys.stdout.write("That the key is the hub's is not shown: give --heads or --key.\n")


@app.command("rotate-key")
def rotate_key(settings: SettingsOption = None) -> None:
    """Make a new key for heads; the old one hands over to it, and is forgotten."""
    from samsvar.clock import SystemClock
    from samsvar.store.audit_heads import HeadHabits, HeadWriter
    from samsvar.store.audit_keys import AuditKeys

    told = settings_from(settings)
    clock = SystemClock()
    with opened(told, write=True, noted=False) as database:
        made = AuditKeys(database).rotate(clock.now())
        habits = HeadHabits(file=told.audit.heads_file)
        alarms = HeadWriter(database, clock, habits).look(at_once=True).alarms
    sys.stdout.write(f"Heads are signed with key {made.key} from now on.\n")
    for alarm in alarms:
        sys.stderr.write(f"{alarm}\n")


def _chain_of(path: Path, notes: list[str]) -> Chain:
    from samsvar.store.heads_file import read

    try:
        heads, keys, unreadable = read(path)
    except OSError as error:
        raise Stop(WRONG_INPUT, f"{path}: the heads file cannot be read") from error
    if unreadable:
        notes.append(f"{path}: {unreadable} lines are no heads, torn by a power cut perhaps")
    if not heads:
        notes.append(f"{path}: has no head yet")
    return Chain("heads file", heads, keys)


def _print(report: Report, notes: list[str]) -> None:
    for fault in report.faults:
        sys.stdout.write(f"NOT WHOLE: {fault.text}\n")
    for note in notes:
        sys.stdout.write(f"note: {note}\n")
    if report.faults:
        first = report.first_bad
        if first is not None:
            where = (
                f"row {first[0]}"
                if first[0] == first[1]
                else f"one of rows {first[0]} to {first[1]}"
            )
            sys.stdout.write(f"The first bad row is {where}.\n")
        return
    keys = ", ".join(report.keys) or "none yet"
    if report.begins > 1:
        sys.stdout.write(f"It begins with row {report.begins}: those before it were let go.\n")
    sys.stdout.write(
        f"The access log is whole: {report.rows} rows, {report.heads} signed heads,"
        f" {report.unsigned} rows after the last head. Keys: {keys}.\n"
    )


def _as_json(report: Report, notes: list[str]) -> str:
    told: dict[str, Any] = {
        "whole": not report.faults,
        "begins": report.begins,
        "rows": report.rows,
        "heads": report.heads,
        "unsigned": report.unsigned,
        "keys": report.keys,
        "first_bad": report.first_bad,
        "faults": [{"text": fault.text, "rows": fault.rows} for fault in report.faults],
        "notes": notes,
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()
