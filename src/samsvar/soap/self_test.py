"""What is tried before the first request is let in: six attacks, and the libraries' versions.

A hub that fails it does not start: a new build of lxml or libxml2 may have other defaults.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from samsvar.soap.parsing import REQUEST_LIMITS, XmlRefused, parse

OLDEST_LXML: Final = (6, 1, 3)  # older ones read external parameter entities
OLDEST_LIBXML2: Final = (2, 13, 0)  # older ones are no longer mended

# A name that is nowhere: were it opened, the attack would fail, but it would have been tried.
_FILE = "file:///nonexistent/samsvar-self-test"
_LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))

ATTACKS: Final[dict[str, bytes]] = {
    "external entity": f'<!DOCTYPE a [<!ENTITY x SYSTEM "{_FILE}">]><a>&x;</a>'.encode(),
    "external subset": f'<!DOCTYPE a SYSTEM "{_FILE}"><a/>'.encode(),
    "parameter entity": f'<!DOCTYPE a [<!ENTITY % x SYSTEM "{_FILE}"> %x;]><a/>'.encode(),
    "entity expansion": f'<!DOCTYPE a [<!ENTITY a0 "ha">{_LAUGHS}]><a>&a9;</a>'.encode(),
    "catalogue instruction": f'<?oasis-xml-catalog catalog="{_FILE}"?><a/>'.encode(),
    # Read by its own label it is a DOCTYPE; we read by the transport's label.
    "hidden encoding": b"<?xml version='1.0' encoding='UTF-7'?>+ADwAIQ-DOCTYPE a+AD4-<a/>",
}


class SelfTestFailed(Exception):
    """The hub must not start. The text is one sentence, and says what to do."""


def self_test(attacks: dict[str, bytes] | None = None) -> None:
    """Return if the door holds.

    Raises:
        SelfTestFailed: one sentence that says what does not.
    """
    if etree.LXML_VERSION < OLDEST_LXML or etree.LIBXML_VERSION < OLDEST_LIBXML2:
        raise SelfTestFailed(
            f"lxml {_dotted(etree.LXML_VERSION)} with libxml2 {_dotted(etree.LIBXML_VERSION)} is"
            f" too old to read XML safely: install lxml {_dotted(OLDEST_LXML)} or later."
        )
    for name, document in (ATTACKS if attacks is None else attacks).items():
        try:
            parse(document, charset="utf-8", limits=REQUEST_LIMITS)
        except XmlRefused:
            continue
        raise SelfTestFailed(
            f"The XML door let an attack through ({name}): do not run with these libraries."
        )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)
