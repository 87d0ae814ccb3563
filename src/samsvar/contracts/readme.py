"""The README of an added contract: what people must know, taken from the contract itself.

Knows the contract and how the hub serves it; asks nothing and reads no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from samsvar.model.contract import ServiceContract


def readme(
    contract: ServiceContract,
    url: str,
    *,
    package: str,
    guessed: Sequence[str],
    notes: Sequence[str],
) -> str:
    """The page. ``guessed``: questions that were answered by the best guess."""
    kinds = ", ".join(f"`{_local(one)}`" for one in contract.item_elements)
    where = (
        "" if contract.container_element is None else f" in `{_local(contract.container_element)}`"
    )
    shape = contract.shape(contract.item_elements[0])
    rows = [
        ("Contract", f"`{contract.urn}`"),
        ("URL", f"`{url}`, with `?wsdl`"),
        (
            "Engagement index",
            f"service domain `{contract.service_domain}`, categorization "
            f"`{contract.categorization}`",
        ),
        ("Person in the question", _person(contract)),
        ("Source in the question", _path(contract.source_filter_path) or "cannot be named"),
        ("Records", f"{kinds}{where}"),
        ("Person in a record", _path(shape.subject_id_path)),
        ("Source in a record", _path(shape.source_path) or "not there, so not checked"),
        ("Owner in a record", _path(shape.owner_path) or "not there"),
        ("Result", _result(contract)),
    ]
    lines = [
        f"# {contract.title}",
        "",
        f"Taken in from `{package}` with `samsvar contracts add`. What is not said here is said "
        "by the WSDL and its schemas; the rules for content are in the contract's prose (TKB).",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in rows),
        *_listed("Guessed, and not confirmed by anybody", guessed),
        *_listed("To know", notes),
        "",
        "`examples/` are made from the schema: they follow it, and mean nothing.",
    ]
    return "\n".join(lines) + "\n"


def _listed(heading: str, texts: Iterable[str]) -> list[str]:
    listed = [f"- {text}" for text in texts]
    return ["", f"## {heading}", "", *listed] if listed else []


def _person(contract: ServiceContract) -> str:
    number = _path(contract.subject_id_path)
    if contract.subject_root_path is not None:
        return f"{number}, its OID in {_path(contract.subject_root_path)}"
    if contract.subject_root is not None:
        return f"{number}, always of `{contract.subject_root}`"
    return f"{number}; its form tells whose number it is"


def _result(contract: ServiceContract) -> str:
    if contract.result_element is None:
        return "none: a broken rule is a fault"
    place = _path((*contract.above_result, contract.result_element))
    return f"{place}; INFO when the hub has merged"


def _path(path: tuple[str, ...] | None) -> str:
    return f"`{'/'.join(_local(name) for name in path)}`" if path else ""


def _local(name: str) -> str:
    return name.rpartition("}")[2]
