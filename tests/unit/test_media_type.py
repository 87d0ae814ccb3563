"""The label of an envelope: 415 if it is none of ours, a fault if it contradicts itself."""

from __future__ import annotations

import pytest

from samsvar.soap.media_type import MediaTypeRefused, charset_of
from samsvar.soap.parsing import XmlRefused


@pytest.mark.parametrize(
    ("label", "charset"),
    [
        ("text/xml; charset=utf-8", "utf-8"),
        ("text/xml;charset=UTF-8", "utf-8"),
        ('Text/XML ; Charset="utf-8" ; action="x"', "utf-8"),
        ("text/xml; charset=utf-16;", "utf-16"),
        ("text/xml; charset=utf-8; charset=UTF-8", "utf-8"),
        ("text/xml", None),
    ],
)
def test_a_label_of_ours_gives_its_charset(label: str, charset: str | None) -> None:
    assert charset_of(label) == charset


@pytest.mark.parametrize(
    "label",
    [
        None,
        "",
        "blah",
        "application/json",
        "application/soap+xml; charset=utf-8",
        "application/xml",
        "text/xml2",
        "text/xml charset=utf-8",
        "text/xml; charset",
        'text/xml; charset="utf-8',
        "text/xml; charset=ibm037",
        "text/xml; charset=utf-7",
        "text/xml, text/xml",
        'multipart/related; type="text/xml"',
        "text/xml;" + " " * 600,
    ],
)
def test_any_other_label_is_refused_unread(label: str | None) -> None:
    with pytest.raises(MediaTypeRefused):
        charset_of(label)


def test_two_charsets_that_differ_are_a_contradiction() -> None:
    with pytest.raises(XmlRefused, match="differ"):
        charset_of("text/xml; charset=utf-8; charset=utf-16")
