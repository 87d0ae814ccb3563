"""Times and result codes of the consent and block contracts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from samsvar.model.local_time import earliest
from samsvar.model.registration import Refusal
from samsvar.soap.parsing import REQUEST_LIMITS, parse
from samsvar.soap.security_values import BLOCKING, CONSENT, Refused, result, shown, wall

CODES = {
    *("OK", "INFO", "ERROR", "ACCESSDENIED", "NOTFOUND", "ALREADYEXISTS", "INVALIDSTATE"),
    *("VALIDATION_ERROR", "VALIDATIONERROR"),
}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T10:00:00", datetime(2026, 11, 20, 9, tzinfo=UTC)),
        (" 2026-07-20T10:00:00\n", datetime(2026, 7, 20, 8, tzinfo=UTC)),
        ("2026-11-20T10:00:00.5", datetime(2026, 11, 20, 9, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-11-20T10:00:00.123456789", datetime(2026, 11, 20, 9, 0, 0, 123456, tzinfo=UTC)),
        ("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T10:00:00-05:00", datetime(2026, 11, 20, 15, tzinfo=UTC)),
        ("2026-11-20T24:00:00", datetime(2026, 11, 20, 23, tzinfo=UTC)),
        ("9999-12-31T23:59:59", datetime(9999, 12, 31, 22, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_without_zone_is_swedish(text: str, moment: datetime) -> None:
    assert earliest(wall(text)) == moment


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026-11-20", "2026-02-30T10:00:00", "12026-01-01T00:00:00", "-2026-01-01T00:00:00"),
        *("2026-11-20T25:00:00", "20261120T100000", "9999-12-31T24:00:00", "２026-11-20T10:00:00"),
    ],
)
def test_what_no_calendar_has_is_refused(text: str) -> None:
    with pytest.raises(Refused) as raised:
        wall(text)
    assert raised.value.refusal is Refusal.TIME


def test_a_time_is_shown_as_a_wall_clock_shows_it() -> None:
    there = timezone(timedelta(hours=-5))
    assert shown(datetime(2026, 7, 20, 3, tzinfo=there)) == "2026-07-20T10:00:00"
    assert shown(datetime(9999, 12, 31, 23, 30, tzinfo=UTC)).startswith("9999-12-31T23:59:59")


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_a_code_of_each_contract_and_a_text_in_swedish(refusal: Refusal) -> None:
    for core, other in ((CONSENT, "VALIDATIONERROR"), (BLOCKING, "VALIDATION_ERROR")):
        document = f"<a xmlns:c='urn:c'>{result(core, refusal)}</a>".encode()
        code, text = parse(document, charset=None, limits=REQUEST_LIMITS).root
        assert code.text in CODES - {"OK", "INFO", other}
        assert text.text
        assert text.text.endswith(".")
        assert text.text != refusal.value
