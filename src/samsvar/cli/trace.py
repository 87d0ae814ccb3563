"""``samsvar trace``: one question as bars: where its time went, and who made it slow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console

from samsvar.cli.explain import WORDS, read_journeys
from samsvar.cli.listing import print_json
from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.outcome import REFUSED, Stop
from samsvar.model.exchange import QuestionRecord

WIDTH = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch of a question's time. Calls begin together: the sources are asked at once."""

    what: str
    seconds: float
    share: float
    """Of the whole question."""
    said: str


def trace(
    correlation_id: Annotated[str, typer.Argument(help="from the answer, or from any log line")],
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a question's time as bars: each source's call, the slowest first, and the hub's own."""
    records = read_journeys(settings_from(settings), correlation_id)
    if not records:
        raise Stop(REFUSED, "no question with that correlation id is in the access log")
    if as_json:
        told = [
            {
                "correlation_id": record.correlation_id,
                "at": record.at,
                "seconds": record.elapsed,
                "verdict": record.verdict,
                "bars": [
                    {"what": b.what, "seconds": b.seconds, "share": b.share, "said": b.said}
                    for b in bars(record)
                ],
            }
            for record in records
        ]
        print_json(told)
        return
    console = Console()
    for record in records:
        for line in _drawn(record):
            console.print(line, highlight=False, markup=False, soft_wrap=True)


def bars(record: QuestionRecord) -> list[Bar]:
    """The whole, the calls by length, and what neither of them waited for."""
    whole = max(record.elapsed, 1e-9)
    calls = sorted(
        (one for one in record.decisions if one.elapsed is not None),
        key=lambda one: -(one.elapsed or 0),
    )
    found = [Bar("question", record.elapsed, 1.0, record.fault or record.verdict.value)]
    found += [
        Bar(one.logical_address, one.elapsed or 0, (one.elapsed or 0) / whole, WORDS[one.reason])
        for one in calls
    ]
    slowest = calls[0].elapsed or 0 if calls else 0.0
    own = max(0.0, record.elapsed - slowest)
    found.append(Bar("the hub's own", own, own / whole, "index, access rules, merge, audit"))
    return found


def _drawn(record: QuestionRecord) -> Iterator[str]:
    found = bars(record)
    widest = max(len(one.what) for one in found)
    yield ""
    yield f"Question {record.correlation_id}"
    for one in found:
        length = min(WIDTH, max(1, round(one.share * WIDTH))) if one.seconds else 0
        offset = WIDTH - length if one is found[-1] else 0
        bar = (" " * offset + "█" * length).ljust(WIDTH)
        yield f"  {one.what:<{widest}}  {bar} {one.seconds * 1000:7.0f} ms  {one.said}"
    rest = len(record.decisions) - (len(found) - 2)
    if rest:
        yield f"  and {rest} not asked: samsvar explain {record.correlation_id}"
