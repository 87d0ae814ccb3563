"""The judge of ``bench.kills``: what it calls well, honest and wrong, and which laws it holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.kills.judging import Ended, Verdict, accepted, judged
from bench.kills.killing import Kill
from bench.kills.laws import Kept
from bench.kills.ledger import IN_A_ROW, Asked, Ledger
from bench.kills.production import DIRECT, SOURCES, THROUGH
from bench.kills.report import Run
from bench.messages import HUB

WELL, MISSING = "DataFromSource", "NoDataSynchFailed"
WORDS = "<p:code>43000</p:code><p:text>the message broker cannot be used</p:text>"
KEPT = Kept(0, 0, 0, 0, 0, whole=True, verdict="The access log is whole.")
ASKED = Asked("kills-1", HUB, 0, 10.0, 10.5, Verdict(Ended.WELL, 4))
BACK = Kill(3.0, 4.0, 0.2)


def answer(codes: dict[str, str], words: str = WORDS, records: int = 1) -> bytes:
    """To everybody: a row for each of those sources."""
    rows = "".join(
        f"<p:ProcessingStatusList><p:logicalAddress>{address}</p:logicalAddress>"
        f"<p:statusCode>{code}</p:statusCode>"
        + (
            f"<p:lastUnsuccessfulSynchError>{words}</p:lastUnsuccessfulSynchError>"
            if code == MISSING
            else ""
        )
        + "</p:ProcessingStatusList>"
        for address, code in codes.items()
    )
    plans = "<x:carePlanHeader></x:carePlanHeader>" * records
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:p="urn:riv:interoperability:headers:1" xmlns:x="x">'
        f"<e:Header><p:ProcessingStatus>{rows}</p:ProcessingStatus></e:Header>"
        f"<e:Body>{plans}</e:Body></e:Envelope>"
    ).encode()


ALL = dict.fromkeys(SOURCES, WELL)
LESS = ALL | {THROUGH: MISSING}


@pytest.mark.parametrize(
    ("body", "ended"),
    [
        (answer(ALL), Ended.WELL),
        (answer(LESS), Ended.HONEST),
        (answer(LESS, words=""), Ended.WRONG),
        (answer(dict.fromkeys(DIRECT, WELL)), Ended.WRONG),
        (answer(ALL | {"SE-NOBODY": WELL}), Ended.WRONG),
        (b"<html>", Ended.WRONG),
    ],
)
def test_a_source_that_is_missing_has_a_row_with_words(body: bytes, ended: Ended) -> None:
    assert judged(HUB, 200, {}, body).ended is ended


@pytest.mark.parametrize(
    ("status", "headers", "body", "ended"),
    [
        (500, {}, b"<faultstring>VP012 [SAMSVAR] Internt fel.</faultstring>", Ended.HONEST),
        (500, {}, b"<faultstring>Internal error</faultstring>", Ended.WRONG),
        (500, {}, b"", Ended.WRONG),
        (503, {"Retry-After": "1"}, b"busy", Ended.HONEST),
        (503, {}, b"busy", Ended.WRONG),
    ],
)
def test_a_refusal_says_what_or_when(
    status: int, headers: dict[str, str], body: bytes, ended: Ended
) -> None:
    assert judged(HUB, status, headers, body).ended is ended


def test_one_source_alone_answers_with_records_or_not_well() -> None:
    assert judged(THROUGH, 200, {}, answer({})).ended is Ended.WELL
    assert judged(THROUGH, 200, {}, answer({}, records=0)).ended is Ended.WRONG


def test_an_update_is_acknowledged_by_its_result_alone() -> None:
    assert accepted(200, b"<u:ResultCode>OK</u:ResultCode>")
    assert not accepted(200, b"<u:ResultCode>ERROR</u:ResultCode>")
    assert not accepted(500, b"<u:ResultCode>OK</u:ResultCode>")


async def test_well_again_is_ten_in_a_row_from_each_hub_of_what_was_asked_since() -> None:
    ledger = Ledger(hubs=2)
    watch = ledger.watch(10.0)

    def told(hub: int, count: int, ended: Ended = Ended.WELL, begun: float = 11.0) -> None:
        for number in range(count):
            ledger.note(
                replace(ASKED, hub=hub, begun=begun, ended=begun + number, verdict=Verdict(ended))
            )

    told(0, IN_A_ROW, begun=9.0)
    told(0, IN_A_ROW - 1)
    told(0, 1, Ended.HONEST)
    told(1, IN_A_ROW)
    assert await watch.recovered(0.0) is None
    told(0, IN_A_ROW, begun=30.0)
    assert await watch.recovered(0.0) == 30.0 + IN_A_ROW - 1


def run(engine: str = "redis", *asked: Asked, kept: Kept = KEPT, kill: Kill = BACK) -> Run:
    """One with those answers."""
    return Run(engine, [kill], Ledger(2, list(asked)), kept, 0.5)


def test_a_run_in_which_all_was_kept_breaks_no_law() -> None:
    assert run("redis", ASKED).broken() == []


@pytest.mark.parametrize(
    "made",
    [
        run(kept=replace(KEPT, without_row=1)),
        run(kept=replace(KEPT, more_rows=1)),
        run(kept=replace(KEPT, not_in_index=1)),
        run(kept=replace(KEPT, not_delivered=1)),
        run(kept=replace(KEPT, delivered_again=1)),
        run(kept=replace(KEPT, whole=False)),
        run(kill=replace(BACK, well=None)),
        run("redis", replace(ASKED, verdict=Verdict(Ended.WRONG))),
        run("redis", replace(ASKED, verdict=Verdict(Ended.CUT))),
        run("redis", replace(ASKED, verdict=Verdict(Ended.HONEST, 3, frozenset({DIRECT[0]})))),
    ],
)
def test_each_law_that_is_broken_is_told(made: Run) -> None:
    (law,) = made.broken()
    assert law.startswith("redis: 1 ")


def test_what_a_killed_hub_had_in_hand_and_what_needs_the_engine_is_excused() -> None:
    cut = replace(ASKED, verdict=Verdict(Ended.CUT), hub_down=True)
    behind = replace(ASKED, verdict=Verdict(Ended.HONEST, 3, frozenset({THROUGH})))
    nothing = replace(ASKED, verdict=Verdict(Ended.HONEST, 0, frozenset(SOURCES)))
    assert run("hub", cut).broken() == []
    assert run("rabbitmq", behind).broken() == []
    assert run("postgresql", nothing).broken() == []
    assert run("rabbitmq", nothing).broken() != []
