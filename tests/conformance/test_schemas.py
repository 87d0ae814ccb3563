"""Our schemas and WSDLs say what the national contracts say, no more and no less.

The schemas are read with another library (xmlschema) than the hub validates with (libxml2).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import xmlschema
from lxml import etree
from xmlschema.validators import XsdAnyElement, XsdComplexType, XsdGroup, XsdSimpleType

from samsvar.soap.interaction import read_interaction
from samsvar.soap.parsing import parse_trusted
from tests.contract_facts import (
    CONTRACTS,
    FACTS,
    HEADERS,
    MAX,
    MIN,
    XS,
    Row,
    clark,
    details,
    packaged,
    rows,
    short,
    wsdl_of,
)

COLUMNS = (
    "path",
    "kind",
    "name",
    "namespace",
    "type",
    "base",
    MIN,
    MAX,
    "nillable",
    "compositor",
    "pattern",
    "enumeration",
    "maxLength",
    "anyNamespace",
    "anyProcessContents",
)


def described(element: xmlschema.XsdElement, path: str) -> Iterator[Row]:
    """An element and all below it, as the table has them."""
    kind = element.type
    simple = isinstance(kind, XsdSimpleType)
    base = kind if short(kind.name).startswith("xs:") else kind.base_type
    patterns: list[str] = []
    values: list[object] = []
    longest = ""
    if isinstance(kind, XsdSimpleType):
        longest = "" if kind.max_length is None else str(kind.max_length)
        patterns = kind.patterns.regexps if kind.patterns is not None else []
        values = list(kind.enumeration or [])
    yield {
        "path": path,
        "kind": "element",
        "name": element.local_name,
        "namespace": element.target_namespace,
        "type": short(kind.name),
        "base": short(base.name) if simple and base is not None else "(complex)",
        MIN: str(element.min_occurs),
        MAX: "unbounded" if element.max_occurs is None else str(element.max_occurs),
        "nillable": str(element.nillable).lower(),
        "compositor": "",
        "pattern": "|".join(patterns),
        "enumeration": "|".join(str(value) for value in values),
        "maxLength": longest,
        "anyNamespace": "",
        "anyProcessContents": "",
    }
    if simple:
        return
    assert isinstance(kind, XsdComplexType)
    assert isinstance(kind.content, XsdGroup)
    assert kind.attributes == {}
    assert kind.content.model == "sequence"
    for child in kind.content:
        if isinstance(child, XsdAnyElement):
            yield dict.fromkeys(COLUMNS, "") | {
                "path": f"{path}/*",
                "kind": "any",
                "name": "*",
                "type": "xs:any",
                MIN: str(child.min_occurs),
                MAX: "unbounded" if child.max_occurs is None else str(child.max_occurs),
                "anyNamespace": child.elem.get("namespace", ""),
                "anyProcessContents": child.process_contents,
            }
        else:
            assert isinstance(child, xmlschema.XsdElement)
            yield from described(child, f"{path}/{child.local_name}")


@pytest.mark.parametrize("facts", FACTS)
def test_a_schema_has_exactly_the_rows_of_its_table(facts: str) -> None:
    """Names, namespaces, order, cardinality, types, facets and wildcards; no attributes."""
    actual: list[Row] = []
    for row in (row for row in rows(facts) if "/" not in row["path"]):
        files = {
            "request-header": "itintegration_registry_1.0.xsd",
            "header": "interoperability_headers_1.0.xsd",
        }
        if row["message"] in files:
            file = packaged(files[row["message"]])[0]
        else:
            file = read_interaction(wsdl_of(facts)).schema
        element = xmlschema.XMLSchema10(str(file)).elements[row["name"]]
        actual.extend(described(element, row["path"]))

    expected = [{column: row[column] for column in COLUMNS} for row in rows(facts)]
    assert actual == expected


@pytest.mark.parametrize("facts", FACTS)
def test_the_tables_use_no_column_that_the_comparison_leaves_out(facts: str) -> None:
    """Other lengths, defaults and fixed values: none of these contracts has any."""
    left_out = {"length", "minLength", "otherFacets", "default", "fixed"}

    used = {column for row in rows(facts) for column in left_out if row[column]}

    assert used == set()


@pytest.mark.parametrize("facts", FACTS)
def test_every_type_has_its_name_and_fields_also_where_no_message_uses_it(facts: str) -> None:
    """Whoever generates code from the files gets the types of the national package."""
    expected: dict[str, object] = {}
    for kind in details(facts)["complex_types"]:
        expected[f"{{{kind['namespace']}}}{kind['name']}"] = [
            (one.get("element", "*"), one.get("type", one.get("any")), one["min"], one["max"])
            for one in kind["fields"]
        ]
    for kind in details(facts)["simple_types"]:
        facets = [kind["pattern"]] if "pattern" in kind else list(kind.get("enumeration", []))
        facets += [str(kind["maxLength"])] if "maxLength" in kind else []
        expected[f"{{{kind['namespace']}}}{kind['name']}"] = (kind["base"], facets)

    actual: dict[str, object] = {}
    domain = packaged(details(facts)["schema_files"][-1]["file"])
    folder = next(
        top
        for top in (one.parents[2] for one in domain)
        if facts == HEADERS or top == wsdl_of(facts).parents[3]
    )
    names = [one["file"] for one in details(facts)["schema_files"] if one["kind"] == "xsd"]
    for file in (next(folder.rglob(name)) for name in names):
        root = parse_trusted(file).getroot()
        namespace = root.get("targetNamespace")
        for definition in root.iter(f"{XS}complexType", f"{XS}simpleType"):
            actual[f"{{{namespace}}}{definition.get('name')}"] = content(definition)

    assert actual == expected


def content(definition: etree._Element) -> object:
    if definition.tag == f"{XS}simpleType":
        (restriction,) = definition.iter(f"{XS}restriction")
        facets = [facet.get("value") for facet in restriction.iterchildren(f"{XS}*")]
        return restriction.get("base"), facets
    return [
        (
            field.get("name", "*"),
            clark(field, field.get("type")) if field.get("type") else field.get("namespace"),
            field.get(MIN, "1"),
            field.get(MAX, "1"),
        )
        for field in definition.iter(f"{XS}element", f"{XS}any")
    ]


@pytest.mark.parametrize("facts", FACTS)
def test_every_schema_file_has_its_name_namespace_version_and_form(facts: str) -> None:
    for expected in (one for one in details(facts)["schema_files"] if one["kind"] == "xsd"):
        files = packaged(expected["file"])
        assert files
        for file in files:
            root = parse_trusted(file).getroot()
            assert {
                "file": file.name,
                "kind": "xsd",
                "targetNamespace": root.get("targetNamespace"),
                "version": root.get("version"),
                "elementFormDefault": root.get("elementFormDefault"),
                "attributeFormDefault": root.get("attributeFormDefault"),
            } == expected


WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"


@pytest.mark.parametrize("facts", CONTRACTS)
def test_a_wsdl_has_the_names_of_the_contract(facts: str) -> None:
    """The soapAction above all: two of them do not follow the rule, and must not."""
    expected = details(facts)["wsdl"]
    root = parse_trusted(wsdl_of(facts)).getroot()

    def only(path: str, attribute: str) -> str | None:
        (found,) = root.findall(path)
        return found.get(attribute)

    operation = f"{WSDL}binding/{WSDL}operation"
    header, body = root.findall(f"{operation}/{WSDL}input/*")
    assert {
        "definitions_name": root.get("name"),
        "target_namespace": root.get("targetNamespace"),
        "port_type": only(f"{WSDL}portType", "name"),
        "operation": only(f"{WSDL}portType/{WSDL}operation", "name"),
        "binding": only(f"{WSDL}binding", "name"),
        "service": only(f"{WSDL}service", "name"),
        "port": only(f"{WSDL}service/{WSDL}port", "name"),
        "soap_action": only(f"{operation}/{SOAP}operation", "soapAction"),
        "style": only(f"{WSDL}binding/{SOAP}binding", "style"),
        "transport": only(f"{WSDL}binding/{SOAP}binding", "transport"),
        "soap_address_in_wsdl": only(f"{WSDL}service/{WSDL}port/{SOAP}address", "location"),
    } == {
        name: value
        for name, value in expected.items()
        if name
        in {
            "definitions_name",
            "target_namespace",
            "port_type",
            "operation",
            "binding",
            "service",
            "port",
            "soap_action",
            "style",
            "transport",
            "soap_address_in_wsdl",
        }
    }
    assert (header.tag, dict(header.attrib)) == (
        f"{SOAP}header",
        {"message": f"tns:{expected['input_message']}", "part": "LogicalAddress", "use": "literal"},
    )
    assert dict(body.attrib) == {"parts": "parameters", "use": "literal"}
    assert [
        {
            "name": message.get("name"),
            "parts": [
                {"name": part.get("name"), "element": clark(part, part.get("element"))}
                for part in message.iterchildren(f"{WSDL}part")
            ],
        }
        for message in root.iterchildren(f"{WSDL}message")
    ] == expected["messages"]
    assert root.findall(f".//{WSDL}fault") == []
    assert root[0].tag == f"{WSDL}documentation"
