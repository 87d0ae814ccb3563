"""``samsvar explain``: the walk of one question, read from the access log."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from samsvar.cli.data_folder import opened
from samsvar.cli.options import JsonOption, SettingsOption, settings_from
from samsvar.cli.outcome import REFUSED, Stop
from samsvar.model.exchange import Decision, QuestionRecord, Reason
from samsvar.model.local_time import STOCKHOLM
from samsvar.model.reason_words import WORDS as REASON_WORDS
from samsvar.settings import Settings

WORDS: dict[Reason, str] = {reason: english for reason, (_, english) in REASON_WORDS.items()}

_GOOD = (Reason.ANSWERED, Reason.ANSWERED_EMPTY, Reason.DENIED)


def explain(
    correlation_id: Annotated[str, typer.Argument(help="from the answer, or from any log line")],
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the walk of a question: who asked, each candidate and why, how long, what came."""
    records = read_journeys(settings_from(settings), correlation_id)
    if not records:
        raise Stop(REFUSED, "no question with that correlation id is in the access log")
    if as_json:
        sys.stdout.write(_as_json(records) + "\n")
        return
    console = Console()
    for record in records:
        print_journey(console, record)


def read_journeys(settings: Settings, correlation_id: str) -> list[QuestionRecord]:
    """What the access log has under a correlation id.

    Raises:
        Stop: there is no database, or it cannot be read.
    """
    from samsvar.store.access_log_reader import AccessLogReader
    from samsvar.store.secrets import open_vault

    with opened(settings) as database:
        reader = AccessLogReader(database, open_vault(database))
        return [found.record for found in reader.questions(correlation_id)]


def print_journey(console: Console, record: QuestionRecord) -> None:
    """One question, for people. The person is never named."""
    said = console.print
    said()
    said(f"Question {record.correlation_id}", style="bold", highlight=False)
    when = record.at.astimezone(STOCKHOLM)
    for label, value in (
        ("asked", f"{when:%Y-%m-%d %H:%M:%S} by {record.sender or 'somebody unknown'}"),
        ("from", record.peer),
        ("on behalf of", record.original_consumer),
        ("contract", record.contract),
        ("addressed to", record.logical_address),
        ("ended", _ending(record)),
        ("catalogue", f"version {record.catalogue_version}" if record.catalogue_version else None),
        *(("SECURITY", event) for event in record.security),
    ):
        if value:
            said(f"  {label:<13}{value}", highlight=False, markup=False)
    if record.decisions:
        said()
    widest = max((len(decision.logical_address) for decision in record.decisions), default=0)
    for decision in record.decisions:
        mark = "+" if decision.reason in _GOOD else "-" if decision.elapsed is None else "!"
        told = WORDS[decision.reason]
        if decision.items:
            told += f", {decision.items} {'record' if decision.items == 1 else 'records'}"
        took = f"  {decision.elapsed * 1000:.0f} ms" if decision.elapsed is not None else ""
        line = f"  {mark} {decision.logical_address:<{widest}}  {told}{took}"
        said(line, highlight=False, markup=False, soft_wrap=True)
        for why in _why(decision):
            said(f"      {why}", highlight=False, markup=False, style="dim", soft_wrap=True)


def _ending(record: QuestionRecord) -> str:
    took = f"{record.elapsed * 1000:.0f} ms"
    if record.fault is None:
        return f"{record.verdict} in {took}"
    return f"{record.verdict} in {took}: {record.fault} {record.fault_detail}"


def _why(decision: Decision) -> list[str]:
    lines = decision.detail.split("; ") if decision.detail else []
    if decision.producer:
        lines.append(f"producer {decision.producer}, by route {decision.route_trace}")
    if decision.access:
        lines.append(f"access rules: {decision.access}")
    if decision.permission_trace:
        lines.append(f"permission looked for at {decision.permission_trace}")
    return lines


def _as_json(records: list[QuestionRecord]) -> str:
    def row(record: QuestionRecord) -> dict[str, Any]:
        told = asdict(record)
        for name in ("subject", "user", "statement"):
            del told[name]  # explain tells of the routing; who asked about whom is the audit's
        return told

    return orjson.dumps([row(record) for record in records], option=orjson.OPT_INDENT_2).decode()
