"""The XML door: what it lets in is what it says, and nothing gets past it in another shape."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samsvar.soap.parsing import (
    ANSWER_LIMITS,
    CHARSETS,
    REQUEST_LIMITS,
    UPDATE_LIMITS,
    Limits,
    Parsed,
    XmlRefused,
    parse,
    parse_trusted,
)
from samsvar.soap.self_test import ATTACKS, SelfTestFailed, self_test

TIGHT = Limits(
    size=100_000,
    markup=1_000,
    declarations=40,
    children=20,
    prefixes=8,
    attributes=16,
    quotations=30,
    attribute_value=400,
    name=350,
)


def let_in(document: bytes, charset: str | None = "utf-8", limits: Limits = TIGHT) -> Parsed:
    return parse(document, charset=charset, limits=limits)


def refused(document: bytes, charset: str | None = "utf-8", limits: Limits = TIGHT) -> str:
    with pytest.raises(XmlRefused) as caught:
        parse(document, charset=charset, limits=limits)
    return caught.value.code


@given(document=st.binary(max_size=200), charset=st.sampled_from([None, *sorted(CHARSETS)]))
def test_any_bytes_are_let_in_or_refused_and_nothing_else(
    document: bytes, charset: str | None
) -> None:
    try:
        parsed = let_in(document, charset)
    except XmlRefused:
        return
    assert parsed.root.tag


FRAGMENTS = st.sampled_from(
    [
        "<a>",
        "</a>",
        "<b x='1'/>",
        "text",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?xml version='1.0'?>",
        "<?p i?>",
        "<",
        ">",
        "\n",
        " ",
        "<!DOCTYPE a []>",
        "<!doctype a>",
        "&amp;",
        "&#65;",
        "&x;",
        "\ufeff",
        "\x00",
        "xmlns:p='u'",
    ]
)


@given(parts=st.lists(FRAGMENTS, max_size=12), charset=st.sampled_from(["utf-8", "utf-16"]))
def test_what_is_let_in_is_data_that_says_the_same_when_parsed_again(
    parts: list[str], charset: str
) -> None:
    """No DOCTYPE or instruction is let in, and ``data`` is the whole of what was read."""
    try:
        parsed = let_in("".join(["<a>", *parts, "</a>"]).encode(charset), charset)
    except XmlRefused:
        return
    again = let_in(parsed.data)
    inert = re.sub(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>", b"", parsed.data, flags=re.DOTALL)

    assert [element.tag for element in again.root.iter()] == [
        element.tag for element in parsed.root.iter()
    ]
    assert again.data == parsed.data
    assert b"<!" not in inert
    assert b"<?" not in inert


@pytest.mark.parametrize(
    ("document", "charset"),
    [
        (b"<?xml version='1.0' encoding='x-none' standalone='yes' ?>\n<a/>", "utf-8"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<a/>', "UTF-8"),
        ("<?xml version='1.0' encoding='utf-16'?>\n<a/>".encode("utf-16"), "utf-16"),
        ("\ufeff\n<a/>".encode("utf-16-be"), "utf-16"),
        ("\n<a/>".encode("utf-16-le"), "utf-16le"),
        ("\n<a/>".encode("utf-16"), None),
        (b"\n<a/>", None),
    ],
)
def test_data_is_utf_8_without_mark_and_declaration(document: bytes, charset: str) -> None:
    assert let_in(document, charset).data == b"\n<a/>"


@pytest.mark.parametrize(
    ("document", "charset", "code"),
    [
        (b"<a>\xff\xfe</a>", "utf-8", "charset"),
        (b"<a>\xed\xa0\xbd</a>", "utf-8", "charset"),
        (b"<a/>", "utf-16", "charset"),
        (b"<a/>", "ibm037", "charset"),
        (b"\xef\xbb\xbf\xef\xbb\xbf<a/>", "utf-8", "charset"),
        ("\ufeff\ufeff<a/>".encode("utf-16-le"), "utf-16", "charset"),
        (b"<?xml version='1.1'?><a/>", "utf-8", "syntax"),
        (b"<?xml encoding='utf-8'?><a/>", "utf-8", "syntax"),
        (b"<?xml version='1.0' standalone='maybe'?><a/>", "utf-8", "syntax"),
        (b"<?xml version='1.0'?><?xml version='1.0'?><a/>", "utf-8", "syntax"),
        (b" <?xml version='1.0'?><a/>", "utf-8", "syntax"),
        (b"", "utf-8", "syntax"),
        (b"<a>&undeclared;</a>", "utf-8", "syntax"),
        (b"<!DOCTYPE a><a/>", "utf-8", "doctype"),
        (b"<!--x--> <!--y--><!DOCTYPE a><a/>", "utf-8", "doctype"),
        (b"<?p?><!DOCTYPE a><a/>", "utf-8", "doctype"),
        (b"<?p?><a/>", "utf-8", "instruction"),
        (b"<a/><?p?>", "utf-8", "instruction"),
        (b"<a><?p?></a>", "utf-8", "instruction"),
    ],
)
def test_what_soap_forbids_is_refused_with_its_reason(
    document: bytes, charset: str, code: str
) -> None:
    assert refused(document, charset) == code


@pytest.mark.parametrize(
    "document",
    [
        b"<a><!-- <!DOCTYPE x> <?p?> --></a>",
        b"<!-- <!DOCTYPE x> --><a/>",
        b"<a><![CDATA[<!DOCTYPE x><?p?>]]></a>",
        b"<a x='&lt;?p?>'/>",
    ],
)
def test_what_only_looks_forbidden_is_let_in(document: bytes) -> None:
    assert let_in(document).root.tag == "a"


@pytest.mark.parametrize(
    ("allowed", "too_much"),
    [
        (b"<a>%s</a>" % (b"<b/>" * 20), b"<a>%s</a>" % (b"<b/>" * 21)),
        (
            b"<a%s/>" % b"".join(b" x%02d='123456789012345678'" % n for n in range(16)),
            b"<a%s/>" % b"".join(b" x%02d='123456789012345678'" % n for n in range(17)),
        ),
        (b"<a x='%s'/>" % (b"v" * 400), b"<a x='%s'/>" % (b"v" * 401)),
        (b"<%s/>" % (b"n" * 350), b"<%s/>" % (b"n" * 351)),
        (b"<a %s='1'/>" % (b"n" * 350), b"<a %s='1'/>" % (b"n" * 351)),
        (b"<a>%s</a>" % (b"<b x='' y=\"\"/>" * 15), b"<a>%s</a>" % (b"<b x='' y=''/>" * 16)),
        (b"<a>" * 256 + b"</a>" * 256, b"<a>" * 257 + b"</a>" * 257),
        (
            b"<a>%s</a>" % b"".join(b"<b xmlns:p%d='u' xmlns='v'/>" % n for n in range(8)),
            b"<a>%s</a>" % b"".join(b"<b xmlns:p%d='u' xmlns='v'/>" % n for n in range(9)),
        ),
        (b"<a>%s</a>" % (b"<!---->" * 998), b"<a>%s</a>" % (b"<!---->" * 999)),
    ],
    ids=[
        "children",
        "attributes",
        "value",
        "name",
        "attribute-name",
        "all-attributes",
        "depth",
        "prefixes",
        "markup",
    ],
)
def test_each_cap_lets_the_last_in_and_the_next_not(allowed: bytes, too_much: bytes) -> None:
    assert let_in(allowed).data == allowed
    assert refused(too_much) in ("limit", "syntax")


def test_the_size_is_counted_before_anything_is_read() -> None:
    assert refused(b"<" * (REQUEST_LIMITS.size + 1), limits=REQUEST_LIMITS) == "size"


def test_an_answer_of_fifty_thousand_elements_is_let_in_where_a_request_is_not() -> None:
    document = b"<a>" + b"<b xmlns='u'>x</b>" * 50_000 + b"</a>"

    assert len(let_in(document, limits=ANSWER_LIMITS).root) == 50_000
    assert refused(document, limits=REQUEST_LIMITS) == "size"


def test_a_full_index_update_is_let_in() -> None:
    """1 001 engagements, so that the index itself can say that they are too many."""
    engagement = b"<t xmlns='u'>" + b"<e xmlns='v'>%s</e>" % (b"x" * 40) * 14 + b"</t>"

    assert len(let_in(b"<a>" + engagement * 1_001 + b"</a>", limits=UPDATE_LIMITS).root) == 1_001


def test_a_refusal_never_repeats_the_document() -> None:
    with pytest.raises(XmlRefused) as caught:
        let_in(b"<a>191212121212</tolvan>")

    assert str(caught.value) == "not well-formed XML (line 1)"
    assert caught.value.__cause__ is None
    assert "tolvan" not in repr(let_in(b"<tolvan/>"))


def test_our_own_files_are_read_without_the_net(tmp_path: Path) -> None:
    file = tmp_path / "own.xsd"
    file.write_bytes(b"<a xmlns='urn:own'/>")

    assert parse_trusted(file).getroot().tag == "{urn:own}a"


def test_the_self_test_passes_here() -> None:
    self_test()


@pytest.mark.parametrize("name", ATTACKS)
def test_each_attack_of_the_self_test_is_well_formed_enough_to_be_one(name: str) -> None:
    """Refused for what it attacks with, so that the test would tell if the door let it in."""
    expected = {"catalogue instruction": "instruction", "hidden encoding": "syntax"}

    assert refused(ATTACKS[name]) == expected.get(name, "doctype")


def test_the_self_test_tells_what_got_through() -> None:
    with pytest.raises(SelfTestFailed, match=r"let an attack through \(harmless\)"):
        self_test({"harmless": b"<a/>"})
