"""``samsvar producers``: test a producer, verify a test's report, see how live answers score."""

from __future__ import annotations

import typer

from samsvar.cli import bench_producer, conformance_score

app = typer.Typer(help="Producers: test one, verify a report, see how live answers keep the rules.")
app.command("test")(bench_producer.bench_producer)
app.command("verify-report")(bench_producer.verify_report)
app.command("score")(conformance_score.score)
