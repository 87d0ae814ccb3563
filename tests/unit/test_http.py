"""Headers are read once and unambiguously; a body has a bound in bytes and in seconds."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from samsvar.inbound.http import CallerGone, Headers, HttpRefused, read_body, respond

Message = MutableMapping[str, Any]


class _Caller:
    """Sends these messages, and counts how many were asked for; silent after the last."""

    def __init__(self, *messages: Message) -> None:
        self.messages = list(messages)
        self.asked = 0

    async def receive(self) -> Message:
        self.asked += 1
        if not self.messages:
            await asyncio.Event().wait()
        return self.messages.pop(0)


def _piece(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def _stating(length: int) -> Headers:
    return Headers([(b"content-length", str(length).encode())])


def test_a_header_is_found_by_its_name_and_trimmed() -> None:
    """Read as Latin-1, as HTTP's bytes are."""
    headers = Headers([(b"a", b" \xe5 "), (b"b", b"")])

    assert [headers.get(name) for name in (b"a", b"b", b"c")] == ["å", "", None]


@pytest.mark.parametrize("second", [b"1", b"2", b""])
def test_a_header_that_stands_twice_is_refused_and_the_connection_closed(second: bytes) -> None:
    """Two readers could differ, even where both lines are equal."""
    headers = Headers([(b"host", b"1"), (b"host", second)])

    with pytest.raises(HttpRefused) as refused:
        headers.get(b"host")
    assert (refused.value.status, refused.value.headers) == (400, {"connection": "close"})


def test_all_headers_of_a_family_are_found_in_their_order() -> None:
    """Also the same one twice."""
    lines = [(b"x-a-1", b" v "), (b"y", b"w"), (b"x-a-2", b"u"), (b"x-a-1", b"t")]

    assert Headers(lines).starting(b"x-a-") == (("x-a-1", "v"), ("x-a-2", "u"), ("x-a-1", "t"))


async def test_a_body_is_put_together_from_its_pieces() -> None:
    """Up to its last byte, and not one more is asked for."""
    caller = _Caller(_piece(b"one ", more=True), _piece(b"", more=True), _piece(b"two"))

    assert await read_body(_stating(7), caller.receive, 7, 1) == b"one two"
    assert caller.asked == 3


async def test_a_body_that_states_too_much_is_refused_unread() -> None:
    """413, and the connection closed: what follows is not read as a request."""
    caller = _Caller(_piece(b"x" * 11))

    with pytest.raises(HttpRefused) as refused:
        await read_body(_stating(11), caller.receive, 10, 1)
    assert (refused.value.status, refused.value.headers) == (413, {"connection": "close"})
    assert caller.asked == 0


async def test_a_body_without_length_is_refused_at_the_first_byte_too_many() -> None:
    """Nothing more is asked for."""
    caller = _Caller(_piece(b"x" * 10, more=True), _piece(b"x", more=True), _piece(b"x"))

    with pytest.raises(HttpRefused) as refused:
        await read_body(Headers([]), caller.receive, 10, 1)
    assert refused.value.status == 413
    assert caller.asked == 2


async def test_a_slow_body_is_refused_however_it_trickles() -> None:
    """The time is for the whole of it."""

    class Trickling(_Caller):
        async def receive(self) -> Message:
            await asyncio.sleep(0.01)
            return _piece(b"x", more=True)

    with pytest.raises(HttpRefused) as refused:
        await read_body(Headers([]), Trickling().receive, 10_000, 0.05)
    assert (refused.value.status, refused.value.headers) == (408, {"connection": "close"})


async def test_a_caller_that_leaves_in_the_middle_is_gone() -> None:
    """Half a body is never read as a whole one."""
    caller = _Caller(_piece(b"half", more=True), {"type": "http.disconnect"})

    with pytest.raises(CallerGone):
        await read_body(_stating(8), caller.receive, 10, 1)


async def test_an_answer_states_its_length() -> None:
    """Start and body, each once."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await respond(send, 200, [(b"a", b"b")], b"body")

    assert sent == [
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", b"4"), (b"a", b"b")],
        },
        {"type": "http.response.body", "body": b"body"},
    ]
