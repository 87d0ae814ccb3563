"""How a source fared, and why a request was refused, as OperationOutcome.

Knows the words for both in Swedish and English. Holds no personal data: a status record has
none, and the rest is fixed text. Knows no HTTP status.
"""

from __future__ import annotations

from collections.abc import Sequence

from samsvar.fhir.datatypes import Json, built
from samsvar.model.status import CausingAgent, StatusCode, StatusError, StatusRecord

SOURCE_STATUS = "urn:samsvar:cs:source-status"

_SILENT = frozenset({StatusCode.NO_DATA_SYNCH_FAILED, StatusCode.DATA_FROM_CACHE_SYNCH_FAILED})

_BY_CODE: dict[str, str] = {
    "504": "timeout",
    "500": "exception",
    "VP007": "security",
    "VP016": "security",
}
_BY_AGENT: dict[CausingAgent, str] = {
    CausingAgent.SERVICE_PRODUCER: "transient",
    CausingAgent.VIRTUALIZATION_PLATFORM: "exception",
    CausingAgent.SERVICE_CATALOG: "incomplete",
    CausingAgent.ENGAGEMENT_INDEX: "incomplete",
    CausingAgent.OTHER: "incomplete",
}

#                     Swedish, English
_WORDS: dict[str, tuple[str, str]] = {
    "timeout": ("svarade inte i tid", "did not answer in time"),
    "exception": ("svarade med ett fel", "answered with a fault"),
    "security": ("nekade åtkomst", "refused access"),
    "transient": (
        "kunde inte ge ett svar som går att använda",
        "could not give an answer that can be used",
    ),
    "incomplete": ("kunde inte tillfrågas", "could not be asked"),
}


def source_outcomes(statuses: Sequence[StatusRecord]) -> list[Json]:
    """One for each source whose data is not there or not fresh, in their order."""
    return [source_outcome(status) for status in statuses if is_silent(status)]


def source_outcome(status: StatusRecord) -> Json:
    """What the receiver must know of one source that gave nothing."""
    code, swedish, english = in_words(status, status.logical_address)
    told = f" ({status.error.text})" if status.error and status.error.text else ""
    return _outcome(
        {
            "severity": "warning",
            "code": code,
            "details": {
                "coding": [
                    {
                        "system": SOURCE_STATUS,
                        "code": status.error.code if status.error else status.code.value,
                    }
                ],
                "text": swedish,
            },
            "diagnostics": f"{swedish} {english}{told}",
        }
    )


def is_silent(status: StatusRecord) -> bool:
    """Whether its data is not there, or not fresh."""
    return status.code in _SILENT


def in_words(status: StatusRecord, source: str) -> tuple[str, str, str]:
    """FHIR's issue type, and how a source fared in Swedish and in English. ``source``: what it
    is called."""
    if status.code is StatusCode.DATA_FROM_CACHE_SYNCH_FAILED:
        code = "incomplete"
        words = ("kunde inte nås; uppgifterna är äldre", "could not be reached; its data is older")
    else:
        code = _issue_code(status.error)
        words = _WORDS[code]
    return (
        code,
        f"Källan {source} {words[0]}. Svaret kan sakna uppgifter därifrån.",
        f"The source {source} {words[1]}. The answer may lack what it holds.",
    )


SOME_SOURCE = (
    "En källa, eller flera, svarade inte. Svaret kan sakna uppgifter därifrån.",
    "One source, or several, did not answer. The answer may lack what they hold.",
)


def unnamed_outcome() -> Json:
    """That something is missing, for a receiver who may not know whose."""
    return _outcome(
        {
            "severity": "warning",
            "code": "incomplete",
            "details": {"text": SOME_SOURCE[0]},
            "diagnostics": " ".join(SOME_SOURCE),
        }
    )


def refusal(code: str, swedish: str, english: str) -> Json:
    """Why nothing is answered at all. ``code`` is one of FHIR's issue types; both texts say
    what to do, and hold nobody's data."""
    return _outcome(
        {
            "severity": "error",
            "code": code,
            "details": {"text": swedish},
            "diagnostics": f"{swedish} {english}",
        }
    )


def _issue_code(error: StatusError | None) -> str:
    if error is None:
        return "incomplete"
    return _BY_CODE.get(error.code) or _BY_AGENT[error.agent]


def _outcome(issue: Json) -> Json:
    return built({"resourceType": "OperationOutcome", "issue": [issue]})
