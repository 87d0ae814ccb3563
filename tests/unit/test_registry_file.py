"""The registry file: what it opens, what is refused, and that it can be written back."""

from __future__ import annotations

import string
import time
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samsvar.adapter_api.ports import TextOption
from samsvar.model.care import LegalBasis
from samsvar.model.catalogue import (
    CallPermission,
    CareGiver,
    CareGiverKind,
    Channel,
    Consumer,
    Contact,
    OrganisationKind,
    PermissionFilter,
    Producer,
    ProducerKind,
    RegisteredAddress,
    RivtaProfile,
    RoutingEntry,
    SchemaPolicy,
)
from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress
from samsvar.registry import (
    ALWAYS,
    FOREVER,
    RegisteredContract,
    Registry,
    first_moment,
    last_moment,
)
from samsvar.registry.directory import BASES
from samsvar.registry.fields import url_fault
from samsvar.registry.file import RegistryInvalid, parse_registry, write_registry

LOGISTICS = "urn:riv:clinicalprocess:logistics:logistics"
PLANS = ContractUrn(f"{LOGISTICS}:GetCarePlansResponder:2")
CONTACTS = ContractUrn(f"{LOGISTICS}:GetCareContactsResponder:3")
ADAPTERS = {"prator": (TextOption("token_file", "file with the key", secret=True),)}

GOOD = """
[[contract]]
urn = "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"
title = "Planer"

[[contract]]
urn = "urn:riv:clinicalprocess:logistics:logistics:GetCareContactsResponder:3"
title = "Kontakter"

[[producer]]
id = "region"
title = "Regionens journal"
kind = "soap"
address = "https://region.example/ws"
owner = "SE2321000131"

[[producer]]
id = "sormland"
title = "Prator, Sörmland"
kind = "adapter"
adapter = "prator"
address = "https://prator.example/api"
owner = "SE2321000032"
options = { token_file = "/etc/samsvar/prator.token" }
schema_policy = "warn"
timeout = 12.5
organisation = "region"
contact = { name = "Förvaltning Prator", email = "prator@region.example" }
data_controller = "SE2321000032"

[[address]]
logical_address = "SE2321000131-1"
description = "Regionens journal, Eskilstuna"

[[route]]
contract = ["GetCarePlans 2", "GetCareContacts 3"]
logical_address = "SE2321000131-1"
producer = "region"

[[route]]
contract = "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"
logical_address = "*"
producer = "sormland"
profile = "RIVTABP20"
valid_from = 2026-01-01
valid_to = 2026-12-31

[[permission]]
consumer = "SE5565594230-NPO"
contract = ["GetCarePlans 2", "GetCareContacts 3"]
logical_address = "*"
filters = [{ service_domain = "riv:clinical:logistics:logistics", categorizations = ["vko"] }]

[[care_giver]]
id = "SE2129999989-NAMND1"
name = "Omsorgsnämnden, Exempelkommun"
kind = "OG"
municipality = "9999"
legal_basis = "SOL_ELDERLY"
marked = true

[[care_giver]]
id = "SE2321000131"
name = "Regionen"
kind = "VG"
connected = false

[[consumer]]
id = "SE5565594230-NPO"
channel = "system"
social_care = true

[hsa]
SE2321000131-1 = "SE2321000131"
"""


def parse(text: str, *, allow_plain_http: bool = False) -> Registry:
    return parse_registry(
        text,
        known_contracts=[PLANS, CONTACTS],
        known_adapters=ADAPTERS,
        allow_plain_http=allow_plain_http,
    )


def faults(text: str) -> list[str]:
    with pytest.raises(RegistryInvalid) as caught:
        parse(text)
    return [str(fault) for fault in caught.value.faults]


def test_a_registry_becomes_the_catalogue_that_it_describes() -> None:
    registry = parse(GOOD)
    book = registry.catalogue(3)
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)

    assert book.version == 3
    assert book.contracts == {PLANS, CONTACTS}
    assert [(r.contract, r.logical_address, r.producer.id, r.profile) for r in registry.routes] == [
        (PLANS, "SE2321000131-1", "region", RivtaProfile.BP21),
        (CONTACTS, "SE2321000131-1", "region", RivtaProfile.BP21),
        (PLANS, "*", "sormland", RivtaProfile.BP20),
    ]
    assert registry.producers[1] == Producer(
        id="sormland",
        title="Prator, Sörmland",
        kind=ProducerKind.ADAPTER,
        address="https://prator.example/api",
        owner="SE2321000032",
        adapter="prator",
        options=(("token_file", "/etc/samsvar/prator.token"),),
        schema_policy=SchemaPolicy.WARN,
        timeout=12.5,
        organisation=OrganisationKind.REGION,
        contact=Contact("Förvaltning Prator", "prator@region.example"),
        data_controller="SE2321000032",
    )
    assert {permission.filters for permission in registry.permissions} == {
        (PermissionFilter("riv:clinical:logistics:logistics", ("vko",)),)
    }
    asked = LogicalAddress("SE2321000131-1")
    assert book.permission(HsaId("SE5565594230-NPO"), CONTACTS, asked, noon).permission
    assert dict(book.parents) == {"SE2321000131-1": "SE2321000131"}
    assert book.care_giver("se2129999989-namnd1") == CareGiver(
        HsaId("SE2129999989-NAMND1"),
        "Omsorgsnämnden, Exempelkommun",
        CareGiverKind.OG,
        municipality="9999",
        legal_basis=LegalBasis.SOL_ELDERLY,
        marked=True,
    )
    assert book.care_giver("SE2321000131") == CareGiver(
        HsaId("SE2321000131"), "Regionen", CareGiverKind.VG, connected=False
    )
    npo = HsaId("SE5565594230-NPO")
    assert book.consumer(HsaId("se5565594230-npo")) == Consumer(npo, Channel.SYSTEM, True)


def test_who_is_in_neither_table_is_unknown_and_has_promised_nothing() -> None:
    book = parse(GOOD).catalogue(1)
    stranger = HsaId("SE2129999997-X")

    assert book.care_giver("SE2129999997-X") is None
    assert book.consumer(stranger) == Consumer(stranger, Channel.SYSTEM, social_care=False)


def test_a_period_is_whole_days_in_sweden() -> None:
    """In force from midnight of the first day to the end of the last, in Stockholm's time."""
    route = parse(GOOD).routes[2]

    assert route.valid_from == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert route.valid_to == datetime(2026, 12, 31, 23, tzinfo=UTC) - timedelta(microseconds=1)


BAD = [
    ('title = "Planer"', 'titel = "Planer"', "title", "is missing"),
    ('title = "Planer"', 'title = "Planer"\nx = 1', "[[contract]] 1 (line 2), x", "no such key"),
    ("GetCareContactsResponder:3", "GetCareContactsResponder:9", "urn", "does not speak it"),
    ("GetCareContactsResponder:3", "GetCarePlansResponder:2", "urn", "registered already"),
    ('kind = "soap"', 'kind = "rest"', "kind", "known: adapter, soap"),
    ('kind = "soap"', 'kind = "soap"\nadapter = "prator"', "kind", "only a producer of kind"),
    ('adapter = "prator"', 'adapter = "cosmic"', "adapter", "known: prator"),
    ('adapter = "prator"\n', "", "[[producer]] 2 (line 17), adapter", "is missing"),
    ("token_file", "tokenfile", "options.tokenfile", "known: token_file"),
    ("token_file", "tokenfile", "options.token_file", "is missing: file with the key"),
    ('"/etc/samsvar/prator.token"', "5", "options.token_file", "put it in quotes"),
    ('id = "sormland"', 'id = "REGION"', "[[producer]] 2 (line 17), id", "another producer"),
    ('id = "region"', 'id = "re gion"', "id", "must be 1 to 64 of"),
    ('id = "region"', 'id = "region "', "id", "without blanks at its ends"),
    ('owner = "SE2321000131"', "", "owner", "is missing"),
    ("timeout = 12.5", "timeout = 0", "timeout", "over 0"),
    ("timeout = 12.5", "timeout = true", "timeout", "number of seconds"),
    ("timeout = 12.5", "timeout = inf", "timeout", "at most 28"),
    ("timeout = 12.5", "timeout = 29", "timeout", "at most 28"),
    ("timeout = 12.5", "timeout = nan", "timeout", "over 0"),
    ("https://region.example/ws", "http://region.example/ws", "address", "this machine only"),
    ('producer = "region"', 'producer = "nowhere"', "producer", "known: region, sormland"),
    ('"GetCareContacts 3"]\nlog', '"GetCareContacts 2"]\nlog', "contract", "GetCarePlans 2"),
    ('contract = ["GetCarePlans 2", "GetCareContacts 3"]', "contract = []", "contract", "empty"),
    ('["GetCarePlans 2", "GetCareContacts 3"]', '["GetCarePlans 2", "getcareplans 2"]', "", "twi"),
    ('"RIVTABP20"', '"RIVTABP30"', "profile", "known: RIVTABP20, RIVTABP21"),
    ("valid_to = 2026-12-31", "valid_to = 2025-12-31", "valid_to", "is before valid_from"),
    ("valid_to = 2026-12-31", 'valid_to = "2026-12-31"', "valid_to", "must be a date"),
    ("valid_to = 2026-12-31", "valid_to = 2026-12-31T00:00:00", "valid_to", "whole day"),
    ("valid_from = 2026-01-01", "valid_from = 0001-01-01", "valid_from", "from 1900"),
    ('"SE2321000131-1"\nproducer', '"VG#VE"\nproducer', "logical_address", 'or "*"'),
    ('consumer = "SE5565594230-NPO"', 'consumer = "*"', "consumer", "must be 1 to 64"),
    ("[[permission]]", "[[permit]]", "permit", "no such table"),
    ("[[permission]]", "[[permit]]", "[[permission]]", "every call would be refused"),
    ("[[permission]]", "[permission]", "permission", "must be written [[permission]]"),
    ("[hsa]", "[hsa]\nSE2321000131 = 'SE2321000131-1'", "[hsa]", "circle"),
    ("[hsa]", "[hsa]\nse2321000131-1 = 'X'", "[hsa]", "different case"),
    ("[hsa]", "[hsa]\n'a b' = 'X'", "[hsa], a unit", "must be 1 to 64"),
    ("[hsa]", "[hsa]\nA = 'A'", "[hsa], A", "above itself"),
    ("[hsa]", "hsa = [", "the file", "is not TOML"),
    ('organisation = "region"', 'organisation = "kommun"', "organisation", "namnd, private, regi"),
    ('"prator@region.example"', '"prator at region"', "contact, email", "must be an address"),
    ("contact = { name", "contact = { namn", "contact, name", "is missing"),
    ("contact = { name", "contact = 5 #", "contact", "must be a table"),
    ('data_controller = "SE2', 'data_controller = "SE 2', "data_controller", "must be 1 to 64"),
    ('description = "Reg', 'beskrivning = "Reg', "[[address]] 1 (line 31)", "description"),
    (
        "[[address]]",
        "[[address]]\nlogical_address='se2321000131-1'\ndescription='x'\n[[address]]",
        "[[address]] 2",
        "stands in another",
    ),
    ('kind = "OG"', 'kind = "BOTH"', "[[care_giver]] 1", "kind: not known here; known: OG, VG"),
    ('kind = "OG"', "", "[[care_giver]] 1", "kind: is missing"),
    ('kind = "OG"', 'kind = "VG"', "[[care_giver]] 1", "municipality: is for boards"),
    ('kind = "OG"', 'kind = "VG"', "legal_basis", "known: HSL, OTHER_AUTHORITY, SCHOOL_HEALTH"),
    ('"SOL_ELDERLY"', '"UNKNOWN"', "legal_basis", "known: LSS, OTHER_AUTHORITY, SOL_DISABILITY"),
    ('legal_basis = "SOL_ELDERLY"\n', "", "[[care_giver]] 1", "marked: marks nothing without"),
    ("marked = true", 'marked = "true"', "marked", "must be true or false, without quotes"),
    ("connected = false", "connected = 0", "connected", "must be true or false"),
    ('"9999"', '"999"', "municipality", "four digits"),
    ('"9999"', '"٩٩٩٩"', "municipality", "four digits"),
    ('"9999"', "9999", "municipality", "must be text in quotes"),
    ('name = "Regionen"', "", "[[care_giver]] 2 (line 62)", "name: is missing"),
    ('"SE2321000131"\nname', '"se2129999989-namnd1"\nname', "[[care_giver]] 2", "another"),
    ('"SE2321000131"\nname', '"SE 1"\nname', "[[care_giver]] 2", "id: must be 1 to 64 of"),
    ("connected = false", "open = false", "[[care_giver]] 2", "open: no such key"),
    ('channel = "system"', 'channel = "staff"', "channel", "known: citizen, system"),
    ("social_care = true", "", "[[consumer]] 1", "social_care: is missing: true or false"),
    ("social_care = true", 'social_care = "yes"', "social_care", "must be true or false"),
    (
        "[[consumer]]",
        "[[consumer]]\nid='se5565594230-npo'\nchannel='citizen'\nsocial_care=false\n[[consumer]]",
        "[[consumer]] 2 (line 72), id",
        "stands in another",
    ),
    ("[[consumer]]", "[[consumers]]", "consumers", "allowed: [[contract]]"),
    ("filters = [{", "filters = {} #", "filters", "must be a list of tables"),
    ("service_domain =", "domain =", "filters 1, service_domain", "is missing"),
    ('"riv:clinical', '"riv clinical', "filters 1, service_domain", "must not hold blanks"),
    ('["vko"]', '["vko", "vko"]', "filters 1, categorizations", "names the same twice"),
    ('["vko"]', '["v ko"]', "filters 1, categorizations", "without blanks"),
    (
        '["vko"] }',
        '["vko"] }, { service_domain = "riv:clinical:logistics:logistics" }',
        "filters 2, service_domain",
        "stands in another filter",
    ),
]


@pytest.mark.parametrize(("old", "new", "where", "message"), BAD)
def test_each_fault_says_where_it_stands_and_what_is_allowed(
    old: str, new: str, where: str, message: str
) -> None:
    assert old in GOOD

    found = faults(GOOD.replace(old, new, 1))

    assert any(where in fault and message in fault for fault in found), found


def test_all_faults_are_told_at_once() -> None:
    text = GOOD.replace('kind = "soap"', 'kind = "rest"').replace("12.5", "-1")
    text = text.replace('profile = "RIVTABP20"', 'profil = "RIVTABP20"')

    assert faults(text) == [
        "[[producer]] 1 (line 10), kind: not known here; known: adapter, soap, worker",
        "[[producer]] 2 (line 17), timeout: must be over 0 and at most 28 seconds",
        "[[route]] 2 (line 40), profil: no such key; allowed: contract, logical_address, "
        "producer, profile, valid_from, valid_to",
    ]


@pytest.mark.parametrize("text", ["", " \n\t\n"])
def test_an_empty_file_is_refused(text: str) -> None:
    assert faults(text) == ["the file: is empty"]


def test_a_byte_order_mark_is_named_as_what_it_is() -> None:
    """Editors on Windows write one, and nobody sees it."""
    (fault,) = faults("\ufeff" + GOOD)

    assert fault == "the file: begins with a byte order mark: save it as UTF-8 without one"


def test_half_a_file_is_refused() -> None:
    """Cut anywhere before the permissions, nobody may call: that is never what was meant."""
    half = GOOD[: GOOD.index("[[permission]]")]

    assert faults(half) == ["[[permission]]: there is none: every call would be refused"]


def test_overlapping_periods_of_one_address_are_refused_whatever_their_case() -> None:
    more = """
[[route]]
contract = "GetCarePlans 2"
logical_address = "se2321000131-1"
producer = "sormland"
valid_from = 2026-03-01

[[permission]]
consumer = "se5565594230-npo"
contract = "GetCareContacts 3"
logical_address = "*"
"""
    found = faults(GOOD.replace("[hsa]", more + "\n[hsa]"))

    assert [fault.split(" for ")[1] for fault in found] == [
        "the same contract and address",
        "the same consumer, contract and address",
    ]


def test_one_day_may_follow_another_without_overlap() -> None:
    more = """
[[route]]
contract = "GetCarePlans 2"
logical_address = "*"
producer = "region"
valid_from = 2027-01-01
"""
    assert len(parse(GOOD.replace("[hsa]", more + "\n[hsa]")).routes) == 4


def test_values_are_never_repeated_in_a_fault() -> None:
    pasted = "19121212-1212 of somebody"
    text = GOOD.replace('id = "region"', f'id = "{pasted}"').replace("12.5", f'"{pasted}"')

    assert not any("1212" in fault for fault in faults(text))


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://region.example/",
        "gopher://region.example/",
        "//region.example/",
        "region.example/ws",
        "https://",
        "https:///path",
        "https://user@region.example/",
        "https://user:word@region.example/",
        "https://region.example/ ws",
        "https://region.example/\tws",
        "https://region.example/å",
        "https://region.example/#here",
        "https://region.example:25/",
        "https://region.example:0/",
        "https://region.example:99999/",
        "https://[::1/",
        "https://region.example\\@other.example/",
        "http://region.example/",
        "http://10.0.0.1/",
        "http://127.0.0.1.example/",
    ],
)
def test_a_url_that_could_lead_elsewhere_is_refused(url: str) -> None:
    assert url_fault(url, allow_plain_http=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://region.example/ws?a=b",
        "https://region.example:8443",
        "http://127.0.0.1:9000/ws",
        "http://[::1]:9000/ws",
        "http://localhost/ws",
    ],
)
def test_https_and_this_machine_are_good(url: str) -> None:
    assert url_fault(url, allow_plain_http=False) is None


def test_plain_text_to_others_is_a_choice() -> None:
    text = GOOD.replace("https://region.example", "http://region.example")

    assert parse(text, allow_plain_http=True).producers[0].address.startswith("http:")


_ids = st.text(string.ascii_letters + string.digits + "-_.:", min_size=1, max_size=20)
_distinct = st.lists(_ids, min_size=1, max_size=5, unique_by=str.lower)
_line = st.text(
    st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")),
    min_size=1,
    max_size=20,
)
_words = st.text(string.ascii_letters + string.digits + ":.-åäö", min_size=1, max_size=20)
_emails = st.builds("{}@{}.example".format, _ids, _ids)
_filters = st.lists(
    st.builds(PermissionFilter, _words, st.lists(_words, max_size=3, unique=True).map(tuple)),
    max_size=2,
    unique_by=lambda row: row.service_domain,
).map(tuple)
_free = st.text(st.characters(codec="utf-8"), max_size=20)
_periods = st.tuples(st.dates(ALWAYS, FOREVER), st.dates(ALWAYS, FOREVER)).map(
    lambda days: (first_moment(min(days)), last_moment(max(days)))
)


@st.composite
def _care_givers(draw: st.DrawFn) -> CareGiver:
    kind = draw(st.sampled_from(CareGiverKind))
    basis = draw(st.none() | st.sampled_from(BASES[kind]))
    board = kind is CareGiverKind.OG
    return CareGiver(
        HsaId(draw(_ids)),
        draw(_line),
        kind,
        connected=draw(st.booleans()),
        municipality=draw(st.none() | st.from_regex(r"[0-9]{4}", fullmatch=True))
        if board
        else None,
        legal_basis=basis,
        marked=basis is not None and draw(st.booleans()),
    )


_directories = st.lists(_care_givers(), max_size=4, unique_by=lambda row: row.id.lower()).map(tuple)
_consumers = st.lists(
    st.builds(Consumer, _ids.map(HsaId), st.sampled_from(Channel), st.booleans()),
    max_size=3,
    unique_by=lambda row: row.id.lower(),
).map(tuple)


@st.composite
def registries(draw: st.DrawFn) -> Registry:
    contracts = (RegisteredContract(PLANS, draw(_line)), RegisteredContract(CONTACTS, draw(_line)))
    producers = []
    for name in draw(_distinct):
        adapted = draw(st.booleans())
        producers.append(
            Producer(
                id=name,
                title=draw(_line),
                kind=ProducerKind.ADAPTER if adapted else ProducerKind.SOAP,
                address="https://region.example/ws",
                owner=draw(_ids),
                adapter="prator" if adapted else None,
                options=(("token_file", draw(_free)),) if adapted else (),
                schema_policy=draw(st.sampled_from(SchemaPolicy)),
                timeout=draw(st.none() | st.floats(0.001, 28)),
                organisation=draw(st.none() | st.sampled_from(OrganisationKind)),
                contact=draw(st.none() | st.builds(Contact, _line, st.none() | _emails)),
                data_controller=draw(st.none() | _ids),
            )
        )
    addresses = draw(_distinct)
    urns = st.lists(st.sampled_from([PLANS, CONTACTS]), min_size=1, unique=True)
    routes = [
        RoutingEntry(
            urn,
            LogicalAddress(address),
            draw(st.sampled_from(producers)),
            draw(st.sampled_from(RivtaProfile)),
            *draw(_periods),
        )
        for address in [*addresses, "*"]
        for urn in draw(urns)
    ]
    permissions = [
        CallPermission(
            HsaId(consumer), urn, LogicalAddress(address), *draw(_periods), draw(_filters)
        )
        for consumer in draw(_distinct)
        for address in [*addresses, "*"]
        for urn in draw(urns)
    ]
    tree = tuple((f"unit-{n}", f"unit-{n + 1}") for n in range(draw(st.integers(0, 4))))
    described = tuple(
        RegisteredAddress(LogicalAddress(address), draw(_line))
        for address in draw(st.lists(st.sampled_from(addresses), unique=True))
    )
    return Registry(
        contracts,
        tuple(producers),
        tuple(routes),
        tuple(permissions),
        tree,
        described,
        draw(_directories),
        draw(_consumers),
    )


# A busy machine is no reason to fail: the promise is about content, not time.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(registry=registries())
def test_what_is_written_reads_back_the_same(registry: Registry) -> None:
    text = write_registry(registry)

    assert parse(text) == registry
    assert write_registry(parse(text)) == text


def test_written_text_is_as_short_as_what_a_person_would_write() -> None:
    text = write_registry(parse(GOOD))

    assert 'contract = ["GetCarePlans 2", "GetCareContacts 3"]' in text
    assert "valid_to = 2026-12-31" in text
    assert text.count("[[permission]]") == 1
    assert "timeout = 12.5" in text


def test_days_survive_the_change_of_clocks() -> None:
    """A period may begin or end on the days when the clocks are moved."""
    text = GOOD.replace("2026-01-01", "2026-03-29").replace("2026-12-31", "2026-10-25")

    registry = parse(text)

    assert registry.routes[2].valid_from == first_moment(date(2026, 3, 29))
    assert parse(write_registry(registry)) == registry


def test_an_address_that_nobody_describes_is_named_by_its_producer() -> None:
    """The rows of the file first; then what routes and permissions name; never ``*``."""
    more = """
[[permission]]
consumer = "SE5565594230-NPO"
contract = "GetCareContacts 3"
logical_address = "5565594230"

[[route]]
contract = "GetCareContacts 3"
logical_address = "SE2321000032-PRATOR"
producer = "sormland"
"""
    registry = parse(GOOD.replace("[hsa]", more + "\n[hsa]"))

    assert [(row.logical_address, row.description) for row in registry.logical_addresses()] == [
        ("SE2321000131-1", "Regionens journal, Eskilstuna"),
        ("SE2321000032-PRATOR", "Prator, Sörmland"),
        ("5565594230", ""),
    ]


def test_a_file_from_before_these_fields_reads_as_it_did() -> None:
    """All of them may be left out."""
    old = GOOD
    for key in ("organisation", "contact", "data_controller", "filters"):
        old = "\n".join(line for line in old.split("\n") if not line.startswith(key))
    old = old[: old.index("[[address]]")] + old[old.index("[[route]]") :]
    old = old[: old.index("[[care_giver]]")] + old[old.index("[hsa]") :]

    registry = parse(old)

    assert registry.addresses == ()
    assert registry.producers[1].organisation is None
    assert registry.permissions[0].filters == ()
    assert registry.care_givers == ()
    assert registry.consumers == ()
    assert "organisation" not in write_registry(registry)


@pytest.mark.slow
def test_the_time_to_read_a_file_grows_with_its_size_and_no_faster() -> None:
    """Four times the rows once took sixteen times as long."""

    def seconds(rows: int) -> float:
        table = (
            '[[permission]]\nconsumer = "C{}"\ncontract = "GetCarePlans 2"\nlogical_address = "*"\n'
        )
        text = GOOD.replace("[hsa]", "".join(map(table.format, range(rows))) + "\n[hsa]")
        begun = time.perf_counter()
        assert len(parse(text).permissions) == rows + 2
        return time.perf_counter() - begun

    assert seconds(16_000) < 10 * max(seconds(4_000), 0.05)
