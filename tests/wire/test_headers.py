"""HTTP headers as the national platform has them, and the bytes of a question to one source.

What goes to a producer over http and over https, what comes back, what stays in the house; and
that the words of the one source that was addressed go through as they came.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio
from lxml import etree

from samsvar.simulation import Tls, demo_data, running
from samsvar.simulation.producer import Canned, application
from tests.hub import CONSUMER, HUB, Running, Site, Source, post, running_hub
from tests.outside import S, envelope_of, fault_of, rows_of
from tests.world import PLANS, TOLVAN, envelope

pytestmark = [pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]

PLAIN, SECURE, BP20 = demo_data.HOSPITAL, demo_data.CLINIC, "SE2129999997-BP20"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
ACTION = '"urn:riv:clinicalprocess:logistics:GetCarePlansResponder:2:GetCarePlans"'
XML = {"Content-Type": "text/xml; charset=utf-8"}
#: what every HTTP client says; none of it is the hub's business here
TRANSPORT = {"host", "accept", "content-length", "connection"}
#: what a server says of itself
SERVERS = {"date", "server", "content-length", "connection"}


@dataclass
class Stage:
    """A hub, and what its two producers answer and have been asked."""

    hub: Running
    plain: Canned
    secure: Canned

    def of(self, address: str) -> Canned:
        return self.secure if address == SECURE else self.plain

    def answers(
        self, body: bytes | None, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        for each in (self.plain, self.secure):
            each.body, each.status, each.headers = body, status, XML | (headers or {})
            each.asked.clear()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def serving(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    site = Site(tmp_path_factory.mktemp("hub"))
    settings = site.write(hub=f'original_consumer_senders = ["{CONSUMER}"]')
    tls = Tls(site.server.certificate, site.server.key, site.authority.certificate)
    plain, secure = Canned(), Canned()
    older = replace(demo_data.hospital(), hsa_id=BP20)
    async with (
        running(application(demo_data.hospital(), canned=plain)) as plain_url,
        running(application(demo_data.clinic(), canned=secure), tls=tls) as secure_url,
        running(application(older, canned=plain)) as older_url,
    ):
        more = (
            f'[[producer]]\nid = "bp20"\ntitle = "x"\nkind = "soap"\naddress = "{older_url}"\n'
            f'owner = "SE1"\n[[route]]\ncontract = "GetCarePlans 2"\nlogical_address = "{BP20}"\n'
            f'producer = "bp20"\nprofile = "RIVTABP20"\n[[permission]]\n'
            f'consumer = "{CONSUMER}"\ncontract = "GetCarePlans 2"\nlogical_address = "{BP20}"\n'
        )
        sources = [Source(PLAIN, f"{plain_url}/a?b=c"), Source(SECURE, secure_url)]
        site.load_registry(site.registry(sources, more))
        await site.index(TOLVAN.extension, [PLAIN, SECURE])
        async with running_hub(site, settings) as hub:
            yield Stage(hub, plain, secure)


@pytest.fixture
def stage(serving: Stage) -> Stage:
    """The producers answer by themselves and have been asked nothing."""
    serving.answers(None)
    return serving


async def asked_with(
    stage: Stage, address: str, headers: dict[str, str], body: bytes | None = None
) -> dict[str, str]:
    """The header lines that came to the one producer addressed, but the transport's own."""
    status, _, _ = await post(stage.hub, body or envelope(address), headers=headers)
    ((lines, _),) = stage.of(address).asked
    assert status == 200
    return {name: value for name, value in lines.items() if name not in TRANSPORT}


SENT = {
    "SOAPAction": '"urn:example:other"',
    "x-skltp-correlation-id": "corr-1",
    "x-skltp-prt": "17",
    "x-vp-auth-cert": "MIIB",
    "x-vp-instance-id": "TEST",
    "x-vp-anything": "1",
    "X-Forwarded-For": "10.1.1.1",
    "x-rivta-acting-on-behalf-of-hsaid": "SE2129999963-BEHALF",
    "x-rivta-something-new": "kept as it is",
    "x-rivta-original-serviceconsumer-hsaid": "SE2129999963-FIRST",
    "x-rivta-routing-history": "SE2129999963-FIRST#REGION",
    "Cookie": "session=1",
    "Authorization": "Basic eDp5",
    "MyRandomHeader": "x",
}
GOES_ON = {
    "content-type": "text/xml; charset=UTF-8",
    "soapaction": ACTION,
    "user-agent": "Samsvar",
    "accept-encoding": "identity",
    "x-skltp-correlation-id": "corr-1",
    "x-rivta-acting-on-behalf-of-hsaid": "SE2129999963-BEHALF",
    "x-rivta-something-new": "kept as it is",
    "x-rivta-original-serviceconsumer-hsaid": "SE2129999963-FIRST",
    "x-rivta-routing-history": "SE2129999963-FIRST#REGION#TEST",
}


async def test_an_http_producer_is_told_who_asks(stage: Stage) -> None:
    """Everything x-rivta goes on; nothing else of the consumer's does."""
    assert await asked_with(stage, PLAIN, SENT) == GOES_ON | {
        "x-vp-sender-id": CONSUMER,
        "x-vp-instance-id": "TEST",
    }


async def test_an_https_producer_sees_no_header_of_the_trusted_net(stage: Stage) -> None:
    """There the hub's certificate says who calls."""
    assert await asked_with(stage, SECURE, SENT) == GOES_ON


async def test_what_the_consumer_left_out_is_filled_in(stage: Stage) -> None:
    """The sender is the original consumer, the history begins with it, and there is an id."""
    lines = await asked_with(stage, PLAIN, {})

    assert re.fullmatch(UUID, lines.pop("x-skltp-correlation-id"))
    assert lines == {
        "content-type": "text/xml; charset=UTF-8",
        "soapaction": ACTION,
        "user-agent": "Samsvar",
        "accept-encoding": "identity",
        "x-rivta-original-serviceconsumer-hsaid": CONSUMER,
        "x-rivta-routing-history": f"{CONSUMER}#TEST",
        "x-vp-sender-id": CONSUMER,
        "x-vp-instance-id": "TEST",
    }


async def test_all_sources_of_one_question_are_told_the_same(stage: Stage) -> None:
    """One correlation id from the consumer to every source, and back, and in the access log."""
    _, lines, _ = await post(stage.hub, envelope(HUB), headers={"x-skltp-correlation-id": "all"})

    told = [headers for each in (stage.plain, stage.secure) for headers, _ in each.asked]
    assert [headers["x-skltp-correlation-id"] for headers in told] == ["all", "all"]
    assert [headers["x-rivta-original-serviceconsumer-hsaid"] for headers in told] == (
        [CONSUMER] * 2
    )
    assert lines["x-skltp-correlation-id"] == "all"
    assert [record.correlation_id for record in rows_of(stage.hub.site, "all")] == ["all"]


@pytest.mark.parametrize(
    "given", ["has blanks", "x" * 65, "semi;colon", "<tag>", "å", ""], ids=ascii
)
async def test_a_correlation_id_that_is_none_is_replaced(stage: Stage, given: str) -> None:
    _, lines, _ = await post(stage.hub, envelope(PLAIN), headers={"x-skltp-correlation-id": given})

    ((told, _),) = stage.plain.asked
    assert re.fullmatch(UUID, lines["x-skltp-correlation-id"])
    assert told["x-skltp-correlation-id"] == lines["x-skltp-correlation-id"]


@pytest.mark.parametrize("address", [HUB, PLAIN, "SE2129999997-NOBODY"])
async def test_the_consumer_gets_the_hubs_own_headers_and_no_producers(
    stage: Stage, address: str
) -> None:
    """Label, correlation id and the producer's time; the same for an answer and a fault."""
    _, lines, _ = await post(stage.hub, envelope(address))

    assert {name for name in lines if name not in SERVERS} == {
        "content-type",
        "x-skltp-correlation-id",
        "x-skltp-prt",
    }
    assert lines["content-type"] == "text/xml; charset=utf-8"
    assert int(lines["x-skltp-prt"]) < 5000


async def test_no_header_of_a_producer_gets_past_the_hub(stage: Stage) -> None:
    """Its cookies, its server's name and headers of the trusted net are not the consumer's."""
    document = await _answer_of_hospital(stage)
    stage.answers(
        document,
        headers={
            "Set-Cookie": "a=b",
            "Server": "Secret/1.0",
            "x-vp-sender-id": "SE-LEAK",
            "x-vp-instance-id": "LEAK",
            "SOAPAction": "x",
        },
    )

    _, lines, body = await post(stage.hub, envelope(PLAIN))

    assert body == document
    assert {"set-cookie", "x-vp-sender-id", "x-vp-instance-id", "soapaction"} & set(lines) == set()
    assert "Secret" not in str(lines)


@pytest.mark.parametrize(("address", "gets"), [(PLAIN, True), (HUB, False)])
async def test_a_producers_own_headers_reach_only_him_who_addressed_it(
    stage: Stage, address: str, gets: bool
) -> None:
    """As on the national platform: also the routing history that it gives back."""
    document = await _answer_of_hospital(stage)
    own = {"myrandomheader": "x", "x-rivta-routing-history": "SE1#A#B"}
    stage.answers(document, headers={**own, "Set-Cookie": "a=b", "X-Long": "y" * 600})

    _, lines, _ = await post(stage.hub, envelope(address))

    passed = {name: value for name, value in lines.items() if name in own}
    assert passed == (own if gets else {})
    assert {"set-cookie", "x-long"} & set(lines) == set()


async def _answer_of_hospital(stage: Stage) -> bytes:
    """What the simulated hospital answers by itself, with a declaration and comments."""
    _, _, body = await post(stage.hub, envelope(PLAIN))
    stage.plain.asked.clear()
    assert body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope')
    assert b"<!-- simulerat svar -->" in body
    return body


async def test_one_addressed_source_gets_and_gives_bytes_untouched(stage: Stage) -> None:
    """Prefixes, blanks, comments and foreign header blocks: nothing is written anew."""
    question = (
        envelope(PLAIN)
        .replace(b"<e:Body>", b"\n <!-- hm -->\n\t<e:Body  a:x='1' xmlns:a='urn:example:a'>")
        .replace(
            b"</e:Header>", b"<h:Actor xmlns:h='urn:example:h'><h:id>1</h:id></h:Actor></e:Header>"
        )
    )
    answer = (await _answer_of_hospital(stage)).replace(
        b"<soap:Body>",
        b"<soap:Header><k:Own xmlns:k='urn:example:k'  a = '1'/></soap:Header>\n <soap:Body>",
    )
    stage.answers(answer)

    status, _, body = await post(stage.hub, question)

    assert [asked for _, asked in stage.plain.asked] == [question]
    assert (status, body) == (200, answer)


RESULT_ERROR = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    f'<p:GetCarePlansResponse xmlns:p="{PLANS}"'
    ' xmlns:c="urn:riv:clinicalprocess:logistics:logistics:3"><p:result>'
    "<c:resultCode>ERROR</c:resultCode><c:errorCode>INVALID_REQUEST</c:errorCode>"
    "<c:logId>l-1</c:logId><c:message>Kan inte</c:message></p:result></p:GetCarePlansResponse>"
    "</s:Body></s:Envelope>"
).encode()
FAULT = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
    b"<faultcode>s:Server</faultcode><faultstring>VP004 [REGION] remote</faultstring>"
    b"<detail><x>1</x></detail></s:Fault></s:Body></s:Envelope>"
)


@pytest.mark.parametrize(
    ("answer", "given", "status"),
    [(FAULT, 500, 500), (RESULT_ERROR, 200, 200)],
    ids=["a fault", "result ERROR"],
)
async def test_a_sources_own_refusal_goes_through_as_it_came(
    stage: Stage, answer: bytes, given: int, status: int
) -> None:
    stage.answers(answer, given)

    told, lines, body = await post(stage.hub, envelope(PLAIN))

    assert (told, body) == (status, answer)
    assert lines["content-type"] == "text/xml; charset=utf-8"


@pytest.mark.parametrize(
    ("answer", "given", "label"),
    [
        (b"<html>sorry</html>", 200, "text/html"),
        (b"<html>sorry</html>", 500, "text/xml"),
        (b"<html>sorry</html>", 404, "text/html"),
        (b"", 200, "text/xml"),
        (FAULT, 503, "text/xml"),
    ],
)
async def test_what_is_no_soap_answer_becomes_vp009(
    stage: Stage, answer: bytes, given: int, label: str
) -> None:
    """A page, nothing at all, or a status that says it was not the service that spoke."""
    stage.answers(answer, given, {"Content-Type": label})

    status, _, body = await post(stage.hub, envelope(PLAIN))

    fault = fault_of(body)
    assert status == 500
    assert (fault.code, fault.text) == (
        "Server",
        "VP009 [SAMSVAR] Fel vid kontakt med tjänsteproducenten.",
    )
    assert (fault.detail or "").startswith("Error connecting to service producer")
    assert b"sorry" not in body


async def test_an_answer_in_utf_16_is_readable_by_its_label(stage: Stage) -> None:
    """The hub labels all as UTF-8, so that is what the consumer must get."""
    document = await _answer_of_hospital(stage)
    text = document.decode().replace('encoding="UTF-8"', 'encoding="UTF-16"')
    stage.answers(text.encode("utf-16"), 200, {"Content-Type": "text/xml; charset=utf-16"})

    status, lines, body = await post(stage.hub, envelope(PLAIN))

    assert (status, lines["content-type"]) == (200, "text/xml; charset=utf-8")
    assert body.decode("utf-8").endswith(document.decode().partition("?>\n")[2])
    assert b"UTF-16" not in body


_BP21 = (
    '<r:LogicalAddress xmlns:r="urn:riv:itintegration:registry:1">{}</r:LogicalAddress>'
).format
_BP20 = '<w:To xmlns:w="http://www.w3.org/2005/08/addressing">{}</w:To>'.format


@pytest.mark.parametrize(
    ("address", "profile", "element"),
    [
        (PLAIN, "RIVTABP20", "{urn:riv:itintegration:registry:1}LogicalAddress"),
        (BP20, "RIVTABP21", "{http://www.w3.org/2005/08/addressing}To"),
        (BP20, "RIVTABP20", None),
    ],
    ids=["20 to 21", "21 to 20", "20 to 20"],
)
async def test_each_side_speaks_its_own_profile(
    stage: Stage, address: str, profile: str, element: str | None
) -> None:
    """The address is carried as the route says; all else means the same."""
    question = envelope(address)
    if profile == "RIVTABP20":
        question = question.replace(_BP21(address).encode(), _BP20(address).encode())

    status, _, body = await post(stage.hub, question)

    ((_, asked),) = stage.plain.asked
    assert (status, b"carePlan" in body) == (200, True)
    assert _body_of(asked) == _body_of(question)
    if element is None:
        assert asked == question
    else:
        assert _address_of(asked) == (element, address)


async def test_the_collected_answer_can_be_asked_for_in_the_older_profile(stage: Stage) -> None:
    question = envelope(HUB).replace(_BP21(HUB).encode(), _BP20(HUB).encode())

    status, _, body = await post(stage.hub, question)

    assert (status, body.count(b"<carePlan ") + body.count(b"<carePlan>")) == (200, 2)
    assert [
        _address_of(asked) for each in (stage.plain, stage.secure) for _, asked in each.asked
    ] == [
        ("{urn:riv:itintegration:registry:1}LogicalAddress", PLAIN),
        ("{urn:riv:itintegration:registry:1}LogicalAddress", SECURE),
    ]


def _body_of(message: bytes) -> bytes:
    """The request element, with the namespaces that it uses and no others."""
    (request,) = envelope_of(message).iterfind(f"{S}Body/*")
    return etree.tostring(request, method="c14n", exclusive=True)


def _address_of(message: bytes) -> tuple[str, str | None]:
    (block,) = [child for header in envelope_of(message).iter(f"{S}Header") for child in header]
    return str(block.tag), block.text
