"""``samsvar producers score``: how well producers' live answers keep the rules, over time."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from samsvar.cli.data_folder import opened
from samsvar.cli.listing import print_json, print_rows
from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.outcome import WRONG_INPUT, Stop

if TYPE_CHECKING:
    from samsvar.store.conformance import Day, Finding

_WEEK = 7
_MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Score:
    """One producer and contract. Shares are of the answers judged; None: none was."""

    producer: str
    contract: str
    sampled: int
    failing: int
    warned: int
    score: float | None
    """Share, in percent, of answers that break no must."""
    last_week: float | None
    week_before: float | None
    days: tuple[Day, ...]
    findings: tuple[Finding, ...]


def score(
    days: Annotated[int, typer.Option(help="how many days back")] = 30,
    producer: Annotated[str | None, typer.Option(help="only this one, by its id")] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print how well live answers keep the rules, by producer and contract."""
    from samsvar.clock import SystemClock
    from samsvar.store.conformance import SqlConformance

    if not 1 <= days <= 3660:
        raise Stop(WRONG_INPUT, "--days: a number from 1 to 3660")
    told = settings_from(settings)
    today = SystemClock().now().date()
    since = f"{today - timedelta(days=days - 1):%Y-%m-%d}"
    with opened(told) as database:
        kept = SqlConformance(database)
        scores = scored(kept.days(since), kept.findings(since), today)
    wanted = [one for one in scores if producer is None or one.producer == producer]
    if as_json:
        told_as = {"since": since, "scores": [asdict(one) for one in wanted]}
        print_json(told_as)
        return
    if not wanted:
        sys.stdout.write(
            f"no live answer has been judged since {since}: one in {told.conformance.sample}"
            " is (setting conformance.sample; 0 judges none)\n"
        )
        return
    print_rows(
        ("Producer", "Contract", "Judged", "Keep the musts", "Last week", "Most broken"),
        map(_row, wanted),
        title=f"Live answers since {since}",
    )


def scored(days: Sequence[Day], findings: Sequence[Finding], today: date) -> list[Score]:
    """Days and findings put together, by producer and contract."""
    last = f"{today - timedelta(days=_WEEK - 1):%Y-%m-%d}"
    before = f"{today - timedelta(days=2 * _WEEK - 1):%Y-%m-%d}"
    scores = []
    for producer, contract in dict.fromkeys((day.producer, day.contract) for day in days):
        mine = tuple(day for day in days if (day.producer, day.contract) == (producer, contract))
        found = tuple(
            one for one in findings if (one.producer, one.contract) == (producer, contract)
        )
        scores.append(
            Score(
                producer,
                contract,
                sum(day.sampled for day in mine),
                sum(day.failing for day in mine),
                sum(day.warned for day in mine),
                _share(mine),
                _share([day for day in mine if day.day >= last]),
                _share([day for day in mine if before <= day.day < last]),
                mine,
                found,
            )
        )
    return scores


def _share(days: Sequence[Day]) -> float | None:
    sampled = sum(day.sampled for day in days)
    if not sampled:
        return None
    return round(100 * (sampled - sum(day.failing for day in days)) / sampled, 1)


def _row(one: Score) -> tuple[str, ...]:
    broken = [
        f"{found.rule} {found.path.rpartition('/')[2]} ({found.answers})"
        for found in one.findings[:_MOST_SHOWN]
    ]
    return (
        one.producer,
        _short(one.contract),
        str(one.sampled),
        _percent(one.score),
        f"{_percent(one.last_week)} {_trend(one)}".strip(),
        "\n".join(broken),
    )


def _short(urn: str) -> str:
    parts = urn.split(":")
    return f"{parts[-2].removesuffix('Responder')} {parts[-1]}" if len(parts) > 1 else urn


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1f} %"


def _trend(one: Score) -> str:
    if one.last_week is None or one.week_before is None:
        return ""
    if one.last_week == one.week_before:
        return "(as before)"
    return "(better)" if one.last_week > one.week_before else "(worse)"
