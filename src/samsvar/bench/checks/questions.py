"""Checks of questions and filters: who is found, and what each field of the request limits.

Long, because its table is long: one row for each rule.
"""

from __future__ import annotations

from samsvar.bench.checks.common import Judge, as_known, empty
from samsvar.bench.evidence import Evidence
from samsvar.bench.model import (
    CONTACTS,
    EVERY,
    LOGISTICS,
    Area,
    Check,
    Judgement,
    Kind,
    Severity,
    broken,
    fine,
    unknown,
)

_MUST = Severity.MUST
_TKB = "TKB clinicalprocess:logistics:logistics 3.0.13"
_CONTACTS_3 = frozenset({Kind.CONTACTS_3})


def _has_records(seen: Evidence) -> Judgement:
    stopped = seen.without_answer("known")
    if stopped is not None:
        return stopped
    if seen.read("known").records:
        count = len(seen.read("known").records)
        return fine("known", swedish=f"{count} poster.", english=f"{count} records.")
    return broken(
        "Inga poster om den person som ska ha några: är testpersonen inlagd i systemet?",
        "No records about the person who should have some: is the test person in the system?",
        "known",
    )


def _invalid(name: str, swedish: str, english: str) -> Judge:
    """Result ERROR with INVALID_REQUEST; where the contract has no result, a fault."""

    def judged(seen: Evidence) -> Judgement:
        exchange, read = seen.seen(name), seen.read(name)
        if exchange.failure is not None:
            return unknown("Frågan fick inget svar.", "The question got no answer.", name)
        if seen.contract.result_element is None:
            refused = read.fault is not None
        else:
            codes = (read.result_field("resultCode"), read.result_field("errorCode"))
            refused = codes == ("ERROR", "INVALID_REQUEST")
        if refused:
            return fine(name)
        return broken(
            f"{swedish}: ERROR och INVALID_REQUEST väntas.",
            f"{english}: ERROR and INVALID_REQUEST are expected.",
            name,
        )

    return judged


def _found(name: str, swedish: str, english: str) -> Judge:
    """The sample must be among the records of ``name``."""

    def judged(seen: Evidence) -> Judgement:
        sample = seen.sample
        if sample is None or name not in seen.exchanges:
            return _no_sample()
        stopped = seen.without_answer(name)
        if stopped is not None:
            return stopped
        there = (
            sample.document_id in seen.ids(name)
            if sample.unit is not None or sample.document_id in seen.ids("known")
            else bool(seen.ids(name))
        )
        return fine(name) if there else broken(swedish, english, "known", name)

    return judged


def _only(name: str, field: str, swedish: str, english: str) -> Judge:
    """The sample must be there, and every record must have the sample's value of a field."""
    found = _found(name, swedish, english)

    def judged(seen: Evidence) -> Judgement:
        sample = seen.sample
        if sample is None:
            return _no_sample()
        wanted = sample.unit if "Unit" in field else sample.giver
        if wanted is None:
            return _no_sample()
        judgement = found(seen)
        values = {one.text for _, one in seen.read(name).fields(field)}
        if values - {wanted}:
            return broken(swedish, english, name)
        return judgement

    return judged


def _one_contact(seen: Evidence) -> Judgement:
    if seen.sample is None:
        return _no_sample()
    stopped = seen.without_answer("contact")
    if stopped is not None:
        return stopped
    if seen.ids("contact") == (seen.sample.document_id,):
        return fine("contact")
    return broken(
        f"careContactId gav {len(seen.ids('contact'))} poster; just den frågade väntas.",
        f"careContactId gave {len(seen.ids('contact'))} records; just the one asked is expected.",
        "contact",
    )


def _foreign_address(seen: Evidence) -> Judgement:
    exchange = seen.seen("other-address")
    if exchange.failure is not None:
        return unknown("Frågan fick inget svar.", "The question got no answer.", "other-address")
    if seen.read("other-address").records:
        return broken(
            "Poster lämnades ut fast frågan var ställd till ett annat system.",
            "Records were given though another system was addressed.",
            "other-address",
        )
    return fine("other-address")


def _no_sample() -> Judgement:
    return unknown(
        "Första svaret har ingen post med de fält som frågan görs av.",
        "The first answer has no record with the fields that the question is made of.",
        "known",
    )


def _check(
    number: int,
    swedish: str,
    english: str,
    source: str,
    judge: Judge,
    kinds: frozenset[Kind] = LOGISTICS,
) -> Check[Evidence]:
    return Check(f"ASK-{number:02}", Area.QUESTIONS, swedish, english, source, _MUST, judge, kinds)


QUESTIONS: tuple[Check[Evidence], ...] = (
    _check(
        1,
        "En person som finns ger poster",
        "A person who is known gives records",
        f"{_TKB}, GetCarePlans and GetCareContacts",
        _has_records,
        EVERY,
    ),
    _check(
        2,
        "En okänd person ger tom lista och OK, inte fel",
        "An unknown person gives an empty list and OK, no failure",
        "TKB test suite: unknown patient",
        empty("unknown", "En okänd person gav fel", "An unknown person went wrong"),
        EVERY,
    ),
    _check(
        3,
        "Samma fråga ger samma documentId igen",
        "The same question gives the same documentIds again",
        f"{_TKB}, documentId: persistent",
        as_known("again", "Samma fråga gav andra poster", "The same question gave other records"),
        EVERY,
    ),
    _check(
        4,
        "sourceSystemHSAId lika med LogicalAddress ändrar inte svaret",
        "sourceSystemHSAId equal to LogicalAddress does not change the answer",
        f"{_TKB}, sourceSystemHSAId",
        as_known("own-source", "Det egna systemet avvisas", "The own system is refused"),
        EVERY,
    ),
    _check(
        5,
        "Annat sourceSystemHSAId än LogicalAddress är INVALID_REQUEST",
        "sourceSystemHSAId other than LogicalAddress is INVALID_REQUEST",
        f"{_TKB}; test: SourceSystemHSAId and LogicalAddress",
        _invalid("other-source", "Ett annat system godtogs", "Another system was taken"),
    ),
    _check(
        6,
        "careContactId utan sourceSystemHSAId är INVALID_REQUEST",
        "careContactId without sourceSystemHSAId is INVALID_REQUEST",
        f"{_TKB}; test: SourceSystemHSAId and CareContactId",
        _invalid(
            "contact-without-source",
            "careContactId utan källsystem godtogs",
            "careContactId without source system was taken",
        ),
    ),
    _check(
        7,
        "Ett okänt careContactId ger tom lista och OK",
        "An unknown careContactId gives an empty list and OK",
        "TKB test suite: unknown careContactId",
        empty(
            "unknown-contact", "Okänt careContactId gav fel", "An unknown careContactId went wrong"
        ),
    ),
    _check(
        8,
        "careContactId ger just den vårdkontakten",
        "careContactId gives just that contact",
        f"{_TKB}, careContactId",
        _one_contact,
        CONTACTS,
    ),
    _check(
        9,
        "En periods första dag ingår",
        "A period's first day is included",
        f"{_TKB}, datePeriod: endpoints included",
        _found(
            "period-start",
            "Posten saknas när perioden börjar på dess dag.",
            "The record is missing when the period starts on its day.",
        ),
    ),
    _check(
        10,
        "En periods sista dag ingår",
        "A period's last day is included",
        f"{_TKB}, datePeriod: endpoints included",
        _found(
            "period-end",
            "Posten saknas när perioden slutar på dess dag.",
            "The record is missing when the period ends on its day.",
        ),
    ),
    _check(
        11,
        "En period på en dag (start = slut) fungerar",
        "A period of one day (start = end) works",
        f"{_TKB}, datePeriod",
        _found(
            "single-day",
            "Posten saknas när perioden är just dess dag.",
            "The record is missing when the period is just its day.",
        ),
    ),
    _check(
        12,
        "En period utan poster ger tom lista",
        "A period without records gives an empty list",
        f"{_TKB}, datePeriod",
        empty("long-ago", "En period år 1900 gav fel", "A period in 1900 went wrong"),
    ),
    _check(
        13,
        "careUnitHSAId ger bara den vårdenhetens poster",
        "careUnitHSAId gives that care unit's records only",
        f"{_TKB}, careUnitHSAId",
        _only(
            "unit",
            "healthcareProfessionalCareUnitHSAId",
            "Urvalet på vårdenhet gav fel poster.",
            "The care unit filter gave the wrong records.",
        ),
    ),
    _check(
        14,
        "Ett okänt careUnitHSAId ger tom lista",
        "An unknown careUnitHSAId gives an empty list",
        f"{_TKB}, careUnitHSAId",
        empty("unknown-unit", "En okänd vårdenhet gav fel", "An unknown care unit went wrong"),
    ),
    _check(
        15,
        "careGiverHSAId ger bara den vårdgivarens poster",
        "careGiverHSAId gives that care giver's records only",
        f"{_TKB}, careGiverHSAId (GetCareContacts 3)",
        _only(
            "giver",
            "healthcareProfessionalCareGiverHSAId",
            "Urvalet på vårdgivare gav fel poster.",
            "The care giver filter gave the wrong records.",
        ),
        _CONTACTS_3,
    ),
    _check(
        16,
        "Ett okänt careGiverHSAId ger tom lista",
        "An unknown careGiverHSAId gives an empty list",
        f"{_TKB}, careGiverHSAId (GetCareContacts 3)",
        empty("unknown-giver", "En okänd vårdgivare gav fel", "An unknown care giver went wrong"),
        _CONTACTS_3,
    ),
    _check(
        17,
        "En fråga ställd till ett annat system ger inga poster",
        "A question to another system gives no records",
        f"{_TKB}, R3",
        _foreign_address,
        EVERY,
    ),
)
