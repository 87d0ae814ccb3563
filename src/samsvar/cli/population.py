"""``samsvar population``: the population register, loaded whole from a file; how old it is.

Knows the file's form. Faults are told by their lines, never by what stands there; the file is read
where it lies, and copied nowhere.
"""

from __future__ import annotations

import csv
import getpass
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samsvar.cli.data_folder import opened
from samsvar.cli.listing import local, print_json
from samsvar.cli.moments import moment
from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.outcome import PARTLY, REFUSED, WRONG_INPUT, Stop
from samsvar.clock import SystemClock
from samsvar.model.person_numbers import told_by_form
from samsvar.observe.masking import masked

if TYPE_CHECKING:
    from samsvar.model.identifiers import PersonId
    from samsvar.store.population import PopulationRow, StoredPopulation

app = typer.Typer(help="The population register (folkbokföring), for access decisions.")

COLUMNS = ("kind", "person", "guardian", "valid_to")
_MOST_SHOWN = 20


class _Faults(Exception):
    """The file cannot be loaded. Its lines, and what is wrong with each."""

    def __init__(self, lines: list[str], more: int = 0) -> None:
        super().__init__()
        self.text = "\n".join([*lines, *([f"and {more} more"] if more else ())])


@app.command("load")
def load(
    file: Annotated[Path, typer.Argument(help="CSV: " + ",".join(COLUMNS))],
    settings: SettingsOption = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="when it was taken out; left out: now")
    ] = None,
    everybody: Annotated[
        bool,
        typer.Option("--everybody", help="who is not in it has no protected identity"),
    ] = False,
    force: Annotated[bool, typer.Option(help="also if more than a fifth would go")] = False,
) -> None:
    """Put a whole population register in force, in place of the one before. Or nothing."""
    from samsvar.store.population import PopulationShrinks

    now, name = SystemClock().now(), masked(str(file))
    taken = moment("--as-of", as_of) if as_of is not None else now
    if taken > now:
        raise Stop(WRONG_INPUT, "--as-of: is to come")
    with _store(settings) as store:
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                made = store.load(
                    _rows(lines),
                    getpass.getuser(),
                    now,
                    as_of=taken,
                    everybody=everybody,
                    force=force,
                )
        except OSError as error:
            raise Stop(WRONG_INPUT, f"{name}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise Stop(WRONG_INPUT, f"{name}: cannot be read as UTF-8 text") from error
        except _Faults as error:
            raise Stop(WRONG_INPUT, f"{name}: nothing was loaded\n{error.text}") from error
        except PopulationShrinks as error:
            raise Stop(REFUSED, f"{name}: nothing was loaded: {error}") from error
        old = store.too_old(made, now)
    sys.stdout.write(
        f"In force: {made.guardianships} guardianships, {made.protected} protected identities,"
        f" {made.listed} others.\n"
    )
    if old:
        raise Stop(PARTLY, "It is too old to answer: see population.longest_hours")


@app.command("status")
def status(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Print how old the register is. Exit code 1: too old to answer; 3: none."""
    now = SystemClock().now()
    with _store(settings) as store:
        made = store.edition()
        old = made is not None and store.too_old(made, now)
    if as_json:
        told = {**asdict(made), "too_old": old} if made else None
        print_json(told)
    elif made is not None:
        hours = (now - made.as_of) / timedelta(hours=1)
        reach = "everybody" if made.everybody else "those who are in it"
        sys.stdout.write(
            f"Taken out {local(made.as_of.isoformat())}, {hours:.1f} hours ago; loaded"
            f" {local(made.loaded.isoformat())} by {made.loaded_by}.\n"
            f"Tells of {reach}: {made.guardianships} guardianships, {made.protected} protected"
            f" identities, {made.listed} others.\n"
        )
    if made is None:
        raise Stop(
            REFUSED,
            "no population register has been loaded: guardians and protected identities are"
            " unknown",
        )
    if old:
        raise Stop(PARTLY, "It is too old to answer: load a newer one")


def _rows(lines: Iterable[str]) -> Iterator[PopulationRow]:
    """The rows of the file, until a line has a fault; then all faults are gathered, and told."""
    reader = csv.reader(lines, strict=True)
    faults: list[str] = []
    count = 0
    try:
        if next(reader, None) != list(COLUMNS):
            raise _Faults([f"line 1: must be {','.join(COLUMNS)}"])
        for row in reader:
            try:
                read = _row(row)
            except ValueError as error:
                count += 1
                if count <= _MOST_SHOWN:
                    faults.append(f"line {reader.line_num}: {error}")
                continue
            if not count:
                yield read
    except csv.Error:
        count += 1
        faults = [*faults[:_MOST_SHOWN], f"line {reader.line_num}: is not CSV"]
    if count:
        raise _Faults(faults, max(0, count - len(faults)))


def _row(row: list[str]) -> PopulationRow:
    from samsvar.store.population import PopulationRow, RowKind

    if len(row) != len(COLUMNS):
        raise ValueError(f"must have {len(COLUMNS)} columns")
    kind, person, guardian, valid_to = (cell.strip() for cell in row)
    if kind not in tuple(RowKind):
        raise ValueError("kind: must be one of " + ", ".join(RowKind))
    if (kind == RowKind.GUARDIAN) != bool(guardian):
        raise ValueError(f"guardian: stands in rows of kind {RowKind.GUARDIAN}, and must there")
    return PopulationRow(
        RowKind(kind),
        _person("person", person),
        _person("guardian", guardian) if guardian else None,
        _day(valid_to) if valid_to else None,
    )


def _person(column: str, number: str) -> PersonId:
    person = told_by_form(number)
    if person is None:
        raise ValueError(f"{column}: must be 12 characters of a number that can exist")
    return person


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError("valid_to: must be a day such as 2026-01-31, or empty") from error


@contextmanager
def _store(settings: Path | None) -> Iterator[StoredPopulation]:
    from samsvar.store.population import StoredPopulation
    from samsvar.store.secrets import open_vault

    chosen = settings_from(settings)
    longest = timedelta(hours=chosen.population.longest_hours)
    with opened(chosen, write=True) as database:
        yield StoredPopulation(database, open_vault(database), longest)
