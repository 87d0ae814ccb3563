"""The transport that asks sources through adapters: whatever an adapter does, one outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from samsvar.adapter_api import (
    AdapterOptions,
    Http,
    HttpAnswer,
    ProducerUnreachable,
    TextOption,
)
from samsvar.errors import (
    AdapterBroke,
    NotRouted,
    ProducerError,
    ProducerResultError,
    ProducerTimedOut,
)
from samsvar.manifest import AdapterManifest, LoadedAdapter
from samsvar.model.care import (
    CareContact,
    CarePlan,
    CareQuery,
    DataQuality,
    PlanStatus,
    QualityCode,
)
from samsvar.model.catalogue import Producer, ProducerKind, RivtaProfile, RoutingEntry
from samsvar.model.contract import ServiceContract
from samsvar.model.exchange import Call, Item, Peer, Question, Recipient, Reply
from samsvar.model.identifiers import ContractUrn, CorrelationId, LogicalAddress
from samsvar.outbound.adapted import AdaptedTransport
from samsvar.soap.codecs import CODECS, get_care_contacts_2, get_care_contacts_3, get_care_plans_2
from tests.care_records import (
    SOURCE,
    STRANGER,
    SUBJECT,
    at,
    question,
    small_contact,
    small_plan,
    whole_contact,
)

ADDRESS = "https://source.example/"
Plans = Callable[[CareQuery, str, AdapterOptions, Http], Awaitable[Sequence[CarePlan]]]


class NoHttp:
    """A way out that is never taken: these adapters make their records themselves."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: object = None,
        body: bytes | None = None,
    ) -> HttpAnswer:
        """Refuse."""
        raise AssertionError("no adapter here asks anything")


@dataclass(frozen=True)
class Scripted:
    """An adapter that does what its test tells it."""

    plans: Plans
    contacts: tuple[CareContact, ...] = ()

    async def care_plans(
        self, query: CareQuery, address: str, options: AdapterOptions, http: Http
    ) -> Sequence[CarePlan]:
        """As scripted."""
        return await self.plans(query, address, options, http)

    async def care_contacts(
        self, query: CareQuery, address: str, options: AdapterOptions, http: Http
    ) -> Sequence[CareContact]:
        """As scripted."""
        return self.contacts


def giving(*plans: CarePlan) -> Plans:
    """Plans that come at once."""

    async def care_plans(*_: object) -> Sequence[CarePlan]:
        return plans

    return care_plans


def failing(error: Exception) -> Plans:
    """An adapter that raises."""

    async def care_plans(*_: object) -> Sequence[CarePlan]:
        raise error

    return care_plans


def contract(urn: str) -> ServiceContract:
    """A contract of which only the name counts here."""
    return ServiceContract(
        urn=ContractUrn(urn),
        operation="",
        soap_action="",
        request_element="",
        response_element="",
        item_elements=(),
        result_element=None,
        subject_id_path=(),
        subject_root_path=None,
        subject_root=None,
        source_filter_path=None,
        item_subject_id_path=(),
        item_subject_root_path=None,
        item_source_path=None,
        result_code_element=None,
        result_log_id_element=None,
        service_domain="",
        categorization="",
        deadline=None,
        wsdl=Path(),
        folder=Path(),
        title="",
    )


def body(urn: str, *, inside: str = "") -> bytes:
    """A request about SUBJECT."""
    operation = urn.split(":")[-2].removesuffix("Responder")
    version = 2 if urn == get_care_contacts_2.CONTRACT else 3
    return (
        f'<r:{operation} xmlns:r="{urn}" '
        f'xmlns:c="urn:riv:clinicalprocess:logistics:logistics:{version}">'
        f"<r:patientId><c:id>{SUBJECT.extension}</c:id><c:type>{SUBJECT.root}</c:type>"
        f"</r:patientId>{inside}</r:{operation}>"
    ).encode()


MANIFEST = AdapterManifest(
    "scripted",
    "Scripted",
    "team-test",
    (),
    contracts=tuple(CODECS),
    options=(TextOption("key", "The key.", required=False, secret=True),),
)
PRODUCER = Producer("p1", "Scripted source", ProducerKind.ADAPTER, ADDRESS, "SE-OWNER", "scripted")


async def ask(
    adapter: Scripted,
    *,
    urn: str = get_care_plans_2.CONTRACT,
    inside: str = "",
    producer: Producer = PRODUCER,
    manifest: AdapterManifest = MANIFEST,
    patience: float = 5.0,
    routed: bool = True,
) -> Reply:
    """Put the question to the adapter through the transport."""
    address = LogicalAddress(SOURCE)
    entry = RoutingEntry(
        ContractUrn(urn), address, producer, RivtaProfile.BP21, at(2020, 1, 1), at(2030, 1, 1)
    )
    transport = AdaptedTransport(
        {"scripted": LoadedAdapter(manifest, adapter)},
        lambda _: NoHttp(),
        {"env:KEY": "secret"}.__getitem__,
    )
    call = Call(
        correlation_id=CorrelationId("c1"),
        peer=Peer(secure=False, trusted=True, certificate=None),
        contract=ContractUrn(urn),
        logical_address=address,
        profile=RivtaProfile.BP21,
        original_consumer=None,
        routing_history=None,
        forwarded=(),
        message=None,
        received=0.0,
        deadline=30.0,
        received_at=at(2024, 3, 1),
    )
    asked = Question(contract(urn), SUBJECT, None, body(urn, inside=inside), b"")
    return await transport.ask(call, asked, Recipient(address, entry if routed else None), patience)


async def refused(adapter: Scripted, **how: object) -> ProducerError:
    """The error that comes instead of a reply."""
    with pytest.raises(ProducerError) as caught:
        await ask(adapter, **how)  # type: ignore[arg-type]
    return caught.value


async def test_records_become_items_of_the_contract() -> None:
    """Drafts are left out; what stays goes on as data, since what of it may leave is not known."""
    shown, draft = small_plan(), small_plan(plan_id="SIP-2", status=PlanStatus.PLANNING)
    plans = await ask(Scripted(giving(shown, draft)))
    adapter = Scripted(giving(), (whole_contact(), small_contact()))
    newer = await ask(adapter, urn=get_care_contacts_3.CONTRACT)

    assert plans == Reply((Item(b"", SUBJECT, SOURCE, record=shown),))
    assert newer == Reply(
        tuple(
            Item(b"", SUBJECT, SOURCE, record=contact)
            for contact in (whole_contact(), small_contact())
        )
    )


async def test_what_a_contract_cannot_hold_is_a_warning() -> None:
    """The older contract wants a unit; technicians hear why the contact is not there."""
    adapter = Scripted(giving(), (whole_contact(), small_contact(), small_contact()))
    reply = await ask(adapter, urn=get_care_contacts_2.CONTRACT)

    assert reply == Reply(
        (Item(b"", SUBJECT, SOURCE, record=whole_contact()),),
        warnings=(
            "MISSING_HSA_UNIT unit: contact left out: version 2.0 wants its unit's HSA-id and name",
        ),
    )


async def test_the_adapter_is_asked_with_what_its_producer_is_set_up_with() -> None:
    """The question as canonical words, the address, and its options with the secret read."""
    seen: list[tuple[CareQuery, str, AdapterOptions]] = []

    async def care_plans(
        query: CareQuery, address: str, options: AdapterOptions, http: Http
    ) -> Sequence[CarePlan]:
        seen.append((query, address, options))
        return ()

    producer = replace(PRODUCER, options=(("key", "env:KEY"),))
    reply = await ask(
        Scripted(care_plans), producer=producer, inside="<r:careUnitHSAId>SE-U</r:careUnitHSAId>"
    )

    assert reply == Reply(())
    assert seen == [(question(care_units=("SE-U",)), ADDRESS, {"key": "secret"})]


@pytest.mark.parametrize("limit", ["patience", "producer"])
async def test_a_slow_adapter_is_timed_out(limit: str) -> None:
    """By the question's patience, or the producer's own limit when that is shorter."""

    async def care_plans(*_: object) -> Sequence[CarePlan]:
        await asyncio.sleep(60)
        return ()

    error = await refused(
        Scripted(care_plans),
        patience=0.01 if limit == "patience" else 60.0,
        producer=replace(PRODUCER, timeout=None if limit == "patience" else 0.01),
    )

    assert (type(error), str(error)) == (
        ProducerTimedOut,
        "timeout: no whole answer in 0.01 s",
    )


async def test_what_the_adapter_found_at_the_source_passes() -> None:
    """It says whom to look for."""
    error = ProducerUnreachable("no connection")

    assert await refused(Scripted(failing(error))) is error


@pytest.mark.parametrize("error", [KeyError("191212121212"), ValueError("191212121212")])
async def test_a_bug_in_an_adapter_is_told_by_its_type_alone(error: Exception) -> None:
    """Its text may quote the record, and so may the traceback that a log would print."""
    broke = await refused(Scripted(failing(error)))

    assert (type(broke), str(broke)) == (AdapterBroke, f"the adapter raised {type(error).__name__}")
    assert broke.__cause__ is None
    assert broke.__suppress_context__


async def test_another_persons_record_is_handed_on_as_that_persons_and_without_content() -> None:
    """A draft too. The stage that judges answers finds it, and drops the whole answer."""
    draft = small_plan(subject=STRANGER, status=PlanStatus.PLANNING)
    reply = await ask(Scripted(giving(small_plan(), draft, small_plan(subject=STRANGER))))

    assert reply == Reply(
        (
            Item(b"", SUBJECT, SOURCE, record=small_plan()),
            Item(b"", STRANGER, SOURCE),
            Item(b"", STRANGER, SOURCE),
        )
    )


async def test_a_question_that_the_contract_calls_invalid_is_a_result_error() -> None:
    """As a producer that speaks the contract would have answered."""
    error = await refused(
        Scripted(giving(small_plan())), inside="<r:careContactId>VK-1</r:careContactId>"
    )

    assert (type(error), str(error)) == (
        ProducerResultError,
        "INVALID_REQUEST: careContactId needs sourceSystemHSAId: give it",
    )


@pytest.mark.parametrize(
    ("how", "text"),
    [
        (
            {"producer": replace(PRODUCER, adapter="other")},
            "the producer's adapter is not installed: correct the catalogue",
        ),
        (
            {"manifest": replace(MANIFEST, contracts=(get_care_contacts_3.CONTRACT,))},
            "its adapter does not answer this contract: correct the catalogue",
        ),
        (
            {"producer": replace(PRODUCER, options=(("kye", "env:KEY"),))},
            "the producer's options are not usable: kye: scripted has no such option",
        ),
        (
            {"producer": replace(PRODUCER, options=(("key", "env:NONE"),))},
            "the producer's options are not usable: key: the secret cannot be read (KeyError)",
        ),
    ],
)
async def test_a_producer_that_is_set_up_wrongly_is_our_loss_not_the_sources(
    how: dict[str, object], text: str
) -> None:
    """The text says what to correct."""
    error = await refused(Scripted(giving(small_plan())), **how)

    assert (type(error), str(error)) == (AdapterBroke, text)


async def test_an_address_without_a_route_is_not_asked() -> None:
    """There is nobody to ask."""
    assert isinstance(await refused(Scripted(giving()), routed=False), NotRouted)


async def test_remarks_on_records_are_warnings_once() -> None:
    """However many records they stand on."""
    remark = DataQuality(QualityCode.TEXT_NOT_SPLIT, "assessment", "kept as one text")
    plans = [small_plan(plan_id=plan_id, quality=(remark,)) for plan_id in ("1", "2")]

    assert (await ask(Scripted(giving(*plans)))).warnings == (
        "TEXT_NOT_SPLIT assessment: kept as one text",
    )
