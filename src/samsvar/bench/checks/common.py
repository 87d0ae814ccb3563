"""What several checks ask of an exchange."""

from __future__ import annotations

from collections.abc import Callable

from samsvar.bench.evidence import Evidence
from samsvar.bench.model import Judgement, broken, fine

Judge = Callable[[Evidence], Judgement]


def as_known(name: str, swedish: str, english: str) -> Judge:
    """The question ``name`` must be answered with the same records as the plain one."""

    def judged(seen: Evidence) -> Judgement:
        stopped = seen.without_answer("known")
        if stopped is not None:
            return stopped
        exchange = seen.seen(name)
        if exchange.failure is None and seen.read(name).response is None:
            why = f"HTTP {exchange.status}"
        elif exchange.failure is not None:
            why = exchange.failure
        elif seen.ids(name) != seen.ids("known"):
            why = f"{len(seen.ids(name))} / {len(seen.ids('known'))} poster/records"
        else:
            return fine(name)
        return broken(f"{swedish} ({why}).", f"{english} ({why}).", "known", name)

    return judged


def empty(name: str, swedish: str, english: str) -> Judge:
    """The question ``name`` must be answered with no records, and be no failure."""

    def judged(seen: Evidence) -> Judgement:
        exchange, read = seen.seen(name), seen.read(name)
        if exchange.failure is not None:
            stopped = seen.without_answer(name)
            assert stopped is not None  # it has failed
            return stopped
        if read.response is None or read.result_field("resultCode") == "ERROR":
            why = f"HTTP {exchange.status}"
            if read.fault is not None:
                why += ", SOAP Fault"
            return broken(f"{swedish} ({why}).", f"{english} ({why}).", name)
        if read.records:
            count = len(read.records)
            return broken(f"{swedish} ({count} poster).", f"{english} ({count} records).", name)
        return fine(name)

    return judged
