"""Faults: the words that consumers compare, and nothing that they should not see."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samsvar import errors
from samsvar.errors import HubError
from samsvar.soap.faults import FAULT_STATUS, TABLE, fault_bytes, row_of, shown
from samsvar.soap.parsing import REQUEST_LIMITS, parse

S = "{http://schemas.xmlsoap.org/soap/envelope/}"


def told(error: BaseException) -> tuple[str, str, str | None]:
    """faultcode, faultstring and detailString of a fault, from a document of the right shape."""
    root = parse(fault_bytes(error, "SAMSVAR-TEST"), charset="utf-8", limits=REQUEST_LIMITS).root
    fault = root.find(f"{S}Body/{S}Fault")
    assert fault is not None
    assert [child.tag for child in root] == [f"{S}Header", f"{S}Body"]
    assert [child.tag for child in fault] in (
        ["faultcode", "faultstring", "detail"],
        ["faultcode", "faultstring"],
    )
    return (
        fault.findtext("faultcode") or "",
        fault.findtext("faultstring") or "",
        fault.findtext("detail/detailString"),
    )


def test_a_fault_has_the_shape_of_the_national_platform_to_the_byte() -> None:
    assert fault_bytes(errors.NotPermitted("a < b & c"), "SAMSVAR").decode() == (
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">'
        "<SOAP-ENV:Header/><SOAP-ENV:Body><SOAP-ENV:Fault>"
        "<faultcode>SOAP-ENV:Server</faultcode>"
        "<faultstring>VP007 [SAMSVAR] Tjänstekonsumenten saknar behörighet att anropa den logiska"
        " adressaten via detta tjänstekontrakt. Kontrollera uppgifterna och vid behov, tillse att"
        " det beställs konfiguration i aktuell tjänsteplattform.</faultstring>"
        "<detail><detailString>a &lt; b &amp; c</detailString></detail>"
        "</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
    assert FAULT_STATUS == 500


@pytest.mark.parametrize(
    ("kind", "code", "side"),
    [
        (errors.RivtaVersionMissing, "VP001", "Client"),
        (errors.SenderUnknown, "VP002", "Client"),
        (errors.AddressMissing, "VP003", "Client"),
        (errors.NoRoute, "VP004", "Client"),
        (errors.ProfileMismatch, "VP005", "Client"),
        (errors.AmbiguousRoute, "VP006", "Server"),
        (errors.NotPermitted, "VP007", "Server"),
        (errors.CatalogueUnavailable, "VP008", "Server"),
        (errors.ProducerTimedOut, "VP009", "Server"),
        (errors.ForeignPatient, "VP009", "Server"),
        (errors.ProducerFailed, "VP009", "Server"),
        (errors.AddressEmpty, "VP010", "Server"),
        (errors.ListenerNotTrusted, "VP011", "Client"),
        (errors.ResourcesMissing, "VP012", "Server"),
        (errors.AuditUnavailable, "VP012", "Server"),
        (errors.OriginalConsumerRefused, "VP013", "Client"),
        (errors.RoutingLoop, "VP014", "Server"),
        (errors.MalformedRequest, "VP015", "Client"),
        (errors.RuleBroken, "VP015", "Client"),
        (errors.VersionMismatch, "VP015", "VersionMismatch"),
        (errors.NotUnderstood, "VP015", "MustUnderstand"),
    ],
)
def test_each_refusal_has_its_code_and_side(kind: type[HubError], code: str, side: str) -> None:
    faultcode, faultstring, _ = told(kind("said"))

    assert faultcode == f"SOAP-ENV:{side}"
    assert faultstring == f"{code} [SAMSVAR-TEST] {row_of(kind('said')).text}"


def descendants(kind: type[HubError]) -> set[type[HubError]]:
    below = {one for child in kind.__subclasses__() for one in descendants(child)}
    return {*kind.__subclasses__(), *below}


def test_every_refusal_has_a_row_of_its_own_or_of_what_it_is() -> None:
    """A new error class fails here until somebody has said how it is told."""
    groups = {errors.ConsumerError, errors.HubFault}
    told_by_chance = {
        kind
        for kind in descendants(HubError) - groups
        if kind.__module__ == errors.__name__
        and not any(parent in TABLE for parent in kind.__mro__ if parent is not HubError)
    }

    assert told_by_chance == set()


def test_a_detail_opens_as_the_national_tests_look_for_once() -> None:
    opening = "No receiverId (logical address) found in message header."

    assert told(errors.AddressMissing(""))[2] == opening
    assert told(errors.AddressMissing(f"{opening} X"))[2] == f"{opening} X"
    assert told(errors.MalformedRequest("The envelope is empty."))[2] == (
        "The request could not be read properly. The envelope is empty."
    )
    assert told(errors.NoRoute("exact"))[2] == "exact"


def test_what_nobody_foresaw_is_told_without_its_text() -> None:
    faultcode, faultstring, detail = told(KeyError("191212121212"))

    assert (faultcode, faultstring[:5]) == ("SOAP-ENV:Server", "VP012")
    assert detail == "Server problem, VP does not have all necessary resources to operate."


def test_the_index_speaks_with_its_own_codes() -> None:
    refused = errors.IndexRequestRefused("EI002", "EngagementTransaction #1 and #2 have the same")
    unreachable = errors.EngagementIndexUnavailable("The index did not answer.")

    assert told(refused) == (
        "SOAP-ENV:Server",
        "EI002: EngagementTransaction #1 and #2 have the same",
        None,
    )
    assert told(unreachable) == (
        "SOAP-ENV:Server",
        "EI000: A technical error has occurred, error message: The index did not answer.",
        None,
    )


@given(text=st.text(max_size=60))
def test_whatever_a_text_holds_the_fault_is_a_document(text: str) -> None:
    assert told(errors.NoRoute(text))[0] == "SOAP-ENV:Client"


@pytest.mark.parametrize(
    "identifier",
    [
        "5565594230",
        "556559-4230",
        "2129999997",
        "SE2321000016-2X4B",
        "SE2321000016-1234",
        "SE165565594230-1000",
        "TSTNMT2321000156-B02",
        "HSASERVICES-106J",
        " 5565594230 ",
        "VG#VE",
        "*",
        "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2",
    ],
)
def test_ordinary_identifiers_are_shown_as_they_are(identifier: str) -> None:
    assert shown(identifier) == identifier


@pytest.mark.parametrize("before", ["", "SE", "x-", "00", "SE2321000016-"])
@pytest.mark.parametrize(
    "number",
    [
        "191212121212",
        "19121212-1212",
        "121212-1212",
        "121212+1212",
        "1212121212",
        "191212 121212",
        "194100642398",
        "198108320014",
        "991981000010",
    ],
)
def test_what_could_be_a_persons_number_is_masked(before: str, number: str) -> None:
    seen = shown(before + number)

    assert "***" in seen
    assert not any(part in seen for part in (number, number[-8:], number[-4:]))


@pytest.mark.parametrize("number", ["19810829M071", "19810829-M071", "19810829SU3A"])
def test_reserve_numbers_with_letters_are_masked(number: str) -> None:
    assert shown(number) == "***"


@given(identifier=st.text(max_size=400))
def test_whatever_is_shown_is_short_and_plain(identifier: str) -> None:
    seen = shown(identifier)

    assert len(seen) <= 64 or identifier.startswith("urn:")
    assert seen.isascii()
    assert not set(seen) & set("<>&\"'\n\r\t\x00")


def test_the_table_is_written_down_nowhere_else() -> None:
    """No other module of the program says a Swedish fault text."""
    source = Path(__file__).parents[2] / "src" / "samsvar"
    text = TABLE[errors.NoRoute].text[:40]
    holders = [file.name for file in source.rglob("*.py") if text in file.read_text("utf-8")]

    assert holders == ["faults.py"]
