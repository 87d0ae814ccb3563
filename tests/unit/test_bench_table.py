"""The table of checks itself: ids, titles, sources; and the reading, masking and asking below."""

from __future__ import annotations

import re

from samsvar.bench.checks import CHECKS
from samsvar.bench.masking import Mask
from samsvar.bench.messages import Ask
from samsvar.bench.probes import PROBES
from samsvar.bench.reading import read
from samsvar.bench.record_rules import RECORD_RULES
from samsvar.bench.wire import Exchanged
from samsvar.soap.request import read_message
from tests.bench_targets import ALL, CONTACTS_2, KNOWN, PLANS, UNKNOWN
from tests.world import packaged

ADDRESS = "SE2129999997-COSMIC1"


def test_each_check_has_an_id_of_its_own_and_says_where_its_rule_is_written() -> None:
    """A report's reader looks the rule up; a row without a source helps nobody."""
    ids = [check.id for check in CHECKS]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 45
    for check in CHECKS:
        assert re.fullmatch(r"[A-Z]{3,4}-\d\d", check.id)
        assert check.source
        assert check.swedish != check.english


def test_rules_for_live_answers_are_rows_of_the_bench_too() -> None:
    """A score and a report speak of the same rules."""
    assert [rule.id for rule in RECORD_RULES] == [
        check.id for check in CHECKS if check.id.startswith(("RES", "REC"))
    ]


def test_a_plain_question_of_each_contract_is_sound() -> None:
    """The hub itself would take it: schema and values."""
    for urn in ALL:
        contract = packaged().contracts[urn]
        ask = Ask(
            contract,
            KNOWN,
            ADDRESS,
            unit="SE2129999997-U1",
            giver="SE2129999997-VG1" if urn == ALL[2] else None,
            period=("20260101", "20261231"),
            source=ADDRESS,
            contact="VK-1",
        )
        message = read_message(ask.bytes(), "utf-8")
        assert message.contract == urn
        assert message.logical_address == ADDRESS
        assert not packaged().schemas[urn].check_request(message.body)


def test_questions_are_named_once() -> None:
    """Results point at exchanges by name."""
    names = [probe.name for probe in PROBES]
    assert len(names) == len(set(names))


def test_a_report_shows_no_number_in_any_spelling() -> None:
    """Nor documents, nor free text; whatever the producer wrote."""
    mask = Mask((KNOWN, UNKNOWN))
    body = (
        b"<a><id>191212121212</id><x>19121212-1212</x><x>121212-1212</x><x>121212+1212</x>"
        b"<x>a1212121212b</x><c:value>aGVtbGln</c:value><documentTitle>Hemlig</documentTitle>"
        b"<y>199001012385</y></a>"
    )
    shown = mask.exchange("known", Exchanged("known", body, {}, 0.1, 200, {}, body))
    for text in (shown.request, shown.response):
        assert "1212" not in text
        assert "0102385" not in text
        assert "aGVtbGln" not in text
        assert "Hemlig" not in text


def test_an_answer_that_is_no_answer_is_read_as_far_as_it_goes() -> None:
    """Each way of being wrong has its words, and none raises."""
    contract = packaged().contracts[PLANS]
    assert read(contract, b"<<", "text/xml").refused == "syntax: not well-formed XML (line 1)"
    assert read(contract, b"<a/>", None).payload is None
    assert read(contract, b"<a/>", "image/png").response is None
    other = packaged().contracts[CONTACTS_2]
    assert read(other, b"", "text/xml").records == ()
