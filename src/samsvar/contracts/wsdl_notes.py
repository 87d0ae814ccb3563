"""What a WSDL promises that the hub does not keep, or that clients cannot read.

Such a contract is served all the same, and people are told. Knows WSDL 1.1 as RIV-TA uses it;
the names and schemas that the hub lives on are read by ``soap.interaction``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from samsvar.soap.parsing import parse_trusted

_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
_ADDRESS_PART = "LogicalAddress"


def notes_of(wsdl: Path) -> Iterator[str]:
    """One sentence for each thing that ought to be known."""
    root = parse_trusted(wsdl).getroot()
    messages = {one.get("name") for one in root.iterchildren(f"{_WSDL}message")}
    for element in root.iter(f"{_WSDL}*", f"{_SOAP}*"):
        named = element.get("message")
        if named is not None and named.rpartition(":")[2] not in messages:
            yield (
                f"{wsdl.name}: line {element.sourceline} names a message that is not in the file: "
                "consumers that are made from the WSDL will fail on it; correct the package, and "
                "add it again"
            )
    for header in root.iterfind(
        f"{_WSDL}binding/{_WSDL}operation/{_WSDL}input/{_SOAP}header[@part]"
    ):
        if (part := header.get("part")) != _ADDRESS_PART:
            yield (
                f"the WSDL has a header block {part} beside the logical address: the hub passes "
                "it on to no source"
            )
    if root.find(f"{_WSDL}portType/{_WSDL}operation/{_WSDL}fault") is not None:
        yield "the WSDL declares faults of its own: the hub answers with none of them"
