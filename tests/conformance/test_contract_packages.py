"""Packages from outside: what is proposed for a sound one, and how a bad one is refused."""

from __future__ import annotations

import tomllib
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import xmlschema
from lxml import etree

from samsvar import cli
from samsvar.contracts import ContractsInvalid, data_dir, load_contracts
from samsvar.contracts.adding import Wishes, choose_wsdl, incoming
from samsvar.contracts.package import LARGEST_FILE, PackageRefused, open_package
from samsvar.contracts.proposal import propose
from samsvar.contracts.samples import make_samples
from samsvar.model.contract import ResultRole, ServiceContract
from samsvar.soap.interaction import read_interaction
from samsvar.soap.schema import Schema
from tests.contract_facts import WSDL_DIR
from tests.packages import (
    AGREEMENTS,
    AIDS,
    BOOKINGS,
    CASES,
    CATEGORY,
    CONTACTS,
    MEASUREMENTS,
    VISITS,
    files_of,
    unfolded,
    zipped,
)

PACKAGED = load_contracts(data_dir() / "contracts", WSDL_DIR)
HUB = "5565594230"
Files = dict[str, bytes]


def refusal(package: Path, data: Path, **wishes: str) -> str:
    """Why a package is refused."""
    with (
        pytest.raises((PackageRefused, ContractsInvalid)) as caught,
        incoming(open_package(package), data, Wishes(**wishes), HUB) as coming,
    ):
        coming.check(coming.proposal.toml(answered=True))
    return str(caught.value)


def changed(files: Mapping[str, bytes], name: str, old: bytes, new: bytes) -> Files:
    """The same files, with a change in the one whose path ends so."""
    (path,) = (path for path in files if path.endswith(name))
    assert old in files[path]
    return {**files, path: files[path].replace(old, new)}


@pytest.mark.parametrize("contract", PACKAGED.values(), ids=lambda one: one.folder.name)
def test_the_packaged_contracts_would_be_proposed_as_they_are(contract: ServiceContract) -> None:
    """All but the words for people and the index's category, which no schema holds."""
    told = tomllib.loads((contract.folder / "contract.toml").read_text("utf-8"))

    proposal = propose(read_interaction(contract.wsdl), told["wsdl"])

    written = tomllib.loads(proposal.toml(answered=False))
    assert proposal.name == contract.folder.name
    assert [question.key for question in proposal.questions] == ["categorization"]
    for key in ("title", "categorization"):
        del told[key], written[key]
    assert written == told


@pytest.mark.parametrize(
    ("folder", "tables"),
    [
        (
            VISITS.folder,
            {
                "request": {
                    "subject_id": "personId",
                    "subject_root_by_form": True,
                    "source_filter": "sourceSystemHsaId",
                },
                "response": {"container": "visits", "items": ["visit"]},
                "item": {
                    "subject_id": "personId",
                    "source": "sourceSystemHsaId",
                    "owner": "careGiverHsaId",
                },
            },
        ),
        (
            AIDS.folder,
            {
                "request": {
                    "subject_id": "patientId/extension",
                    "subject_root": "patientId/root",
                    "source_filter": "sourceSystem/extension",
                },
                "response": {"items": ["aid", "prescription"]},
                "item": {
                    "subject_id": "patientId/extension",
                    "subject_root": "patientId/root",
                    "source": "sourceSystem/extension",
                    "kinds": {
                        "prescription": {
                            "subject_id": "header/patientId/extension",
                            "subject_root": "header/patientId/root",
                            "source": "header/sourceSystem/extension",
                        }
                    },
                },
            },
        ),
        (
            CONTACTS.folder,
            {
                "request": {
                    "subject_id": "patient/id",
                    "subject_root": "patient/type",
                    "source_filter": "sourceSystemHSAId",
                },
                "response": {
                    "items": ["fixedContact"],
                    "result": "result",
                    "result_code": "resultCode",
                },
                "item": {
                    "subject_id": "contactHeader/patient/id",
                    "subject_root": "contactHeader/patient/type",
                    "source": "contactHeader/sourceSystemHSAId",
                },
            },
        ),
        (
            MEASUREMENTS.folder,
            {
                "request": {
                    "subject_id": "patientId/extension",
                    "subject_root": "patientId/root",
                    "source_filter": "sourceSystem/id/extension",
                },
                "response": {
                    "items": ["series"],
                    "result": "result",
                    "result_code": "resultCode",
                    "result_log_id": "logId",
                },
                "item": {
                    "subject_id": "seriesHeader/patient/id/extension",
                    "subject_root": "seriesHeader/patient/id/root",
                    "source": "seriesHeader/sourceSystem/id/extension",
                    "owner": "seriesHeader/careGiver/id/extension",
                },
            },
        ),
        (
            AGREEMENTS.folder,
            {
                "request": {"subject_id": "personId/extension", "subject_root": "personId/root"},
                "response": {
                    "container": "agreements",
                    "items": ["agreement"],
                    "result": "agreements/result",
                    "result_code": "resultCode",
                },
                "item": {
                    "subject_id": "subject/personId/extension",
                    "subject_root": "subject/personId/root",
                    "source": "subject/sourceSystemId/extension",
                    "owner": "subject/careProviderId",
                },
            },
        ),
        (
            BOOKINGS.folder,
            {
                "request": {"subject_id": "subject_of_care", "subject_root_by_form": True},
                "response": {"items": ["booking"]},
                "item": {"subject_id": "subject_of_care", "source": "source_system"},
            },
        ),
    ],
)
def test_a_package_of_any_layout_is_understood(
    folder: str, tables: dict[str, object], tmp_path: Path
) -> None:
    package = open_package(unfolded(tmp_path / "p", files_of(folder)))

    with incoming(package, tmp_path / "data", Wishes(categorization=CATEGORY), HUB) as coming:
        written = tomllib.loads(coming.proposal.toml(answered=False))

    assert coming.proposal.questions == []
    assert {name: written[name] for name in tables} == tables


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.operation)
def test_samples_follow_the_schema_in_the_eyes_of_two_libraries(
    case: object, tmp_path: Path
) -> None:
    contract = added(case.folder, tmp_path)  # type: ignore[attr-defined]
    interaction = read_interaction(contract.wsdl)
    libxml2 = Schema.load(contract)
    other = xmlschema.XMLSchema10(interaction.schema, allow="local")

    samples = make_samples(contract, interaction)

    assert libxml2.check_request(samples.request_min) == ()
    assert libxml2.check_request(samples.request) == ()
    assert libxml2.check_response(samples.response_min) == ()
    assert libxml2.check_response(samples.response) == ()
    for message in (samples.request_min, samples.request, samples.response_min, samples.response):
        assert list(other.iter_errors(etree.tostring(message, encoding="unicode"))) == []
    assert len(list(samples.response.iter())) > len(list(samples.response_min.iter()))


def test_what_is_mandatory_in_a_thing_that_nobody_can_write_is_left_out_with_it(
    tmp_path: Path,
) -> None:
    """A place lies in a place, for ever; but no performer must have one."""
    contract = added(MEASUREMENTS.folder, tmp_path)

    made = make_samples(contract, read_interaction(contract.wsdl)).response

    names = [etree.QName(one).localname for one in made.iter()]
    assert "person" in names
    assert "place" not in names
    assert made.findtext(".//{*}medium") == "picture/plain"


def test_what_is_abstract_is_left_out_of_samples(tmp_path: Path) -> None:
    files = changed(
        files_of(MEASUREMENTS.folder),
        "exempel_matningar_1.0.xsd",
        b'<xs:complexType name="PersonType">',
        b'<xs:complexType name="PersonType" abstract="true">',
    )

    assert notes_on(files, tmp_path) == []
    made = (tmp_path / "data" / "contracts").rglob("response.xml")
    assert b"person>" not in next(made).read_bytes()


def test_a_result_of_capital_names_is_filled_where_it_must_be(tmp_path: Path) -> None:
    files = changed(
        files_of(AGREEMENTS.folder),
        "exempel_samtycken_2.0.xsd",
        b'name="resultText" type="xs:string" minOccurs="0"',
        b'name="ResultText" type="xs:string"',
    )

    notes_on(files, tmp_path)  # a merged answer without it would break the schema
    (contract,) = load_contracts(
        tmp_path / "data" / "contracts", tmp_path / "data" / "wsdl"
    ).values()

    assert [field.role for field in contract.result_fields] == [ResultRole.CODE, ResultRole.TEXT]


def test_a_fuller_question_that_would_be_refused_is_told(tmp_path: Path) -> None:
    """The hub reads periods as RIV-TA writes them, and no schema of a stranger must."""
    files = changed(
        changed(
            files_of(VISITS.folder), "Responder_1.0.xsd", b'name="period"', b'name="datePeriod"'
        ),
        "exempel_hemtjanst_1.0.xsd",
        b'name="start" type="tns:DateType"',
        b'name="start" type="xs:date"',
    )

    assert any(
        note.startswith("a question that follows the schema would be refused: datePeriod/start")
        for note in notes_on(files, tmp_path)
    )


def notes_on(files: Files, tmp_path: Path) -> list[str]:
    """What is told of a package that is taken in."""
    package = open_package(unfolded(tmp_path / "p", files))
    with incoming(package, tmp_path / "data", Wishes(categorization=CATEGORY), HUB) as coming:
        checked = coming.check(coming.proposal.toml(answered=True))
        coming.move_in()
    return list(checked.notes)


def test_what_the_hub_does_not_keep_of_a_wsdl_is_told(tmp_path: Path) -> None:
    wrong = changed(
        changed(
            files_of(BOOKINGS.folder),
            ".wsdl",
            b'message="tns:GetPersonBookingsRequest" part="asker"',
            b'message="tns:CancelRequest" part="asker"',
        ),
        ".wsdl",
        b'<wsdl:output message="tns:GetPersonBookingsResponse"/>\n    </wsdl:operation>',
        b'<wsdl:output message="tns:GetPersonBookingsResponse"/>\n'
        b'      <wsdl:fault name="f" message="tns:GetPersonBookingsResponse"/>\n'
        b"    </wsdl:operation>",
    )

    sound = notes_on(files_of(BOOKINGS.folder), tmp_path / "sound")
    told = notes_on(wrong, tmp_path / "wrong")

    assert any("a header block asker beside the logical address" in note for note in sound)
    assert not any("names a message that is not in the file" in note for note in sound)
    assert any(
        "GetPersonBookingsInteraction_1.1_RIVTABP21.wsdl: line " in note
        and "names a message that is not in the file" in note
        for note in told
    )
    assert any("declares faults of its own" in note for note in told)


def test_a_record_that_may_leave_out_whose_it_is_is_told(tmp_path: Path) -> None:
    told = notes_on(files_of(BOOKINGS.folder), tmp_path)
    others = notes_on(files_of(MEASUREMENTS.folder), tmp_path / "others")

    assert any(note.startswith("subject_of_care may be left out of a booking") for note in told)
    assert not any("may be left out" in note for note in others)


def test_a_name_that_may_be_of_the_source_is_asked_about(tmp_path: Path) -> None:
    files = changed(
        files_of(BOOKINGS.folder), "exempel_bokningar_1.1.xsd", b"source_system", b"logicalSystemId"
    )
    package = open_package(unfolded(tmp_path / "p", files))

    with incoming(package, tmp_path / "data", Wishes(categorization=CATEGORY), HUB) as coming:
        (question,) = coming.proposal.questions

    assert question.key == "item.source"
    assert question.text.startswith("does logicalSystemId name the source system")
    assert coming.proposal.tables["item"]["source"] == "logicalSystemId"


def test_the_newest_minor_version_is_taken_and_an_older_one_if_it_is_named(
    tmp_path: Path,
) -> None:
    files = files_of(VISITS.folder)
    (path,) = (name for name in files if name.endswith(".wsdl"))
    newer = path.replace("_1.0_", "_1.10_")
    files |= {newer: files[path], path.replace("_1.0_", "_1.2_"): files[path]}
    package = open_package(unfolded(tmp_path / "p", files))

    assert choose_wsdl(package, None) == newer
    assert choose_wsdl(package, "GetHomeCareVisits") == newer
    assert choose_wsdl(package, "GetHomeCareVisitsInteraction_1.0") == path


def test_versions_of_different_namespaces_are_not_chosen_between(tmp_path: Path) -> None:
    files = files_of(VISITS.folder)
    (path,) = (name for name in files if name.endswith(".wsdl"))
    files[path.replace("_1.0_", "_2.0_")] = files[path].replace(b":1:rivtabp21", b":2:rivtabp21")
    package = open_package(unfolded(tmp_path / "p", files))

    with pytest.raises(PackageRefused, match="several WSDLs"):
        choose_wsdl(package, None)


def added(folder: str, tmp_path: Path) -> ServiceContract:
    """The contract of a package, taken in."""
    package = open_package(unfolded(tmp_path / "p", files_of(folder)))
    data = tmp_path / "data"
    with incoming(package, data, Wishes(categorization=CATEGORY), HUB) as coming:
        coming.check(coming.proposal.toml(answered=False))
        coming.move_in()
    (contract,) = load_contracts(data / "contracts", data / "wsdl").values()
    return contract


BROKEN: dict[str, tuple[Callable[[Files], Files], str]] = {
    "an import that leads to nothing": (
        lambda files: {n: c for n, c in files.items() if not n.endswith("hemtjanst_1.0.xsd")},
        "which is not in the package",
    ),
    "two port types": (
        lambda files: changed(
            files,
            ".wsdl",
            b"</wsdl:portType>",
            b'</wsdl:portType><wsdl:portType name="x"><wsdl:operation name="y"/></wsdl:portType>',
        ),
        "2 of portType/operation, one expected",
    ),
    "a DOCTYPE": (
        lambda files: changed(
            files,
            "Responder_1.0.xsd",
            b"<xs:schema ",
            b'<!DOCTYPE s [<!ENTITY a "b">]><xs:schema ',
        ),
        "carries a DOCTYPE",
    ),
    "an import from an address": (
        lambda files: changed(
            files,
            "Responder_1.0.xsd",
            b"../../core_components/exempel",
            b"https://exempel.se/other",
        ),
        "imports from an address",
    ),
    "an import from outside": (
        lambda files: changed(
            files,
            "Responder_1.0.xsd",
            b"../../core_components/",
            b"../../../../../../core_components/",
        ),
        "imports from outside the package",
    ),
    "a redefinition": (
        lambda files: changed(
            files,
            "Responder_1.0.xsd",
            b'<xs:element name="GetHomeCareVisits"',
            b'<xs:redefine schemaLocation="x.xsd"/><xs:element name="GetHomeCareVisits"',
        ),
        "xs:redefine is not read",
    ),
    "a bound that costs too much": (
        lambda files: changed(
            files, "hemtjanst_1.0.xsd", b'maxOccurs="unbounded"/>\n    ', b'maxOccurs="999999999"/>'
        ),
        "maxOccurs is neither unbounded nor a number up to",
    ),
    "elements without a namespace": (
        lambda files: changed(files, "hemtjanst_1.0.xsd", b'elementFormDefault="qualified"', b""),
        "is in no namespace",
    ),
    "no person in the question": (
        lambda files: changed(
            files, "Responder_1.0.xsd", b'element name="personId"', b'element name="caseNumber"'
        ),
        "no element of the question looks like a person's number",
    ),
    "a person's number in an attribute": (
        lambda files: changed(
            files,
            "hemtjanst_1.0.xsd",
            b'<xs:simpleType name="PersonNumberType">\n'
            b'    <xs:restriction base="xs:string"><xs:pattern value="[0-9]{12}"/>'
            b"</xs:restriction>\n  </xs:simpleType>",
            b'<xs:complexType name="PersonNumberType"><xs:attribute name="extension"/>'
            b"</xs:complexType>",
        ),
        "personId has the person's number in an attribute",
    ),
    "no person in the record": (
        lambda files: changed(
            files,
            "hemtjanst_1.0.xsd",
            b'<xs:element name="personId" type="tns:PersonNumberType"/>',
            b"",
        ),
        "says whose record it is",
    ),
    "a mandatory element that no merged answer can have": (
        lambda files: changed(
            files,
            "Responder_1.0.xsd",
            b'<xs:element name="visits"',
            b'<xs:element name="total" type="xs:int"/><xs:element name="visits"',
        ),
        "a merged answer would break the schema at GetHomeCareVisitsResponse",
    ),
    "a type that is not there": (
        lambda files: changed(files, "Responder_1.0.xsd", b"core:PeriodType", b"core:PeriodsType"),
        "PeriodsType",
    ),
    "no WSDL": (
        lambda files: {n: c for n, c in files.items() if not n.endswith(".wsdl")},
        "holds no .wsdl file",
    ),
    "a file too large": (
        lambda files: {**files, "big.xsd": b" " * (LARGEST_FILE + 1)},
        "too large",
    ),
}


@pytest.mark.parametrize("form", ["zip", "folder"])
@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_package_is_refused_with_what_is_wrong(
    broken: str, form: str, tmp_path: Path
) -> None:
    """And nothing of it is left behind."""
    change, expected = BROKEN[broken]
    files = change(files_of(VISITS.folder))
    package = (
        zipped(tmp_path / "p.zip", files) if form == "zip" else unfolded(tmp_path / "p", files)
    )

    said = refusal(package, tmp_path / "data", categorization=CATEGORY)

    assert expected in said
    assert [file for file in (tmp_path / "data").rglob("*") if file.is_file()] == []
    assert list((tmp_path / "data").rglob(".incoming-*")) == []


def test_a_pattern_that_no_person_fits_is_told_with_what_to_do(tmp_path: Path) -> None:
    """``^`` and ``$`` are signs like others in XML Schema; where they have more than one meaning
    they are not taken away."""
    pattern = b'"[0-9]{8}[0-9pPtTfF][0-9]{3}"'
    core, files = "exempel_bokningar_1.1.xsd", files_of(BOOKINGS.folder)
    anchored = changed(files, core, pattern, b'"^[0-9]{8}[0-9pPtTfF][0-9]{3}$|^[0-9]{10}$"')
    shorter = changed(files, core, pattern, b'"[0-9]{6}-[0-9]{4}"')

    said = refusal(unfolded(tmp_path / "p", anchored), tmp_path / "data")
    other = refusal(unfolded(tmp_path / "q", shorter), tmp_path / "data")

    assert "subject_of_care: its type has no room for a person's number of 12 digits" in said
    assert "reads as signs of the text: take them away" in said
    assert other.endswith("has no room for a person's number of 12 digits")


def test_a_fault_in_a_schema_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    files = changed(
        files_of(VISITS.folder),
        "Responder_1.0.xsd",
        b'type="core:PeriodType" minOccurs="0"',
        b'type="core:PeriodType" manOccurs="0"',
    )

    said = refusal(unfolded(tmp_path / "p", files), tmp_path / "data")

    assert "wsdl: GetHomeCareVisitsResponder_1.0.xsd: line " in said
    assert "The attribute 'manOccurs' is not allowed" in said


@pytest.mark.parametrize(
    "name", ["../../evil.wsdl", "/etc/evil.wsdl", "a\\..\\..\\evil.wsdl", "C:evil.wsdl", "\\a.xsd"]
)
def test_a_zip_whose_names_lead_outside_is_not_taken_in(name: str, tmp_path: Path) -> None:
    package = zipped(tmp_path / "p.zip", files_of(VISITS.folder))
    with zipfile.ZipFile(package, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"x")

    with pytest.raises(PackageRefused, match="leads out of it"):
        open_package(package)

    assert not list(tmp_path.rglob("evil*"))


def test_a_link_in_a_zip_is_not_followed(tmp_path: Path) -> None:
    package = zipped(tmp_path / "p.zip", files_of(VISITS.folder))
    entry = zipfile.ZipInfo("link.xsd")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(package, "a") as archive:
        archive.writestr(entry, "/etc/passwd")

    with pytest.raises(PackageRefused, match="is a link"):
        open_package(package)


def test_a_link_out_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    package = unfolded(tmp_path / "p", files_of(VISITS.folder))
    (tmp_path / "outside.xsd").write_text("<x/>")
    (package / "link.xsd").symlink_to(tmp_path / "outside.xsd")

    with pytest.raises(PackageRefused, match="leads out of it"):
        open_package(package)


def test_a_bomb_of_a_hundred_megabytes_is_refused_unopened(tmp_path: Path) -> None:
    """Both one that says how large it is and one that lies about it."""
    honest = tmp_path / "honest.zip"
    with (
        zipfile.ZipFile(honest, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("bomb.wsdl", "w") as bomb,
    ):
        for _ in range(100):
            bomb.write(b" " * 1024 * 1024)
    size = (100 * 1024 * 1024).to_bytes(4, "little")
    lying = tmp_path / "lying.zip"
    lying.write_bytes(honest.read_bytes().replace(size, (100).to_bytes(4, "little")))

    with pytest.raises(PackageRefused, match="too large"):
        open_package(honest)
    with pytest.raises(PackageRefused, match=r"too large|no zip file that can be read"):
        open_package(lying)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"<definitions/>", b"PK" * 1000])
def test_what_is_no_zip_is_said_to_be_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "p.zip").write_bytes(content)

    with pytest.raises(PackageRefused, match="is no zip file that can be read"):
        open_package(tmp_path / "p.zip")


def test_a_package_that_is_not_there_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(PackageRefused, match="there is no such folder or file"):
        open_package(tmp_path / "nothing.zip")


def test_several_interactions_in_one_package_are_told_apart_by_name(tmp_path: Path) -> None:
    files = files_of(VISITS.folder) | files_of(AIDS.folder)
    package = unfolded(tmp_path / "p", files)

    listed = refusal(package, tmp_path / "data")
    with incoming(
        open_package(package), tmp_path / "data", Wishes(interaction="GetAids"), HUB
    ) as coming:
        chosen = coming.proposal.name

    assert "name one with --interaction" in listed
    assert "GetAidsInteraction_1.0_RIVTABP21.wsdl" in listed
    assert chosen == AIDS.name


def test_a_packaged_contract_is_never_replaced(tmp_path: Path) -> None:
    package = WSDL_DIR / "clinicalprocess_logistics_logistics_2.0"

    said = refusal(package.resolve(), tmp_path / "data")

    assert "comes with the program, as get_care_contacts_2; that is never replaced" in said


def test_a_service_of_the_hub_itself_is_never_replaced(tmp_path: Path) -> None:
    package = (WSDL_DIR / "itintegration_engagementindex_1.0").resolve()

    said = refusal(package, tmp_path / "data", interaction="UpdateInteraction")

    assert "is a service of the hub itself" in said


def test_a_contract_is_not_added_twice(tmp_path: Path) -> None:
    added(VISITS.folder, tmp_path)

    assert "is there already: take" in refusal(tmp_path / "p", tmp_path / "data")


def test_what_is_put_into_the_folder_by_hand_is_held_to_the_same_rules(tmp_path: Path) -> None:
    """A copy of a packaged contract in the data folder: named, and refused."""
    settings = settings_file(tmp_path)
    for kind in ("contracts", "wsdl"):
        (tmp_path / "data" / kind).mkdir(parents=True)
    contract = next(iter(PACKAGED.values()))
    folder = tmp_path / "data" / "contracts" / "mine"
    folder.mkdir()
    (folder / "contract.toml").write_bytes((contract.folder / "contract.toml").read_bytes())
    for top in WSDL_DIR.iterdir():
        (tmp_path / "data" / "wsdl" / top.name).symlink_to(top.resolve())

    assert cli.run(["contracts", "list", "-s", str(settings)]) == 2


# The command


def settings_file(folder: Path) -> Path:
    """Settings with a data folder beside them."""
    file = folder / "settings.toml"
    file.write_text('[hub]\ndata = "data"\n', encoding="utf-8")
    return file


def test_an_open_question_is_marked_and_nothing_is_stored_before_it_is_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = settings_file(tmp_path)
    package = str(zipped(tmp_path / "p.zip", files_of(VISITS.folder)))
    draft = tmp_path / f"{VISITS.name}.contract.toml"

    asked = cli.run(["contracts", "add", package, "-s", str(settings)])
    told = capsys.readouterr().err
    unanswered = cli.run(
        ["contracts", "add", package, "-s", str(settings), "--toml", str(draft), "--yes"]
    )
    still_open = capsys.readouterr().err
    lines = draft.read_text("utf-8").splitlines()
    draft.write_text("\n".join(line for line in lines if "QUESTION" not in line), "utf-8")
    answered = cli.run(
        ["contracts", "add", package, "-s", str(settings), "--toml", str(draft), "--yes"]
    )

    assert (asked, unanswered, answered) == (2, 2, 0)
    assert "QUESTION: which categorization have the index posts?" in told
    assert f"{VISITS.name}/contract.toml: line 5: not answered: which categorization" in still_open
    assert (tmp_path / "data" / "contracts" / VISITS.name / "README.md").is_file()


def test_yes_takes_the_best_guess_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_file(tmp_path)
    package = str(unfolded(tmp_path / "p", files_of(CONTACTS.folder)))

    assert cli.run(["contracts", "add", package, "-s", str(settings), "--yes"]) == 0

    folder = tmp_path / "data" / "contracts" / CONTACTS.name
    assert "guessed: which categorization" in capsys.readouterr().err
    assert "# GUESSED: which categorization" in (folder / "contract.toml").read_text("utf-8")
    assert "## Guessed, and not confirmed by anybody" in (folder / "README.md").read_text("utf-8")


def test_list_check_and_show_know_packaged_and_added_contracts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_file(tmp_path)
    added(AIDS.folder, tmp_path)

    assert cli.run(["contracts", "list", "--json", "-s", str(settings)]) == 0
    listed = capsys.readouterr().out
    assert cli.run(["contracts", "check", "-s", str(settings)]) == 0
    checked = capsys.readouterr().out
    assert cli.run(["contracts", "show", AIDS.name, "-s", str(settings)]) == 0
    shown = capsys.readouterr().out
    assert cli.run(["contracts", "show", "nothing", "-s", str(settings)]) == 3

    assert '"items": "aid, prescription"' in listed
    assert '"from": "added"' in listed
    assert [line.split() for line in checked.splitlines()] == [
        ["ok", "get_care_contacts_2"],
        ["ok", "get_care_contacts_3"],
        ["ok", "get_care_plans_2"],
        ["ok", AIDS.name],
    ]
    assert f"# URL: {AIDS.path}, with ?wsdl" in shown
    assert "<ns1:GetAids " in shown


def test_check_tells_all_faults_of_all_folders_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_file(tmp_path)
    contract = added(AIDS.folder, tmp_path)
    file = contract.folder / "contract.toml"
    file.write_text(
        file.read_text("utf-8")
        .replace('"aid", ', '"aids", ')
        .replace("[request]", "[request]\nx=1"),
        "utf-8",
    )
    (contract.folder.parent / "empty").mkdir()

    assert cli.run(["contracts", "check", "-s", str(settings)]) == 2

    told = capsys.readouterr().out
    assert "request.x: no such key" in told
    assert f"{contract.folder.parent / 'empty'}/contract.toml: is missing" in told
    assert "ok    get_care_plans_2" in told


def test_nobody_confirms_nothing_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_file(tmp_path)
    package = str(unfolded(tmp_path / "p", files_of(AIDS.folder)))
    monkeypatch.setattr("builtins.input", lambda *_: "n")

    code = cli.run(["contracts", "add", package, "-s", str(settings), "--categorization", CATEGORY])

    assert code != 0
    assert not (tmp_path / "data" / "contracts" / AIDS.name).exists()
