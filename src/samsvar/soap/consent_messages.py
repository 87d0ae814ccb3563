"""The consent contracts: bodies read into our words, and answered.

Source: informationsecurity:authorization:consent 2.0. Bodies have been held to their schemas.
Knows element names; knows no storage and no permission.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lxml import etree

from samsvar.model.accessing import Accessing
from samsvar.model.consents import AssertionType, ConsentRecord
from samsvar.model.identifiers import ContractUrn, HsaId, PersonId
from samsvar.model.local_time import earliest, latest
from samsvar.model.registration import Action, Refusal
from samsvar.soap.envelope import escaped
from samsvar.soap.security_values import (
    CONSENT,
    accessing_of,
    action_of,
    action_written,
    hsa_id,
    optional,
    optional_hsa_id,
    person,
    person_written,
    response,
    result,
    shown,
    subject_of,
    text_of,
    told,
    wall,
)

_URN = "urn:riv:informationsecurity:authorization:consent"
CHECK: Final = ContractUrn(f"{_URN}:CheckConsentResponder:2")
REGISTER: Final = ContractUrn(f"{_URN}:RegisterExtendedConsentResponder:2")
CANCEL: Final = ContractUrn(f"{_URN}:CancelExtendedConsentResponder:2")
DELETE: Final = ContractUrn(f"{_URN}:DeleteExtendedConsentResponder:2")
LIST_EXTENDED: Final = ContractUrn(f"{_URN}:GetExtendedConsentsForPatientResponder:2")
LIST: Final = ContractUrn(f"{_URN}:GetConsentsForPatientResponder:2")
OPERATIONS: Final = {
    CHECK: "CheckConsent",
    REGISTER: "RegisterExtendedConsent",
    CANCEL: "CancelExtendedConsent",
    DELETE: "DeleteExtendedConsent",
    LIST_EXTENDED: "GetExtendedConsentsForPatient",
    LIST: "GetConsentsForPatient",
}
_ACTIONS: Final = {CANCEL: "cancellationAction", DELETE: "deletionAction"}
_TRUE: Final = frozenset({"true", "1"})


@dataclass(frozen=True, slots=True)
class ListQuestion:
    """The assertions of a person with one care giver; those that are over too."""

    care_giver: HsaId
    subject: PersonId
    with_history: bool


def read_check(body: etree._Element) -> tuple[Accessing, PersonId]:
    """A CheckConsent: who wants to see, and of whom.

    Raises:
        Refused: a value cannot be.
    """
    subject = subject_of(body, f"{{{CHECK}}}patientId", CONSENT)
    return accessing_of(body, CHECK, CONSENT), subject


def read_registration(body: etree._Element, sender: str) -> tuple[ConsentRecord, bool]:
    """A RegisterExtendedConsent: the assertion, and whether its start was left to the moment.

    The start of an hour that comes twice is its second, the end its first: a consent is never
    longer than it says.

    Raises:
        Refused: a value cannot be.
    """
    own = f"{{{REGISTER}}}"
    action = action_of(body, f"{own}registrationAction", CONSENT)
    start, end = text_of(body, f"{own}startDate"), text_of(body, f"{own}endDate")
    record = ConsentRecord(
        assertion_id=told(body, f"{own}assertionId"),
        kind=AssertionType(told(body, f"{own}assertionType")),
        subject=subject_of(body, f"{own}patientId", CONSENT),
        care_giver=hsa_id(body, f"{own}careProviderId"),
        care_unit=hsa_id(body, f"{own}careUnitId"),
        employee=optional_hsa_id(body, f"{own}employeeId"),
        start=action.registered_at if start is None else latest(wall(start)),
        end=None if end is None else earliest(wall(end)),
        represented_by=person(body, f"{own}representedBy", CONSENT),
        registration=action,
        owner=sender,
    )
    return record, start is None


def read_ending(body: etree._Element, contract: ContractUrn) -> tuple[str, Action]:
    """A CancelExtendedConsent or DeleteExtendedConsent: which assertion, and by whom.

    Raises:
        Refused: a value cannot be.
    """
    assertion_id = told(body, f"{{{contract}}}assertionId")
    return assertion_id, action_of(body, f"{{{contract}}}{_ACTIONS[contract]}", CONSENT)


def read_list(body: etree._Element, contract: ContractUrn) -> ListQuestion:
    """A GetExtendedConsentsForPatient or GetConsentsForPatient.

    Raises:
        Refused: a value cannot be.
    """
    own = f"{{{contract}}}"
    return ListQuestion(
        care_giver=hsa_id(body, f"{own}careProviderId"),
        subject=subject_of(body, f"{own}patientId", CONSENT),
        with_history=text_of(body, f"{own}getCancelledFlag") in _TRUE,
    )


def done_response(contract: ContractUrn, refusal: Refusal | None) -> bytes:
    """What becomes of a registration, an ending or a nullification."""
    return _response(contract, f"<r:result>{result(CONSENT, refusal)}</r:result>")


def check_response(found: ConsentRecord | None) -> bytes:
    """Whether there is an assertion in force, and which kind."""
    kind = None if found is None else found.kind.value
    return _checked(result(CONSENT), has=found is not None, kind=kind)


def list_response(contract: ContractUrn, records: Iterable[ConsentRecord]) -> bytes:
    """The assertions, with their history where the contract has it."""
    if contract == LIST:
        rows = "".join(f"<c:pdlAssertions>{_assertion(one)}</c:pdlAssertions>" for one in records)
    else:
        rows = "".join(map(_with_history, records))
    return _listed(contract, result(CONSENT), rows)


def refused_response(contract: ContractUrn, refusal: Refusal) -> bytes:
    """A request that is answered with a result code, in the form of its contract."""
    if contract == CHECK:
        return _checked(result(CONSENT, refusal), has=False, kind=None)
    if contract in (LIST, LIST_EXTENDED):
        return _listed(contract, result(CONSENT, refusal), "")
    return done_response(contract, refusal)


def _checked(ended: str, *, has: bool, kind: str | None) -> bytes:
    return _response(
        CHECK,
        f"<r:checkResult><c:result>{ended}</c:result>"
        f"<c:hasConsent>{'true' if has else 'false'}</c:hasConsent>"
        f"{optional('c:assertionType', kind)}</r:checkResult>",
    )


def _listed(contract: ContractUrn, ended: str, rows: str) -> bytes:
    name = "r:getConsentsResult" if contract == LIST else "r:getExtendedConsentsResult"
    return _response(contract, f"<{name}><c:result>{ended}</c:result>{rows}</{name}>")


def _with_history(record: ConsentRecord) -> str:
    by = record.represented_by
    return "".join(
        (
            f"<c:pdlAssertions><c:pDLAssertion>{_assertion(record)}</c:pDLAssertion>",
            "" if by is None else person_written("c:representedBy", by),
            action_written("c:registrationInfo", record.registration),
            *(
                action_written(element, action)
                for element, action in (
                    ("c:cancellationInfo", record.cancellation),
                    ("c:deletionInfo", record.deletion),
                )
                if action is not None
            ),
            "</c:pdlAssertions>",
        )
    )


def _assertion(record: ConsentRecord) -> str:
    end = None if record.end is None else shown(record.end)
    return (
        f"<c:assertionId>{escaped(record.assertion_id)}</c:assertionId>"
        f"<c:assertionType>{record.kind.value}</c:assertionType>"
        f"<c:scope>{record.scope.value}</c:scope>"
        f"<c:careProviderId>{escaped(record.care_giver)}</c:careProviderId>"
        f"<c:careUnitId>{escaped(record.care_unit)}</c:careUnitId>"
        f"{optional('c:employeeId', record.employee)}"
        f"<c:startDate>{shown(record.start)}</c:startDate>{optional('c:endDate', end)}"
        f"{optional('c:ownerId', record.owner)}{person_written('c:patientId', record.subject)}"
    )


def _response(contract: ContractUrn, content: str) -> bytes:
    return response(contract, OPERATIONS[contract], CONSENT, content)
