"""Traces by OpenTelemetry: one trace a question, W3C context in and out, sent by OTLP over HTTP.

The library is an extra and is loaded only where the settings name a collector. Spans wait in a
bounded queue and are sent by a thread of their own: a collector that is away costs spans, never a
question. Attributes are ids of the registry, our own words and figures: never of a person.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from samsvar import __version__
from samsvar.errors import ResourcesMissing
from samsvar.model.exchange import QuestionRecord
from samsvar.observe.masking import masked
from samsvar.span_ports import Spans

EXPORT_SECONDS = 5
QUEUE = 2048
_SHUTDOWN_MILLISECONDS = 2000


class TracedSpans:
    """Implements ``ports.Spans``."""

    def __init__(
        self,
        endpoint: str,
        *,
        instance: str,
        sample: float,
        to_producers: bool,
        told: Callable[[str, int], None],
    ) -> None:
        """``told`` hears how many spans were ``sent`` or ``lost``.

        Raises:
            ResourcesMissing: the library is not installed.
        """
        try:
            from opentelemetry import trace
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
        except ImportError as error:
            raise ResourcesMissing(
                "traces.endpoint needs OpenTelemetry: install samsvar[traces]"
            ) from error
        # What it has to complain of is counted here; its own lines are no events of ours.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)
        self._trace = trace
        self._propagator = TraceContextTextMapPropagator()
        self._to_producers = to_producers
        self._root: ContextVar[Any] = ContextVar("samsvar-question-span", default=None)
        exporter = OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_SECONDS)
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(sample)),
            resource=Resource(
                {
                    "service.name": "samsvar",
                    "service.version": __version__,
                    "service.instance.id": instance,
                }
            ),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(
                _telling(exporter, told),
                max_queue_size=QUEUE,
                schedule_delay_millis=1000,
                export_timeout_millis=EXPORT_SECONDS * 1000,
            )
        )
        self._tracer = self._provider.get_tracer("samsvar", __version__)

    @contextmanager
    def question(self, traceparent: str | None, tracestate: str | None) -> Iterator[None]:
        """A whole question runs inside the block."""
        told = {
            name: value
            for name, value in (("traceparent", traceparent), ("tracestate", tracestate))
            if value
        }
        parent = self._propagator.extract(told)
        with self._tracer.start_as_current_span(
            "question",
            context=parent,
            kind=self._trace.SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            kept = self._root.set(span)
            try:
                yield
            finally:
                self._root.reset(kept)

    @contextmanager
    def span(self, name: str, **attributes: str) -> Iterator[None]:
        """The part of the question that runs inside the block. An exception's text stays out."""
        kind = self._trace.SpanKind.CLIENT if name == "call" else self._trace.SpanKind.INTERNAL
        with self._tracer.start_as_current_span(
            name,
            kind=kind,
            attributes={key: masked(value) for key, value in attributes.items()},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_attribute("error.type", getattr(error, "code", type(error).__name__))
                span.set_status(self._trace.StatusCode.ERROR)
                raise

    def ended(self, record: QuestionRecord) -> None:
        """What the record says, as far as it is of the registry and of us."""
        span = self._root.get()
        if span is None or not span.is_recording():
            return
        told: Mapping[str, object] = {
            "samsvar.correlation_id": record.correlation_id,
            "samsvar.door": record.door,
            "samsvar.contract": record.contract,
            "samsvar.consumer": record.sender,
            "samsvar.logical_address": record.logical_address,
            "samsvar.verdict": record.verdict.value,
            "samsvar.fault": record.fault,
            "samsvar.sources": len(record.decisions),
            "samsvar.catalogue_version": record.catalogue_version,
        }
        for name, value in told.items():
            if isinstance(value, str):
                span.set_attribute(name, masked(value))
            elif isinstance(value, int):
                span.set_attribute(name, value)
        for decision in record.decisions:
            reason = {"samsvar.reason": decision.reason.value}
            if decision.producer:
                reason["samsvar.producer"] = decision.producer
            span.add_event("decision", reason)
        if record.fault is not None:
            span.set_status(self._trace.StatusCode.ERROR)

    def headers(self) -> Mapping[str, str]:
        """``traceparent`` (and the caller's ``tracestate``), where producers are to have it."""
        if not self._to_producers:
            return {}
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier

    def close(self) -> None:
        """Send what can be sent soon, and stop."""
        self._provider.force_flush(_SHUTDOWN_MILLISECONDS)
        self._provider.shutdown()


def _telling(exporter: Any, told: Callable[[str, int], None]) -> Any:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Telling(SpanExporter):
        """The exporter, which counts."""

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            try:
                result: SpanExportResult = exporter.export(spans)
            except Exception:  # noqa: BLE001 - whatever it was, the spans are lost, and only they
                result = SpanExportResult.FAILURE
            told("sent" if result is SpanExportResult.SUCCESS else "lost", len(spans))
            return result

        def shutdown(self) -> None:
            exporter.shutdown()

        def force_flush(self, timeout_millis: int = 30000) -> bool:
            return bool(exporter.force_flush(timeout_millis))

    return Telling()


_: type[Spans] = TracedSpans  # interface guard
