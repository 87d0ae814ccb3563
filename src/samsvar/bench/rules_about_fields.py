"""What breaks the rules about headers, times, codes and identifiers of records.

Each function yields the places; the table in ``record_rules`` says which rule that is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from lxml import etree

from samsvar.bench.judged import Answered
from samsvar.bench.messages import core_namespace
from samsvar.model.identifiers import PersonId
from samsvar.model.person_numbers import PersonNumberInvalid, check

TIMES = ("authorTime", "documentTime", "signatureTime", "start", "end")
CODED = ("healthcareProfessionalRoleCode", "careContactCode", "careContactStatus", "gender")
HSA_FIELDS = (
    "sourceSystemHSAId",
    "healthcareProfessionalHSAId",
    "orgUnitHSAId",
    "healthcareProfessionalCareUnitHSAId",
    "healthcareProfessionalCareGiverHSAId",
    "legalAuthenticatorHSAId",
)
CONTACT_CODES = "1.2.752.129.2.2.2.25"
SNOMED_CT_SE = "1.2.752.116.2.1.1"
STATUSES = frozenset(
    {
        "53661000052105",  # avbruten
        "53671000052101",  # avslutad
        "53641000052109",  # inställd
        "53691000052102",  # makulerad
        "53701000052102",  # väntelista
        "53681000052104",  # permission
        "53651000052107",  # pågående
        "53631000052103",  # tidbokad
    }
)
_TIME = re.compile(r"[0-9]{14}")
_HSA_ID = re.compile(r"SE[0-9]{10}-[A-Za-z0-9]{1,18}")  # at most 31 characters in all
_OID = re.compile(r"1\.2\.752\.[0-9.]+")


def local(element: etree._Element) -> str:
    """An element's name without its namespace."""
    return etree.QName(element).localname


def local_path(path: Sequence[str]) -> str:
    """A path of Clark names, as people read it."""
    return "/".join(step.rpartition("}")[2] for step in path)


def same_ids(answered: Answered) -> Iterator[str]:
    """Ids that more than one record has."""
    found = [(place, one.text) for place, one in answered.read.fields("documentId")]
    counted = Counter(text for _, text in found)
    yield from (place for place, text in found if counted[text] > 1)


def odd_persons(answered: Answered) -> Iterator[str]:
    """Numbers that cannot be of the series that their type names."""
    core = core_namespace(answered.read.contract)
    for place, person in answered.read.fields("patientId"):
        number, root = (person.findtext(f"{{{core}}}{name}") or "" for name in ("id", "type"))
        try:
            check(PersonId(root, number))
        except PersonNumberInvalid:
            # A region's own series is not known here; then only the OID's form can be judged.
            if root.startswith("1.2.752.129.2.1.3.") or not _OID.fullmatch(root):
                yield place


def no_approval(answered: Answered) -> Iterator[str]:
    """Headers without approvedForPatient."""
    yield from _without(answered, ("carePlanHeader", "careContactHeader"), "approvedForPatient")


def nullified(answered: Answered) -> Iterator[str]:
    """What must not be sent."""
    yield from (place for place, _ in answered.read.fields("nullified", "nullifiedReason"))


def no_title(answered: Answered) -> Iterator[str]:
    """Plans without a title."""
    yield from _without(answered, ("carePlanHeader",), "documentTitle")


def too_much_of_contacts(answered: Answered) -> Iterator[str]:
    """Header fields that contacts must not have."""
    names = ("documentTitle", "documentTime", "legalAuthenticator", "careContactId")
    yield from (place for place, _ in answered.read.fields(*names))


def impossible_times(answered: Answered) -> Iterator[str]:
    """Times of the right form that no calendar has, or that nobody has lived in."""
    for place, element in answered.read.fields(*TIMES):
        text = element.text or ""
        if _TIME.fullmatch(text) and _moment(text) is None:
            yield place


def times_of_other_form(answered: Answered) -> Iterator[str]:
    """Times with a zone, a hyphen, or only a date."""
    for place, element in answered.read.fields(*TIMES):
        if not _TIME.fullmatch(element.text or ""):
            yield place


def written_tomorrow(answered: Answered) -> Iterator[str]:
    """Registered after it was answered; an hour is forgiven for clocks."""
    latest = (answered.now + timedelta(hours=1)).replace(tzinfo=None)
    for place, element in answered.read.fields("authorTime"):
        moment = _moment(element.text or "")
        if moment is not None and moment > latest:
            yield place


def no_owner(answered: Answered) -> Iterator[str]:
    """Without care unit or care giver."""
    for name in ("healthcareProfessionalCareUnitHSAId", "healthcareProfessionalCareGiverHSAId"):
        yield from _without(answered, ("accountableHealthcareProfessional",), name)


def no_org_unit(answered: Answered) -> Iterator[str]:
    """Without the author's unit, or without its id or name."""
    unit = "healthcareProfessionalOrgUnit"
    yield from _without(answered, ("accountableHealthcareProfessional",), unit)
    for name in ("orgUnitHSAId", "orgUnitName"):
        yield from _without(answered, (unit,), name)


def odd_hsa_ids(answered: Answered) -> Iterator[str]:
    """Identifiers of another form."""
    for place, element in answered.read.fields(*HSA_FIELDS):
        if not _HSA_ID.fullmatch(element.text or ""):
            yield place


def code_and_text(answered: Answered) -> Iterator[str]:
    """Coded fields with both of code and originalText, or with neither."""
    for place, coded in _coded(answered):
        if (_has(answered, coded, "code")) == _has(answered, coded, "originalText"):
            yield place


def code_without_system(answered: Answered) -> Iterator[str]:
    """Codes that do not say where they are from, or what they mean."""
    for place, coded in _coded(answered):
        if _has(answered, coded, "code"):
            for name in ("codeSystem", "displayName"):
                if not _has(answered, coded, name):
                    yield f"{place}/{name}"


def other_contact_codes(answered: Answered) -> Iterator[str]:
    """Kinds of contact out of another code system."""
    allowed = frozenset({"1", "2", "3", "4", "5"})
    yield from _codes_outside(answered, "careContactCode", CONTACT_CODES, allowed)


def other_statuses(answered: Answered) -> Iterator[str]:
    """Statuses that the contract does not list."""
    yield from _codes_outside(answered, "careContactStatus", SNOMED_CT_SE, STATUSES)


def gender_as_text(answered: Answered) -> Iterator[str]:
    """Gender in free text."""
    for place, gender in answered.read.fields("gender"):
        if _has(answered, gender, "originalText"):
            yield f"{place}/originalText"


def no_times(answered: Answered) -> Iterator[str]:
    """Periods with neither start nor end."""
    for place, period in answered.read.fields("careContactTimePeriod"):
        if not _has(answered, period, "start") and not _has(answered, period, "end"):
            yield place


def ends_before_start(answered: Answered) -> Iterator[str]:
    """Periods that run backwards."""
    core = core_namespace(answered.read.contract)
    for place, period in answered.read.fields("careContactTimePeriod"):
        start, end = (period.findtext(f"{{{core}}}{name}") for name in ("start", "end"))
        if start and end and end < start:  # of one form, so they sort as text
            yield place


def _moment(text: str) -> datetime | None:
    if not _TIME.fullmatch(text) or text < "1850":
        return None
    try:
        # Local Swedish time without a zone (RIV-TA): only compared with its like.
        return datetime.strptime(text, "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        return None


def _has(answered: Answered, parent: etree._Element, name: str) -> bool:
    return parent.find(f"{{{core_namespace(answered.read.contract)}}}{name}") is not None


def _without(answered: Answered, parents: tuple[str, ...], name: str) -> Iterator[str]:
    for place, parent in answered.read.fields(*parents):
        if not _has(answered, parent, name):
            yield f"{place}/{name}"


def _coded(answered: Answered) -> Iterator[tuple[str, etree._Element]]:
    """Coded fields. In GetCareContacts 2 some are plain numbers: they have no fields inside."""
    for place, element in answered.read.fields(*CODED):
        if len(element) or not (element.text or "").strip():
            yield place, element


def _codes_outside(
    answered: Answered, name: str, system: str, allowed: frozenset[str]
) -> Iterator[str]:
    core = core_namespace(answered.read.contract)
    for place, coded in answered.read.fields(name):
        code = coded.findtext(f"{{{core}}}code")
        given = coded.findtext(f"{{{core}}}codeSystem")
        if code is not None and ((given or system) != system or code not in allowed):
            yield place
