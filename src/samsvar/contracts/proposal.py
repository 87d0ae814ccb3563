"""Proposes ``contract.toml`` for an interaction, and says what it could not decide.

What stands in the WSDL is not asked; what follows from names is guessed; the rest is a question,
marked in the file so that it is not served before somebody has answered. Knows the keys of the
file and the guesses; reads no package and writes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from samsvar.contracts.draft import Proposal, Value
from samsvar.contracts.guesses import (
    SURE,
    Guess,
    decided,
    local,
    owners,
    persons,
    persons_in_attributes,
    persons_several_times,
    results,
    sources,
)
from samsvar.contracts.package import PackageRefused
from samsvar.model.identifiers import ContractUrn
from samsvar.soap.interaction import Interaction
from samsvar.soap.outline import ElementDeclaration

_URN = re.compile(r"urn:(riv:[a-z0-9:]+):([A-Za-z0-9]+)Responder:([0-9]+)")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_FORGIVEN_DEPTH = 2.0
"""Fields of a record lie deep, and their names are long and plain: depth counts less."""


def propose(
    interaction: Interaction,
    wsdl: str,
    *,
    domain: str | None = None,
    categorization: str | None = None,
    title: str | None = None,
) -> Proposal:
    """The proposal. ``wsdl``: where the file will lie, below the folder of WSDLs.

    Raises:
        PackageRefused: no person in the question, or no record that says whose it is. Such a
            contract cannot be served, whatever anybody answers.
    """
    urn = interaction.request_element.rpartition("}")[0].removeprefix("{")
    match = _URN.fullmatch(urn)
    major = match[3] if match else "1"
    proposal = Proposal(f"{snake(interaction.operation)}_{major}", ContractUrn(urn))
    top: dict[str, Value] = {
        "title": title or f"{interaction.operation} {major}",
        "wsdl": wsdl,
        "service_domain": domain or (match[1] if match else urn),
        "categorization": categorization or _category(interaction.operation),
    }
    if domain is None and match is None:
        proposal.ask(
            "service_domain", "which service domain (tjänstedomän) have the index posts? --domain"
        )
    if categorization is None:
        proposal.ask(
            "categorization",
            "which categorization have the index posts? It stands in the contract's prose (TKB), "
            "never in the schema. --categorization",
        )
    proposal.tables = {"top": top, "request": _request(interaction, proposal)}
    response, items = _response(interaction, proposal)
    proposal.tables["response"] = response
    _item_tables(interaction, proposal, items)
    return proposal


def snake(operation: str) -> str:
    """``GetHomeCareVisits`` as ``get_home_care_visits``."""
    return "_".join(_WORDS.split(operation)).lower()


def _category(operation: str) -> str:
    return "-".join(_WORDS.split(operation.removeprefix("Get"))).lower()


def _request(interaction: Interaction, proposal: Proposal) -> dict[str, Value]:
    outline = interaction.outline
    request_type = outline.elements[interaction.request_element]
    found = persons(outline, request_type)
    if not found and (attributed := persons_in_attributes(outline, request_type)):
        raise PackageRefused(
            f"{interaction.operation}: {attributed[0]} has the person's number in an attribute; "
            "the hub reads elements only, so that it cannot serve the contract"
        )
    if not found and (several := persons_several_times(outline, request_type)):
        raise PackageRefused(
            f"{interaction.operation}: {several[0]} may come several times in the question; the "
            "hub serves contracts that ask about one person"
        )
    if not found:
        raise PackageRefused(
            f"{interaction.operation}: no element of the question looks like a person's number; "
            "the hub serves contracts that ask about one person"
        )
    table = _person(found, proposal, "request", by_form=True)
    filters = sources(outline, request_type)
    if filters:
        table["source_filter"] = filters[0].path
        _ask_if_open(filters, proposal, "request.source_filter", "limits the question to a source")
    else:
        proposal.notes.append("the question cannot be limited to one source: no such element")
    return table


def _person(
    found: Sequence[Guess], proposal: Proposal, table: str, *, by_form: bool
) -> dict[str, Value]:
    best = found[0]
    keys: dict[str, Value] = {"subject_id": best.path}
    if best.root is not None:
        keys["subject_root"] = best.root
    elif by_form:
        keys["subject_root_by_form"] = True
        proposal.notes.append(
            f"{best.path} is a plain number: its form tells personnummer from samordningsnummer"
        )
    _ask_if_open(found, proposal, f"{table}.subject_id", "holds the person's number")
    return keys


def _ask_if_open(found: Sequence[Guess], proposal: Proposal, key: str, does: str) -> None:
    if decided(found):
        return
    others = ", ".join(guess.path for guess in found[1:4])
    also = f" Others: {others}." if others else ""
    proposal.ask(key, f"which element {does}? {found[0].path} is the best guess.{also}")


def _response(
    interaction: Interaction, proposal: Proposal
) -> tuple[dict[str, Value], tuple[ElementDeclaration, ...]]:
    """The table, and the declarations of the records."""
    outline = interaction.outline
    response_type = outline.elements[interaction.response_element]
    outcome = next(iter(results(outline, response_type)), None)
    places: list[tuple[str | None, tuple[ElementDeclaration, ...]]] = []
    children = outline.children(response_type)
    places.append((None, tuple(child for child in children if child.repeated)))
    for child in children:
        if not child.repeated and (outcome is None or local(child.name) != outcome.name):
            inside = tuple(one for one in outline.children(child.type) if one.repeated)
            places.append((local(child.name), inside))
    usable = [
        (where, tuple(one for one in inside if persons(outline, one.type)))
        for where, inside in places
    ]
    usable = [(where, inside) for where, inside in usable if inside]
    if not usable:
        raise PackageRefused(
            f"{interaction.operation}: no repeated element of the answer, or of one child of it, "
            "says whose record it is; without that the patient check cannot be made"
        )
    where, items = usable[0]
    table: dict[str, Value] = {}
    above = ""
    if where is not None:
        table["container"] = where
        if outcome is None:
            held = outline.follow(interaction.response_element, where)[-1]
            outcome, above = next(iter(results(outline, held.type)), None), f"{where}/"
    table["items"] = [local(one.name) for one in items]
    _ask_about_the_rest(places, where, items, proposal)
    if outcome is not None:
        table |= {"result": f"{above}{outcome.name}", "result_code": outcome.code}
        if outcome.log_id is not None:
            table["result_log_id"] = outcome.log_id
        if outcome.score < SURE:
            proposal.ask("response.result", f"does {outcome.name} say how it went (OK, ERROR)?")
    return table, items


def _ask_about_the_rest(
    places: Sequence[tuple[str | None, tuple[ElementDeclaration, ...]]],
    where: str | None,
    items: tuple[ElementDeclaration, ...],
    proposal: Proposal,
) -> None:
    """Repeated elements that are not taken for records are not in a merged answer."""
    for place, inside in places:
        for one in inside:
            if place != where or one not in items:
                name = local(one.name) if place is None else f"{place}/{local(one.name)}"
                proposal.ask(
                    "response.items",
                    f"{name} is repeated too, but names no person or stands elsewhere: may merged "
                    "answers go without it?",
                )


def _item_tables(
    interaction: Interaction, proposal: Proposal, items: Sequence[ElementDeclaration]
) -> None:
    tables = [_fields(interaction, proposal, item) for item in items]
    proposal.tables["item"] = tables[0]
    for item, table in zip(items[1:], tables[1:], strict=True):
        if table != tables[0]:
            proposal.tables[f"item.kinds.{_key(local(item.name))}"] = table


def _fields(
    interaction: Interaction, proposal: Proposal, item: ElementDeclaration
) -> dict[str, Value]:
    outline, name = interaction.outline, local(item.name)
    first = "item" not in proposal.tables
    prefix = "item" if first else f"item.kinds.{_key(name)}"
    proposal.tables.setdefault("item", {})
    table = _person(persons(outline, item.type), proposal, prefix, by_form=False)
    _note_what_may_be_left_out(interaction, proposal, item, table)
    found: Mapping[str, list[Guess]] = {
        "source": sources(outline, item.type),
        "owner": owners(outline, item.type),
    }
    for key, guesses in found.items():
        if guesses and guesses[0].score >= SURE - _FORGIVEN_DEPTH:
            table[key] = guesses[0].path
        elif guesses and key == "source":
            table[key] = guesses[0].path
            proposal.ask(
                f"{prefix}.source",
                f"does {guesses[0].path} name the source system that the record is from? If not, "
                "take the line away: then it is not checked",
            )
        elif key == "source":
            proposal.notes.append(
                f"{name} names no source system: that a record is from the source that was asked "
                "is not checked"
            )
    return table


def _note_what_may_be_left_out(
    interaction: Interaction,
    proposal: Proposal,
    item: ElementDeclaration,
    table: Mapping[str, Value],
) -> None:
    current = item.type
    for step in str(table["subject_id"]).split("/"):
        (declared,) = (
            one for one in interaction.outline.children(current) if local(one.name) == step
        )
        # The extension of an identifier is optional everywhere, and always there.
        if not declared.required and step != "extension":
            proposal.notes.append(
                f"{step} may be left out of a {local(item.name)}: such a record is let through to "
                "nobody, since it does not say whose it is"
            )
        current = declared.type


def _key(name: str) -> str:
    """A name of XML as a key of TOML: quoted if it has dots or letters beyond ASCII."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
