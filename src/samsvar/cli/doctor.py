"""``samsvar doctor``: what is wrong with this installation, why, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from samsvar.cli.doctor_checks import CHECKS, Checked, Outcome, Patient
from samsvar.cli.listing import print_json
from samsvar.cli.options import JsonOption, SettingsOption
from samsvar.cli.outcome import PARTLY, WRONG_INPUT, Stop
from samsvar.settings import SettingsInvalid, load

_MARKS = {Outcome.OK: "ok", Outcome.NOTE: "note", Outcome.FAULT: "FAULT"}


def doctor(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Check settings, rights, disk, clock, certificates, database, producers; say what to do."""
    try:
        told = load(settings)
    except SettingsInvalid as error:
        raise Stop(WRONG_INPUT, "\n".join(error.faults)) from error
    patient = Patient(told, settings.parent if settings else Path.cwd())
    found = [Checked("settings", Outcome.OK, "read without a fault")]
    for name, check in CHECKS.items():
        found += _guarded(name, lambda check=check: check(patient))  # type: ignore[misc]
    if as_json:
        rows = [asdict(one) for one in found]
        print_json(rows)
    else:
        console = Console()
        for one in found:
            line = f"{_MARKS[one.outcome]:6}{one.check:13}{one.told}"
            console.print(line, highlight=False, markup=False, soft_wrap=True)
            if one.remedy:
                console.print(f"{'':19}{one.remedy}", highlight=False, markup=False, soft_wrap=True)
    if any(one.outcome is Outcome.FAULT for one in found):
        raise Stop(PARTLY)


def _guarded(name: str, check: Callable[[], Iterator[Checked]]) -> Iterator[Checked]:
    """A check that breaks is a finding, not an end."""
    from samsvar.errors import HubError

    try:
        yield from check()
    except HubError as error:
        yield Checked(name, Outcome.FAULT, str(error))
    except OSError as error:
        yield Checked(name, Outcome.FAULT, f"it cannot be looked at: {error.strerror}")
