"""A report as JSON: what is signed, kept, compared and read by machines."""

from __future__ import annotations

from typing import Any

import orjson

from samsvar.bench.model import Outcome, Report, Result

FORMAT = 1


def as_json(report: Report) -> bytes:
    """The whole report. The same report gives the same bytes."""
    told = {
        "format": FORMAT,
        "made_by": f"samsvar {report.version}",
        "at": report.at.isoformat(),
        "url": report.url,
        "logical_address": report.logical_address,
        "contracts": list(report.contracts),
        "passed": report.passed,
        "summary": {outcome.value: report.count(outcome) for outcome in Outcome},
        "results": [_result(result) for result in report.results],
        "exchanges": [
            {
                "name": shown.name,
                "seconds": round(shown.seconds, 3),
                "request": shown.request,
                "response": shown.response,
            }
            for shown in report.exchanges
        ],
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _result(result: Result) -> dict[str, Any]:
    judgement = result.judgement
    return {
        "key": result.key,
        "id": result.id,
        "area": result.area.value,
        "contract": result.contract,
        "title": {"sv": result.titles[0], "en": result.titles[1]},
        "source": result.source,
        "severity": result.severity.value,
        "outcome": judgement.outcome.value,
        "reason": {"sv": judgement.swedish, "en": judgement.english},
        "shown_by": list(judgement.shows),
    }
