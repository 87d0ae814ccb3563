"""Records are cut out as bytes, and nothing of them is lost or lent from a neighbour."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from samsvar.soap.slices import CannotCut, cut

R = "urn:r"
C = "urn:c"


def tree(data: bytes) -> etree._Element:
    """As the door does it: comments and instructions are not in the tree."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    return etree.fromstring(data, parser)


def cut_items(data: bytes, *names: str) -> tuple[bytes, ...]:
    """Cut the children of the response, the second level below the root's second child."""
    root = tree(data)
    parent = next(root.iter(f"{{{R}}}response"))
    wanted = names or (f"{{{R}}}item",)
    return cut(data, parent, [child for child in parent if child.tag in wanted])


def canonical(element: etree._Element) -> bytes:
    """Exclusive C14N: what the element says, wherever it stands."""
    return etree.tostring(element, method="c14n", exclusive=True)


def envelope(inside: str, declarations: str = 'xmlns:r="urn:r" xmlns:c="urn:c"') -> bytes:
    return f'<s:e xmlns:s="urn:s" {declarations}><s:b>{inside}</s:b></s:e>'.encode()


def test_a_plain_record_gains_the_declarations_that_stood_further_out() -> None:
    data = envelope("<r:response><r:item><c:a>1</c:a></r:item><r:item/></r:response>")

    assert cut_items(data) == (
        b'<r:item xmlns:s="urn:s" xmlns:r="urn:r" xmlns:c="urn:c"><c:a>1</c:a></r:item>',
        b'<r:item xmlns:s="urn:s" xmlns:r="urn:r" xmlns:c="urn:c"/>',
    )


def test_a_record_keeps_the_declarations_it_makes_itself() -> None:
    data = envelope(
        '<r:response><r:item a=\'xmlns:s=""\' xmlns:c="urn:d"><c:a/></r:item></r:response>'
    )

    assert cut_items(data) == (
        b'<r:item xmlns:s="urn:s" xmlns:r="urn:r" a=\'xmlns:s=""\' xmlns:c="urn:d"><c:a/></r:item>',
    )


def test_a_longer_name_is_not_the_record() -> None:
    data = envelope(
        "<response><item><itemBody/><item2></item2></item\n><item ><items/></item></response>",
        'xmlns="urn:r"',
    )

    assert cut_items(data) == (
        b'<item xmlns:s="urn:s" xmlns="urn:r"><itemBody/><item2></item2></item\n>',
        b'<item xmlns:s="urn:s" xmlns="urn:r" ><items/></item>',
    )


def test_tags_in_comments_cdata_and_instructions_are_text() -> None:
    record = (
        '<r:item x=">"><!-- </r:item> <r:item> --><![CDATA[</r:item>]]><?p </r:item>?>ok</r:item>'
    )
    data = envelope(f"<!-- <r:item/> --><r:response><![CDATA[<r:item>]]>{record}</r:response>")

    assert cut_items(data) == (
        record.replace(
            "r:item", 'r:item xmlns:s="urn:s" xmlns:r="urn:r" xmlns:c="urn:c"', 1
        ).encode(),
    )


def test_an_exclamation_mark_in_a_text_is_not_a_comment() -> None:
    data = envelope("<r:response><r:item>Akut! Varför? &lt;!</r:item></r:response>")

    assert [tree(item).text for item in cut_items(data)] == ["Akut! Varför? <!"]


@pytest.mark.parametrize(
    "inside",
    [
        "<r:item><r:item>inner</r:item></r:item><r:item>2</r:item>",
        "<c:x><r:item>not a record</r:item></c:x><r:item>1</r:item><r:item>2</r:item>",
        "<r:item>1</r:item><r:item>2</r:item><c:x><r:item/></c:x>",
        "<r:item><c:x><r:item/></c:x></r:item><r:item/><c:x/>",
        '<r:item>1</r:item><q:item xmlns:q="urn:r"><r:item/></q:item>',
        '<r:item xmlns:r="urn:r" xmlns:s="urn:r"/><s:item xmlns:s="urn:r"/>',
        '<c:x xmlns:r="urn:other"><r:item/></c:x><r:item/><r:item a="/"></r:item>',
    ],
)
def test_elements_of_the_records_name_elsewhere_do_not_lead_astray(inside: str) -> None:
    data = envelope(f"<r:item/><r:response>{inside}</r:response><r:item/>")
    parent = next(tree(data).iter(f"{{{R}}}response"))
    records = [child for child in parent if child.tag == f"{{{R}}}item"]

    assert [canonical(tree(item)) for item in cut(data, parent, records)] == [
        canonical(record) for record in records
    ]


def test_a_default_namespace_that_was_taken_back_is_not_given_to_the_record() -> None:
    data = envelope(
        '<r:response xmlns=""><r:item><plain/></r:item></r:response>',
        'xmlns="urn:d" xmlns:r="urn:r"',
    )

    (item,) = cut_items(data)

    assert item == b'<r:item xmlns:s="urn:s" xmlns:r="urn:r"><plain/></r:item>'


def test_a_namespace_with_marks_in_its_name_is_written_so_that_it_is_read_back() -> None:
    data = envelope(
        "<r:response><r:item><q:a/></r:item></r:response>",
        "xmlns:r=\"urn:r\" xmlns:q='urn:q?a=1&amp;b=2'",
    )

    (item,) = cut_items(data)

    assert tree(item).nsmap["q"] == "urn:q?a=1&b=2"


def test_many_prefixes_for_one_namespace_are_all_found() -> None:
    names = [f"p{i}" for i in range(20)]
    declared = " ".join(f'xmlns:{name}="{R}"' for name in names)
    records = "".join(f"<{name}:item>{'text ' * 300}</{name}:item>" for name in names)
    data = envelope(f"<p0:response>{records}</p0:response>", declared)

    assert [canonical(tree(item)) for item in cut_items(data)] == [
        canonical(record) for record in next(tree(data).iter(f"{{{R}}}response"))
    ]


def test_huge_declarations_on_many_small_records_are_refused() -> None:
    """Sixty bytes of records for each kilobyte of declarations would grow without end."""
    long = "urn:" + "x" * 5000
    data = envelope(
        f"<r:response>{'<r:item/>' * 100}</r:response>", f'xmlns:r="urn:r" xmlns:q="{long}"'
    )

    with pytest.raises(CannotCut, match="too large namespace declarations"):
        cut_items(data)


def test_bytes_of_another_document_are_refused() -> None:
    parent = tree(envelope("<r:response><r:item>1</r:item></r:response>")).find(
        f".//{{{R}}}response"
    )
    assert parent is not None

    with pytest.raises(CannotCut):
        cut(b"<r:response xmlns:r='urn:r' a='11111111111'></r:response>", parent, list(parent))


def test_no_records_give_no_slices() -> None:
    assert cut_items(envelope("<r:response/>")) == ()


# --- any document -------------------------------------------------------------------------

LOOKALIKES = ["r:item", "q:item", "item", "response", "item2", "r:items"]
TEXTS = st.sampled_from(
    ["", "text", "å ä ö", "!", "?", "&lt;r:item&gt;", "\n ", "a > b", "]]", "'\""]
)
ASIDES = st.one_of(
    st.sampled_from(LOOKALIKES).flatmap(
        lambda name: st.sampled_from(
            [
                f"<!-- <{name}> </{name}> -->",
                f"<![CDATA[<{name}/></{name}>]]>",
                f"<?p <{name}> </{name}?>",
                "<!---->",
                "<![CDATA[]]>",
            ]
        )
    ),
    TEXTS,
)
DECLARATIONS = st.lists(
    st.sampled_from(
        [
            'xmlns="urn:r"',
            'xmlns=""',
            'xmlns="urn:c"',
            'xmlns:r="urn:r"',
            "xmlns:q = 'urn:r'",
            'xmlns:q="urn:c"',
            'xmlns:c="urn:c"',
        ]
    ),
    max_size=3,
    unique_by=lambda text: text.split("=")[0].strip(),
)
ATTRIBUTES = st.lists(
    st.sampled_from(['a=">"', "b='/'", "d=\"xmlns:q='urn:x'\"", "e='&lt;r:item/>'", 'c:f="1"']),
    max_size=2,
    unique=True,
)


@st.composite
def elements(draw: st.DrawFn, depth: int, aside: bool, names: st.SearchStrategy[str]) -> str:
    """One element with its own declarations, attributes and look-alikes inside."""
    name = draw(names)
    opening = " ".join([name, *draw(DECLARATIONS), *draw(ATTRIBUTES)])
    blank = draw(st.sampled_from(["", " ", "\n"]))
    if draw(st.integers(0, 3)) == 0:
        return f"<{opening}{blank}/>"
    between = ASIDES if aside else TEXTS
    inside = draw(between)
    if depth:
        anything = st.sampled_from([*LOOKALIKES, "c:body"])
        for child in draw(st.lists(elements(depth - 1, aside, anything), max_size=3)):
            inside += child + draw(between)
    return f"<{opening}{blank}>{inside}</{name}{blank}>"


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """An envelope whose response has records under several names, and other things."""
    aside = draw(st.booleans())
    record = st.sampled_from(["r:item", "r:item", "q:item", "item", "c:other"])
    records = draw(st.lists(elements(2, aside, record), max_size=5))
    response = draw(st.sampled_from(["r:response", "q:response"]))
    before = draw(st.sampled_from(["", "<r:item/>", "<s:h><q:item>1</q:item></s:h>"]))
    own = " ".join(draw(DECLARATIONS))
    inside = f"{before}<{response} {own}>{''.join(records)}</{response}>"
    scope = 'xmlns:r="urn:r" xmlns:q="urn:r" xmlns:c="urn:c"'
    scope += draw(st.sampled_from(["", ' xmlns="urn:r"', ' xmlns="urn:d"']))
    start = draw(st.sampled_from(["", "<?xml version='1.0' encoding='UTF-8'?>\n"]))
    return start.encode() + envelope(inside, scope)


@given(documents())
def test_every_slice_says_what_the_tree_says(data: bytes) -> None:
    """In any document: as many slices as records, in order, each the same when read alone."""
    root = tree(data)
    body = root[0]
    parent = body[-1]
    records = [child for child in parent if child.tag == f"{{{R}}}item"]

    slices = cut(data, parent, records)

    assert [canonical(tree(item)) for item in slices] == [canonical(record) for record in records]
    together = tree(b"<all>" + b"".join(slices) + b"</all>")
    assert [canonical(item) for item in together] == [canonical(record) for record in records]


@given(documents())
def test_without_what_was_put_in_a_slice_is_a_piece_of_the_message(data: bytes) -> None:
    """Only declarations are added, right after the name; the rest is the producer's bytes."""
    parent = tree(data)[0][-1]
    most = sum(len(f' xmlns:{prefix}="{uri}"') for prefix, uri in parent.nsmap.items())

    for item in cut(data, parent, list(parent)):
        name = re.match(rb"<[^\s/>]+", item)
        assert name is not None
        rests = (item[name.end() + added :] for added in range(most + 1))
        assert any(name[0] + rest in data for rest in rests if len(rest) >= len(b"/>"))
