"""What a user states: read from headers and bodies in one way, or refused."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samsvar.inbound.http import Headers
from samsvar.inbound.users.refusal import Refusal
from samsvar.inbound.users.statement import FLAGS, StatedBody, from_headers, with_body
from samsvar.model.user import Capacity, Statement
from samsvar.observe.masking import masked


def headers(**told: str) -> Headers:
    return Headers(
        (f"x-samsvar-{name.replace('_', '-')}".encode(), value.encode("latin-1"))
        for name, value in told.items()
    )


@pytest.mark.parametrize(("header", "name"), FLAGS.items())
@pytest.mark.parametrize(("value", "truth"), [("true", True), ("false", False)])
def test_each_flag(header: str, name: str, value: str, *, truth: bool) -> None:
    stated = from_headers(headers(**{header: value}))
    assert getattr(stated, name) is truth
    assert all(getattr(stated, other) is None for other in FLAGS.values() if other != name)


def test_nothing_stated_is_unknown_and_for_oneself() -> None:
    assert from_headers(headers()) == Statement()


@pytest.mark.parametrize("value", ["", "1", "TRUE", "yes", "true, false"])
def test_another_word_is_refused(value: str) -> None:
    with pytest.raises(Refusal, match="true or false"):
        from_headers(headers(need=value))


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=0x1FFF), min_size=1))
def test_a_reason_comes_as_it_was_written(reason: str) -> None:
    reason = reason[:500]
    try:
        stated = from_headers(headers(emergency=quote(reason)))
    except Refusal:
        assert not reason.strip().isprintable() or not reason.strip() or masked(reason) != reason
        return
    assert stated.emergency is True
    assert stated.emergency_reason == reason.strip()
    assert reason.strip() not in repr(stated) or len(reason.strip()) < 8


def test_no_persons_number_stands_in_a_header() -> None:
    with pytest.raises(Refusal, match="no personal number"):
        from_headers(headers(emergency="S%C3%B6ker%2019121212-1212"))


@pytest.mark.parametrize("reason", ["", "%20", "%FF", "a" * 501, "tv%C3%A5%0Arader"])
def test_a_reason_that_says_nothing_or_too_much_is_refused(reason: str) -> None:
    with pytest.raises(Refusal, match="x-samsvar-emergency") as refused:
        from_headers(headers(emergency=reason))
    assert reason == "" or reason not in str(refused.value)


def test_capacity() -> None:
    assert from_headers(headers(capacity="guardian")).capacity is Capacity.GUARDIAN
    with pytest.raises(Refusal, match="self, guardian or agent"):
        from_headers(headers(capacity="friend"))


def test_a_body_adds_and_never_contradicts() -> None:
    stated = from_headers(headers(need="true"))
    body = StatedBody.model_validate({"relevance": True, "emergency": "Medvetslös"})
    both = with_body(stated, body)

    assert (both.need, both.relevance, both.emergency) == (True, True, True)
    assert both.emergency_reason == "Medvetslös"
    with pytest.raises(Refusal, match="two different things"):
        with_body(stated, StatedBody(need=False))
