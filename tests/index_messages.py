"""Messages to the engagement index as a source writes them: Update and FindContent."""

from __future__ import annotations

from samsvar.simulation.demo_data import HOSPITAL
from tests.hub import DOMAIN, HUB
from tests.world import TOLVAN


def update(post: str) -> bytes:
    """One post about TOLVAN, told apart by its business object."""
    fields = {
        "registeredResidentIdentification": TOLVAN.extension,
        "serviceDomain": DOMAIN,
        "categorization": "cll-cp",
        "logicalAddress": HOSPITAL,
        "businessObjectInstanceIdentifier": post,
        "clinicalProcessInterestId": "NA",
        "mostRecentContent": "20261101120000",
        "sourceSystem": HOSPITAL,
        "dataController": "SE2129999997",
    }
    engagement = "".join(f"<i:{name}>{value}</i:{name}>" for name, value in fields.items())
    return _envelope(
        '<u:Update xmlns:u="urn:riv:itintegration:engagementindex:UpdateResponder:1"'
        ' xmlns:i="urn:riv:itintegration:engagementindex:1"><u:engagementTransaction>'
        f"<i:deleteFlag>false</i:deleteFlag><i:engagement>{engagement}</i:engagement>"
        "</u:engagementTransaction></u:Update>"
    )


def find_content() -> bytes:
    """All posts about TOLVAN."""
    return _envelope(
        '<f:FindContent xmlns:f="urn:riv:itintegration:engagementindex:FindContentResponder:1">'
        f"<f:registeredResidentIdentification>{TOLVAN.extension}"
        f"</f:registeredResidentIdentification><f:serviceDomain>{DOMAIN}</f:serviceDomain>"
        "</f:FindContent>"
    )


def _envelope(body: str) -> bytes:
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header>'
        '<r:LogicalAddress xmlns:r="urn:riv:itintegration:registry:1">'
        f"{HUB}</r:LogicalAddress></e:Header><e:Body>{body}</e:Body></e:Envelope>"
    ).encode()
