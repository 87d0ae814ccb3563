"""What is printed of each engine, and which laws were broken."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from bench.kills.judging import Ended
from bench.kills.killing import RESTART_SECONDS, Kill
from bench.kills.laws import Kept
from bench.kills.ledger import IN_A_ROW, Ledger

_MOST_WORDS = 12


@dataclass(frozen=True, slots=True)
class Run:
    """With one engine."""

    engine: str
    kills: Sequence[Kill]
    ledger: Ledger
    kept: Kept
    load_average: float
    """Of the machine, when it was over."""

    def broken(self) -> list[str]:
        """The laws that did not hold, each as a sentence."""
        kept, counts = self.kept, self.ledger.counts
        laws = [
            (kept.without_row, "answers with records have no row in the access log"),
            (kept.more_rows, "questions have more than one row in the access log"),
            (kept.not_in_index, "acknowledged Updates are not in the index"),
            (kept.not_delivered, "acknowledged Updates did not reach the subscriber"),
            (kept.delivered_again, "Updates had their effect at the subscriber twice"),
            (counts[Ended.WRONG], "answers were wrong, or refused without a word"),
            (self.ledger.unexcused_cuts(), "connections were lost though no hub was killed"),
            (sum(kill.well is None for kill in self.kills), "kills were not recovered from"),
            (0 if kept.whole else 1, "access log that audit verify does not call whole"),
        ]
        if self.engine != "postgresql":
            laws.append(
                (self.ledger.without_direct(), "answers lack a source that does not need it")
            )
        return [f"{self.engine}: {number} {words}" for number, words in laws if number]


def show(console: Console, runs: Sequence[Run]) -> None:
    """All tables."""
    rows: Sequence[tuple[str, Sequence[str]]] = [
        ("load average of the machine", [f"{run.load_average:.1f}" for run in runs]),
        ("kills", [str(len(run.kills)) for run in runs]),
        ("questions", [str(len(run.ledger.asked)) for run in runs]),
        *((f"  {how.value}", [str(run.ledger.counts[how]) for run in runs]) for how in Ended),
        ("longest answer, s", [f"{_longest(run):.1f}" for run in runs]),
        ("answers without a row in the access log", [str(run.kept.without_row) for run in runs]),
        ("Updates sent", [str(len(run.ledger.updates)) for run in runs]),
        ("  acknowledged", [str(len(run.ledger.acknowledged())) for run in runs]),
        ("  of these not in the index", [str(run.kept.not_in_index) for run in runs]),
        ("  of these not delivered", [str(run.kept.not_delivered) for run in runs]),
        ("  delivered more than once", [str(run.kept.delivered_again) for run in runs]),
        ("readiness says so, s", [_spread([kill.said for kill in run.kills]) for run in runs]),
        ("it serves again, s", [_spread([kill.back for kill in run.kills]) for run in runs]),
        (
            f"{IN_A_ROW} good answers in a row, s",
            [_spread([kill.well for kill in run.kills]) for run in runs],
        ),
        (
            "  of this after it served again",
            [
                _spread(
                    [
                        max(0.0, kill.well - kill.back) if kill.well is not None else None
                        for kill in run.kills
                    ]
                )
                for run in runs
            ],
        ),
    ]
    table = Table(
        title=f"kill -9 under load, started again after {RESTART_SECONDS:g} s; seconds from the"
        " kill: median / most"
    )
    table.add_column("")
    for run in runs:
        table.add_column(run.engine, justify="right")
    for name, cells in rows:
        table.add_row(name, *cells)
    console.print(table)
    for run in runs:
        console.print(f"{run.engine}: audit verify: {run.kept.verdict}", highlight=False)
        for words, times in run.ledger.words().most_common(_MOST_WORDS):
            console.print(f"  {times} x {words}", highlight=False, markup=False)


def _longest(run: Run) -> float:
    return max((each.seconds for each in run.ledger.asked), default=0.0)


def _spread(found: Sequence[float | None]) -> str:
    """Median and most, and of how many where there are fewer than kills."""
    times = [each for each in found if each is not None]
    if not times:
        return "-"
    few = f" ({len(times)} of {len(found)})" if len(times) < len(found) else ""
    return f"{statistics.median(times):.1f} / {max(times):.1f}{few}"
