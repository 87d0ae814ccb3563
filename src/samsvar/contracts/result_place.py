"""Where an answer says how it went: beside its records, or in the element that holds them.

Reads the result's part of a contract file against the schema. Knows names that results have in
the national contracts; knows nothing of what the hub answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from samsvar.contracts.contract_file import ResponseTable
from samsvar.model.contract import ResultField, ResultRole
from samsvar.soap.interaction import ElementDeclaration, Interaction, InteractionUnreadable

Fault = Callable[[str, str], None]
"""Notes a fault: the key, and what is wrong with it."""

#: names that fields of ``result`` have in the national contracts, beside the two of the toml;
#: older ones begin with a capital
_ROLES = {
    "errorcode": ResultRole.ERROR_CODE,
    "message": ResultRole.TEXT,
    "resulttext": ResultRole.TEXT,
    "text": ResultRole.TEXT,
    "comment": ResultRole.TEXT,
    "resultattext": ResultRole.TEXT,
    "meddelande": ResultRole.TEXT,
}


@dataclass(frozen=True, slots=True)
class ResultPlace:
    """The result's element and fields; all empty where the contract has none."""

    element: str | None = None
    code: str | None = None
    log_id: str | None = None
    in_container: bool = False
    first: bool = False
    """Whether the schema has it before the records."""
    fields: tuple[ResultField, ...] = ()


def read_result(response: ResponseTable, interaction: Interaction, fault: Fault) -> ResultPlace:
    """The place that the table names. What does not fit is noted as a fault."""
    if (response.result_code is None) != (response.result is None):
        fault("response.result_code", "goes together with result: give both or neither")
    if response.result is None:
        if response.result_log_id is not None:
            fault("response.result_log_id", "is a part of result, which is not given")
        return ResultPlace()
    code, log_id = (
        _last(interaction, fault, key, f"{response.result}/{name}") if name is not None else None
        for key, name in (
            ("response.result_code", response.result_code),
            ("response.result_log_id", response.result_log_id),
        )
    )
    steps = _follow(interaction, fault, "response.result", response.result)
    if not steps:
        return ResultPlace()
    above = response.result.split("/")[:-1]
    if above not in ([], [response.container]) or any(step.repeated for step in steps):
        fault(
            "response.result", "must be a child of the response or of its container, and come once"
        )
        return ResultPlace()
    return ResultPlace(
        steps[-1].name,
        code.name if code else None,
        log_id.name if log_id else None,
        in_container=bool(above),
        first=_comes_first(response, interaction, in_container=bool(above)),
        fields=_fields(response, interaction, steps[-1].type),
    )


def _comes_first(response: ResponseTable, interaction: Interaction, *, in_container: bool) -> bool:
    outline = interaction.outline
    parent = outline.elements[interaction.response_element]
    records = set(response.items)
    if in_container and response.container is not None:
        parent = outline.follow(interaction.response_element, response.container)[-1].type
    elif response.container is not None:
        records = {response.container}
    names = [_local(child.name) for child in outline.children(parent)]
    assert response.result is not None  # whoever asks has found it
    place = names.index(response.result.rpartition("/")[2])
    return any(name in records for name in names[place:])


def _fields(
    response: ResponseTable, interaction: Interaction, result_type: str
) -> tuple[ResultField, ...]:
    """What the hub can fill of the result: the two that the toml names, and known others."""
    roles = dict(_ROLES)
    if response.result_code is not None:
        roles[response.result_code.lower()] = ResultRole.CODE
    if response.result_log_id is not None:
        roles[response.result_log_id.lower()] = ResultRole.LOG_ID
    fields: dict[ResultRole, ResultField] = {}
    for child in interaction.outline.children(result_type):
        role = roles.get(_local(child.name).lower())
        if role is not None:
            fields.setdefault(role, ResultField(child.name, role, child.required))
    return tuple(fields.values())


def _last(interaction: Interaction, fault: Fault, key: str, path: str) -> ElementDeclaration | None:
    steps = _follow(interaction, fault, key, path)
    return steps[-1] if steps else None


def _follow(
    interaction: Interaction, fault: Fault, key: str, path: str
) -> tuple[ElementDeclaration, ...]:
    """The declarations along a path; none, and a fault, if it leads nowhere."""
    try:
        return interaction.outline.follow(interaction.response_element, path)
    except InteractionUnreadable as error:
        fault(key, str(error))
        return ()


def _local(name: str) -> str:
    return etree.QName(name).localname
