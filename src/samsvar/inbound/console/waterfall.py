"""One question in time: what the hub did, and a bar for each source that was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from samsvar.inbound.console.charts import Bar, waterfall_bar
from samsvar.inbound.console.words import calm
from samsvar.model.exchange import Decision, QuestionRecord, Reason, Verdict
from samsvar.model.identifiers import folded
from samsvar.model.result import NOT_ASKED, WENT_WELL


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the waterfall."""

    name: tuple[str, str]
    told: tuple[str, str]
    kind: str
    sign: str
    bar: Markup
    seconds: float | None
    details: tuple[str, ...] = ()
    address: str = ""


def steps(
    record: QuestionRecord,
    deadline: float,
    limits: Mapping[str, float | None],
    names: Mapping[str, str],
    *,
    swedish: bool,
) -> list[Step]:
    """The walk in time, as far as the log knows it. The scale is what the question took."""
    whole = max(record.elapsed, 0.001)
    asked = [one for one in record.decisions if one.elapsed is not None]
    begun = min((one.begun for one in asked if one.begun is not None), default=None)
    ended = max(
        (one.begun + one.elapsed for one in asked if one.begun is not None and one.elapsed),
        default=None,
    )
    # rows of an older program have no beginnings: all are asked at once, and the rest is little
    if asked and begun is None:
        ended = None
    found = _before_asking(record, begun, whole)
    found += [
        _step(decision, whole, deadline, limits, names, swedish=swedish)
        for decision in record.decisions
    ]
    if ended is not None or not asked:
        start = min(ended if ended is not None else 0.0, whole)
        found.append(
            Step(
                ("Åtkomstregler, sammanslagning", "Access rules, merge"),
                ("vad får visas; ett svar av alla", "what may be shown; one answer of all"),
                "hub",
                "→",
                waterfall_bar(Bar(start, max(0.0, whole - start), "hub"), whole),
                max(0.0, whole - start) if record.verdict is Verdict.ANSWERED else None,
            )
        )
    found.append(
        Step(
            ("Åtkomstlogg", "Access log"),
            (
                "raden är varaktig innan svaret lämnar navet",
                "the row is durable before the answer leaves",
            ),
            "hub",
            "✓",
            waterfall_bar(Bar(whole, 0.0, "hub"), whole),
            None,
        )
    )
    return found


def _before_asking(record: QuestionRecord, begun: float | None, whole: float) -> list[Step]:
    """What the hub did before it asked anybody: apart, as far as the row has it apart."""
    timed = [one for one in record.decisions if one.looked is not None]
    if not timed:
        name = ("Behörighet, index, vägval", "Permission, index, route")
        told = ("vem frågar, vem vet något, vart", "who asks, who knows, whereto")
        return [_stretch(name, told, 0.0, begun, whole)]
    looked, found = timed[0].looked or 0.0, timed[0].found or 0.0
    placed = max(one.placed or found for one in timed)
    named = sum(one.reason is not Reason.NOT_INDEXED for one in timed)
    refused = sum(one.reason is Reason.NOT_PERMITTED for one in timed)
    return [
        _stretch(
            ("Avsändare, kontrakt", "Sender, contract"),
            ("vem frågar; är frågan rätt ställd", "who asks; is the question well put"),
            0.0,
            looked,
            whole,
        ),
        _stretch(
            ("Index", "Index"),
            (f"vem vet något: {named} nämnda", f"who knows something: {named} named"),
            looked,
            found,
            whole,
        ),
        _stretch(
            ("Behörighet, vägval", "Permission, route"),
            (
                f"vem får tillfrågas, och vart: {refused} får inte",
                f"who may be asked, and where: {refused} may not",
            ),
            found,
            placed,
            whole,
        ),
    ]


def _stretch(
    name: tuple[str, str],
    told: tuple[str, str],
    begin: float,
    end: float | None,
    whole: float,
) -> Step:
    """Something that the hub itself did; ``end`` None: nobody knows for how long."""
    bar = None if end is None else Bar(begin, max(0.0, end - begin), "hub")
    seconds = None if end is None else max(0.0, end - begin)
    return Step(name, told, "hub", "→", waterfall_bar(bar, whole), seconds)


def _step(
    decision: Decision,
    whole: float,
    deadline: float,
    limits: Mapping[str, float | None],
    names: Mapping[str, str],
    *,
    swedish: bool,
) -> Step:
    kind, sign = mark_of(decision)
    bar = None
    if decision.elapsed is not None:
        begun = decision.begun or 0.0
        limit = limits.get(decision.producer or "")
        allowed = min(deadline, begun + limit) if limit is not None else deadline
        bar = Bar(begun, decision.elapsed, kind, allowed)
    name = names.get(folded(decision.logical_address)) or decision.producer
    reason = calm(decision.reason)[0 if swedish else 1]
    records = {1: ("1 post", "1 record")}.get(
        decision.items, (f"{decision.items} poster", f"{decision.items} records")
    )
    words = f"{reason}, {records[0 if swedish else 1]}" if decision.items else reason
    return Step(
        (name or decision.logical_address,) * 2,
        (words, words),
        kind,
        sign,
        waterfall_bar(bar, whole),
        decision.elapsed,
        tuple(decision.detail.split("; ")) if decision.detail else (),
        decision.logical_address,
    )


def mark_of(decision: Decision) -> tuple[str, str]:
    """The class and the sign of how a candidate ended."""
    if decision.reason in WENT_WELL:
        return "full", "✓"
    if decision.reason in NOT_ASKED:
        return "quiet", "–"
    return ("denied", "⏸") if decision.elapsed is None else ("failed", "✕")
