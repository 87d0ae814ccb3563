"""Packages as people really pack them: each is taken in, and what was mended in it is told."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from samsvar.contracts import load_contracts
from samsvar.contracts.adding import Checked, Wishes, choose_wsdl, incoming
from samsvar.contracts.checking import check_folder, folders
from samsvar.contracts.package import Package, PackageRefused, open_package
from samsvar.model.contract import ServiceContract
from samsvar.soap.schema import Schema
from tests.packages import BOOKINGS, CATEGORY, VISITS, files_of, unfolded, zipped

HUB = "5565594230"
Files = dict[str, bytes]
XS = "{http://www.w3.org/2001/XMLSchema}"


def taken_in(package: Package, data: Path) -> tuple[Checked, list[str]]:
    """What was checked, and what was asked beside nothing at all."""
    with incoming(package, data, Wishes(categorization=CATEGORY), HUB) as coming:
        asked = [question.text for question in coming.proposal.questions]
        checked = coming.check(coming.proposal.toml(answered=False))
        coming.move_in()
    return checked, asked


def each(files: Files, change: Callable[[bytes], bytes]) -> Files:
    return {name: change(content) for name, content in files.items()}


def encoded(name: str, python: str) -> Callable[[Files], Files]:
    def change(content: bytes) -> bytes:
        commented = content.decode().replace("<wsdl:types>", "<!-- åäö --><wsdl:types>")
        return commented.replace("UTF-8", name).encode(python)

    return lambda files: each(files, change)


def swapped(old: bytes, new: bytes) -> Callable[[Files], Files]:
    def change(files: Files) -> Files:
        made = each(files, lambda content: content.replace(old, new))
        assert made != files, "the change changes nothing"
        return made

    return change


def renamed(old: str, new: str) -> Callable[[Files], Files]:
    return lambda files: {name.replace(old, new): content for name, content in files.items()}


def with_junk(files: Files) -> Files:
    wsdl = next(name for name in files if name.endswith(".wsdl"))
    return files | {
        f"__MACOSX/{wsdl}": b"\0\5\x16\7",
        f"{wsdl.rpartition('/')[0]}/._{wsdl.rpartition('/')[2]}": b"\0\5\x16\7",
        ".svn/pristine/old.wsdl": b"old",
        "code_gen/wcf/broken.wsdl": b"<broken",
        "schemas/core_components/unused_1.0.xsd": b"<xs:schema",
        "docs/TKB_åäö.docx": b"PK",
    }


def inlined(files: Files) -> Files:
    """All schemas inside the WSDL, as many toolkits write them."""
    (path,) = (name for name in files if name.endswith(".wsdl"))
    schemas = "".join(
        re.sub(r' schemaLocation="[^"]*"', "", text[text.index("<xs:schema") :])
        for name, content in files.items()
        if name.endswith(".xsd")
        for text in [content.decode()]
    )
    wsdl = re.sub(
        r"<wsdl:types>.*</wsdl:types>",
        lambda _: f"<wsdl:types>{schemas}</wsdl:types>",
        files[path].decode(),
        flags=re.DOTALL,
    )
    return {"GetHomeCareVisits.wsdl": wsdl.encode()}


def with_aggregating(files: Files) -> Files:
    """The aggregating service described beside the service, with the same messages."""
    (path,) = (name for name in files if name.endswith(".wsdl"))
    other = files[path].replace(b"GetHomeCareVisits", b"GetAggregatedHomeCareVisits")
    for kept in (b"Responder_1.0.xsd", b"Responder:1", b"Response", b""):
        other = other.replace(
            b'"tjsr:GetAggregatedHomeCareVisits' + kept + b'"',
            b'"tjsr:GetHomeCareVisits' + kept + b'"',
        )
    other = other.replace(
        b"urn:riv:exempel:hemtjanst:GetAggregatedHomeCareVisitsResponder:1",
        b"urn:riv:exempel:hemtjanst:GetHomeCareVisitsResponder:1",
    ).replace(
        b"GetAggregatedHomeCareVisitsResponder_1.0.xsd", b"GetHomeCareVisitsResponder_1.0.xsd"
    )
    return files | {path.replace("Visits", "AggregatedVisits"): other}


def copied(files: Files) -> Files:
    return {
        f"{folder}/{name}": content
        for folder in ("trunk", "tags/R1")
        for name, content in files.items()
    }


UNUSUAL: dict[str, Callable[[Files], Files]] = {
    "a byte order mark": lambda files: each(files, lambda content: b"\xef\xbb\xbf" + content),
    "UTF-16": encoded("UTF-16", "utf-16"),
    "ISO-8859-1": encoded("ISO-8859-1", "iso-8859-1"),
    "windows-1252": encoded("windows-1252", "cp1252"),
    "UTF-8 that is none": encoded("UTF-8", "cp1252"),
    "line ends of Windows": swapped(b"\n", b"\r\n"),
    "a blank line first": lambda files: each(files, lambda content: b"\n " + content),
    "notes of an editor": swapped(b"?>\n<", b'?>\n<?oxygen RNGSchema="x"?>\n<'),
    "capital letters in a name": renamed("exempel_hemtjanst", "Exempel_Hemtjanst"),
    "backslashes in an import": swapped(b"../../core_components/", b"..\\..\\core_components\\"),
    "an import without a location": swapped(
        b' schemaLocation="../../core_components/exempel_hemtjanst_1.0.xsd"', b""
    ),
    "an import from an address of what is there": swapped(
        b'"../../core_components/exempel', b'"https://rivta.se/x/exempel'
    ),
    "a name that is no address": lambda files: swapped(
        b"/exempel_hemtjanst_1.0.xsd", b"/exempel hemtj%C3%A4nst_1.0.xsd"
    )(renamed("exempel_hemtjanst", "exempel hemtjänst")(files)),
    "notes of a Mac, version control, generated code": with_junk,
    "schemas inside the WSDL": inlined,
    "the aggregating service too": with_aggregating,
    "copies": copied,
    "another name of the part": swapped(
        b'<wsdl:part name="parameters"', b'<wsdl:part name="outParameters"'
    ),
}


@pytest.mark.parametrize("form", ["zip", "folder"])
@pytest.mark.parametrize("what", UNUSUAL)
def test_an_unusual_package_is_taken_in_without_a_question(
    what: str, form: str, tmp_path: Path
) -> None:
    files = UNUSUAL[what](files_of(VISITS.folder))
    package = (
        zipped(tmp_path / "p.zip", files) if form == "zip" else unfolded(tmp_path / "p", files)
    )

    checked, asked = taken_in(open_package(package), tmp_path / "data")

    assert asked == []
    assert checked.contract.urn == VISITS.urn
    assert checked.url == VISITS.path
    assert [note for note in checked.notes if "sample" in note] == []
    placed = folders(tmp_path / "data")
    assert check_folder(placed[-1], placed)[0] == [], "and a second look finds nothing either"


def test_a_zip_with_backslashes_in_its_names_is_taken_in(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        for name, content in files_of(VISITS.folder).items():
            entry = zipfile.ZipInfo()
            entry.filename = f"paket\\{name}".replace("/", "\\")
            archive.writestr(entry, content)

    checked, _ = taken_in(open_package(tmp_path / "p.zip"), tmp_path / "data")

    assert checked.contract.urn == VISITS.urn


@pytest.mark.parametrize("case", [VISITS, BOOKINGS], ids=lambda case: case.operation)
def test_one_wsdl_is_enough_where_its_schemas_lie_around_it(case: object, tmp_path: Path) -> None:
    package = unfolded(tmp_path / "p", files_of(case.folder))  # type: ignore[attr-defined]

    checked, _ = taken_in(open_package(next(package.rglob("*.wsdl"))), tmp_path / "data")

    assert checked.contract.urn == case.urn  # type: ignore[attr-defined]


FAULTS = {
    "a pattern with anchors": (
        b'"[0-9]{8}[0-9pPtTfF][0-9]{3}"',
        b'"^[0-9]{8}[0-9pPtTfF][0-9]{3}$"',
        "^ and $ are taken away from a pattern",
        f".//{XS}pattern",
        ("value", "[0-9]{8}[0-9pPtTfF][0-9]{3}"),
    ),
    "a misspelt number of times": (
        b'maxOccurs="unbounded"',
        b'macOccurs="unbounded"',
        "macOccurs is read as maxOccurs",
        f".//{XS}element[@maxOccurs]",
        ("maxOccurs", "unbounded"),
    ),
    "a wildcard for nothing": (
        b'namespace="##other"',
        b'namespace=" #\n other "',
        "is read as ##other",
        f".//{XS}any",
        ("namespace", "##other"),
    ),
}


@pytest.mark.parametrize("what", FAULTS)
def test_what_published_packages_get_wrong_is_mended_and_told(what: str, tmp_path: Path) -> None:
    """In the copy that is served."""
    good, bad, note, path, (attribute, meant) = FAULTS[what]
    files = swapped(good, bad)(files_of(BOOKINGS.folder))

    checked, asked = taken_in(open_package(unfolded(tmp_path / "p", files)), tmp_path / "data")

    assert asked == []
    assert any(note in one for one in checked.notes)
    readme = (tmp_path / "data" / "contracts" / BOOKINGS.name / "README.md").read_text("utf-8")
    assert note in readme
    schemas = list((tmp_path / "data" / "wsdl").rglob("*.xsd"))
    assert any(
        element.get(attribute) == meant
        for file in schemas
        for element in etree.parse(file).iterfind(path)
    )
    assert not any(bad in file.read_bytes() for file in schemas)


def test_a_file_without_faults_is_stored_as_it_came(tmp_path: Path) -> None:
    files = files_of(VISITS.folder)

    taken_in(open_package(unfolded(tmp_path / "p", files)), tmp_path / "data")

    stored = {file.name: file.read_bytes() for file in (tmp_path / "data/wsdl").rglob("*.*")}
    assert stored == {name.rpartition("/")[2]: content for name, content in files.items()}


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [
        (b"^[0-9]{12}$", b"[0-9]{12}"),
        (b"^[0-9]{12}", b"[0-9]{12}"),
        (b"(^[0-9]{12}$)|x", b"(^[0-9]{12}$)|x"),
        (b"^[0-9]{12}$|x", b"^[0-9]{12}$|x"),
        (b"[0-9]{11}[^$]", b"[0-9]{11}[^$]"),
        (b"[0-9|$]{12}$", b"[0-9|$]{12}"),
        (b"[0-9]{12}\\$", b"[0-9]{12}\\$"),
    ],
)
def test_only_anchors_are_taken_away(pattern: bytes, kept: bytes, tmp_path: Path) -> None:
    from samsvar.contracts.mending import mended

    files = swapped(b'"[0-9]{8}[0-9pPtTfF][0-9]{3}"', b'"' + pattern + b'"')(
        files_of(BOOKINGS.folder)
    )
    package = open_package(unfolded(tmp_path / "p", files))

    stored = mended(package, choose_wsdl(package, None)).files

    (core,) = (content for name, content in stored.items() if "bokningar_1.1" in name)
    assert b'value="' + kept + b'"' in core


def test_an_operation_that_is_named_whole_is_not_taken_for_a_part_of_another(
    tmp_path: Path,
) -> None:
    files = files_of(VISITS.folder)
    (path,) = (name for name in files if name.endswith(".wsdl"))
    longer = files[path].replace(b"GetHomeCareVisits", b"GetHomeCareVisitsOfDay")
    files[path.replace("GetHomeCareVisitsInteraction_", "GetHomeCareVisitsOfDayInteraction_")] = (
        longer
    )
    package = open_package(unfolded(tmp_path / "p", files))

    assert choose_wsdl(package, "GetHomeCareVisits") == path
    with pytest.raises(PackageRefused, match="GetHomeCareVisitsOfDay: "):
        choose_wsdl(package, None)


def test_a_person_who_may_be_named_several_times_is_told_so(tmp_path: Path) -> None:
    files = swapped(
        b'name="subject_of_care" type="core:PersonNumberType"/>',
        b'name="subject_of_care" type="core:PersonNumberType" maxOccurs="9"/>',
    )(files_of(BOOKINGS.folder))

    with (
        pytest.raises(PackageRefused, match="subject_of_care may come several times"),
        incoming(open_package(unfolded(tmp_path / "p", files)), tmp_path / "d", Wishes(), HUB),
    ):
        pass


def test_an_addition_before_its_wildcard_is_left_to_the_wildcard(tmp_path: Path) -> None:
    """As the rules for minor versions have it, and XML Schema does not: held to its own type."""
    files = swapped(
        b'<xs:any namespace="##other" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>\n'
        b"    </xs:sequence>\n  </xs:complexType>\n  <xs:simpleType",
        b'<xs:element xmlns:m1="urn:riv:exempel:bokningar:1.1" ref="m1:floor" minOccurs="0"/>'
        b'<xs:any namespace="##other" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>\n'
        b"    </xs:sequence>\n  </xs:complexType>\n  <xs:simpleType",
    )(files_of(BOOKINGS.folder))
    core = next(name for name in files if "exempel_bokningar_1.1" in name)
    place = core.replace("_1.1.xsd", "_1.1_ext.xsd")
    head = files[core].index(b"<xs:complexType")
    files[core] = (
        files[core][:head]
        + b'<xs:import namespace="urn:riv:exempel:bokningar:1.1" schemaLocation="'
        + place.rpartition("/")[2].encode()
        + b'"/>'
        + files[core][head:]
    )
    files[place] = (
        b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        b'targetNamespace="urn:riv:exempel:bokningar:1.1">'
        b'<xs:element name="floor" type="xs:int"/></xs:schema>'
    )

    checked, asked = taken_in(open_package(unfolded(tmp_path / "p", files)), tmp_path / "data")

    assert asked == []
    assert any("floor stands just before a wildcard" in note for note in checked.notes)
    schema = Schema.load(checked_contract(tmp_path / "data"))
    for text, broken in (("3", False), ("top", True)):
        answer = etree.fromstring(BOOKINGS.response.format(person="191212121212", source="SE1-A"))
        booking = next(answer.iterchildren())
        etree.SubElement(booking, "{urn:riv:exempel:bokningar:1.1}floor").text = text
        assert bool(schema.check_response(answer)) is broken


def checked_contract(data: Path) -> ServiceContract:
    """The one contract of a data folder."""
    (contract,) = load_contracts(data / "contracts", data / "wsdl").values()
    return contract
