"""Pages and files about watching say what the program does."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import asdict

import pytest

from samsvar.watch.metric_table import METRICS
from samsvar.watch.rules import RULES, THRESHOLDS
from tests.pages import ROOT, page, section, tables

RULES_FILE = ROOT / "deploy" / "prometheus" / "hub-alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "samsvar.json"
#: labels that Prometheus puts on whatever it scrapes
SCRAPED = {"instance", "job"}
#: of the client library, and of Prometheus itself
FOREIGN = {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"}


def test_each_metric_is_on_its_page_as_it_is() -> None:
    rows = [row for row in tables(page("metrics.md")) if "Metric" in row]
    assert [(row["Metric"], row["Kind"], row["Labels"], row["Meaning"]) for row in rows] == [
        (
            metric.name,
            metric.kind,
            "`, `".join(metric.labels) or "none",
            metric.help,
        )
        for metric in METRICS
    ]


def test_each_histogram_has_its_bounds_on_the_page() -> None:
    rows = [row for row in tables(page("metrics.md")) if "Histogram" in row]
    told = {
        row["Histogram"]: tuple(float(bound) for bound in row["Bounds"].split(", ")) for row in rows
    }
    assert told == {metric.name: metric.buckets for metric in METRICS if metric.buckets}


def test_each_rule_is_on_its_page_as_it_is() -> None:
    text = re.sub(r'<a id="[a-z-]+"></a>', "", section(page("alerts.md"), "## Rules"))
    rows = [row for row in tables(text) if "Rule" in row]
    assert [tuple(row.values()) for row in rows] == [
        (rule.id, rule.severity.value, rule.title.english, rule.opens.strip("`"), rule.closes)
        for rule in RULES.values()
    ]
    for rule in RULES:
        assert f'<a id="{rule}"></a>' in page("alerts.md")


def test_each_threshold_is_on_its_page_as_it_is() -> None:
    rows = tables(section(page("alerts.md"), "## Thresholds"))
    told = {row["Threshold"]: float(row["Value"]) for row in rows if "Threshold" in row}
    assert told == {name: float(value) for name, value in asdict(THRESHOLDS).items()}
    words = " ".join(rule.opens + rule.closes for rule in RULES.values())
    assert set(re.findall(r"`([a-z_]+)`", words)) <= set(told)


def _names(text: str) -> set[str]:
    found = set(re.findall(r"\b(?:samsvar|process)_[a-z_]+\b", text))
    return {re.sub(r"_(?:bucket|sum|count)$", "", name) for name in found}


def test_the_files_for_prometheus_and_grafana_name_metrics_that_there_are() -> None:
    known = {metric.name for metric in METRICS} | FOREIGN
    for file in (RULES_FILE, DASHBOARD):
        named = _names(file.read_text(encoding="utf-8"))
        assert named
        assert named <= known, named - known


def test_the_files_name_labels_that_the_metrics_have() -> None:
    """In selectors and groupings: a label that is not there would match nothing, silently."""
    labels = {label for metric in METRICS for label in metric.labels}
    for file in (RULES_FILE, DASHBOARD):
        text = file.read_text(encoding="utf-8").replace("\\", "")
        used = set(re.findall(r"(?:by|without) ?\(([a-z_, ]+)\)", text))
        grouped = {label.strip() for several in used for label in several.split(",")}
        assert grouped <= labels | {"process", "le", "instance", "job"}


def test_each_query_of_the_dashboard_names_labels_that_its_own_metrics_have() -> None:
    """Each selector those of its metric, each grouping those of a metric in the same query."""
    of = {metric.name: {*metric.labels, "process"} for metric in METRICS}
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    selected = 0
    for expression in (target["expr"] for panel in panels for target in panel["targets"]):
        have: set[str] = set()
        for name, inside in re.findall(r"\b((?:samsvar|process)_[a-z_]+)\{([^}]*)\}", expression):
            labels = of.get(re.sub(r"_(?:bucket|sum|count)$", "", name), set())
            asked = set(re.findall(r"([a-z_]+)[=!]~?\"", inside))
            assert asked <= labels | SCRAPED, expression
            have |= labels | ({"le"} if name.endswith("_bucket") else set())
            selected += 1
        groups = re.findall(r"(?:by|without) ?\(([a-z_, ]+)\)", expression)
        grouped = {label.strip() for several in groups for label in several.split(",")}
        assert grouped <= have | SCRAPED, expression
    assert selected >= len(panels)


def test_the_dashboard_has_a_query_for_each_panel() -> None:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 8
    for panel in panels:
        assert panel["title"]
        assert panel["description"]
        assert all(target["expr"] for target in panel["targets"])


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_takes_the_rules() -> None:
    ran = subprocess.run(
        ["promtool", "check", "rules", str(RULES_FILE)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
