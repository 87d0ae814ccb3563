"""Where the parts of a question's way are timed for a tracing system, as a narrow protocol."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from samsvar.model.exchange import QuestionRecord


class Spans(Protocol):
    """Begins and ends spans. No attribute may ever be about a person."""

    def span(self, name: str, **attributes: str) -> AbstractContextManager[object]:
        """The part of the question that runs inside the block."""

    def question(
        self, traceparent: str | None, tracestate: str | None
    ) -> AbstractContextManager[object]:
        """A whole question runs inside the block, as part of a caller's trace if it has one."""

    def ended(self, record: QuestionRecord) -> None:
        """How the question that runs now has ended."""

    def headers(self) -> Mapping[str, str]:
        """What lets a producer go on with the trace; empty where that is not wanted."""


class NoSpans:
    """Nobody traces."""

    def span(self, name: str, **attributes: str) -> AbstractContextManager[object]:
        """Nothing."""
        return nullcontext()

    def question(
        self, traceparent: str | None, tracestate: str | None
    ) -> AbstractContextManager[object]:
        """Nothing."""
        return nullcontext()

    def ended(self, record: QuestionRecord) -> None:
        """Nothing."""

    def headers(self) -> Mapping[str, str]:
        """Nothing."""
        return {}


NO_SPANS: Spans = NoSpans()
