"""The tree of elements, for every way in which a schema may write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from samsvar.soap.outline import InteractionUnreadable, read_outline

HEAD = (
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:a" '
    'targetNamespace="urn:a" elementFormDefault="qualified">'
)


def children(tmp_path: Path, body: str, name: str = "{urn:a}T") -> list[tuple[str, bool, bool]]:
    """Local name, repeated and required of each element of a type."""
    file = tmp_path / "a.xsd"
    file.write_text(f"{HEAD}{body}</xs:schema>", "utf-8")
    return [
        (one.name.removeprefix("{urn:a}"), one.repeated, one.required)
        for one in read_outline(file).types[name]
    ]


def test_a_choice_makes_its_elements_optional_and_a_repeated_group_repeats_them(
    tmp_path: Path,
) -> None:
    body = """<xs:complexType name="T"><xs:sequence>
        <xs:element name="a" type="xs:string"/>
        <xs:choice><xs:element name="b" type="xs:string"/></xs:choice>
        <xs:sequence maxOccurs="unbounded"><xs:element name="c" type="xs:string"/></xs:sequence>
        <xs:element name="never" type="xs:string" minOccurs="0" maxOccurs="0"/>
        </xs:sequence></xs:complexType>"""

    assert children(tmp_path, body) == [("a", False, True), ("b", False, False), ("c", True, True)]


def test_references_groups_and_extensions_are_followed(tmp_path: Path) -> None:
    body = """<xs:element name="e" type="xs:string"/>
        <xs:group name="G"><xs:sequence><xs:element name="g" type="xs:string"/></xs:sequence>
        </xs:group>
        <xs:complexType name="B"><xs:sequence><xs:element name="b" type="xs:string"/>
        </xs:sequence></xs:complexType>
        <xs:complexType name="T"><xs:complexContent><xs:extension base="B"><xs:sequence>
        <xs:element ref="e" maxOccurs="2"/><xs:group ref="G" minOccurs="0"/>
        </xs:sequence></xs:extension></xs:complexContent></xs:complexType>"""

    assert children(tmp_path, body) == [("b", False, True), ("e", True, True), ("g", False, False)]


def test_an_included_file_without_a_namespace_takes_on_that_of_the_including_one(
    tmp_path: Path,
) -> None:
    (tmp_path / "b.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">'
        '<xs:complexType name="T"><xs:sequence><xs:element name="x" type="Other"/></xs:sequence>'
        '</xs:complexType><xs:simpleType name="Other"><xs:restriction base="xs:string"/>'
        "</xs:simpleType></xs:schema>",
        "utf-8",
    )

    assert children(tmp_path, '<xs:include schemaLocation="b.xsd"/>') == [("x", False, True)]


def test_an_element_without_a_named_type_that_holds_itself_is_read_once(tmp_path: Path) -> None:
    body = """<xs:element name="e"><xs:complexType><xs:sequence>
        <xs:element ref="e" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>
        <xs:complexType name="T"><xs:sequence><xs:element ref="e"/></xs:sequence></xs:complexType>
        """

    assert children(tmp_path, body) == [("e", False, True)]
    outline = read_outline(tmp_path / "a.xsd")
    assert [one.name for one in outline.follow("{urn:a}e", "e/e/e")] == ["{urn:a}e"] * 3


def test_types_that_hold_attributes_only_are_told_from_those_that_hold_text(
    tmp_path: Path,
) -> None:
    file = tmp_path / "a.xsd"
    file.write_text(
        f"""{HEAD}
        <xs:complexType name="Base" abstract="true"><xs:attribute name="x"/></xs:complexType>
        <xs:complexType name="Derived"><xs:complexContent><xs:extension base="Base">
        <xs:attribute name="y"/></xs:extension></xs:complexContent></xs:complexType>
        <xs:complexType name="Text"><xs:simpleContent><xs:extension base="xs:string">
        <xs:attribute name="y"/></xs:extension></xs:simpleContent></xs:complexType>
        <xs:complexType name="Mixed" mixed="true"/>
        <xs:complexType name="Full"><xs:sequence><xs:element name="e"><xs:complexType>
        <xs:attribute name="z"/></xs:complexType></xs:element></xs:sequence></xs:complexType>
        </xs:schema>""",
        "utf-8",
    )

    outline = read_outline(file)

    named = {name for name in outline.without_text if "#" not in name}
    assert named == {"{urn:a}Base", "{urn:a}Derived"}
    assert outline.types["{urn:a}Full"][0].type in outline.without_text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            '<xs:complexType name="T"><xs:sequence><xs:element ref="x"/></xs:sequence>'
            "</xs:complexType>",
            "x is declared nowhere",
        ),
        (
            '<xs:group name="G"><xs:sequence><xs:group ref="G"/></xs:sequence></xs:group>'
            '<xs:complexType name="T"><xs:group ref="G"/></xs:complexType>',
            "goes round in a circle",
        ),
        (
            '<xs:complexType name="T"><xs:sequence><xs:element name="a" type="p:a"/>'
            "</xs:sequence></xs:complexType>",
            "unbound prefix",
        ),
        (
            '<xs:complexType name="T"><xs:sequence>'
            '<xs:element name="a" form="unqualified" type="xs:string"/></xs:sequence>'
            "</xs:complexType>",
            "the element a is in no namespace",
        ),
    ],
)
def test_what_cannot_be_read_is_told_with_file_and_line(
    body: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(InteractionUnreadable, match=said) as caught:
        children(tmp_path, body)

    assert str(caught.value).startswith("a.xsd: ")
