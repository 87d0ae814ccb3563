"""A report on its way out: JSON, page, JUnit, signature, and what has changed since last time."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import orjson
import pytest

from samsvar.bench import history, signing
from samsvar.bench.checks import CHECKS
from samsvar.bench.model import Judgement, Outcome, Report, Result, Shown
from samsvar.bench.report_html import as_html
from samsvar.bench.report_json import as_json
from samsvar.bench.report_junit import as_junit
from samsvar.bench.swedish import SENTENCES, in_swedish
from samsvar.soap import schema
from samsvar.soap.parsing import ANSWER_LIMITS, parse
from tests.pages import named, page, same, tables

SOME = ("CON-01", "MSG-05", "ASK-09", "REC-12")


def made(*outcomes: Outcome) -> Report:
    """A report in which four checks ended so."""
    results = []
    for check_id, outcome in zip(SOME, outcomes, strict=True):
        (check,) = (check for check in CHECKS if check.id == check_id)
        judgement = Judgement(outcome, "skäl <så>", "reason & so", ("GetCarePlans 2: known",))
        contract = "" if check_id.startswith("CON") else "GetCarePlans 2"
        titles = (check.swedish, check.english)
        results.append(
            Result(check_id, check.area, contract, titles, check.source, check.severity, judgement)
        )
    shown = Shown(
        "GetCarePlans 2: known", "POST\n\n<q>å</q>", "HTTP 200\n\n<script>x</script>", 0.1
    )
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    address = "SE2129999997-COSMIC1"
    return Report(
        at,
        "0.1.0",
        "https://localhost/",
        address,
        ("GetCarePlans 2",),
        tuple(results),
        (shown,),
    )


MIXED = made(Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.WARN)
WELL = made(Outcome.PASS, Outcome.PASS, Outcome.PASS, Outcome.WARN)


class Page(HTMLParser):
    """Collects tags, anchors and links."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.outside: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.add(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.add(value or "")
            if name == "href" and (value or "").startswith("#"):
                self.links.add((value or "")[1:])
            if name in ("src", "href") and not (value or "").startswith("#"):
                self.outside.add(value or "")


def test_only_a_failure_fails_a_report() -> None:
    """Warnings are advice; what cannot be told is neither."""
    assert (MIXED.passed, WELL.passed) == (False, True)


def test_the_page_fetches_nothing_runs_nothing_and_its_links_lead_somewhere() -> None:
    """It is mailed, archived and printed."""
    read = Page()
    text = as_html(MIXED, history.changes_since(as_json(WELL), MIXED)).decode()
    read.feed(text)
    assert not read.tags & {"script", "link", "img", "iframe"}
    assert not read.outside
    assert read.links <= read.ids
    assert "<script>" not in text
    for word in ("Fel", "Varning", "Gick inte att bedöma", "Godkänd"):
        assert word in text  # colour is never alone


def test_junit_counts_as_build_servers_do() -> None:
    """A warning passes, what cannot be told is skipped."""
    root = parse(as_junit(MIXED), charset="utf-8", limits=ANSWER_LIMITS).root
    assert dict(root.attrib) == {
        "name": "SE2129999997-COSMIC1",
        "tests": "4",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    assert len(list(root.iter("failure"))) == 1
    assert len(list(root.iter("testcase"))) == 4


def test_what_has_changed_is_new_failures_and_what_is_mended() -> None:
    """What can no longer be told is neither."""
    worse = history.changes_since(as_json(WELL), MIXED)
    better = history.changes_since(as_json(MIXED), WELL)
    assert worse is not None
    assert better is not None
    assert (worse.failing, worse.mended) == (("MSG-05 GetCarePlans 2",), ())
    assert (better.failing, better.mended) == ((), ("MSG-05 GetCarePlans 2",))
    for unreadable in (None, b"", b"{}", b"[1]"):
        assert history.changes_since(unreadable, MIXED) is None


def test_the_last_run_is_kept_without_what_was_answered(tmp_path: Path) -> None:
    """No content of plans lies in the data folder, and only its owner can look."""
    path = history.file_for(tmp_path / "data", "SE2129999997-COSMIC1")
    history.keep(path, MIXED)
    kept = history.last_run(path)
    assert kept is not None
    assert orjson.loads(kept)["exchanges"] == []
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    unchanged = history.changes_since(kept, MIXED)
    assert unchanged is not None
    assert (unchanged.failing, unchanged.mended) == ((), ())


def test_two_addresses_never_share_a_file(tmp_path: Path) -> None:
    """Also when they look the same in a file's name."""
    assert history.file_for(tmp_path, "A:B") != history.file_for(tmp_path, "A_B")


def test_a_signed_report_is_believed_until_it_is_changed(tmp_path: Path) -> None:
    """One byte is enough; and another's key is not."""
    key = signing.private_key(tmp_path / "k" / signing.KEY_FILE)
    data = as_json(MIXED)
    signature = signing.sign(data, key)
    public = signing.public_key(tmp_path / "k" / signing.PUBLIC_FILE)
    signing.verify(data, signature, public)
    with pytest.raises(signing.SignatureRefused, match="changed since"):
        signing.verify(data.replace(b"FAIL", b"PASS"), signature, public)
    other = signing.private_key(tmp_path / "other.key").public_key()
    with pytest.raises(signing.SignatureRefused, match="another key"):
        signing.verify(data, signature, other)
    with pytest.raises(signing.SignatureRefused, match="cannot be read"):
        signing.verify(data, b"{}", public)


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """The same key signs tomorrow; one that others can read signs nothing."""
    path = tmp_path / signing.KEY_FILE
    first, second = signing.private_key(path), signing.private_key(path)
    name = signing.fingerprint(first.public_key())
    assert name == signing.fingerprint(second.public_key())
    path.chmod(0o644)
    with pytest.raises(signing.SignatureRefused, match="chmod 600"):
        signing.private_key(path)


def test_the_page_of_rules_has_each_check_with_its_rule() -> None:
    """Id, both titles, source and force, as the table has them; and nothing else."""
    text = page("bench-rules.md")
    same(named(text, "Id"), {check.id for check in CHECKS})
    on_page = {
        row["Id"]: (row["Swedish"], row["English"], row["Rule's source"], row["Force"])
        for row in tables(text)
        if "Id" in row
    }
    for check in CHECKS:
        expected = (check.swedish, check.english, check.source, check.severity.value)
        assert on_page[check.id] == expected


def test_each_sentence_of_the_schema_has_its_swedish() -> None:
    """The report's first language is Swedish, also where the schema speaks."""
    spoken = {*schema._REASONS.values(), schema._OTHERWISE}
    told = "GetX/b[2]/c: element missing at the end; expected here: approvedForPatient"

    assert spoken <= SENTENCES.keys()
    assert in_swedish(told) == (
        "GetX/b[2]/c: ett element saknas på slutet; väntat här: approvedForPatient"
    )
