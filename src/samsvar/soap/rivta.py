"""The names that RIV-TA gives to things on the wire: namespaces, HTTP headers, profiles.

Sources: SOAP 1.1, RIV-TA Basic Profile 2.0 and 2.1, interoperability headers 1.0, and the HTTP
headers of the national platform. Knows names only; what they mean is decided elsewhere.
"""

from __future__ import annotations

import re
from typing import Final

from samsvar.model.catalogue import RivtaProfile

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_NEXT_ACTOR: Final = "http://schemas.xmlsoap.org/soap/actor/next"
REGISTRY: Final = "urn:riv:itintegration:registry:1"
REGISTRY_2: Final = "urn:riv:infrastructure:itintegration:registry:2"
ADDRESSING: Final = "http://www.w3.org/2005/08/addressing"
INTEROPERABILITY_HEADERS: Final = "urn:riv:interoperability:headers:1"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XOP: Final = "http://www.w3.org/2004/08/xop/include"
XINCLUDE: Final = "http://www.w3.org/2001/XInclude"

ENVELOPE: Final = f"{{{SOAP}}}Envelope"
HEADER: Final = f"{{{SOAP}}}Header"
BODY: Final = f"{{{SOAP}}}Body"
FAULT: Final = f"{{{SOAP}}}Fault"
MUST_UNDERSTAND: Final = f"{{{SOAP}}}mustUnderstand"
ACTOR: Final = f"{{{SOAP}}}actor"
LOGICAL_ADDRESS: Final = f"{{{REGISTRY}}}LogicalAddress"
LOGICAL_ADDRESS_2: Final = f"{{{REGISTRY_2}}}LogicalAddress"
TO: Final = f"{{{ADDRESSING}}}To"
ACTOR_HEADER: Final = f"{{{INTEROPERABILITY_HEADERS}}}Actor"
"""Which citizen a consumer for citizens asks for (headers 1.0): ``actorId``, ``actorType``."""
PROCESSING_STATUS: Final = f"{{{INTEROPERABILITY_HEADERS}}}ProcessingStatus"

ADDRESS_ELEMENT: Final[dict[RivtaProfile, str]] = {
    RivtaProfile.BP20: TO,
    RivtaProfile.BP21: LOGICAL_ADDRESS,
}
"""Where each profile has the logical address, among the header blocks."""

# HTTP header names, lower case: on the wire their case means nothing.
ORIGINAL_CONSUMER: Final = "x-rivta-original-serviceconsumer-hsaid"
ACTING_ON_BEHALF_OF: Final = "x-rivta-acting-on-behalf-of-hsaid"
ROUTING_HISTORY: Final = "x-rivta-routing-history"
RIVTA_PREFIX: Final = "x-rivta-"

ROOT: Final = "/vp"
"""Where consumers of the national platform are used to find services."""

CONTENT_TYPE: Final = "text/xml; charset=utf-8"
"""What every envelope of ours is labelled as (Basic Profile 1.1, R1012 and R1018)."""

_SEPARATORS: Final = re.compile(r"[:/]+")


def service_path(target_namespace: str) -> str:
    """The URL path of a WSDL's namespace: ``urn:riv:a:b:GetX:2:rivtabp21`` to
    ``/vp/a/b/GetX/2/rivtabp21``."""
    return "/".join((ROOT, *_SEPARATORS.split(target_namespace.removeprefix("urn:riv:"))))
