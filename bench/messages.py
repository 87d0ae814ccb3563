"""What goes over the wire in the benchmark: the questions, the producers' answers, the Update.

A scene is one kind of question: how many producers, and how large their answers. Each scene has
a fictive person of its own, whom exactly the scene's producers know something about, so that one
hub with one registry and one index can be asked all of them in turn.

Knows GetCarePlans 2 and Update 1 as text. Knows no sockets.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from samsvar.model.person_numbers import PERSONNUMMER
from samsvar.simulation.people import PEOPLE, Fictive

HUB = "5565594230"
CONSUMER = "SE5565594230-BENCH"
OWNER = "SE5565594230"
PLANS_PATH = "/vp/clinicalprocess/logistics/logistics/GetCarePlans/2/rivtabp21"
UPDATE_PATH = "/vp/itintegration/engagementindex/Update/1/rivtabp21"
PLANS_ACTION = "urn:riv:clinicalprocess:logistics:GetCarePlansResponder:2:GetCarePlans"
UPDATE_ACTION = "urn:riv:itintegration:engagementindex:UpdateResponder:1:Update"

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_ADDRESS = "urn:riv:itintegration:registry:1"
_PLANS = "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"
_CORE = "urn:riv:clinicalprocess:logistics:logistics:3"
_UPDATE = "urn:riv:itintegration:engagementindex:UpdateResponder:1"
_INDEX = "urn:riv:itintegration:engagementindex:1"

#: stands twice in each record, at the start and the end of its header, whatever its prefix
RECORD_MARK = b":carePlanHeader>"


@dataclass(frozen=True, slots=True)
class Group:
    """Producers that are alike: how many there are, what each answers, and how late."""

    name: str
    count: int
    records: int
    delay: float = 0.0

    @property
    def addresses(self) -> tuple[str, ...]:
        """The logical addresses of the producers."""
        return tuple(f"{OWNER}-{self.name.upper()}{n:02}" for n in range(1, self.count + 1))


SMALL = Group("small", 10, 1)
LARGE = Group("large", 3, 27)
LATE = Group("late", 3, 1, delay=0.010)
GROUPS = (SMALL, LARGE, LATE)


@dataclass(frozen=True, slots=True)
class Scene:
    """One kind of question: its person is known to the first ``asked`` producers of a group."""

    title: str
    group: Group
    asked: int
    person: Fictive

    @property
    def addresses(self) -> tuple[str, ...]:
        """Whom the question reaches."""
        return self.group.addresses[: self.asked]

    @property
    def records(self) -> int:
        """How many records a whole answer holds."""
        return self.asked * self.group.records


THROUGHPUT = (
    Scene("1 producer, 2 kB", SMALL, 1, PEOPLE[0]),
    Scene("3 producers, 2 kB", SMALL, 3, PEOPLE[1]),
    Scene("10 producers, 2 kB", SMALL, 10, PEOPLE[2]),
    Scene("3 producers, 40 kB", LARGE, 3, PEOPLE[3]),
)
LATENCY = Scene("3 producers, 2 kB, each 10 ms late", LATE, 3, PEOPLE[4])
SCENES = (*THROUGHPUT, LATENCY)


def question(address: str, person: Fictive) -> bytes:
    """GetCarePlans for a person."""
    return _envelope(
        address,
        f'<p:GetCarePlans xmlns:p="{_PLANS}" xmlns:c="{_CORE}"><p:patientId>'
        f"<c:id>{person.number}</c:id><c:type>{PERSONNUMMER}</c:type>"
        "</p:patientId></p:GetCarePlans>",
    )


def answer(address: str, number: str, records: int) -> bytes:
    """What a producer says: ``records`` plans of 1.5 kB about the person it was asked for."""
    plans = "".join(_plan(address, number, n) for n in range(records))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="{_SOAP}"><e:Body>'
        f'<p:GetCarePlansResponse xmlns:p="{_PLANS}" xmlns:c="{_CORE}">{plans}'
        f"<p:result><c:resultCode>OK</c:resultCode><c:logId>{address}-1</c:logId></p:result>"
        "</p:GetCarePlansResponse></e:Body></e:Envelope>"
    ).encode()


def update(person: Fictive, address: str, *, about: str = "NA") -> bytes:
    """What a producer tells the index: it knows something about the person.

    Args:
        person: whom.
        address: logical address and source system of the producer.
        about: the business object of the post; "NA": none of its own.
    """
    return update_of([Post(person.number, address, about)])


@dataclass(frozen=True, slots=True)
class Post:
    """One change of the index: that a source has something about somebody."""

    resident: str
    source: str
    object: str = "NA"
    content: str = "20240312103045"
    """When it was last changed there, ``YYYYMMDDhhmmss``."""


def update_of(posts: Iterable[Post]) -> bytes:
    """One Update of these changes."""
    changes = "".join(
        "<u:engagementTransaction><i:deleteFlag>false</i:deleteFlag><i:engagement>"
        f"<i:registeredResidentIdentification>{post.resident}"
        "</i:registeredResidentIdentification>"
        "<i:serviceDomain>riv:clinicalprocess:logistics:logistics</i:serviceDomain>"
        "<i:categorization>cll-cp</i:categorization>"
        f"<i:logicalAddress>{post.source}</i:logicalAddress>"
        f"<i:businessObjectInstanceIdentifier>{post.object}</i:businessObjectInstanceIdentifier>"
        "<i:clinicalProcessInterestId>NA</i:clinicalProcessInterestId>"
        f"<i:mostRecentContent>{post.content}</i:mostRecentContent>"
        f"<i:sourceSystem>{post.source}</i:sourceSystem>"
        f"<i:dataController>{OWNER}</i:dataController>"
        "</i:engagement></u:engagementTransaction>"
        for post in posts
    )
    return _envelope(HUB, f'<u:Update xmlns:u="{_UPDATE}" xmlns:i="{_INDEX}">{changes}</u:Update>')


def _envelope(address: str, body: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="{_SOAP}"><e:Header>'
        f'<a:LogicalAddress xmlns:a="{_ADDRESS}">{address}</a:LogicalAddress></e:Header>'
        f"<e:Body>{body}</e:Body></e:Envelope>"
    ).encode()


_TEXT = base64.b64encode(
    (
        "Samordnad individuell plan\n\nVad är viktigt: att kunna bo kvar hemma och klara sina"
        " mediciner.\n\nMål 1: Trygg i hemmet. Hemtjänst morgon och kväll, trygghetslarm."
    ).encode()
).decode()


def _plan(address: str, number: str, serial: int) -> str:
    """One record, with what plans usually hold."""
    return (
        "<p:carePlan><c:carePlanHeader>"
        f"<c:documentId>SIP-2024-{serial:06}</c:documentId>"
        f"<c:sourceSystemHSAId>{address}</c:sourceSystemHSAId>"
        "<c:documentTitle>Samordnad individuell plan</c:documentTitle>"
        "<c:documentTime>20240312101500</c:documentTime>"
        f"<c:patientId><c:id>{number}</c:id><c:type>{PERSONNUMMER}</c:type></c:patientId>"
        "<c:accountableHealthcareProfessional><c:authorTime>20240312103045</c:authorTime>"
        "<c:healthcareProfessionalName>Anna Andersson</c:healthcareProfessionalName>"
        "<c:healthcareProfessionalOrgUnit>"
        "<c:orgUnitHSAId>SE2321000131-E000000000101</c:orgUnitHSAId>"
        "<c:orgUnitName>Exempelvårdcentralen Solgläntan</c:orgUnitName>"
        "</c:healthcareProfessionalOrgUnit>"
        "<c:healthcareProfessionalCareGiverHSAId>SE2321000131-E000000000010"
        "</c:healthcareProfessionalCareGiverHSAId>"
        "</c:accountableHealthcareProfessional>"
        "<c:approvedForPatient>true</c:approvedForPatient>"
        "<c:careContactId>VK-2024-000123</c:careContactId>"
        "</c:carePlanHeader><c:carePlanBody>"
        f"<c:content><c:mediaType>text/plain</c:mediaType><c:value>{_TEXT}</c:value></c:content>"
        "<c:participatingCareUnitHSAId><c:root>1.2.752.129.2.1.4.1</c:root>"
        "<c:extension>SE2321000131-E000000000101</c:extension></c:participatingCareUnitHSAId>"
        "<c:typeOfCarePlanEnum>SIP</c:typeOfCarePlanEnum></c:carePlanBody></p:carePlan>"
    )
