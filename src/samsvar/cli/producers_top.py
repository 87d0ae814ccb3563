"""``samsvar producers top``: producers by trouble, slowness, failures or questions."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from samsvar.cli.listing import print_json
from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.status import print_standings
from samsvar.cli.watched import watched

if TYPE_CHECKING:
    from samsvar.watch.trouble import Standing


class By(StrEnum):
    """What they are sorted by."""

    TROUBLE = "trouble"
    SLOW = "slow"
    FAILING = "failing"
    EMPTY = "empty"
    ASKED = "asked"


def top(
    by: Annotated[By, typer.Option(help="what they are sorted by")] = By.TROUBLE,
    hours: Annotated[int, typer.Option(min=1, max=168, help="how many hours back")] = 2,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="how many are shown")] = 20,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print producers with what they did in the last hours and what is usual, the worst first."""
    seen = watched(settings_from(settings), hours)
    ranked = seen.standings
    if by is not By.TROUBLE:
        ranked = tuple(sorted(ranked, key=lambda one: -_worth(one, by)))
    ranked = ranked[:most]
    if as_json:
        told = {"at": seen.now, "hours": hours, "by": by, "producers": [asdict(x) for x in ranked]}
        print_json(told)
        return
    print_standings(ranked, seen.notices, f"The last {hours} hours, by {by}")


def _worth(one: Standing, by: By) -> float:
    match by:
        case By.SLOW:
            return one.seconds or 0.0
        case By.FAILING:
            return one.failed or 0.0
        case By.EMPTY:
            return -1.0 if one.records is None else 1 - one.records
        case By.ASKED:
            return float(one.asked)
        case By.TROUBLE:
            return one.weight
