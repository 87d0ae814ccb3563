"""Understand: the body is valid by its schema, and asks about a person who can exist."""

from __future__ import annotations

from samsvar.errors import RuleBroken
from samsvar.model.exchange import Call, Question
from samsvar.model.person_numbers import is_reserve
from samsvar.pipeline.authorise import Errand
from samsvar.ports import World
from samsvar.soap.request import understand as read_question


def understand(call: Call, errand: Errand, world: World) -> Question:
    """The question that the message asks.

    Raises:
        MalformedRequest: schema or value; the text names the element, never its value.
        RuleBroken: a reserve number cannot be asked of everybody, since the index cannot
            tell whose number it is (TKB clinicalprocess:logistics:logistics, patientId).
    """
    contract = errand.contract
    question = read_question(call.message, contract, world.request_checks[contract.urn])
    if errand.aggregated and question.source_filter is None and is_reserve(question.subject.root):
        raise RuleBroken(
            "Reservnummer kan bara användas mot ett utpekat källsystem: ange sourceSystemHSAId."
        )
    return question
