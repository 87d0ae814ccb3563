"""A report as JUnit XML, which build servers read: a suite for each area."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr  # noqa: TID251 - writes, and never reads

from samsvar.bench.model import AREA_TITLES, Area, Outcome, Report, Result


def as_junit(report: Report) -> bytes:
    """The whole report. A warning passes, its text as output; what cannot be told is skipped."""
    suites = []
    for area in Area:
        results = [result for result in report.results if result.area is area]
        if results:
            suites.append(_suite(area, results, report))
    failures, skipped = report.count(Outcome.FAIL), report.count(Outcome.INCONCLUSIVE)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name={quoteattr(report.logical_address)} tests="{len(report.results)}"'
        f' failures="{failures}" errors="0" skipped="{skipped}">\n{"".join(suites)}</testsuites>\n'
    ).encode()


def _suite(area: Area, results: list[Result], report: Report) -> str:
    def count(outcome: Outcome) -> int:
        return sum(result.judgement.outcome is outcome for result in results)

    cases = "".join(map(_case, results))
    return (
        f'<testsuite name={quoteattr(AREA_TITLES[area][1])} tests="{len(results)}"'
        f' failures="{count(Outcome.FAIL)}" errors="0" skipped="{count(Outcome.INCONCLUSIVE)}"'
        f' timestamp="{report.at:%Y-%m-%dT%H:%M:%S}">\n{cases}</testsuite>\n'
    )


def _case(result: Result) -> str:
    name = quoteattr(f"{result.id} {result.titles[1]}")
    opening = f"<testcase classname={quoteattr(result.contract or 'connection')} name={name}"
    reason, outcome = result.judgement.english, result.judgement.outcome
    if outcome is Outcome.FAIL:
        inside = f"<failure message={quoteattr(reason)}>{escape(result.source)}</failure>"
    elif outcome is Outcome.INCONCLUSIVE:
        inside = f"<skipped message={quoteattr(reason)}/>"
    elif outcome is Outcome.WARN:
        inside = f"<system-out>{escape(f'WARN: {reason} ({result.source})')}</system-out>"
    else:
        return f"{opening}/>\n"
    return f"{opening}>{inside}</testcase>\n"
