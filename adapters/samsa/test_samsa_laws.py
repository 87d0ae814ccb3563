"""SAMSA's adapter: what holds for any answer at all."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samsvar.adapter_api import HttpAnswer, PersonId, ProducerAnswerInvalid, ProducerError, care
from samsvar.adapter_api.xml import checked_element
from samsvar_adapters.samsa import mapping, messages, multipart, parts
from samsvar_adapters.samsa.reading import Remarks

SOURCE = "SE2321000131-SAMSA"
QUESTION = care.CareQuery(PersonId("1.2.752.129.2.1.3.1", "196501022773"), SOURCE)

_CHILDREN = "ArendeId Typ StatusKod Individ Id Plan Upprattad Andrad Avslutad Ansvarig Namn Bilaga"
_DEEPER = "Befattning Enhet Malgrupp Del Rubrik Text Justering _value_1"
_ATTRIBUTES = "typ kod hsa nr aktor enhet lagrum delas tid id storlek"
_NAMES = st.sampled_from(f"{_CHILDREN} {_DEEPER} {_ATTRIBUTES}".split())
_SEEN = (
    *("SIP", "SVU", "40", "60", "PNR", "19650102-2773", "2022-11-08T10:00:00"),
    *("9999-12-31T23:30:00Z", "0001-01-01T00:10:00+02:00", "IFO_BARN", "PRIMARVARD", "HSL"),
    *("true", "Mål", "Vad/Vem/När", "a / b / c", "99999", "Utvärdering"),
)
_WORDS = st.one_of(st.text(max_size=12), st.sampled_from(_SEEN))
_ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), _WORDS, st.binary(max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_NAMES, inner)),
    max_leaves=20,
)
_CASES = st.lists(st.dictionaries(_NAMES, _ANYTHING), max_size=4)


@given(cases=_CASES)
def test_any_cases_give_plans_or_a_producer_error(cases: list[dict[str, object]]) -> None:
    """Never another error, never more plans than cases, never a plan from another source."""
    try:
        plans = mapping.care_plans(cases, {}, QUESTION)
    except ProducerAnswerInvalid:
        return
    assert len(plans) <= len(cases)
    assert {plan.source_system for plan in plans} <= {SOURCE}
    assert len({plan.plan_id for plan in plans}) == len(plans)


@given(actor=_WORDS, law=_WORDS, group=_WORDS, mark=_WORDS)
def test_nothing_of_family_services_or_unknown_parties_is_ever_shareable(
    actor: str, law: str, group: str, mark: str
) -> None:
    """Whatever marks somebody has put there."""
    for party in ("IFO_BARN", "IFO_VUXEN", "FORSAKRINGSKASSAN", f"?{actor}"):
        found = parts.Found()
        part = {"Text": "Stöd", "aktor": party, "lagrum": law, "delas": mark}
        context = parts.Context(group, None, None, Remarks())
        parts.add_part(found, part, 1, context)
        assert not any(each.provenance.shareable for each in found.activities)


@given(
    status=st.sampled_from([200, 302, 403, 500, 503]),
    header=st.one_of(
        st.text(max_size=40),
        st.sampled_from(["text/xml", "text/html", "multipart/related; boundary=b"]),
    ),
    body=st.one_of(
        st.binary(max_size=200),
        st.text(max_size=80).map(lambda text: f"<a>{text}</a>".encode()),
        st.binary(max_size=80).map(lambda piece: b"--b\r\n" + piece + b"\r\n--b--"),
    ),
    operation=st.sampled_from(["HamtaArendeLista", "HamtaPlan", "HamtaBilaga"]),
)
def test_any_bytes_are_refused_as_a_producer_error(
    status: int, header: str, body: bytes, operation: str
) -> None:
    """No answer that is not SAMSA's is ever decoded, nor breaks anything but itself."""
    with pytest.raises(ProducerError):
        messages.decoded(operation, HttpAnswer(status, {"content-type": header}, body))


@given(content=st.binary(max_size=300), boundary=st.sampled_from(["b", "uuid:1-2", "a'()+_,./="]))
def test_an_included_part_comes_out_to_the_byte(content: bytes, boundary: str) -> None:
    """Line ends, nulls and half boundaries included; only the whole boundary ends a part."""
    mark = b"\r\n--" + boundary.encode()
    if mark in b"\r\n" + content or (b"\r\n" + content + mark).index(mark) != len(content) + 2:
        return
    root = b'<a><xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:f"/></a>'
    body = (
        mark[2:]
        + b"\r\nContent-Type: application/xop+xml\r\nContent-ID: <r>\r\n\r\n"
        + root
        + mark
        + b"\r\nContent-ID: <f>\r\n\r\n"
        + content
        + mark
        + b"--"
    )
    document = multipart.whole_document(body, f'multipart/related; boundary="{boundary}"')

    assert base64.b64decode(checked_element(document).text or "") == content


@pytest.mark.parametrize(
    ("body", "header", "says"),
    [
        (b"--b\r\n\r\n<a/>", "multipart/related; boundary=b", "cut off"),
        (b"--b\r\n\r\n<a/>" * 9 + b"\r\n--b--", "multipart/related; boundary=b", "no XML"),
        (b"\r\n--b\r\n\r\n<a/>" * 9 + b"\r\n--b--", "multipart/related; boundary=b", "more than 8"),
        (b"", "multipart/related", "no boundary"),
        (b"--b--", "multipart/related; boundary=b", "no parts"),
        (b"-" * (multipart.LARGEST + 1), "multipart/related; boundary=b", "larger than"),
        (b"--b\r\n\r\n<a/>\r\n--b--", 'multipart/related; boundary=b; start="<x>"', "root part"),
        (b"--b\r\nX: y", "multipart/related; boundary=b", "cut off"),
    ],
)
def test_a_multipart_answer_that_does_not_hold_together_is_refused(
    body: bytes, header: str, says: str
) -> None:
    """Each limit says which it is."""
    with pytest.raises(ProducerAnswerInvalid, match=says):
        multipart.whole_document(body, header)


def test_only_the_packaged_wsdl_can_be_loaded() -> None:
    """The SOAP library asks for nothing else, and would not get it."""
    with pytest.raises(FileNotFoundError):
        messages._PackagedFile().load("http://samsa.invalid/x.xsd")
    assert messages._client() is messages._client()
