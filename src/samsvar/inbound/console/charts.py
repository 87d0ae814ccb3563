"""Pictures as SVG, drawn on the server: bars of results by minute, the waterfall of one question.

Numbers in, shapes out. Colours and patterns are classes of the style sheet; every picture has its
figures beside it as text. Knows nothing of HTML pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from samsvar.inbound.console.words import RESULTS
from samsvar.model.local_time import STOCKHOLM
from samsvar.model.questions import Minute
from samsvar.model.result import Result

_WIDTH, _FLOOR, _LEFT = 960, 150, 44
_LABEL = 40
"""Room for a time of day: where there is less, none stands."""
_STRETCH = (
    '<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true"'
    ' focusable="false">'
)
_ORDER = (Result.FULL, Result.PART, Result.FAILED, Result.DENIED)
#: beside the colour: dots, stripes and crosses, so that no one needs to tell colours apart
PATTERNS = Markup(
    '<svg class="unseen" aria-hidden="true" focusable="false"><defs>'
    '<pattern id="pattern-part" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect width="6" height="6" class="fill-part"/><path d="M0 6 6 0" class="ink"/></pattern>'
    '<pattern id="pattern-failed" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect width="6" height="6" class="fill-failed"/><path d="M0 0 6 6M0 6 6 0" class="ink"/>'
    '</pattern><pattern id="pattern-denied" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect width="6" height="6" class="fill-denied"/><circle cx="3" cy="3" r="1.2" class="dot"/>'
    "</pattern></defs></svg>"
)


def minutes_chart(minutes: Sequence[Minute], title: str) -> Markup:
    """Stacked bars, a bar for each minute."""
    most = max((sum(minute.counts.values()) for minute in minutes), default=0)
    top = _round_up(most)
    step = (_WIDTH - _LEFT) / max(1, len(minutes))
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = _FLOOR - share * (_FLOOR - 10)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" class="axis end">{top * share:g}</text>'
        )
    for number, minute in enumerate(minutes):
        x, y = _LEFT + number * step, float(_FLOOR)
        for result in _ORDER:
            count = minute.counts.get(result, 0)
            if not count:
                continue
            height = count / top * (_FLOOR - 10)
            y -= height
            kind = RESULTS[result].kind
            parts.append(
                f'<rect x="{x + 1:.1f}" y="{y:.1f}" width="{max(1.5, step - 2.5):.1f}"'
                f' height="{height:.1f}" class="bar bar-{kind}"/>'
            )
        at = minute.at.astimezone(STOCKHOLM)
        if at.minute % 10 == 0 and _WIDTH - x > _LABEL:
            parts.append(f'<text x="{x:.1f}" y="{_FLOOR + 20}" class="axis">{at:%H:%M}</text>')
    head = Markup('<svg class="chart" viewBox="0 0 960 180" role="img" aria-label="{}">')
    return head.format(title) + _drawn((*parts, "</svg>"))


def _round_up(most: int) -> float:
    """The top of the axis: one that halves well."""
    for top in (2, 4, 6, 10, 20, 40, 60, 100, 200, 400, 600, 1000, 2000, 4000, 6000, 10_000):
        if most <= top:
            return float(top)
    return float(most)


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch of time in the waterfall, in seconds from the question's arrival."""

    begun: float
    seconds: float
    kind: str
    allowed: float | None = None
    """Until when it could have gone on."""


def waterfall_bar(bar: Bar | None, whole: float) -> Markup:
    """One row's bar. It stretches with the page, so it holds no text."""
    scale = 1000 / whole if whole > 0 else 0.0
    parts = ['<rect x="0" y="6" width="1000" height="2" class="rail"/>']
    if bar is not None:
        x = bar.begun * scale
        if bar.allowed is not None:
            width = max(0.0, (bar.allowed - bar.begun) * scale)
            parts.append(
                f'<rect x="{x:.1f}" y="3" width="{min(width, 1000 - x):.1f}" height="8"'
                ' class="allowed"/>'
            )
        width = max(4.0, bar.seconds * scale)
        parts.append(
            f'<rect x="{min(x, 996):.1f}" y="0" width="{min(width, 1000 - min(x, 996)):.1f}"'
            f' height="14" rx="2" class="bar bar-{bar.kind}"/>'
        )
    return _drawn((_STRETCH.format("stretch", 1000, 14), *parts, "</svg>"))


def share_bar(shares: Sequence[tuple[str, float]]) -> Markup:
    """A small bar of shares of one, each with its class."""
    x, parts = 0.0, ['<rect width="100" height="8" class="rail"/>']
    for kind, share in shares:
        width = max(0.0, min(share, 1.0)) * 100
        if width:
            parts.append(
                f'<rect x="{x:.1f}" width="{width:.1f}" height="8" class="bar bar-{kind}"/>'
            )
        x += width
    return _drawn((_STRETCH.format("share", 100, 8), *parts, "</svg>"))


def _drawn(parts: Iterable[str]) -> Markup:
    """Numbers and our own class names alone stand in the parts: nothing of anybody else's."""
    return Markup("".join(parts))  # noqa: S704 - for that reason
