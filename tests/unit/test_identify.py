"""The sender is read from the certificate's DER: exactly one serialNumber, or nobody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from samsvar.clock import SystemClock
from samsvar.errors import HubError, ListenerNotTrusted, RoutingLoop, SenderUnknown
from samsvar.model.exchange import Call, Peer
from samsvar.pipeline.identify import identify
from samsvar.ports import HouseRules
from samsvar.simulation.authority import Identity, TestAuthority
from tests.world import call

RULES = HouseRules(
    own_addresses=frozenset({"5565594230"}),
    instance_id="TEST",
    original_consumer_senders=frozenset(),
)
LENIENT = replace(RULES, require_client_usage=False)
GOOD = "SE2129999963-NPO1"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    """Issues what a careless or hostile authority might."""
    folder: Path = tmp_path_factory.mktemp("identify")
    return TestAuthority(folder, SystemClock().now())


def _der(identity: Identity) -> bytes:
    pem = identity.certificate.read_bytes()
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def _by(certificate: bytes | None, header: str | None = None) -> Call:
    """A call over mutual TLS."""
    return replace(call(), peer=Peer(True, False, certificate, sender_header=header))


def _refusal(made: Call, rules: HouseRules = RULES) -> str:
    with pytest.raises(HubError) as refused:
        identify(made, rules)
    return f"{refused.value.code}: {refused.value}"


def test_the_one_serial_number_is_the_sender(authority: TestAuthority) -> None:
    """Nothing odd about it."""
    sender = identify(_by(_der(authority.client("good", [GOOD]))), RULES)

    assert (sender.hsa_id, sender.oddities) == (GOOD, ())


def test_a_forged_header_beside_a_certificate_is_ignored_and_remarked(
    authority: TestAuthority,
) -> None:
    """TL-27: the certificate says who it is."""
    sender = identify(_by(_der(authority.client("good", [GOOD])), "SE-FORGED"), RULES)

    assert sender.hsa_id == GOOD
    assert sender.oddities == ("x-vp-sender-id was sent where it does not count; it was ignored",)


def test_what_stands_in_another_attribute_is_no_identity(authority: TestAuthority) -> None:
    """TL-14: the text of a name can be forged by what stands inside another attribute."""
    forged = authority.client("forged", ["SE-EVIL"], organisation=f"x, SERIALNUMBER={GOOD}")

    assert identify(_by(_der(forged)), RULES).hsa_id == "SE-EVIL"


@pytest.mark.parametrize("hsa_ids", [[], [GOOD, "SE-EVIL"], [GOOD, GOOD]])
def test_none_or_several_serial_numbers_name_nobody(
    authority: TestAuthority, hsa_ids: list[str]
) -> None:
    """TL-12, TL-13: neither the first nor the last is picked, nor the common name."""
    text = _refusal(_by(_der(authority.client("several", hsa_ids, organisation=GOOD))))

    assert text.startswith("VP002: No sender ID (SERIALNUMBER) found in certificate.")
    assert GOOD not in text


@pytest.mark.parametrize(
    "hsa_id", [f" {GOOD}", f"{GOOD} ", "SE 1", "SE1,X=Y", "SE1/X", "S" * 64 + "E"]
)
def test_a_serial_number_that_is_no_hsa_id_names_nobody(
    authority: TestAuthority, hsa_id: str
) -> None:
    """TL-15: it is not repaired into another identity."""
    certificate = _der(authority.client("odd", [hsa_id]))

    assert _refusal(_by(certificate)).startswith("VP002: ")


def test_a_certificate_without_use_is_refused_unless_the_operator_wants_it(
    authority: TestAuthority,
) -> None:
    """TL-05: OpenSSL lets it through; we ask for clientAuth."""
    certificate = _der(authority.client("unlimited", [GOOD], usage=None))

    assert _refusal(_by(certificate)) == (
        "VP002: The certificate has no extended key usage; clientAuth is needed"
    )
    assert identify(_by(certificate), LENIENT).hsa_id == GOOD


def test_a_certificate_for_something_else_is_refused_always(authority: TestAuthority) -> None:
    """TL-04: also behind a front, and also where no use at all is taken."""
    usage = ExtendedKeyUsageOID.SERVER_AUTH
    certificate = _der(authority.client("server only", [GOOD], usage=usage))

    for rules in (RULES, LENIENT):
        assert _refusal(_by(certificate), rules) == (
            "VP002: The certificate is not for clients: clientAuth is missing"
        )


@pytest.mark.parametrize("certificate", [None, b"", b"no certificate", b"\x30\x03\x02\x01\x01"])
def test_what_is_no_certificate_names_nobody(certificate: bytes | None) -> None:
    """And a header does not help."""
    with pytest.raises(SenderUnknown):
        identify(_by(certificate, GOOD), RULES)


def test_plain_text_where_nobody_trusts_it_is_refused() -> None:
    """VP011, before anything else is looked at."""
    made = replace(call(), peer=Peer(False, False, None, sender_header=GOOD, address="192.0.2.7"))

    with pytest.raises(ListenerNotTrusted, match=r"IP-address: 192\.0\.2\.7"):
        identify(made, RULES)


@pytest.mark.parametrize(
    "header", ["", " ", "SE 1", "SE_1", "x" * 65, "SE1\n", "SE1\0", "å", "\u0405\u04151"]
)
def test_a_trusted_header_must_be_an_hsa_id_too(header: str) -> None:
    """Where it counts it is held to its form."""
    made = replace(call(), peer=Peer(False, True, None, sender_header=header))

    with pytest.raises(SenderUnknown):
        identify(made, RULES)


def test_a_header_meant_for_another_hub_does_not_count(authority: TestAuthority) -> None:
    """x-vp-instance-id says whose it is; the certificate that the front handed over counts."""
    certificate = _der(authority.client("good", [GOOD]))
    peer = Peer(False, True, certificate, sender_header="SE-OTHER", instance_header="ELSEWHERE")

    assert identify(replace(call(), peer=peer), RULES).hsa_id == GOOD
    ours = replace(peer, instance_header="test")
    assert identify(replace(call(), peer=ours), RULES).hsa_id == "SE-OTHER"


@pytest.mark.parametrize("history", ["TEST", "A#test#B", "A# TEST "])
def test_a_call_that_has_been_here_goes_no_further(history: str) -> None:
    """VP014."""
    with pytest.raises(RoutingLoop):
        identify(replace(call(), routing_history=history), RULES)


@pytest.mark.parametrize("history", [None, "", "TEST2#A", "A#TES"])
def test_a_call_that_has_been_elsewhere_goes_on(history: str | None) -> None:
    """A name is compared whole."""
    assert identify(replace(call(), routing_history=history), RULES).hsa_id == GOOD
