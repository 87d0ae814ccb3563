"""The routing log: one line an event, the platform's field names, never a personal number."""

from __future__ import annotations

import io
import sys
import threading
from datetime import datetime

import orjson

from samsvar.observe.log import RoutingLog


def lines(stream: io.BytesIO) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_with_the_platforms_field_names() -> None:
    stream = io.BytesIO()
    log = RoutingLog(stream)
    log.emit("resp-in", "c-1", receiver="SE-A", items=2, detail="", url=None, seconds=0.25)
    log.flush()

    (line,) = lines(stream)
    assert datetime.fromisoformat(str(line.pop("@timestamp"))).tzinfo is not None
    assert line == {
        "event.action": "resp-in",
        "event.kind": "event",
        "event.module": "samsvar-messages",
        "event.type": "end",
        "event.duration": 250_000_000,
        "trace.id": "c-1",
        "labels.receiverid": "SE-A",
        "labels.items": 2,
    }


def test_a_personal_number_is_masked_every_time_and_an_address_never() -> None:
    """What is remembered as harmless must not make anything else harmless."""
    stream = io.BytesIO()
    log = RoutingLog(stream)
    for _ in range(3):
        log.emit("error", "c-1", receiver="SE2321000016-2X4B", detail="about 19121212-1212")
    log.flush()

    told = [(line["labels.receiverid"], line["message"]) for line in lines(stream)]
    assert told == [("SE2321000016-2X4B", "about <masked>")] * 3


def test_nothing_is_written_before_it_is_flushed_and_nothing_at_all_when_switched_off() -> None:
    on, off = io.BytesIO(), io.BytesIO()
    log, silent = RoutingLog(on), RoutingLog(off, enabled=False)
    for each in (log, silent):
        each.emit("hub-started", "-")
    assert on.getvalue() == b""
    for each in (log, silent):
        each.flush()

    assert (len(lines(on)), off.getvalue()) == (1, b"")


def test_no_line_is_lost_between_who_writes_and_who_takes() -> None:
    """They are two threads: what is written while somebody takes is taken the next time."""
    log, written, taken = RoutingLog(io.BytesIO()), 30_000, 0
    log.hand_on()

    def write() -> None:
        for number in range(written):
            log.emit("req-in", f"c-{number}")

    writer = threading.Thread(target=write)
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        writer.start()
        while writer.is_alive():
            lines, lost = log.taken()
            taken += len(lines) + lost
        writer.join()
    finally:
        sys.setswitchinterval(usual)
    lines, lost = log.taken()
    assert taken + len(lines) + lost == written
