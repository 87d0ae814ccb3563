"""One event is one line of JSON, whatever is in it; what nobody has named is not written."""

from __future__ import annotations

import io
import select

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samsvar.observe.log import ACTIONS, FIELDS, RoutingLog


def _written(**fields: object) -> list[dict[str, object]]:
    stream = io.BytesIO()
    log = RoutingLog(stream)
    log.emit("error", "c-1", **fields)
    log.flush()
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


@given(st.text())
def test_one_event_is_one_line_whatever_text_it_holds(text: str) -> None:
    """Newlines, quotes, control characters, half a surrogate pair, something like JSON."""
    (line,) = _written(detail=text, sender=text)

    assert line["event.action"] == "error"
    assert line["trace.id"] == "c-1"


@pytest.mark.parametrize("text", ['x\n{"event.action":"resp-out"}', "x\r\ny", "\x1b[2J", "\u2028"])
def test_no_text_can_write_a_line_of_its_own(text: str) -> None:
    """It comes back as what it was."""
    (line,) = _written(detail=text)

    assert (line["event.action"], line["message"]) == ("error", text)


def test_a_field_that_nobody_has_named_fails() -> None:
    """So that a test finds it, and docs/log-events.md does not fall behind."""
    with pytest.raises(KeyError):
        _written(patient="x")


def test_an_event_that_nobody_has_named_fails() -> None:
    """Likewise."""
    with pytest.raises(KeyError):
        RoutingLog(io.BytesIO()).emit("something", "c-1")


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_every_field_is_masked(field: str) -> None:
    """There is none through which a number gets out."""
    (line,) = _written(**{field: "about 19121212-1212"})

    assert "19121212" not in str(line)


def test_no_two_fields_are_written_under_one_name() -> None:
    """Nor over what every line has."""
    names = [*FIELDS.values(), "event.action", "event.type", "trace.id", "@timestamp"]

    assert len(names) == len(set(names))
    assert set(ACTIONS.values()) <= {
        "access", "start", "end", "info", "error", "denied", "change"
    }  # fmt: skip


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    """The disk is full, or the pipe's reader has gone."""

    class Full(io.BytesIO):
        def write(self, _data: object) -> int:
            raise OSError(28, "No space left on device")

    log = RoutingLog(Full())
    log.emit("hub-started", "-")
    log.flush()
    log.flush()


def test_lines_leave_in_pieces_that_a_pipe_takes_whole() -> None:
    """Several processes write to one: a line of one must not stand inside a line of another's."""
    pieces: list[bytes] = []

    class Pipe(io.BytesIO):
        def write(self, data: object) -> int:
            pieces.append(bytes(data))  # type: ignore[call-overload]
            return len(pieces[-1])

    log = RoutingLog(Pipe())
    for number in range(100):
        log.emit("error", f"c-{number}", detail="x" * (6000 if number == 50 else 100))
    log.flush()

    assert len(pieces) > 3
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert [len(piece) > select.PIPE_BUF for piece in pieces].count(True) == 1
    lines = b"".join(pieces).splitlines()
    assert [orjson.loads(line)["trace.id"] for line in lines] == [f"c-{n}" for n in range(100)]
