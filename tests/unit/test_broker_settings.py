"""What may stand in [broker], in a worker's settings, and in a producer's row."""

from __future__ import annotations

from pathlib import Path

import pytest

from samsvar.broker.keys import KeyPair
from samsvar.broker.topology import hub_permissions, topic_pattern, worker_permissions
from samsvar.model.catalogue import ProducerKind
from samsvar.model.identifiers import ContractUrn
from samsvar.registry import RegistryInvalid
from samsvar.registry.difference import difference
from samsvar.registry.file import parse_registry
from samsvar.registry.writer import write_registry
from samsvar.settings import SettingsInvalid, load
from samsvar.worker import config as worker_config

KEY, OTHER = KeyPair.new().public.text, KeyPair.new().public.text


def broker(tmp_path: Path, lines: str) -> list[str]:
    """The faults of such a [broker] section."""
    file = tmp_path / "samsvar.toml"
    file.write_text(f"[broker]\n{lines}\n")
    try:
        load(file, {})
    except SettingsInvalid as error:
        return [fault.removeprefix(f"{file}: ") for fault in error.faults]
    return []


@pytest.mark.parametrize(
    "url",
    [
        "amqps://broker.example/samsvar",
        "amqps://broker.example:5671/",
        "amqp://127.0.0.1:5672/samsvar",
        "amqp://localhost",
        "amqp://[::1]:5672/",
        "rediss://redis.example:6380/0",
        "redis://127.0.0.1/1",
        "memory://",
    ],
)
def test_a_broker_is_reached_with_tls_or_on_this_machine(tmp_path: Path, url: str) -> None:
    assert broker(tmp_path, f'url = "{url}"') == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("amqp://broker.example/samsvar", "must begin with amqps://; without TLS on loopback"),
        ("redis://10.0.0.1/0", "must begin with rediss://; without TLS on loopback"),
        ("amqps://user:secret@broker.example/", "user and password do not belong in it"),
        ("amqps://broker.example/?ssl=false", "without query"),
        ("amqps:///samsvar", "must name a host"),
        ("amqps://broker.example:0/", "must name a host"),
        ("amqps://broker.example:99999999/", "must be a URL"),
        ("https://broker.example/", "must begin with amqps:// or rediss://"),
        ("memory://x", "must begin with amqps:// or rediss://"),
        ("filesystem://x", "must begin with amqps:// or rediss://"),
        ("sqs://x", "must begin with amqps:// or rediss://"),
    ],
)
def test_any_other_broker_is_refused_and_no_secret_repeated(
    tmp_path: Path, url: str, why: str
) -> None:
    (fault,) = broker(tmp_path, f'url = "{url}"')
    assert fault.startswith("broker.url: ")
    assert why in fault
    assert "secret" not in fault


def test_a_password_is_a_reference_and_nothing_is_without_end(tmp_path: Path) -> None:
    faults = broker(
        tmp_path,
        'password = "hemligt"\nconnect_seconds = 0\nheartbeat_seconds = 0\nclock_seconds = 3600\n'
        'key = "k"',
    )
    assert [fault.split(":")[0] for fault in faults] == [
        "broker.password",
        "broker.connect_seconds",
        "broker.heartbeat_seconds",
        "broker.clock_seconds",
    ]
    assert all("hemligt" not in fault for fault in faults)
    (pair,) = broker(tmp_path, 'key = "k"')
    assert pair == "broker: certificate and key go together (line 1)"


# The worker's file


def worker(tmp_path: Path, text: str) -> list[str]:
    """Its faults."""
    file = tmp_path / "worker.toml"
    file.write_text(text)
    try:
        worker_config.load(file)
    except SettingsInvalid as error:
        return [fault.removeprefix(f"{file}: ") for fault in error.faults]
    return []


GOOD = (
    f'[worker]\nid = "umea-1"\nkey = "w.key"\nhubs = ["{KEY}"]\naddresses = ["SE1-X"]\n'
    '[broker]\nurl = "amqps://broker.example/samsvar"\n'
)


def test_a_workers_settings_are_read_and_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    assert worker(tmp_path, GOOD) == []
    assert worker_config.load(tmp_path / "worker.toml").worker.key == tmp_path / "w.key"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("amqps:", "amqp:"), "broker.url: it must begin with amqps://"),
        (('url = "amqps://broker.example/samsvar"', ""), "broker.url: is missing"),
        ((f'hubs = ["{KEY}"]', "hubs = []"), "worker.hubs: "),
        ((KEY, "x25519:short"), "worker.hubs: must be a key"),
        (('addresses = ["SE1-X"]', ""), "worker.addresses: must be given (line 1)"),
        (('addresses = ["SE1-X"]', 'addresses = ["a b"]'), "worker.addresses.0: "),
        (
            ('id = "umea-1"', 'id = "umea-1"\nport = 80'),
            "worker.port: no such setting; there are id",
        ),
        (
            ("[worker]", "[listen]\n[worker]"),
            "listen: no such setting; there are worker",
        ),
        (("[worker]", "worker"), "not TOML in UTF-8"),
    ],
)
def test_what_is_wrong_with_them_is_told_by_its_place(
    tmp_path: Path, change: tuple[str, str], fault: str
) -> None:
    (told,) = worker(tmp_path, GOOD.replace(*change))
    assert told.startswith(fault)


# The registry's row

PLANS = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2")
ROW = (
    f'[[contract]]\nurn = "{PLANS}"\ntitle = "x"\n'
    '[[producer]]\nid = "umea"\ntitle = "Prator"\nkind = "worker"\n'
    f'workers = ["{KEY}", "{OTHER}"]\nowner = "SE1"\n'
    '[[route]]\ncontract = "GetCarePlans 2"\nlogical_address = "SE1-X"\nproducer = "umea"\n'
    '[[permission]]\nconsumer = "SE2"\ncontract = "GetCarePlans 2"\nlogical_address = "*"\n'
)


def registry_faults(text: str) -> list[str]:
    """Its faults."""
    with pytest.raises(RegistryInvalid) as caught:
        parse_registry(text, known_contracts={PLANS}, known_adapters={}, allow_plain_http=False)
    return [str(fault) for fault in caught.value.faults]


def test_a_producer_with_workers_has_their_keys_and_no_address() -> None:
    """And the row comes back as it was written."""
    registry = parse_registry(
        ROW, known_contracts={PLANS}, known_adapters={}, allow_plain_http=False
    )
    (producer,) = registry.producers
    assert (producer.kind, producer.address) == (ProducerKind.WORKER, "worker:umea")
    assert producer.workers == (KEY, OTHER)
    assert registry.catalogue(1).names_worker(KEY)
    assert not registry.catalogue(1).names_worker(KeyPair.new().public.text)
    written = write_registry(registry)
    assert "address = " not in written.split("[[route]]")[0]
    again = parse_registry(
        written, known_contracts={PLANS}, known_adapters={}, allow_plain_http=False
    )
    assert again == registry


def test_a_changed_key_is_a_change_of_its_row() -> None:
    before = parse_registry(ROW, known_contracts={PLANS}, known_adapters={}, allow_plain_http=False)
    after = parse_registry(
        ROW.replace(f', "{OTHER}"', ""),
        known_contracts={PLANS},
        known_adapters={},
        allow_plain_http=False,
    )
    (change,) = difference(before, after)
    assert (change.key, change.fields) == (("producer", "umea"), ("workers",))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ((f'workers = ["{KEY}", "{OTHER}"]', ""), "workers: is missing"),
        ((f'["{KEY}", "{OTHER}"]', "[]"), "workers: is missing"),
        ((OTHER, KEY), "workers: names the same twice"),
        ((OTHER, "x25519:AAAA"), "workers: number 2 must be a key"),
        ((OTHER, "x25519:" + "A" * 43), "workers: number 2 must be a key"),
        (('kind = "worker"', 'kind = "worker"\naddress = "https://x"'), "address: a worker knows"),
        (('kind = "worker"', 'kind = "worker"\nadapter = "prator"'), "kind: only a producer of"),
        (
            ('kind = "worker"', 'kind = "soap"\naddress = "https://x.example/"'),
            'workers: only a producer of kind "worker"',
        ),
    ],
)
def test_what_is_wrong_with_the_row_is_told(change: tuple[str, str], fault: str) -> None:
    (told,) = registry_faults(ROW.replace(*change))
    assert fault in told
    assert "AAAA" not in told


def test_permissions_are_whole_names() -> None:
    """An address is not a pattern, and another one that begins alike is not its worker's."""
    least = worker_permissions(["SE1.X"])
    assert least.configure == r"^(samsvar\.questions\.se1\.x)$"
    assert least.read == r"^(samsvar\.questions\.se1\.x)$|^samsvar\.questions$"
    assert least.write == (r"^(samsvar\.questions\.se1\.x)$|^samsvar\.(answers|workers)$")
    assert topic_pattern(["SE1.X", "se2-y"]) == r"^(se1\.x|se2\-y)$"
    assert "questions" not in hub_permissions().read
