"""The engagement index as its senders meet it: Update and FindContent over a socket.

What was accepted is found at once; what breaks a rule is refused whole, in the national index's
own words, misspelt ones among them; and an index that is broken says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from samsvar.model.exchange import Verdict
from samsvar.simulation import demo_data, producer, running
from samsvar.store.sqlite import FILE_NAME
from tests import databases
from tests.hub import (
    CONSUMER,
    DOMAIN,
    HUB,
    STRANGER,
    UPDATE_PATH,
    Running,
    Site,
    Source,
    post,
    running_hub,
    status_rows,
)
from tests.outside import S, SeenFault, envelope_of, fault_of, rows_of
from tests.world import envelope

pytestmark = [pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]

CORE = "urn:riv:itintegration:engagementindex:1"
UPDATE = "urn:riv:itintegration:engagementindex:UpdateResponder:1"
FIND = "urn:riv:itintegration:engagementindex:FindContentResponder:1"
FIND_PATH = "/vp/itintegration/engagementindex/FindContent/1/rivtabp21"
SOURCE, RESERVED, ELSEWHERE = demo_data.HOSPITAL, "SE2120000001-RESERVED", "SE2120000001-ELSEWHERE"
TOLVAN, TEST = "191212121212", "196501022773"
FIELDS = {
    "registeredResidentIdentification": TOLVAN,
    "serviceDomain": DOMAIN,
    "categorization": "cll-cp",
    "logicalAddress": SOURCE,
    "businessObjectInstanceIdentifier": "NA",
    "clinicalProcessInterestId": "NA",
    "mostRecentContent": "20260101120000",
    "sourceSystem": SOURCE,
    "creationTime": None,
    "updateTime": None,
    "dataController": "SE2129999997",
    "owner": None,
}
_numbers = count(1)
_categories = (f"test-{number}" for number in _numbers)


def transaction(delete: str = "false", **changed: str | None) -> str:
    """One transaction; None leaves a field out."""
    values = {**FIELDS, **changed}
    fields = "".join(
        f"<c:{name}>{values[name]}</c:{name}>" for name in FIELDS if values[name] is not None
    )
    return (
        f"<u:engagementTransaction><c:deleteFlag>{delete}</c:deleteFlag>"
        f"<c:engagement>{fields}</c:engagement></u:engagementTransaction>"
    )


def _message(address: str, body: str) -> bytes:
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header>'
        f'<r:LogicalAddress xmlns:r="urn:riv:itintegration:registry:1">{address}'
        f"</r:LogicalAddress></e:Header><e:Body>{body}</e:Body></e:Envelope>"
    ).encode()


def an_update(*transactions: str, address: str = HUB) -> bytes:
    body = f'<u:Update xmlns:u="{UPDATE}" xmlns:c="{CORE}">{"".join(transactions)}</u:Update>'
    return _message(address, body)


def a_search(wanted: Mapping[str, str]) -> bytes:
    fields = "".join(f"<f:{name}>{wanted[name]}</f:{name}>" for name in FIELDS if name in wanted)
    return _message(HUB, f'<f:FindContent xmlns:f="{FIND}">{fields}</f:FindContent>')


async def update(hub: Running, *transactions: str) -> None:
    """An Update that is accepted."""
    status, _, body = await post(hub, an_update(*transactions), path=UPDATE_PATH)
    (answer,) = envelope_of(body).iterfind(f"{S}Body/*")
    told = [(child.tag, child.text) for child in answer]
    assert (status, answer.tag) == (200, f"{{{UPDATE}}}UpdateResponse")
    assert told == [(f"{{{UPDATE}}}ResultCode", "OK")]


async def found(hub: Running, **wanted: str) -> list[dict[str, str | None]]:
    """The posts about TOLVAN in the domain, or as told; fields that are there only."""
    asked = {"registeredResidentIdentification": TOLVAN, "serviceDomain": DOMAIN} | wanted
    status, _, body = await post(hub, a_search(asked), path=FIND_PATH)
    (answer,) = envelope_of(body).iterfind(f"{S}Body/*")
    assert (status, answer.tag) == (200, f"{{{FIND}}}FindContentResponse")
    return [
        {str(child.tag).removeprefix(f"{{{CORE}}}"): child.text for child in engagement}
        for engagement in answer.iterfind(f"{{{FIND}}}engagement")
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    site = Site(tmp_path_factory.mktemp("hub"))
    settings = site.write(index=f'reserved = ["{RESERVED}"]')
    more = (
        f'[[permission]]\nconsumer = "{CONSUMER}"\ncontract = "Update 1"\n'
        f'logical_address = "{ELSEWHERE}"\n'
    )
    async with running(producer.application(demo_data.hospital())) as url:
        site.load_registry(site.registry([Source(SOURCE, url)], more))
        async with running_hub(site, settings) as serving:
            yield serving


async def test_what_was_accepted_is_found_at_once_as_it_was_sent(hub: Running) -> None:
    """The index adds its times and itself as the owner, whoever the sender said it was."""
    category = next(_categories)
    assert await found(hub, categorization=category) == []

    await update(hub, transaction(categorization=category, owner="SE-SOMEBODY-ELSE"))

    (engagement,) = await found(hub, categorization=category)
    created = engagement.pop("creationTime")
    sent = {name: value for name, value in FIELDS.items() if value is not None}
    assert engagement == sent | {"categorization": category, "owner": HUB}
    assert len(created or "") == 14


async def test_a_question_asks_the_source_from_the_update_on_until_it_is_deleted(
    hub: Running,
) -> None:
    rows = []
    for delete in (None, "false", "true"):
        if delete is not None:
            await update(hub, transaction(delete, registeredResidentIdentification=TEST))
        _, _, body = await post(hub, envelope(HUB, TEST))
        rows.append(status_rows(body))

    assert rows == [[], [(SOURCE, "DataFromSource", None)], []]


async def test_a_post_sent_again_is_changed_only_if_its_content_is_newer_or_older(
    hub: Running,
) -> None:
    """Unchanged: not touched. Another mostRecentContent: changed, and still one post."""
    category = next(_categories)
    seen = []
    for content in ("20260101120000", "20260101120000", "20260301120000", "20260201120000"):
        await update(hub, transaction(categorization=category, mostRecentContent=content))
        (engagement,) = await found(hub, categorization=category)
        seen.append((engagement["mostRecentContent"], "updateTime" in engagement))

    assert seen == [
        ("20260101120000", False),
        ("20260101120000", False),
        ("20260301120000", True),
        ("20260201120000", True),
    ]


async def test_every_given_field_narrows_the_search(hub: Running) -> None:
    """To the letter, and mostRecentContent as "at or after"."""
    category = next(_categories)
    await update(
        hub,
        transaction(categorization=category, dataController="SE1"),
        transaction(
            categorization=category, dataController="SE2", mostRecentContent="20260601120000"
        ),
    )

    searches = {
        "all": {},
        "SE2": {"dataController": "SE2"},
        "se2": {"dataController": "se2"},
        "since": {"mostRecentContent": "20260601120000"},
        "later": {"mostRecentContent": "20260601120001"},
        "owner": {"owner": HUB},
        "nobody's": {"owner": "SE1"},
    }
    answers = {
        name: [each["dataController"] for each in await found(hub, categorization=category, **by)]
        for name, by in searches.items()
    }

    assert answers == {
        "all": ["SE1", "SE2"],
        "SE2": ["SE2"],
        "se2": [],
        "since": ["SE2"],
        "later": [],
        "owner": ["SE1", "SE2"],
        "nobody's": [],
    }


async def test_keys_that_only_run_together_are_two_posts(hub: Running) -> None:
    category = next(_categories)
    pairs = [("ab", "c"), ("a", "bc")]
    await update(
        hub,
        *(
            transaction(
                categorization=category,
                businessObjectInstanceIdentifier=one,
                clinicalProcessInterestId=other,
            )
            for one, other in pairs
        ),
    )

    assert len(await found(hub, categorization=category)) == 2


async def test_updates_that_come_at_once_are_all_kept(hub: Running) -> None:
    category = next(_categories)
    controllers = [f"SE{number}" for number in range(10, 20)]

    await asyncio.gather(
        *(
            update(hub, transaction(categorization=category, dataController=each))
            for each in controllers
        )
    )

    posts = await found(hub, categorization=category)
    assert sorted(str(each["dataController"]) for each in posts) == controllers


def _many(number: int, category: str) -> list[str]:
    return [
        transaction(categorization=category, businessObjectInstanceIdentifier=f"b{each}")
        for each in range(number)
    ]


@pytest.mark.slow
async def test_a_thousand_transactions_are_taken_and_one_more_is_not(hub: Running) -> None:
    category = next(_categories)

    fault = await refused(hub, an_update(*_many(1001, category)))
    before = await found(hub, categorization=category)
    await update(hub, *_many(1000, category))

    assert fault == _ei(
        "EI000: A technical error has occurred, error message: The request contains more than"
        " 1000 engagements. Maximum number of engagements per request is 1000."
    )
    assert before == []
    assert len(await found(hub, categorization=category)) == 1000


def _ei(text: str) -> SeenFault:
    return SeenFault("Server", text, None)


async def refused(
    hub: Running, body: bytes, *, sender: str = CONSUMER, correlation_id: str = "refused"
) -> SeenFault:
    """The fault that comes back."""
    status, lines, answer = await post(
        hub,
        body,
        sender=sender,
        path=UPDATE_PATH,
        headers={"x-skltp-correlation-id": correlation_id},
    )
    assert (status, lines["content-type"]) == (500, "text/xml; charset=utf-8")
    assert lines["x-skltp-correlation-id"] == correlation_id
    return fault_of(answer)


_INVALID = "EI004: The payload does not validate, error messge: "
_TECHNICAL = "EI000: A technical error has occurred, error message: "
_SAME_KEY = (
    "EI002: EngagementTransaction #1 and #3 have the same key. That is not allowed. See rule for"
    " Update-R1 in service contract"
)
_OTHER = transaction(categorization="other")
_NOT_ACCEPTED = "not-accepted"
_KEPT_OUT = transaction(categorization=_NOT_ACCEPTED)


@dataclass(frozen=True)
class Refusal:
    """A message that is refused, and the words. Each Update holds a good post as well."""

    text: str
    body: bytes = field(repr=False)


REFUSALS = {
    "EI000: none": Refusal(
        f"{_TECHNICAL}The request contains less than 1 engagements. Minium number of engagements"
        " per request is 1.",
        an_update(),
    ),
    "EI001": Refusal(
        "EI001: The payload does not follow the XML Schema, error messge: deleteFlag of"
        " EngagementTransaction #2 must be true or false",
        an_update(_KEPT_OUT, transaction("maybe")),
    ),
    "EI002": Refusal(_SAME_KEY, an_update(_KEPT_OUT, _OTHER, _KEPT_OUT)),
    "EI002: owner and time are no key": Refusal(
        _SAME_KEY,
        an_update(
            _KEPT_OUT,
            _OTHER,
            transaction(
                categorization=_NOT_ACCEPTED, owner="SE-X", mostRecentContent="20260909120000"
            ),
        ),
    ),
    "EI003": Refusal(
        f"EI003: Invalid routing. Logical address is {ELSEWHERE} but the owner is {HUB}. They"
        " must be the same. See rule for Update-R7 in service contract",
        an_update(_KEPT_OUT, address=ELSEWHERE),
    ),
    "EI003 before EI000": Refusal(
        f"EI003: Invalid routing. Logical address is {ELSEWHERE} but the owner is {HUB}. They"
        " must be the same. See rule for Update-R7 in service contract",
        an_update(address=ELSEWHERE),
    ),
    "EI004: blank": Refusal(
        f'{_INVALID}mandatory field "dataController" contains white space in beginning or end',
        an_update(_KEPT_OUT, transaction(dataController=" SE1")),
    ),
    "EI004: missing": Refusal(
        f'{_INVALID}mandatory field "sourceSystem" is missing',
        an_update(_KEPT_OUT, transaction(sourceSystem=None)),
    ),
    "EI004: long": Refusal(
        f'{_INVALID}Field "categorization" is to long',
        an_update(_KEPT_OUT, transaction(categorization="c" * 256)),
    ),
    "EI004: no time": Refusal(
        f'{_INVALID}Field "mostRecentContent" is not according to expected format "YYYYMMDDhhmmss"',
        an_update(_KEPT_OUT, transaction(mostRecentContent="20260231120000")),
    ),
    "EI002 before EI004": Refusal(
        _SAME_KEY,
        an_update(
            transaction(dataController=" SE1"),
            transaction(sourceSystem=None),
            transaction(dataController=" SE1"),
        ),
    ),
    "EI005": Refusal(
        "EI005: The logicalAddress in EngagementTransaction #2 is reserved and not allowed,"
        f" hsa-id: {RESERVED}",
        an_update(_KEPT_OUT, transaction(logicalAddress=RESERVED.lower())),
    ),
    "EI006": Refusal(
        "EI006: The sourceSystem in EngagementTransaction #2 is reserved and not allowed,"
        f" hsa-id: {RESERVED}",
        an_update(_KEPT_OUT, transaction(sourceSystem=RESERVED)),
    ),
    "a search for nobody": Refusal(
        f"{_TECHNICAL}registeredResidentIdentification is mandatory but missing",
        a_search({"serviceDomain": DOMAIN}),
    ),
    "a search in no domain": Refusal(
        f"{_TECHNICAL}serviceDomain is mandatory but missing",
        a_search({"registeredResidentIdentification": TOLVAN}),
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
async def test_a_message_against_the_rules_is_refused_whole_in_known_words(
    hub: Running, refusal: Refusal
) -> None:
    """A fault with the exact text and no detail; the good post beside it is not stored."""
    correlation_id = f"refusal-{next(_numbers)}"

    fault = await refused(hub, refusal.body, correlation_id=correlation_id)

    (record,) = rows_of(hub.site, correlation_id)
    assert fault == _ei(refusal.text)
    assert record.verdict == Verdict.REFUSED
    assert await found(hub, categorization=_NOT_ACCEPTED) == []


@pytest.mark.parametrize(
    ("contract", "body"),
    [
        (UPDATE, an_update(_KEPT_OUT)),
        (FIND, a_search({"registeredResidentIdentification": TOLVAN, "serviceDomain": DOMAIN})),
        (UPDATE, an_update()),
    ],
    ids=["Update", "FindContent", "before the rules"],
)
async def test_only_who_is_named_in_the_catalogue_may_use_the_index(
    hub: Running, contract: str, body: bytes
) -> None:
    fault = await refused(hub, body, sender=STRANGER)

    assert fault.text.startswith("VP007 [SAMSVAR] ")
    assert fault.detail == (
        f"Authorization missing for serviceNamespace: {contract}, receiverId: {HUB},"
        f" senderId: {STRANGER}"
    )
    assert await found(hub, categorization=_NOT_ACCEPTED) == []


async def test_who_searched_for_whom_is_in_the_access_log(hub: Running) -> None:
    search = a_search({"registeredResidentIdentification": TOLVAN, "serviceDomain": DOMAIN})
    await post(hub, search, headers={"x-skltp-correlation-id": "search-1"}, path=FIND_PATH)

    (record,) = rows_of(hub.site, "search-1")
    assert (record.sender, record.contract, record.verdict) == (CONSUMER, FIND, Verdict.ANSWERED)
    assert record.subject is not None
    assert record.subject.extension == TOLVAN


_SEARCH = a_search({"registeredResidentIdentification": TOLVAN, "serviceDomain": DOMAIN})
QUESTIONS = {"a search": _SEARCH, "a question": envelope(), "an update": an_update(_OTHER)}


async def _asked_of_broken(tmp_path: Path, broken: str, body: bytes) -> tuple[SeenFault, Site]:
    """A hub that knows something about TOLVAN, and then loses it while it runs."""
    site = Site(tmp_path)
    settings = site.write()
    site.load_registry(site.registry([Source(SOURCE, "http://127.0.0.1:1024/")]))
    await site.index(TOLVAN, [SOURCE])
    file = settings.hub.data / FILE_NAME
    async with running_hub(site, settings) as hub:
        if broken == "moved":
            file.rename(file.with_suffix(".away"))
        else:
            _drop_index(settings.hub.data)
        fault = await refused(hub, body, correlation_id="broken-1")
        if broken == "moved":
            file.with_suffix(".away").rename(file)
    return fault, site


def _drop_index(data: Path) -> None:
    tables = ("engagement", "engagement_place", "engagement_gone")
    databases.tamper(data, *(f"DROP TABLE {name}" for name in tables))


@pytest.mark.parametrize("body", QUESTIONS.values(), ids=QUESTIONS)
async def test_a_broken_index_is_a_fault_and_never_an_empty_answer(
    tmp_path: Path, body: bytes
) -> None:
    """EI000, with its row in the access log, which is whole."""
    fault, site = await _asked_of_broken(tmp_path, "dropped", body)

    (record,) = rows_of(site, "broken-1")
    assert fault.code == "Server"
    assert fault.text.startswith(f"{_TECHNICAL}the engagement index cannot be ")
    assert (record.verdict, record.fault) == (Verdict.FAILED, "EI000")


@pytest.mark.parametrize("body", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.sqlite
async def test_a_database_that_was_moved_away_is_a_fault(tmp_path: Path, body: bytes) -> None:
    """The access log is in it: nothing can be told unlogged, so VP012 covers all else."""
    fault, site = await _asked_of_broken(tmp_path, "moved", body)

    assert fault.code == "Server"
    assert fault.text.startswith("VP012 [SAMSVAR] ")
    assert rows_of(site, "broken-1") == []
