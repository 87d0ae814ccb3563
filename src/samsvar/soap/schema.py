"""Does an element follow its contract's schema? Answers with places and fixed words.

Knows libxml2's validator: compiled once for each contract, from packaged files, never the net;
``xsi:schemaLocation`` in a message is not followed. Knows nothing of who sent the element.

No value of the document ever leaves here. libxml2 quotes values and names in its messages, so
faults are told by its error *type*, with names only where the schema itself knows them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self

from lxml import etree

from samsvar.model.contract import ServiceContract
from samsvar.soap.base64_text import RelaxedSchema
from samsvar.soap.interaction import Interaction, read_interaction
from samsvar.soap.parsing import parse_trusted

MAX_FAULTS = 20
"""As many as anybody reads; a broken answer can have one for each of its elements."""

_Types = etree.ErrorTypes

_REASONS: dict[int, str] = {
    _Types.SCHEMAV_CVC_PATTERN_VALID: "value not of the allowed form",
    _Types.SCHEMAV_CVC_LENGTH_VALID: "value not of the allowed length",
    _Types.SCHEMAV_CVC_MINLENGTH_VALID: "value not of the allowed length",
    _Types.SCHEMAV_CVC_MAXLENGTH_VALID: "value not of the allowed length",
    _Types.SCHEMAV_CVC_ENUMERATION_VALID: "value not among the allowed ones",
    _Types.SCHEMAV_CVC_DATATYPE_VALID_1_2_1: "value not of the allowed type",
    _Types.SCHEMAV_CVC_COMPLEX_TYPE_3_2_1: "unknown attribute",
    _Types.SCHEMAV_CVC_COMPLEX_TYPE_3_2_2: "unknown attribute",
    _Types.SCHEMAV_CVC_COMPLEX_TYPE_2_3: "text not allowed between elements",
    _Types.SCHEMAV_CVC_TYPE_3_1_1: "unknown attribute",
    _Types.SCHEMAV_CVC_TYPE_3_1_2: "element not allowed inside a simple value",
    _Types.SCHEMAV_CVC_ELT_3_1: "xsi:nil not allowed",
    _Types.SCHEMAV_CVC_ELT_4_2: "unknown xsi:type",
    _Types.SCHEMAV_CVC_ELT_4_3: "xsi:type not allowed",
}
_OTHERWISE = "does not follow the schema"

_STEP = re.compile(r"(?:(?P<prefix>[^:\[]+):)?(?P<name>[^:\[]+)(?:\[(?P<number>\d+)\])?")
_EXPECTED = re.compile(r"\{[^}]*\}([^\s,{}()*]+)")


@dataclass(frozen=True, slots=True)
class SchemaFault:
    """One place that breaks the schema. Both texts are safe to show: no values."""

    path: str
    """Local names from the root, numbered where a name is repeated: ``A/b[2]/c``. A name that
    the schema does not know is written ``*``: it, too, comes from the document."""
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class Schema:
    """The compiled schema of one interaction. Safe to share between threads, as long as each
    element is in the hands of one of them."""

    def __init__(self, interaction: Interaction) -> None:
        tree = parse_trusted(interaction.schema)
        self._request = interaction.request_element
        self._response = interaction.response_element
        self._known = interaction.outline.local_names()
        self._own = {
            element: frozenset(
                one.name
                for one in interaction.outline.children(interaction.outline.elements[element])
            )
            for element in (self._request, self._response)
        }
        self._validator = etree.XMLSchema(tree)
        self._relaxed = RelaxedSchema.of(interaction)
        # lxml keeps the errors of a validator in the validator: two threads would read each
        # other's. The verdict is safe; only he who wants the errors waits for this lock.
        self._explainer = etree.XMLSchema(tree)
        self._explaining = Lock()

    @classmethod
    def load(cls, contract: ServiceContract) -> Self:
        """Compile the schemas of a contract."""
        return cls.of_wsdl(contract.wsdl)

    @classmethod
    def of_wsdl(cls, wsdl: Path) -> Self:
        """Compile the schemas behind a WSDL, where there is no contract folder (the index).

        Raises:
            InteractionUnreadable: see ``read_interaction``.
        """
        return cls(read_interaction(wsdl))

    def check_request(self, element: etree._Element) -> tuple[SchemaFault, ...]:
        """What is wrong with a request; nothing if it follows the schema.

        The element may stand inside a larger tree: it is not copied, and the namespaces in
        scope there count.
        """
        return self._check(element, self._request)

    def check_response(self, element: etree._Element) -> tuple[SchemaFault, ...]:
        """What is wrong with a response; nothing if it follows the schema."""
        if self._relaxed is None or element.tag != self._response:
            return self._check(element, self._response)
        broken = self._relaxed.broken(element)
        if not broken and self._relaxed.accepts(element):
            return self._stragglers(element)
        faults = {fault.path: fault for fault in self._check(element, self._response)}
        for value in broken:
            path = self._place(element, value)
            faults.setdefault(path, SchemaFault(path, "value not base64"))
        return tuple(faults.values())[:MAX_FAULTS]

    def _check(self, element: etree._Element, expected: str) -> tuple[SchemaFault, ...]:
        if element.tag != expected:
            name = etree.QName(expected).localname
            return (SchemaFault(self._name(element), f"not this contract's {name}"),)
        if self._validator.validate(element):
            return self._stragglers(element)
        with self._explaining:
            self._explainer.validate(element)
            entries = list(self._explainer.error_log)
        faults: dict[str, SchemaFault] = {}
        for entry in entries:
            path = self._path(element, entry.path or "")
            faults.setdefault(path, SchemaFault(path, self._reason(entry)))
            if len(faults) == MAX_FAULTS:
                break
        return tuple(faults.values()) or (SchemaFault(self._name(element), _OTHERWISE),)

    def _stragglers(self, root: etree._Element) -> tuple[SchemaFault, ...]:
        """The contract's own children that come after an extension.

        libxml2 (2.14) lets a repeated element come again after the wildcard that follows it:
        ``careContactId``, then anything, then ``careContactId``. In these contracts that order
        of declarations is found only in the root's type.
        """
        own = self._own[str(root.tag)]
        extended = False
        for child in root.iterchildren("*"):
            if child.tag not in own:
                extended = True
            elif extended:
                reason = "unexpected element after an extension"
                return (SchemaFault(self._place(root, child), reason),)
        return ()

    def _reason(self, entry: etree._LogEntry) -> str:
        if entry.type != _Types.SCHEMAV_ELEMENT_CONTENT:
            return _REASONS.get(entry.type, _OTHERWISE)
        # Only what follows "Expected is" is read: it lists the schema's names, not the document's.
        found, _, tail = entry.message.rpartition("Expected is")
        expected = [name for name in _EXPECTED.findall(tail) if name in self._known]
        missing = "Missing child" in (found or tail)
        reason = (
            "element missing at the end"
            if missing
            else "unexpected element, or one before it is missing"
        )
        return f"{reason}; expected here: {', '.join(expected)}" if expected else reason

    def _path(self, root: etree._Element, node_path: str) -> str:
        """libxml2's node path, as far as it can be followed, in local names."""
        current = root
        for step in node_path.lstrip("/").split("/")[1:]:
            match = _STEP.fullmatch(step)
            if match is None:
                break
            same = [
                child
                for child in current.iterchildren("*")
                if match["name"] == "*"
                or (child.prefix == match["prefix"] and _local(child) == match["name"])
            ]
            number = int(match["number"] or 1)
            if number > len(same):
                break
            current = same[number - 1]
        return self._place(root, current)

    def _place(self, root: etree._Element, element: etree._Element) -> str:
        """The way from the root to an element, in local names."""
        names: list[str] = []
        while element is not root:
            names.append(self._name(element) + _number(element))
            parent = element.getparent()
            assert parent is not None  # the element is below the root
            element = parent
        return "/".join([self._name(root), *reversed(names)])

    def _name(self, element: etree._Element) -> str:
        name = _local(element)
        return name if name in self._known else "*"


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname


def _number(element: etree._Element) -> str:
    """``[n]`` if the element has siblings of its name, else nothing."""
    parent = element.getparent()
    same = [] if parent is None else list(parent.iterchildren(str(element.tag)))
    return f"[{same.index(element) + 1}]" if len(same) > 1 else ""
