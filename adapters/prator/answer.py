"""Prator's answer as bytes, read into cases (ärenden) with plain keys.

Knows JSON, the two ways in which Prator spells å, ä and ö, and ``svarskod``. Knows nothing
of plans.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping

from samsvar.adapter_api import ProducerAnswerInvalid, ProducerFault
from samsvar_adapters.prator.native import number_of

_DEEPEST = 40  # a real answer is seven levels deep; json's own recursion stops far later
_TECHNICAL_FAULT = 17


def read_cases(body: bytes) -> tuple[object, ...]:
    """The cases of an answer, in its order; none if the person is unknown.

    Raises:
        ProducerFault: Prator says itself, in a 200, that it failed.
        ProducerAnswerInvalid: no answer of Prator's, or one that was cut short.
    """
    return cases_of(_json(body))


def cases_of(document: object) -> tuple[object, ...]:
    """The same for an answer whose JSON has been decoded."""
    answer = _plain_keys(document)
    if not isinstance(answer, Mapping) or "svarskod" not in answer:
        raise ProducerAnswerInvalid("no svarskod in the answer: this is not Prator's interface")
    code = number_of(answer["svarskod"])
    if code is None:
        raise ProducerAnswerInvalid("svarskod is not a number")
    if code != 0:
        meaning = " (technical fault)" if code == _TECHNICAL_FAULT else ""
        raise ProducerFault(f"Prator answered svarskod {code}{meaning}")
    cases = answer.get("ärenden")
    if cases is None:
        cases = []
    if not isinstance(cases, list):
        raise ProducerAnswerInvalid("ärenden is not a list")
    said = number_of(answer.get("antal"))
    if said is not None and said != len(cases):
        # A list cut short must never pass as all that there is.
        raise ProducerAnswerInvalid(f"antal and ärenden disagree: {len(cases)} cases came")
    return tuple(cases)


def _json(body: bytes) -> object:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Older installations send Latin-1 and do not say so. No byte is refused here: what
        # is not Latin-1 either shows itself as JSON that cannot be read.
        text = body.decode("latin-1")
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        # The error's own text is left out: it may quote the document.
        raise ProducerAnswerInvalid("the answer is not JSON") from error
    return document


def _plain_keys(value: object, depth: int = 0) -> object:
    """All keys in NFC: ``ä`` may come as one character or as ``a`` and two dots."""
    if depth > _DEEPEST:
        raise ProducerAnswerInvalid("the answer is nested too deep")
    if isinstance(value, Mapping):
        return {
            unicodedata.normalize("NFC", str(key)): _plain_keys(inner, depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_plain_keys(inner, depth + 1) for inner in value]
    return value
