"""The rules that one answer is enough to judge: its result, and each of its records.

A literal, ordered table. The bench judges its own questions' answers by it; the same table is
laid on samples of live answers. A rule finds places, never values. Knows the logistics
contracts' fields; of other contracts only what is said of every contract. Long, because it is one
table: who judges a rule should find it in one place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from samsvar.bench import rules_about_content as content
from samsvar.bench import rules_about_fields as fields
from samsvar.bench.judged import Answered
from samsvar.bench.model import (
    CONTACTS,
    EVERY,
    LOGISTICS,
    WITH_RESULT,
    Kind,
    Severity,
)
from samsvar.model.identifiers import folded

Find = Callable[[Answered], Iterator[str]]

MUST, SHOULD = Severity.MUST, Severity.SHOULD
PLANS, CONTACTS_3 = frozenset({Kind.PLANS}), frozenset({Kind.CONTACTS_3})
_TKB = "TKB clinicalprocess:logistics:logistics 3.0.13"
_LOOSE_UUID = re.compile(r"[0-9a-fA-F-]{36}")


@dataclass(frozen=True, slots=True)
class RecordRule:
    """One rule, and how to find the places that break it."""

    id: str
    swedish: str
    english: str
    source: str
    severity: Severity
    find: Find = field(repr=False)
    kinds: frozenset[Kind] = EVERY
    of_result: bool = False
    """About the answer's result: it can be judged without records."""


def _schema(answered: Answered) -> Iterator[str]:
    yield from answered.schema_faults


def _not_ok(answered: Answered) -> Iterator[str]:
    if answered.read.result_field("resultCode") != "OK":
        yield "result/resultCode"


def _no_uuid(answered: Answered) -> Iterator[str]:
    text = answered.read.result_field("logId") or ""
    try:
        UUID(text)
    except ValueError:
        yield "result/logId"
    else:
        if not _LOOSE_UUID.fullmatch(text):  # UUID() also reads braces, urn: and bare digits
            yield "result/logId"


def _error_code(answered: Answered) -> Iterator[str]:
    read = answered.read
    if read.result_field("resultCode") != "ERROR" and read.result_field("errorCode") is not None:
        yield "result/errorCode"


def _another_person(answered: Answered) -> Iterator[str]:
    for number, record in enumerate(answered.read.records, start=1):
        shape = answered.read.contract.shape(str(record.tag))
        ids = record.findall("/".join(shape.subject_id_path))
        if len(ids) != 1 or ids[0].text != answered.person.extension:
            yield f"{fields.local(record)}[{number}]/{fields.local_path(shape.subject_id_path)}"


def _another_source(answered: Answered) -> Iterator[str]:
    for number, record in enumerate(answered.read.records, start=1):
        path = answered.read.contract.shape(str(record.tag)).source_path
        if path is None:
            continue
        sources = record.findall("/".join(path))
        if len(sources) != 1 or folded(sources[0].text or "") != folded(answered.address):
            yield f"{fields.local(record)}[{number}]/{fields.local_path(path)}"


RECORD_RULES: tuple[RecordRule, ...] = (
    RecordRule(
        "RES-01",
        "resultCode är OK, inte INFO",
        "resultCode is OK, not INFO",
        f"{_TKB}, result; TS21 rule 11",
        SHOULD,
        _not_ok,
        WITH_RESULT,
        True,
    ),
    RecordRule(
        "RES-02",
        "logId är ett UUID",
        "logId is a UUID",
        f"{_TKB}, result.logId",
        MUST,
        _no_uuid,
        WITH_RESULT,
        True,
    ),
    RecordRule(
        "RES-03",
        "errorCode finns bara tillsammans med ERROR",
        "errorCode is there only together with ERROR",
        f"{_TKB}, result.errorCode",
        MUST,
        _error_code,
        WITH_RESULT,
        True,
    ),
    RecordRule(
        "REC-01",
        "Svaret följer schemat: fält, ordning och typer",
        "The answer follows the schema: fields, order and types",
        "Contract XSD; TS21 rule 2",
        MUST,
        _schema,
    ),
    RecordRule(
        "REC-02",
        "Varje post gäller den person som frågan gäller",
        "Every record is about the person asked for",
        f"{_TKB}, patientId",
        MUST,
        _another_person,
    ),
    RecordRule(
        "REC-03",
        "Varje post kommer från det system som frågan är ställd till",
        "Every record is from the system that was asked",
        f"{_TKB}, R3",
        MUST,
        _another_source,
    ),
    RecordRule(
        "REC-04",
        "documentId är unikt i svaret",
        "documentId is unique in the answer",
        f"{_TKB}, documentId",
        MUST,
        fields.same_ids,
        LOGISTICS,
    ),
    RecordRule(
        "REC-05",
        "Personens id har 12 tecken, och dess typ är rätt OID",
        "The person's id has 12 characters, and its type is the right OID",
        f"{_TKB}, patientId",
        MUST,
        fields.odd_persons,
        LOGISTICS,
    ),
    RecordRule(
        "REC-06",
        "approvedForPatient finns i varje post",
        "approvedForPatient is in every record",
        f"{_TKB}, approvedForPatient",
        MUST,
        fields.no_approval,
        LOGISTICS,
    ),
    RecordRule(
        "REC-07",
        "nullified och nullifiedReason skickas inte",
        "nullified and nullifiedReason are not sent",
        f"{_TKB}, nullified 0..0",
        MUST,
        fields.nullified,
        LOGISTICS,
    ),
    RecordRule(
        "REC-08",
        "Varje plan har documentTitle",
        "Every plan has documentTitle",
        f"{_TKB}, GetCarePlans documentTitle 1..1",
        MUST,
        fields.no_title,
        PLANS,
    ),
    RecordRule(
        "REC-09",
        "En vårdkontakt har inte documentTitle, documentTime, legalAuthenticator eller"
        " careContactId",
        "A care contact has no documentTitle, documentTime, legalAuthenticator or careContactId",
        f"{_TKB}, GetCareContacts careContactHeader",
        MUST,
        fields.too_much_of_contacts,
        CONTACTS_3,
    ),
    RecordRule(
        "REC-10",
        "Tider finns i kalendern",
        "Times are in the calendar",
        f"{_TKB}, TimeStampType",
        MUST,
        fields.impossible_times,
        LOGISTICS,
    ),
    RecordRule(
        "REC-11",
        "Tider skrivs ÅÅÅÅMMDDttmmss i svensk tid, utan zon",
        "Times are written YYYYMMDDhhmmss in Swedish time, without zone",
        f"{_TKB}, TimeStampType",
        MUST,
        fields.times_of_other_form,
        LOGISTICS,
    ),
    RecordRule(
        "REC-12",
        "authorTime ligger inte i framtiden",
        "authorTime is not in the future",
        f"{_TKB}, authorTime: time of registration",
        SHOULD,
        fields.written_tomorrow,
        LOGISTICS,
    ),
    RecordRule(
        "REC-13",
        "Vårdenhet och vårdgivare (HSA-id) finns, annars visas posten inte av konsumenter",
        "Care unit and care giver (HSA-id) are there; without them consumers hide the record",
        f"{_TKB}, Regel 1",
        SHOULD,
        fields.no_owner,
        LOGISTICS,
    ),
    RecordRule(
        "REC-14",
        "Organisationsenhet har HSA-id och namn",
        "The organisational unit has HSA-id and name",
        f"{_TKB}, Regel 4 and 5",
        SHOULD,
        fields.no_org_unit,
        LOGISTICS,
    ),
    RecordRule(
        "REC-15",
        "HSA-id har formen SE, organisationsnummer, bindestreck och beteckning",
        "HSA-ids have the form SE, organisation number, hyphen and suffix",
        "HSA: form of HSA-id",
        SHOULD,
        fields.odd_hsa_ids,
        LOGISTICS,
    ),
    RecordRule(
        "REC-16",
        "Ett kodat fält har antingen code eller originalText",
        "A coded field has either code or originalText",
        f"{_TKB}, CVType (schematron)",
        MUST,
        fields.code_and_text,
        LOGISTICS,
    ),
    RecordRule(
        "REC-17",
        "En kod har codeSystem och displayName",
        "A code has codeSystem and displayName",
        f"{_TKB}, CVType",
        MUST,
        fields.code_without_system,
        LOGISTICS,
    ),
    RecordRule(
        "REC-18",
        "careContactCode är ur KV Vårdkontakttyp",
        "careContactCode is of KV Vårdkontakttyp",
        f"{_TKB}, careContactCode 1.2.752.129.2.2.2.25",
        MUST,
        fields.other_contact_codes,
        CONTACTS_3,
    ),
    RecordRule(
        "REC-19",
        "careContactStatus är en av de åtta SNOMED CT-koderna",
        "careContactStatus is one of the eight SNOMED CT codes",
        f"{_TKB}, careContactStatus 1.2.752.116.2.1.1",
        MUST,
        fields.other_statuses,
        CONTACTS_3,
    ),
    RecordRule(
        "REC-20",
        "Kön anges med kod, aldrig som fri text",
        "Gender is given by code, never as free text",
        f"{_TKB}, gender",
        MUST,
        fields.gender_as_text,
        CONTACTS_3,
    ),
    RecordRule(
        "REC-21",
        "En vårdkontakts tid har start eller slut",
        "A care contact's time has a start or an end",
        f"{_TKB}, careContactTimePeriod",
        MUST,
        fields.no_times,
        CONTACTS,
    ),
    RecordRule(
        "REC-22",
        "En vårdkontakt slutar inte innan den börjar",
        "A care contact does not end before it starts",
        f"{_TKB}, careContactTimePeriod",
        MUST,
        fields.ends_before_start,
        CONTACTS,
    ),
    RecordRule(
        "REC-23",
        "Planens innehåll har antingen value eller reference",
        "A plan's content has either value or reference",
        f"{_TKB}, MultimediaType",
        MUST,
        content.value_and_reference,
        PLANS,
    ),
    RecordRule(
        "REC-24",
        "Innehållets mediaType är en av de sex tillåtna",
        "The content's mediaType is one of the six allowed",
        f"{_TKB}, content.mediaType",
        MUST,
        content.other_media_types,
        PLANS,
    ),
    RecordRule(
        "REC-25",
        "Inbäddad fil är högst 100 kB",
        "An embedded file is at most 100 kB",
        f"{_TKB}, content.value",
        MUST,
        content.too_big,
        PLANS,
    ),
    RecordRule(
        "REC-26",
        "Text i innehållet är UTF-8",
        "Text in the content is UTF-8",
        "WS-I Basic Profile 1.1, R1012, by analogy: no other encoding can be told",
        SHOULD,
        content.text_not_utf_8,
        PLANS,
    ),
    RecordRule(
        "REC-27",
        "Filens byte är av det slag som mediaType säger",
        "The file's bytes are of the kind that mediaType says",
        f"{_TKB}, content.mediaType",
        SHOULD,
        content.false_media_types,
        PLANS,
    ),
    RecordRule(
        "REC-28",
        "Innehållets id används inte",
        "The content's id is not used",
        f"{_TKB}, content.id",
        SHOULD,
        content.has_id,
        PLANS,
    ),
    RecordRule(
        "REC-29",
        "Varje plan har ett innehåll att läsa",
        "Every plan has content to read",
        f"{_TKB}, content: plan status and goals",
        SHOULD,
        content.no_content,
        PLANS,
    ),
    RecordRule(
        "REC-30",
        "Varje plan säger sin typ (typeOfCarePlanEnum)",
        "Every plan says its kind (typeOfCarePlanEnum)",
        f"{_TKB}, typeOfCarePlanEnum 0..1: consumers sort by it",
        SHOULD,
        content.no_kind,
        PLANS,
    ),
    RecordRule(
        "REC-31",
        "Deltagande enheter anges med HSA-id",
        "Participating units are given by HSA-id",
        f"{_TKB}, participatingCareUnitHSAId root 1.2.752.129.2.1.4.1",
        MUST,
        content.local_units,
        PLANS,
    ),
)


def rules_for(kind: Kind) -> Iterator[RecordRule]:
    """The rules that apply to a contract, in order."""
    return (rule for rule in RECORD_RULES if kind in rule.kinds)
