"""A report as one page that prints: Swedish first, English beside. No script, nothing fetched.

Every outcome has a word and a sign; colour only helps. Knows a report; judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

from samsvar.bench.history import Changes
from samsvar.bench.model import AREA_TITLES, Area, Outcome, Report, Result, Shown
from samsvar.bench.report_style import STYLE

WORDS: dict[Outcome, tuple[str, str, str]] = {
    Outcome.FAIL: ("✗", "Fel", "FAIL"),
    Outcome.WARN: ("!", "Varning", "WARN"),
    Outcome.INCONCLUSIVE: ("?", "Gick inte att bedöma", "INCONCLUSIVE"),
    Outcome.PASS: ("✓", "Godkänd", "PASS"),
}


def as_html(report: Report, changes: Changes | None = None) -> bytes:
    """The whole page."""
    title = f"Provning av {escape(report.logical_address)}"
    return (
        '<!DOCTYPE html>\n<html lang="sv"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><main>"
        f"{_head(report, title)}{_changes(report, changes)}{_to_do(report)}"
        f"{''.join(_area(report, area) for area in Area)}{_exchanges(_telling(report))}"
        "</main></body></html>\n"
    ).encode()


def _head(report: Report, title: str) -> str:
    counts = "".join(
        f'<li class="{outcome.lower() if report.count(outcome) else "none"}">'
        f"<b>{report.count(outcome)}</b>"
        f'<span><i aria-hidden="true">{sign}</i> {swedish}</span>'
        f'<small lang="en">{english}</small></li>'
        for outcome, (sign, swedish, english) in WORDS.items()
    )
    verdict = (
        ("Godkänd", "Passed", "pass")
        if report.passed
        else (f"{report.count(Outcome.FAIL)} fel att rätta", "Not passed", "fail")
    )
    return (
        f'<header><p class="verdict {verdict[2]}">{verdict[0]}'
        f' <small lang="en">{verdict[1]}</small></p><h1>{title}</h1><dl>'
        f"<dt>Adress <small lang='en'>URL</small></dt><dd><code>{escape(report.url)}</code></dd>"
        "<dt>Kontrakt <small lang='en'>Contracts</small></dt>"
        f"<dd>{escape(', '.join(report.contracts))}</dd>"
        f"<dt>Tid <small lang='en'>Time</small></dt><dd>{report.at:%Y-%m-%d %H:%M}</dd>"
        f"<dt>Provbänk <small lang='en'>Bench</small></dt><dd>Samsvar {escape(report.version)}</dd>"
        f'</dl><ul class="counts">{counts}</ul></header>'
    )


def _changes(report: Report, changes: Changes | None) -> str:
    if changes is None:
        return ""
    titles = {result.key: result for result in report.results}

    def listed(keys: Iterable[str], swedish: str, english: str) -> str:
        rows = "".join(
            f"<li><code>{escape(key)}</code> {escape(titles[key].titles[0])}</li>" for key in keys
        )
        return f'<h3>{swedish} <small lang="en">{english}</small></h3>' + (
            f"<ul>{rows}</ul>" if rows else "<p>Inga. <small lang='en'>None.</small></p>"
        )

    return (
        '<section class="changes"><h2>Sedan förra provningen <small lang="en">Since the last run'
        f"</small></h2><p>Jämfört med {escape(changes.since[:16].replace('T', ' '))}.</p>"
        f"{listed(changes.failing, 'Nya fel', 'New failures')}"
        f"{listed(changes.mended, 'Rättat', 'Fixed')}</section>"
    )


def _to_do(report: Report) -> str:
    """Failures and warnings once more, first: what somebody must act on."""
    wrong: dict[tuple[Outcome, str], list[Result]] = {}
    for outcome in (Outcome.FAIL, Outcome.WARN):
        for result in report.results:
            if result.judgement.outcome is outcome:
                wrong.setdefault((outcome, result.id), []).append(result)
    if not wrong:
        return ""
    rows = "".join(map(_errand, wrong.values()))
    return (
        '<section><h2>Att göra <small lang="en">To do</small></h2>'
        f'<ul class="todo">{rows}</ul></section>'
    )


def _errand(results: list[Result]) -> str:
    """One rule that is broken, in one contract or several."""
    first = results[0]
    contracts = ", ".join(result.contract for result in results if result.contract)
    told = dict.fromkeys((result.judgement.swedish, result.judgement.english) for result in results)
    reasons = "".join(
        f'{escape(swedish)}<small lang="en">{escape(english)}</small>' for swedish, english in told
    )
    where = f" ({escape(contracts)})" if contracts else ""
    return (
        f'<li class="{first.judgement.outcome.lower()}">{_badge(first)}'
        f'<a href="#{_anchor(first.key)}"><code>{escape(first.id)}</code></a>'
        f"<span><b>{escape(first.titles[0])}</b>{where}<br>{reasons}</span></li>"
    )


def _area(report: Report, area: Area) -> str:
    results = [result for result in report.results if result.area is area]
    if not results:
        return ""
    swedish, english = AREA_TITLES[area]
    ids = sorted({result.id for result in results})
    rows = "".join(_rows([result for result in results if result.id == check]) for check in ids)
    return (
        f'<section><h2>{swedish} <small lang="en">{english}</small></h2><table><thead><tr>'
        "<th>Regel</th><th>Vad som prövas</th><th>Resultat</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></section>"
    )


def _rows(results: list[Result]) -> str:
    """One row for a rule; its contracts inside, together where they say the same."""
    first = results[0]
    told: dict[tuple[Outcome, str, str], list[Result]] = {}
    for result in results:
        judgement = result.judgement
        key = (judgement.outcome, judgement.swedish, judgement.english)
        told.setdefault(key, []).append(result)
    cells = "".join(_cell(same) for same in told.values())
    anchors = "".join(f'<a id="{_anchor(result.key)}"></a>' for result in results)
    return (
        f"<tr><td>{anchors}<code>{escape(first.id)}</code></td><td>{escape(first.titles[0])}"
        f'<small lang="en">{escape(first.titles[1])}</small>'
        f"<small>{escape(first.source)}</small></td><td>{cells}</td></tr>"
    )


def _cell(results: list[Result]) -> str:
    judgement = results[0].judgement
    contracts = ", ".join(result.contract for result in results if result.contract)
    names = [name for result in results for name in result.judgement.shows]
    shown = " · ".join(
        f'<a href="#{_anchor(name)}">{escape(name)}</a>' for name in dict.fromkeys(names)
    )
    quiet = judgement.outcome is Outcome.PASS
    reason = "" if quiet and judgement.swedish == "Som det ska." else escape(judgement.swedish)
    english = "" if not reason else f'<small lang="en">{escape(judgement.english)}</small>'
    links = "" if quiet or not shown else f'<small class="shown">{shown}</small>'
    return (
        f'<div class="result {judgement.outcome.lower()}">{_badge(results[0])}'
        f"<small>{escape(contracts)}</small><span>{reason}</span>{english}{links}</div>"
    )


def _badge(result: Result) -> str:
    sign, swedish, english = WORDS[result.judgement.outcome]
    return f'<b class="badge" title="{english}"><i aria-hidden="true">{sign}</i> {swedish}</b>'


def _telling(report: Report) -> Iterator[Shown]:
    """The exchanges that show something amiss; where nothing is, each contract's first one. The
    report in JSON has them all."""
    amiss = {
        name
        for result in report.results
        if result.judgement.outcome is not Outcome.PASS
        for name in result.judgement.shows
    }
    firsts = {f"{contract}: known" for contract in report.contracts}
    yield from (shown for shown in report.exchanges if shown.name in amiss | firsts)


def _exchanges(exchanges: Iterable[Shown]) -> str:
    blocks = "".join(
        f'<article id="{_anchor(shown.name)}"><h3>{escape(shown.name)}'
        f" <small>{shown.seconds:.2f} s</small></h3><div><pre>{escape(shown.request)}</pre>"
        f"<pre>{escape(shown.response)}</pre></div></article>"
        for shown in exchanges
    )
    if not blocks:
        return ""
    return (
        '<section class="exchanges"><h2>Frågor och svar <small lang="en">Requests and responses'
        "</small></h2><p>Personnummer, dokument och fri text är borttagna. "
        '<small lang="en">Personal numbers, documents and free text are taken out.</small></p>'
        f"{blocks}</section>"
    )


def _anchor(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()
