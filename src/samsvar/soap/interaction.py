"""What a WSDL and its schemas say of one interaction: names, soapAction, the tree of elements.

Knows RIV-TA Basic Profile 2.1 (document/literal, one operation, one body part); the schemas
behind it are read by ``soap.outline``. Knows nothing of what the hub does with a contract, and
validates nothing: that is ``soap.schema``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from samsvar.soap.outline import (
    XS,
    ElementDeclaration,
    InteractionUnreadable,
    Outline,
    attribute,
    beside,
    read_outline,
    resolved,
    root_of,
)

__all__ = [
    "ElementDeclaration",
    "Interaction",
    "InteractionUnreadable",
    "Outline",
    "read_interaction",
    "read_outline",
]

_NAME = re.compile(r"[\w.-]+")
_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_WSDL_SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"


@dataclass(frozen=True, slots=True)
class Interaction:
    """One interaction as its WSDL describes it."""

    wsdl: Path
    target_namespace: str
    operation: str
    soap_action: str
    request_element: str
    response_element: str
    schema: Path
    """The XSD that declares both elements."""
    outline: Outline


def read_interaction(wsdl: Path) -> Interaction:
    """Read a RIV-TA WSDL and the schemas behind it.

    Raises:
        InteractionUnreadable: a file is missing, is no WSDL, or describes anything but one
            document/literal operation.
    """
    root = root_of(wsdl)
    operation = _one(root, f"{_WSDL}portType/{_WSDL}operation", wsdl)
    bound = _one(root, f"{_WSDL}binding/{_WSDL}operation/{_WSDL_SOAP}operation", wsdl)
    request = _parameters(root, _one(operation, f"{_WSDL}input", wsdl), wsdl)
    response = _parameters(root, _one(operation, f"{_WSDL}output", wsdl), wsdl)
    namespace = etree.QName(request).namespace
    places = {
        beside(wsdl, location)
        for place in root.iterfind(f"{_WSDL}types/{XS}schema/{XS}import")
        if place.get("namespace") == namespace
        and (location := place.get("schemaLocation")) is not None
    }
    if len(places) != 1:
        raise InteractionUnreadable(f"{wsdl.name}: the request's schema is not imported once")
    schema = places.pop()
    outline = read_outline(schema)
    for element in (request, response):
        if element not in outline.elements:
            raise InteractionUnreadable(f"{schema.name}: does not declare {element}")
    return Interaction(
        wsdl=wsdl,
        target_namespace=attribute(root, "targetNamespace", wsdl),
        operation=attribute(operation, "name", wsdl),
        soap_action=attribute(bound, "soapAction", wsdl),
        request_element=request,
        response_element=response,
        schema=schema,
        outline=outline,
    )


def _parameters(root: etree._Element, end: etree._Element, wsdl: Path) -> str:
    """The element of the message's ``parameters`` part: the child of the SOAP body. A part of
    another name will do, if it is the only one that is no header block."""
    message = attribute(end, "message", wsdl).rpartition(":")[2]
    if not _NAME.fullmatch(message):
        raise InteractionUnreadable(f"{wsdl.name}: a message's name is no name")
    parts = _one(root, f"{_WSDL}message[@name='{message}']", wsdl).findall(f"{_WSDL}part")
    headers = {
        header.get("part")
        for header in root.iter(f"{_WSDL_SOAP}header")
        if header.get("message", "").rpartition(":")[2] == message
    }
    body = [part for part in parts if part.get("name") == "parameters"] or [
        part for part in parts if part.get("name") not in headers
    ]
    if len(body) != 1:
        raise InteractionUnreadable(
            f"{wsdl.name}: message {message} has {len(body)} parts for the SOAP body; one, named "
            "parameters, is expected"
        )
    return resolved(body[0], attribute(body[0], "element", wsdl), wsdl)


def _one(parent: etree._Element, path: str, file: Path) -> etree._Element:
    found = parent.findall(path)
    if len(found) != 1:
        last = path.replace(_WSDL_SOAP, "soap:").replace(_WSDL, "")
        raise InteractionUnreadable(f"{file.name}: {len(found)} of {last}, one expected")
    return found[0]
