"""The desk: from a form to rows in the registry, who may do what, and what is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from samsvar.model.care import LegalBasis
from samsvar.model.catalogue import (
    CareGiver,
    CareGiverKind,
    Consumer,
    Contact,
    OrganisationKind,
    ProducerKind,
)
from samsvar.model.identifiers import HsaId, LogicalAddress
from samsvar.onboarding.application import State, id_from
from samsvar.onboarding.refusals import NotAllowed, NotNow, NotThere, NotValid
from samsvar.onboarding.roles import MAY, Right, Role, User
from samsvar.registry import first_moment, local_day
from samsvar.soap.index_messages import UPDATE
from tests.onboarding import (
    CONSUMER,
    CONTACTS,
    FORM,
    HUB,
    KOMMUN,
    OBSERVER,
    OPERATOR,
    OTHER,
    PLANS,
    REGISTRAR,
    SYSTEM,
    Office,
    opened,
)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A new hub: nothing has been published."""
    with opened(tmp_path) as made:
        yield made


def test_an_approved_producer_has_its_rows_in_the_registry(office: Office) -> None:
    """Contract, producer, address, route; permissions to ask it, the hub, and to tell the index."""
    name = office.published()
    registry = office.registry()

    assert name == "omsorgen-exempelkommun"
    assert [contract.urn for contract in registry.contracts] == [PLANS, UPDATE]
    (producer,) = registry.producers
    assert (producer.id, producer.title, producer.address) == (name, FORM.name, FORM.url)
    assert (producer.owner, producer.organisation) == (FORM.owner, FORM.organisation)
    assert (producer.contact, producer.data_controller) == (FORM.contact, FORM.data_controller)
    assert [(r.contract, r.logical_address, r.producer.id) for r in registry.routes] == [
        (PLANS, SYSTEM, name)
    ]
    assert [(p.consumer, p.contract, p.logical_address) for p in registry.permissions] == [
        (CONSUMER, PLANS, SYSTEM),
        (CONSUMER, PLANS, HUB),
        (SYSTEM, UPDATE, HUB),
    ]
    assert [(row.logical_address, row.description) for row in registry.addresses] == [
        (SYSTEM, FORM.name)
    ]
    assert office.catalogue.current().version == 1
    assert [(row.who, row.comment) for row in office.catalogue.history()] == [
        (REGISTRAR.name, f"producer {name}: approved")
    ]


def test_the_second_producer_may_be_asked_by_all_who_may_ask_the_hub(office: Office) -> None:
    """Unless the registrar says who; and nobody gets the same permission twice."""
    office.published()
    second = replace(FORM, name="Grannkommun", hsa_id="SE2129999990-TREE1")
    name = office.desk.register(OTHER, second).id
    office.desk.ask_publication(OTHER, name)
    office.desk.approve(REGISTRAR, name, "")

    rows = {(p.consumer, p.contract, p.logical_address) for p in office.registry().permissions}
    assert rows == {
        (CONSUMER, PLANS, SYSTEM),
        (CONSUMER, PLANS, HUB),
        (SYSTEM, UPDATE, HUB),
        (CONSUMER, PLANS, "SE2129999990-TREE1"),
        ("SE2129999990-TREE1", UPDATE, HUB),
    }
    assert len(office.registry().permissions) == 5


def test_the_owner_of_an_approved_producer_is_in_the_directory(office: Office) -> None:
    """A region gives health care, a board social care; what the directory says already stays."""
    office.published()
    health = replace(FORM, organisation=OrganisationKind.REGION, legal_basis=None)
    region = replace(health, name="B", hsa_id="SE2-B", owner="SE2-R")
    again = replace(health, name="C", hsa_id="SE3-C")
    for form in (region, again):
        office.published(form)

    assert office.registry().care_givers == (
        CareGiver(
            HsaId(FORM.owner),
            FORM.owner,
            CareGiverKind.OG,
            legal_basis=LegalBasis.SOL_ELDERLY,
            marked=True,
        ),
        CareGiver(HsaId("SE2-R"), "SE2-R", CareGiverKind.VG),
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"legal_basis": None}, "do not say under which law"),
        ({"legal_basis": LegalBasis.HSL}, "not of this kind of owner"),
        ({"organisation": OrganisationKind.REGION}, "not of this kind of owner"),
    ],
)
def test_a_board_says_under_which_law_its_records_are(
    office: Office, changes: dict[str, Any], fault: str
) -> None:
    """Else nothing of it could be shown, and nobody would be told why."""
    with pytest.raises(NotValid) as refused:
        office.desk.register(KOMMUN, replace(FORM, **changes))

    assert any(fault in str(each) for each in refused.value.faults)


def test_a_board_is_published_only_if_somebody_may_be_shown_something(office: Office) -> None:
    """A consumer that has not said that it keeps social care's rules gets nothing of it."""
    name = office.desk.register(KOMMUN, FORM).id
    office.desk.ask_publication(KOMMUN, name)

    with pytest.raises(NotNow, match="social_care"):
        office.desk.approve(REGISTRAR, name, "", consumers=[CONSUMER])
    office.desk.approve(REGISTRAR, name, "", consumers=[CONSUMER], social_care=True)

    assert office.registry().consumers == (Consumer(HsaId(CONSUMER), social_care=True),)


@pytest.mark.parametrize("kind", CareGiverKind)
def test_a_private_owner_must_say_what_it_gives(office: Office, kind: CareGiverKind) -> None:
    law = FORM.legal_basis if kind is CareGiverKind.OG else LegalBasis.HSL
    private = replace(FORM, organisation=OrganisationKind.PRIVATE, legal_basis=law)
    name = office.desk.register(KOMMUN, private).id
    with pytest.raises(NotNow, match="care_giver_kind: VG or OG"):
        office.desk.ask_publication(KOMMUN, name)

    office.desk.change(KOMMUN, name, lambda form: replace(form, care_giver_kind=kind))
    office.desk.ask_publication(KOMMUN, name)
    office.desk.approve(REGISTRAR, name, "", consumers=[CONSUMER], social_care=True)

    assert [row.kind for row in office.registry().care_givers] == [kind]


def test_a_registrar_can_look_at_a_draft_before_deciding(office: Office) -> None:
    """It is there from the question to the answer."""
    office.published()
    name = office.desk.register(OTHER, replace(FORM, name="B", hsa_id="SE2-B")).id

    office.desk.ask_publication(OTHER, name)
    (draft,) = office.drafts.all()
    office.desk.approve(REGISTRAR, name, "")

    assert (draft.name, draft.base_version, draft.routes) == ("producer-b", 1, 2)
    assert office.drafts.all() == []


def test_a_change_makes_it_a_draft_and_counts_when_it_is_approved_again(office: Office) -> None:
    """What is published is what was looked at."""
    name = office.published()

    changed = office.desk.change(
        KOMMUN, name, lambda form: replace(form, url="https://new.example/", contracts=(CONTACTS,))
    )
    before = office.registry()
    with pytest.raises(NotNow, match="nobody has asked for it: the application is draft"):
        office.desk.approve(REGISTRAR, name, "")
    office.desk.ask_publication(KOMMUN, name)
    version, standing = office.desk.approve(
        REGISTRAR, name, "moved", consumers=[CONSUMER], social_care=True
    )
    after = office.registry()

    assert changed.application is not None
    assert changed.application.state is State.DRAFT
    assert before.producers[0].address == FORM.url
    assert version == 2
    assert [(r.contract, r.producer.address) for r in after.routes] == [
        (CONTACTS, "https://new.example/")
    ]
    assert standing.application is not None
    assert [(one.what, one.who) for one in standing.application.history] == [
        ("registered", KOMMUN.name),
        ("asked", KOMMUN.name),
        ("published", REGISTRAR.name),
        ("changed", KOMMUN.name),
        ("asked", KOMMUN.name),
        ("published", REGISTRAR.name),
    ]


def test_a_rejection_says_why_and_can_be_mended(office: Office) -> None:
    """The applicant reads the comment, changes, and asks again."""
    name = office.desk.register(KOMMUN, FORM).id
    office.desk.ask_publication(KOMMUN, name)
    with pytest.raises(NotValid, match="say why"):
        office.desk.reject(REGISTRAR, name, "")

    rejected = office.desk.reject(REGISTRAR, name, "Fel ägare").application
    office.desk.change(KOMMUN, name, lambda form: replace(form, owner="SE2129999989-0002"))
    asked = office.desk.ask_publication(KOMMUN, name).application

    assert rejected is not None
    assert (rejected.state, rejected.history[-1].comment) == (State.REJECTED, "Fel ägare")
    assert asked is not None
    assert asked.state is State.ASKED


def test_what_was_changed_since_the_registrar_looked_is_not_approved(office: Office) -> None:
    """The revision is that of the page that was read."""
    name = office.desk.register(KOMMUN, FORM).id
    seen = office.desk.ask_publication(KOMMUN, name).application
    assert seen is not None
    office.desk.change(KOMMUN, name, lambda form: replace(form, url="https://evil.example/"))
    office.desk.ask_publication(KOMMUN, name)

    with pytest.raises(NotNow, match="was changed since that revision"):
        office.desk.approve(
            REGISTRAR, name, "", revision=seen.revision, consumers=[CONSUMER], social_care=True
        )


def test_nobody_is_published_to_nobody(office: Office) -> None:
    """In an empty registry the registrar must say who may ask."""
    name = office.desk.register(KOMMUN, FORM).id
    office.desk.ask_publication(KOMMUN, name)

    with pytest.raises(NotNow, match="say who may ask it"):
        office.desk.approve(REGISTRAR, name, "")


def test_an_address_that_another_producer_serves_is_refused(office: Office) -> None:
    """Two routes to one address would be VP006 for everybody."""
    office.published()
    registry = office.registry()
    elsewhere = replace(registry.producers[0], id="by-file", title="By file")
    routes = tuple(
        replace(route, producer=elsewhere, logical_address=type(route.logical_address)("SE2-B"))
        for route in registry.routes
    )
    changed = replace(
        registry,
        producers=(*registry.producers, elsewhere),
        routes=(*registry.routes, *routes),
    )
    office.catalogue.publish(changed, "test", "by file")
    name = office.desk.register(OTHER, replace(FORM, name="B", hsa_id="SE2-B")).id

    with pytest.raises(NotNow, match="to the producer by-file"):
        office.desk.ask_publication(OTHER, name)
    assert [one.id for one in office.desk.all(OBSERVER)] == [
        "b",
        "by-file",
        "omsorgen-exempelkommun",
    ]


def test_a_producer_is_put_out_of_service_and_back(office: Office) -> None:
    """By the registry: a version for each, and routes that know of it."""
    name = office.published()
    until = office.clock.now() + timedelta(hours=2)

    off, standing = office.desk.disable(OPERATOR, name, "Byter databas", until)
    registry = office.registry()
    on, after = office.desk.enable(OPERATOR, name)

    assert (off, on) == (2, 3)
    assert standing.disabled is not None
    assert registry.routes[0].producer.disabled == standing.disabled
    assert after.disabled is None
    assert office.registry().producers[0].disabled is None
    with pytest.raises(NotNow, match="in service already"):
        office.desk.enable(OPERATOR, name)


def test_a_producer_stays_out_of_service_when_its_form_is_published_anew(office: Office) -> None:
    """A change of form is no word about service."""
    name = office.published()
    office.desk.disable(OPERATOR, name, "Läcker", None)
    office.desk.change(KOMMUN, name, lambda form: replace(form, url="https://new.example/"))
    office.desk.ask_publication(KOMMUN, name)
    office.desk.approve(REGISTRAR, name, "", consumers=[CONSUMER], social_care=True)

    (producer,) = office.registry().producers
    assert producer.address == "https://new.example/"
    assert producer.disabled is not None


def test_a_producer_ends_its_own_pause_and_not_that_of_the_operators(office: Office) -> None:
    """Whoever was stopped does not start itself."""
    name = office.published()
    office.desk.disable(KOMMUN, name, "Underhåll", None)
    office.desk.enable(KOMMUN, name)
    office.desk.disable(OPERATOR, name, "Läcker", None)

    with pytest.raises(NotAllowed, match="ask them"):
        office.desk.enable(KOMMUN, name)
    assert office.desk.enable(OPERATOR, name)[1].disabled is None


@pytest.mark.parametrize(
    ("notice", "hours", "fault"),
    [
        ("", 1, "notice: one line of text, without blanks at its ends"),
        ("två\nrader", 1, "notice: one line of text, without blanks at its ends"),
        ("x" * 201, 1, "notice: at most 200 characters"),
        (
            "Gäller 19121212-1212",
            1,
            "notice: holds what could be a personal number: leave it out",
        ),
        ("Byter databas", -1, "until: is past"),
    ],
)
def test_a_notice_that_cannot_be_shown_is_refused(
    office: Office, notice: str, hours: int, fault: str
) -> None:
    """Consumers will read it."""
    name = office.published()
    until = office.clock.now() + timedelta(hours=hours)

    with pytest.raises(NotValid) as refused:
        office.desk.disable(OPERATOR, name, notice, until)
    assert list(map(str, refused.value.faults)) == [fault]


def test_a_producers_user_sees_its_own_systems_only(office: Office) -> None:
    """Another's system looks as if it were not there, in every method."""
    name = office.published()
    desk = office.desk

    assert [one.id for one in desk.all(OTHER)] == []
    assert [one.id for one in desk.all(KOMMUN)] == [name]
    assert [one.id for one in desk.all(replace(OTHER, producers=(name,)))] == [name]
    for attempt in (
        lambda: desk.one(OTHER, name),
        lambda: desk.one(OTHER, "nobody"),
        lambda: desk.change(OTHER, name, lambda form: form),
        lambda: desk.take_certificate(OTHER, name, b""),
        lambda: desk.judge_request(OTHER, name, b""),
        lambda: desk.ask_publication(OTHER, name),
        lambda: desk.disable(OTHER, name, "x", None),
        lambda: desk.enable(OTHER, name),
    ):
        with pytest.raises(NotThere, match="there is no such producer, or it is not yours"):
            attempt()


#: written from the text of the roles, not from the program
MATRIX = {
    "see-producers": "observer operator registrar security-officer auditor producer",
    "see-status": "observer operator registrar security-officer auditor producer",
    "register": "registrar producer",
    "test": "operator registrar producer",
    "ask-publication": "registrar producer",
    "decide-publication": "registrar",
    "set-secrets": "registrar",
    "suspend": "operator registrar security-officer producer",
    "read-questions": "operator security-officer auditor",
    "hold-breakers": "operator registrar security-officer",
    "see-events": "observer operator security-officer",
    "see-registry": "observer operator registrar security-officer auditor",
    "change-registry": "registrar",
    "see-queues": "observer operator registrar security-officer auditor",
    "clear-queues": "operator",
    "see-log-state": "operator security-officer auditor",
    "search-person": "auditor",
    "diagnose": "operator registrar security-officer",
}


def test_each_role_may_do_what_its_row_says_and_nothing_else() -> None:
    """All roles by all rights, held to a table of its own."""
    allowed = {(role.value, right.value) for role in Role for right in Right if right in MAY[role]}
    assert allowed == {(role, right) for right, roles in MATRIX.items() for role in roles.split()}


@pytest.mark.parametrize("role", list(Role))
def test_the_desk_looks_at_the_role_in_every_method(office: Office, role: Role) -> None:
    """What the table does not allow is refused before anything else is looked at."""
    name = office.published()
    user = User("x", "X", role, (name,))
    desk = office.desk
    attempts: dict[str, list[Callable[[], object]]] = {
        "see-producers": [lambda: desk.all(user), lambda: desk.one(user, name)],
        "register": [
            lambda: desk.register(user, FORM),
            lambda: desk.change(user, name, lambda form: form),
            lambda: desk.take_certificate(user, name, b""),
            lambda: desk.judge_request(user, name, b""),
        ],
        "ask-publication": [lambda: desk.ask_publication(user, name)],
        "decide-publication": [
            lambda: desk.approve(user, name, ""),
            lambda: desk.reject(user, name, "nej"),
        ],
        "suspend": [lambda: desk.disable(user, name, "", None), lambda: desk.enable(user, name)],
    }
    for right, calls in attempts.items():
        for attempt in calls:
            if role.value in MATRIX[right].split():
                try:
                    attempt()
                except NotAllowed as error:
                    raise AssertionError(f"{role} may {right}") from error
                except (NotNow, NotValid):
                    pass
            else:
                with pytest.raises(NotAllowed, match=right):
                    attempt()


def test_every_fault_of_a_form_is_told_at_once_and_no_value(office: Office) -> None:
    """Field by field."""
    bad = replace(
        FORM,
        name="Tolvan 19121212-1212",
        hsa_id="SE2129999989 LIFECARE",
        owner="1212121212",
        data_controller="å",
        contact=Contact("", "nobody"),
        url="http://lifecare.example/",
        contracts=(),
        timeout=0.0,
        adapter="prator",
    )

    with pytest.raises(NotValid) as refused:
        office.desk.register(KOMMUN, bad)

    assert tuple(map(str, refused.value.faults)) == (
        "name: holds what could be a personal number: leave it out",
        "contact.name: one line of text, without blanks at its ends",
        "contact.email: an address such as drift@kommun.example",
        "hsa_id: 1 to 64 letters, digits and -, as in the certificate",
        "owner: holds what could be a personal number: write SE before a number",
        "data_controller: 1 to 64 of A-Z a-z 0-9 _ . : -",
        "url: must begin with https://; http:// is for this machine only (127.0.0.1, ::1)",
        "contracts: name at least one",
        "timeout: over 0 and at most 28 seconds",
        'kind: only "adapter" has adapter and options',
    )
    assert office.desk.all(OBSERVER) == []


def test_only_the_registrar_says_where_a_secret_is(office: Office) -> None:
    """Else an applicant could have any file of the hub's machine sent to its own address."""
    form = replace(
        FORM,
        kind=ProducerKind.ADAPTER,
        adapter="prator",
        options=(("unit_registry", "VC-017=SE2-00A1@SE2"),),
    )
    stolen = replace(form, options=(*form.options, ("api_key", "file:data/person.key")))
    with pytest.raises(NotValid) as refused:
        office.desk.register(KOMMUN, stolen)
    name = office.desk.register(KOMMUN, form).id
    office.desk.ask_publication(KOMMUN, name)
    with pytest.raises(NotNow) as early:
        office.desk.approve(REGISTRAR, name, "", consumers=[CONSUMER], social_care=True)
    office.desk.change(
        REGISTRAR, name, lambda f: replace(f, options=(*f.options, ("api_key", "file:s/prator")))
    )
    with pytest.raises(NotValid) as moved:
        office.desk.change(KOMMUN, name, lambda f: replace(f, url="https://evil.example/"))
    office.desk.ask_publication(KOMMUN, name)
    office.desk.approve(REGISTRAR, name, "", consumers=[CONSUMER], social_care=True)

    assert tuple(map(str, refused.value.faults)) == (
        "options.api_key: only the hub's registrar says where a secret is: leave it out",
    )
    assert str(early.value.faults[0]).startswith("options.api_key: the hub's registrar must say")
    assert tuple(map(str, moved.value.faults)) == (
        "url: the registrar must change it, for a secret is sent there",
    )
    assert dict(office.registry().producers[0].options)["api_key"] == "file:s/prator"


def test_an_hsa_id_belongs_to_one_application(office: Office) -> None:
    """In whatever case; and a published producer keeps its own."""
    name = office.published()

    with pytest.raises(NotNow, match="another application has this HSA-id"):
        office.desk.register(OTHER, replace(FORM, name="Annan", hsa_id=SYSTEM.lower()))
    with pytest.raises(NotNow, match="keeps its HSA-id"):
        office.desk.change(KOMMUN, name, lambda form: replace(form, hsa_id="SE2-B"))


def test_two_changes_of_one_application_are_not_mixed(office: Office) -> None:
    """Whoever was second hears of it."""
    name = office.desk.register(KOMMUN, FORM).id

    def and_somebody_else(form: object) -> object:
        office.desk.change(REGISTRAR, name, lambda f: replace(f, owner="SE2129999989-0002"))
        return replace(FORM, owner="SE2129999989-0003")

    with pytest.raises(NotNow, match="somebody else has changed it"):
        office.desk.change(KOMMUN, name, and_somebody_else)  # type: ignore[arg-type]
    standing = office.desk.one(KOMMUN, name)
    assert standing.application is not None
    assert standing.application.form.owner == "SE2129999989-0002"


def test_what_was_published_is_noted_also_if_the_form_was_changed_meanwhile(
    office: Office,
) -> None:
    """In force is what was looked at; the change is a draft; the history knows of both."""
    name = office.desk.register(KOMMUN, FORM).id
    office.desk.ask_publication(KOMMUN, name)
    publish = office.catalogue.publish

    def and_then_somebody_changes(*given: Any, **named: Any) -> int:
        version = publish(*given, **named)
        office.desk.change(KOMMUN, name, lambda form: replace(form, owner="SE2129999989-0002"))
        return version

    office.catalogue.publish = and_then_somebody_changes  # type: ignore[method-assign]
    version, standing = office.desk.approve(
        REGISTRAR, name, "", consumers=[CONSUMER], social_care=True
    )

    assert version == 1
    assert standing.producer is not None
    assert standing.producer.owner == FORM.owner
    assert standing.application is not None
    assert (standing.application.state, standing.application.was_published) == (State.DRAFT, True)
    assert [one.what for one in standing.application.history[-2:]] == ["changed", "published"]


def test_a_version_that_came_in_between_is_built_upon(office: Office) -> None:
    """The desk looks again; neither change is lost."""
    name = office.published()
    registry = office.registry()
    other = replace(registry, hsa=((SYSTEM, "SE2129999989-0001"),))
    newest = office.catalogue.newest
    looked: list[int] = []

    def and_then_somebody_publishes() -> int:
        number = newest()
        if not looked:
            looked.append(number)
            office.catalogue.publish(other, "somebody", "the tree")
        return number

    office.catalogue.newest = and_then_somebody_publishes  # type: ignore[method-assign]
    version, _ = office.desk.disable(OPERATOR, name, "Byter databas", None)

    after = office.registry()
    assert version == 3
    assert after.hsa == ((SYSTEM, "SE2129999989-0001"),)
    assert after.producers[0].disabled is not None


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [
        ("Omsorgen, Åmål", set(), "omsorgen-amal"),
        ("Omsorgen, Åmål", {"omsorgen-amal", "omsorgen-amal-2"}, "omsorgen-amal-3"),
        ("ø", set(), "producer"),
        ("x" * 100, set(), "x" * 30),
    ],
)
def test_an_id_is_made_of_the_name(name: str, taken: set[str], expected: str) -> None:
    """Readable, and free."""
    assert id_from(name, taken) == expected


def test_what_is_kept_is_read_back_as_it_was(office: Office) -> None:
    """Every field of the form, also those that are rarely filled in."""
    form = replace(
        FORM,
        kind=ProducerKind.ADAPTER,
        adapter="prator",
        options=(("unit_registry", "VC=SE2@SE2"),),
        timeout=12.5,
        contact=Contact("Drift", None),
        care_giver_kind=CareGiverKind.OG,
    )
    name = office.desk.register(KOMMUN, form).id

    application = office.desk.one(KOMMUN, name).application
    assert application is not None
    assert dataclasses.asdict(application.form) == dataclasses.asdict(form)
    assert application.form == form


def test_a_registry_that_would_not_be_sound_is_refused_with_its_faults(office: Office) -> None:
    """A permission that begins tomorrow would overlap: the registry has the last word."""
    office.published()
    registry = office.registry()
    tomorrow = replace(
        registry.permissions[0],
        logical_address=LogicalAddress("SE2-B"),
        valid_from=first_moment(local_day(office.clock.now() + timedelta(days=2))),
    )
    changed = replace(registry, permissions=(*registry.permissions, tomorrow))
    office.catalogue.publish(changed, "test", "by file")
    name = office.desk.register(OTHER, replace(FORM, name="B", hsa_id="SE2-B")).id

    office.desk.ask_publication(OTHER, name)

    with pytest.raises(NotNow, match="would not be sound") as refused:
        office.desk.approve(REGISTRAR, name, "")
    assert "overlaps" in refused.value.faults[0].english
    assert office.catalogue.current().version == 2
