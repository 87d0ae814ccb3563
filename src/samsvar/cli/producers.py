"""``samsvar producers``: register, publish, suspend; test one, see how live answers score."""

from __future__ import annotations

import typer

from samsvar.cli import (
    bench_producer,
    conformance_score,
    producer_breaker,
    producer_desk,
    producers_top,
)

app = typer.Typer(
    help="Producers: register and publish them, test one, see how live answers keep the rules."
)
app.command("test")(bench_producer.bench_producer)
app.command("verify-report")(bench_producer.verify_report)
app.command("score")(conformance_score.score)
app.command("top")(producers_top.top)
producer_desk.put_into(app)
app.add_typer(producer_breaker.app, name="breaker")
