"""Which workers are there, by their own word."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from samsvar.broker.forms import AnnouncementContent, AnnouncementHeader, WorkerName
from samsvar.broker.keys import KeyPair
from samsvar.broker.refusals import Refused
from samsvar.broker.worker_table import GONE_AFTER, WorkerTable
from samsvar.model.local_time import STOCKHOLM

KEY, OTHER = KeyPair.new().public.text, KeyPair.new().public.text
NOW = datetime(2026, 6, 1, 12, tzinfo=STOCKHOLM)


def header(number: int = 1, *, boot: str = "0" * 32, ahead: float = 0.0) -> AnnouncementHeader:
    sent = int((NOW + timedelta(seconds=ahead)).timestamp() * 1000)
    return AnnouncementHeader(worker=KEY, boot=boot, number=number, sent=sent)


def said(*, leaving: bool = False, note: str = "") -> AnnouncementContent:
    return AnnouncementContent(
        worker=WorkerName(id="umea-1", version="0.1.0", adapter="prator"),
        addresses=["SE1-PRATOR"],
        leaving=leaving,
        in_work=0,
        answered=1,
        failed=0,
        refused=0,
        last_success=None,
        note=note,
    )


def test_a_worker_is_there_from_its_first_word_until_it_has_been_silent() -> None:
    table = WorkerTable(5.0)
    new = table.take(header(), said(), NOW, 0.0)
    assert new is not None
    assert new.name == "worker umea-1 0.1.0"
    assert table.take(header(2), said(), NOW, 5.0) is None, "it was there"
    assert table.listen("se1-prator", [KEY])
    assert not table.gone(5.0 + GONE_AFTER)
    assert [one.name for one in table.gone(5.1 + GONE_AFTER)] == ["worker umea-1 0.1.0"]
    assert not table.listen("SE1-PRATOR", [KEY])


def test_when_the_broker_was_lost_a_worker_is_asked_but_not_said_to_listen_until_it_speaks() -> (
    None
):
    """It may not have found the broker again; and if it has, a question gets to it."""
    table = WorkerTable(5.0)
    table.take(header(), said(), NOW, 0.0)
    table.deaf(1.0)
    assert not table.listen("SE1-PRATOR", [KEY])
    assert table.boots("SE1-PRATOR", [KEY]) == {"0" * 32}
    table.take(header(2), said(), NOW, 2.0)
    assert table.listen("SE1-PRATOR", [KEY])


def test_only_the_registrys_keys_count_at_an_address() -> None:
    table = WorkerTable(5.0)
    table.take(header(), said(), NOW, 0.0)
    assert not table.listen("SE1-PRATOR", [OTHER])
    assert not table.listen("SE1-OTHER", [KEY])


def test_a_worker_that_leaves_is_gone_at_once() -> None:
    table = WorkerTable(5.0)
    table.take(header(), said(), NOW, 0.0)
    table.take(header(2), said(leaving=True), NOW, 1.0)
    assert table.all() == []


def test_a_word_counts_once_and_not_when_it_is_old() -> None:
    table = WorkerTable(5.0)
    table.take(header(2), said(), NOW, 0.0)
    for number in (1, 2):
        with pytest.raises(Refused, match="heard before"):
            table.take(header(number), said(leaving=True), NOW, 1.0)
    with pytest.raises(Refused, match="old"):
        table.take(header(boot="1" * 32, ahead=-21), said(), NOW, 1.0)


def test_what_is_wrong_with_a_worker_is_noted() -> None:
    table = WorkerTable(5.0)
    table.take(header(ahead=60), said(note="its last question ended as unreachable"), NOW, 0.0)
    clock, source = table.notes()
    assert "60 s ahead of ours" in clock
    assert source == "worker umea-1 0.1.0: its last question ended as unreachable"
