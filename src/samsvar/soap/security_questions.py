"""Questions to a consent or block service that another keeps, and what its answers say.

Sources: CheckConsent 2.0, CheckBlocks 4.0. What cannot be understood whole is refused; no word of
an answer is repeated. Knows no network and no permission.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from lxml import etree

from samsvar.errors import ProducerAnswerInvalid, ProducerFault, ProducerSaidNo, ProducerUnreachable
from samsvar.model.accessing import BlockQuestion
from samsvar.model.consents import AssertionType
from samsvar.model.identifiers import ContractUrn, HsaId, PersonId
from samsvar.soap import blocking_messages as blocking
from samsvar.soap import consent_messages as consent
from samsvar.soap.envelope import escaped
from samsvar.soap.media_type import MediaTypeRefused, charset_of
from samsvar.soap.parsing import ANSWER_LIMITS, XmlRefused, parse
from samsvar.soap.rivta import BODY, FAULT
from samsvar.soap.security_values import BLOCKING, CONSENT, person_written, shown, text_of

_CODES: Final = frozenset(
    {"ERROR", "VALIDATION_ERROR", "VALIDATIONERROR", "ACCESSDENIED", "NOTFOUND"}
    | {"ALREADYEXISTS", "INVALIDSTATE"}
)
_DONE: Final = frozenset({"OK", "INFO"})
_TRUE: Final = {"true": True, "1": True, "false": False, "0": False}
_STATUS: Final = {"OK": False, "BLOCKED": True, "VALIDATIONERROR": None}
_FIRST: Final = datetime(1899, 12, 31, 23, tzinfo=UTC)
_LAST: Final = datetime(2999, 12, 31, 12, tzinfo=UTC)
"""In place of no bound: whatever the period of a block is, it is partly in this one."""

Check = Callable[[Any], Sequence[Any]]


def check_consent(subject: PersonId, care_giver: HsaId, care_unit: HsaId, employee: HsaId) -> bytes:
    """A CheckConsent element."""
    return _request(
        consent.CHECK,
        consent.OPERATIONS[consent.CHECK],
        CONSENT,
        _actor(care_giver, care_unit, employee) + person_written("r:patientId", subject),
    )


def check_blocks(
    subject: PersonId,
    actor: tuple[HsaId, HsaId, HsaId],
    rows: Sequence[BlockQuestion],
) -> bytes:
    """A CheckBlocks element; ``actor``: care giver, unit, employee. Rows are numbered from 0."""
    entities = "".join(
        "<r:informationEntities>"
        f"<c:informationStartDate>{shown(row.start or _FIRST)}</c:informationStartDate>"
        f"<c:informationEndDate>{shown(row.end or _LAST)}</c:informationEndDate>"
        f"<c:informationCareUnitId>{escaped(row.owner_unit or '')}</c:informationCareUnitId>"
        f"<c:informationCareProviderId>{escaped(row.owner)}</c:informationCareProviderId>"
        f"{_type(row.information_type)}<c:rowNumber>{number}</c:rowNumber>"
        "</r:informationEntities>"
        for number, row in enumerate(rows)
    )
    return _request(
        blocking.CHECK,
        blocking.OPERATIONS[blocking.CHECK],
        BLOCKING,
        _actor(*actor) + person_written("r:patientId", subject) + entities,
    )


def read_consent(element: etree._Element) -> tuple[bool, AssertionType | None]:
    """Whether there is an assertion in force, and which kind, where that is said.

    Raises:
        ProducerSaidNo: the question was not answered.
    """
    core = f"{{{CONSENT}}}"
    outcome = _outcome(element, f"{{{consent.CHECK}}}checkResult", core)
    has = _TRUE[text_of(outcome, f"{core}hasConsent") or "false"]
    kind = text_of(outcome, f"{core}assertionType")
    return has, None if kind is None else AssertionType(kind)


def read_blocks(element: etree._Element, count: int) -> list[bool | None]:
    """Whether each row is blocked, in the order of their numbers; None: it was not checked.

    Raises:
        ProducerSaidNo: the question was not answered.
        ProducerAnswerInvalid: a row is missing, comes twice, or was not asked.
    """
    core = f"{{{BLOCKING}}}"
    outcome = _outcome(element, f"{{{blocking.CHECK}}}checkBlocksResult", core)
    found: dict[int, bool | None] = {}
    for row in outcome.iterchildren(f"{core}checkResults"):
        number = int(text_of(row, f"{core}rowNumber") or -1)
        if number in found or not 0 <= number < count:
            raise ProducerAnswerInvalid("its answer has a row that was not asked, or has one twice")
        found[number] = _STATUS[text_of(row, f"{core}status") or ""]
    if len(found) != count:
        raise ProducerAnswerInvalid("its answer lacks rows that were asked")
    return [found[number] for number in range(count)]


def read_answer(
    status: int, content_type: str | None, body: bytes, expected: str, check: Check
) -> etree._Element:
    """The response element of an answer, held to its schema.

    Raises:
        ProducerUnreachable, ProducerFault, ProducerAnswerInvalid: there is none.
    """
    if status not in (200, 500):
        raise ProducerUnreachable(f"HTTP status {status}")
    if not body.strip():
        raise ProducerAnswerInvalid(f"HTTP status {status}, and an empty body")
    try:
        charset = None if content_type is None else charset_of(content_type)
        root = parse(body, charset=charset, limits=ANSWER_LIMITS).root
    except (XmlRefused, MediaTypeRefused) as error:
        raise ProducerAnswerInvalid(f"HTTP status {status}, and no message: {error}") from error
    elements = root.findall(f"{BODY}/*")
    if len(elements) == 1 and elements[0].tag == FAULT:
        raise ProducerFault("it answered with a fault")
    if status != 200 or len(elements) != 1 or elements[0].tag != expected:
        raise ProducerAnswerInvalid(f"HTTP status {status}, and not this contract's answer")
    if check(elements[0]):
        raise ProducerAnswerInvalid("its answer does not follow its schema")
    return elements[0]


def _outcome(element: etree._Element, tag: str, core: str) -> etree._Element:
    outcome = element.find(tag)
    code = None if outcome is None else text_of(outcome, f"{core}result/{core}resultCode")
    if outcome is None or code not in _DONE:
        named = code if code in _CODES else "none that is known"
        raise ProducerSaidNo(f"it answered with the result code {named}")
    return outcome


def _actor(care_giver: HsaId, care_unit: HsaId, employee: HsaId) -> str:
    return (
        f"<r:accessingActor><c:employeeId>{escaped(employee)}</c:employeeId>"
        f"<c:careProviderId>{escaped(care_giver)}</c:careProviderId>"
        f"<c:careUnitId>{escaped(care_unit)}</c:careUnitId></r:accessingActor>"
    )


def _type(information_type: str | None) -> str:
    known = (information_type or "").lower() in ("lak", "upp")
    told = escaped((information_type or "").lower())
    return f"<c:informationType>{told}</c:informationType>" if known else ""


def _request(contract: ContractUrn, operation: str, core: str, content: str) -> bytes:
    return (
        f'<r:{operation} xmlns:r="{contract}" xmlns:c="{core}">{content}</r:{operation}>'
    ).encode()
