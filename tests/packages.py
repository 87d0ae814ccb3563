"""Made-up contract packages for the tests: as folders, as zips, and what their sources answer."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PACKAGES = Path(__file__).parent / "data" / "packages"
PERSONNUMMER = "1.2.752.129.2.1.3.1"
CATEGORY = "ex-1"


@dataclass(frozen=True, slots=True)
class Case:
    """One contract: its package, what is asked, and what a source answers."""

    folder: str
    name: str
    """Of the contract folder that it becomes."""
    operation: str
    urn: str
    path: str
    domain: str
    question: Mapping[str, Any] = field(repr=False)
    """As zeep takes it."""
    response: str = field(repr=False)
    """The response element; ``{person}`` and ``{source}`` are filled in."""
    marks: tuple[str, ...] = ()
    """What each record of one source is told from others by, in the order of the schema."""


def _person(number: str) -> dict[str, str]:
    return {"root": PERSONNUMMER, "extension": number}


TOLVAN = "191212121212"
ANOTHER = "196501022773"

VISITS = Case(
    folder="hemtjanst_1.0",
    name="get_home_care_visits_1",
    operation="GetHomeCareVisits",
    urn="urn:riv:exempel:hemtjanst:GetHomeCareVisitsResponder:1",
    path="/vp/exempel/hemtjanst/GetHomeCareVisits/1/rivtabp21",
    domain="riv:exempel:hemtjanst",
    question={"personId": TOLVAN},
    response=(
        '<GetHomeCareVisitsResponse xmlns="urn:riv:exempel:hemtjanst:GetHomeCareVisitsResponder:1"'
        ' xmlns:c="urn:riv:exempel:hemtjanst:1"><visits>'
        "<c:visit><c:visitId>b-{source}</c:visitId><c:personId>{person}</c:personId>"
        "<c:sourceSystemHsaId>{source}</c:sourceSystemHsaId><c:start>20260115080000</c:start>"
        "<c:insats>tillsyn</c:insats></c:visit>"
        "</visits></GetHomeCareVisitsResponse>"
    ),
    marks=("b-{source}",),
)
_AID = (
    "<h:patientId><h:root>1.2.752.129.2.1.3.1</h:root><h:extension>{person}</h:extension>"
    "</h:patientId><h:sourceSystem><h:root>1.2.752.129.2.1.4.1</h:root>"
    "<h:extension>{source}</h:extension></h:sourceSystem>"
)
AIDS = Case(
    folder="hjalpmedel_1.0",
    name="get_aids_1",
    operation="GetAids",
    urn="urn:riv:exempel:hjalpmedel:GetAidsResponder:1",
    path="/vp/exempel/hjalpmedel/GetAids/1/rivtabp21",
    domain="riv:exempel:hjalpmedel",
    question={"patientId": _person(TOLVAN)},
    response=(
        '<h:GetAidsResponse xmlns:h="urn:riv:exempel:hjalpmedel:GetAidsResponder:1">'
        f"<h:aid><h:recordId>h-{{source}}</h:recordId>{_AID}<h:name>Rollator</h:name>"
        "<h:lent>true</h:lent></h:aid>"
        f"<h:prescription><h:header><h:recordId>f-{{source}}</h:recordId>{_AID}</h:header>"
        "<h:code>RO-1203</h:code><h:approved>2026-01-15</h:approved></h:prescription>"
        "</h:GetAidsResponse>"
    ),
    marks=("h-{source}", "f-{source}"),
)
CONTACTS = Case(
    folder="fasta_kontakter_1.0",
    name="get_fixed_contacts_2",
    operation="GetFixedContacts",
    urn="urn:riv:exempel:kontakter:GetFixedContactsResponder:2",
    path="/vp/exempel/kontakter/GetFixedContacts/2/rivtabp21",
    domain="riv:exempel:kontakter",
    question={"patient": {"id": TOLVAN, "type": PERSONNUMMER}},
    response=(
        "<r:GetFixedContactsResponse"
        ' xmlns:r="urn:riv:exempel:kontakter:GetFixedContactsResponder:2"'
        ' xmlns="urn:riv:exempel:kontakter:2"><r:result><resultCode>OK</resultCode>'
        "<resultText/></r:result><fixedContact><contactHeader>"
        "<documentId>k-{source}</documentId><sourceSystemHSAId>{source}</sourceSystemHSAId>"
        f"<patient><id>{{person}}</id><type>{PERSONNUMMER}</type></patient></contactHeader>"
        "<role>fast omsorgskontakt</role><name>Kim Exempel</name></fixedContact>"
        "</r:GetFixedContactsResponse>"
    ),
    marks=("k-{source}",),
)
_PERSON_ID = "<root>1.2.752.129.2.1.3.1</root><extension>{person}</extension>"
_SOURCE_ID = "<root>1.2.752.129.2.1.4.1</root><extension>{source}</extension>"
MEASUREMENTS = Case(
    folder="matningar_1.0",
    name="get_measurement_series_1",
    operation="GetMeasurementSeries",
    urn="urn:riv:exempel:matningar:GetMeasurementSeriesResponder:1",
    path="/vp/exempel/matningar/GetMeasurementSeries/1/rivtabp21",
    domain="riv:exempel:matningar",
    question={"patientId": _person(TOLVAN)},
    response=(
        "<r:GetMeasurementSeriesResponse xmlns="
        '"urn:riv:exempel:matningar:1" xmlns:x="urn:riv:exempel:matningar:1.1"'
        ' xmlns:r="urn:riv:exempel:matningar:GetMeasurementSeriesResponder:1">'
        "<r:series><seriesHeader><recordId>m-{source}</recordId>"
        f"<patient><id>{_PERSON_ID}</id><birthYear>1912</birthYear></patient>"
        f"<sourceSystem><id>{_SOURCE_ID}</id></sourceSystem>"
        "<careGiver><id><root>1.2.752.129.2.1.4.1</root></id></careGiver></seriesHeader>"
        "<content><careGiver><id><root>1.2.752.129.2.1.4.1</root></id></careGiver>"
        f"<performer><person><id>{_PERSON_ID}</id></person></performer>"
        "<medium>table/rows</medium></content></r:series>"
        "<x:result><x:resultCode>OK</x:resultCode><x:logId>1</x:logId></x:result>"
        "</r:GetMeasurementSeriesResponse>"
    ),
    marks=("m-{source}",),
)
AGREEMENTS = Case(
    folder="samtycken_2.0",
    name="get_agreements_2",
    operation="GetAgreements",
    urn="urn:riv:exempel:samtycken:GetAgreementsResponder:2",
    path="/vp/exempel/samtycken/GetAgreements/2/rivtabp21",
    domain="riv:exempel:samtycken",
    question={"careProviderId": "SE2129999997-VG", "personId": _person(TOLVAN)},
    response=(
        '<GetAgreementsResponse xmlns="urn:riv:exempel:samtycken:GetAgreementsResponder:2">'
        '<agreements><c:result xmlns:c="urn:riv:exempel:samtycken:2"><c:resultCode>OK'
        '</c:resultCode></c:result><agreement xmlns="urn:riv:exempel:samtycken:2">'
        f"<agreementId>s-{{source}}</agreementId><subject><personId>{_PERSON_ID}</personId>"
        f"<careProviderId>SE1</careProviderId><sourceSystemId>{_SOURCE_ID}</sourceSystemId>"
        "</subject><validFrom>2026-01-15T00:00:00</validFrom></agreement></agreements>"
        "</GetAgreementsResponse>"
    ),
    marks=("s-{source}",),
)
BOOKINGS = Case(
    folder="bokningar_1.1",
    name="get_person_bookings_1",
    operation="GetPersonBookings",
    urn="urn:riv:exempel:bokningar:GetPersonBookingsResponder:1",
    path="/vp/exempel/bokningar/GetPersonBookings/1/rivtabp21",
    domain="riv:exempel:bokningar",
    question={"unit_of_care": "SE2129999997-ENHET", "subject_of_care": TOLVAN},
    response=(
        '<b:GetPersonBookingsResponse xmlns="urn:riv:exempel:bokningar:1"'
        ' xmlns:b="urn:riv:exempel:bokningar:GetPersonBookingsResponder:1">'
        "<b:booking><unit_of_care>SE2129999997-ENHET</unit_of_care>"
        "<booking_id>t-{source}</booking_id><subject_of_care>{person}</subject_of_care>"
        "<source_system>{source}</source_system></b:booking></b:GetPersonBookingsResponse>"
    ),
    marks=("t-{source}",),
)
CASES = (VISITS, AIDS, CONTACTS, MEASUREMENTS, AGREEMENTS, BOOKINGS)


def answer(case: Case, source: str, person: str = TOLVAN) -> bytes:
    """What a source answers: a whole SOAP message."""
    body = case.response.format(person=person, source=source)
    return (
        '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>'
        f"{body}</S:Body></S:Envelope>"
    ).encode()


def files_of(folder: str) -> dict[str, bytes]:
    """Every file of a package, by its path in it."""
    top = PACKAGES / folder
    return {
        file.relative_to(top).as_posix(): file.read_bytes()
        for file in sorted(top.rglob("*"))
        if file.is_file()
    }


def zipped(target: Path, files: Mapping[str, bytes]) -> Path:
    """The files as a zip, below a folder of their own as people pack them."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{target.stem}/{name}", content)
    return target


def unfolded(target: Path, files: Mapping[str, bytes]) -> Path:
    """The files as a folder."""
    for name, content in files.items():
        file = target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return target
