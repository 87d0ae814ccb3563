"""Checks of time and load, and of the engagement index beside the answers."""

from __future__ import annotations

from samsvar.bench.evidence import Evidence
from samsvar.bench.model import Area, Check, Judgement, Severity, broken, fine, unknown
from samsvar.model.identifiers import folded


def _within(seen: Evidence, seconds: float) -> Judgement:
    asked = list(seen.good())
    if not asked:
        return unknown("Inga svar att ta tid på.", "No answers to time.")
    slowest = max(asked, key=lambda exchange: exchange.seconds)
    if slowest.seconds <= seconds:
        return fine(
            slowest.name,
            swedish=f"Längst {slowest.seconds:.2f} s.",
            english=f"At most {slowest.seconds:.2f} s.",
        )
    return broken(
        f"Längst {slowest.seconds:.2f} s; gränsen är {seconds:g} s.",
        f"At most {slowest.seconds:.2f} s; the limit is {seconds:g} s.",
        slowest.name,
    )


def _in_time(seen: Evidence) -> Judgement:
    return _within(seen, seen.target.deadline)


def _quickly(seen: Evidence) -> Judgement:
    return _within(seen, seen.target.slow)


def _at_once(seen: Evidence) -> Judgement:
    stopped = seen.without_answer("known")
    if stopped is not None:
        return stopped
    names = [f"parallel-{number}" for number in range(1, seen.target.parallel + 1)]
    bad = [
        name
        for name in names
        if seen.seen(name).failure is not None
        or seen.read(name).response is None
        or seen.ids(name) != seen.ids("known")
    ]
    if not bad:
        return fine(names[-1])
    return broken(
        f"{len(bad)} av {len(names)} samtidiga frågor fick inget eller ett annat svar.",
        f"{len(bad)} of {len(names)} questions at once got no answer, or another one.",
        bad[0],
    )


def _indexed(seen: Evidence) -> Judgement:
    if seen.indexed is None:
        return _no_index()
    there = folded(seen.target.logical_address) in seen.indexed[0]
    if there == bool(seen.read("known").records):
        return fine()
    if there:
        return broken(
            "Indexet pekar på systemet, men svaret är tomt.",
            "The index names the system, but its answer is empty.",
            "known",
        )
    return broken(
        "Svaret har poster, men indexet nämner inte systemet: skicka Update.",
        "There are records, but the index does not name the system: send Update.",
        "known",
    )


def _not_indexed(seen: Evidence) -> Judgement:
    if seen.indexed is None:
        return _no_index()
    if folded(seen.target.logical_address) in seen.indexed[1]:
        return broken(
            "Indexet pekar på systemet för en person som det inte har något om.",
            "The index names the system for a person about whom it has nothing.",
            "unknown",
        )
    return fine()


def _no_index() -> Judgement:
    return unknown("Inget index angavs.", "No index was given.")


LOAD: tuple[Check[Evidence], ...] = (
    Check(
        "LOAD-01",
        Area.LOAD,
        "Svaret kommer inom 27 sekunder",
        "The answer comes within 27 seconds",
        "TKB clinicalprocess:logistics:logistics 3.0.13, SLA",
        Severity.MUST,
        _in_time,
    ),
    Check(
        "LOAD-02",
        Area.LOAD,
        "Svaret kommer inom 15 sekunder",
        "The answer comes within 15 seconds",
        "TKB clinicalprocess:logistics:logistics 2015, SLA",
        Severity.SHOULD,
        _quickly,
    ),
    Check(
        "LOAD-03",
        Area.LOAD,
        "Tio frågor på en gång besvaras som en",
        "Ten questions at once are answered as one is",
        "TKB clinicalprocess:logistics:logistics 3.0.13, SLA: at least 10 concurrent",
        Severity.MUST,
        _at_once,
    ),
)

INDEX: tuple[Check[Evidence], ...] = (
    Check(
        "IDX-01",
        Area.INDEX,
        "Indexet och svaret säger detsamma om personen med uppgifter",
        "Index and answer agree about the person with data",
        "TKB itintegration:engagementindex 1.0.9, index-push",
        Severity.MUST,
        _indexed,
    ),
    Check(
        "IDX-02",
        Area.INDEX,
        "Indexet nämner inte systemet för personen utan uppgifter",
        "The index does not name the system for the person without data",
        "TKB itintegration:engagementindex 1.0.9, index-push",
        Severity.SHOULD,
        _not_indexed,
    ),
)
