"""``samsvar worker``: keys, permissions, and what is refused before anything is connected to."""

from __future__ import annotations

from pathlib import Path

import pytest

from samsvar.broker.keys import KeyPair
from tests.brokers import PRATOR, Worker, prator_source
from tests.command import Shell


def test_a_new_key_is_for_its_owner_alone_and_only_its_public_half_is_printed(
    tmp_path: Path,
) -> None:
    shell, file = Shell(tmp_path), tmp_path / "worker.key"
    made = shell.inside("worker", "key", "--new", file)
    again = shell.inside("worker", "key", file)
    assert (made.code, made.err) == (0, "")
    assert made.out == again.out
    assert made.out.strip() == KeyPair.of(file.read_text().strip()).public.text
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().strip().removeprefix("private-x25519:") not in made.out


def test_a_key_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    shell, file = Shell(tmp_path), tmp_path / "worker.key"
    shell.inside("worker", "key", "--new", file)
    before = file.read_text()
    refused = shell.inside("worker", "key", "--new", file)
    assert refused.code == 2
    assert "is there already" in refused.err
    assert file.read_text() == before


def test_what_is_no_key_file_is_told_so(tmp_path: Path) -> None:
    shell, file = Shell(tmp_path), tmp_path / "worker.key"
    missing = shell.inside("worker", "key", file)
    file.write_text("private-x25519:hemligt\n")
    open_to_all = shell.inside("worker", "key", file)
    file.chmod(0o600)
    none = shell.inside("worker", "key", file)
    nowhere = shell.inside("worker", "key", "--new", tmp_path / "no" / "worker.key")
    assert [ran.code for ran in (missing, open_to_all, none, nowhere)] == [2, 2, 2, 2]
    assert "--new" in missing.err
    assert "chmod 600" in open_to_all.err
    assert "is no key file" in none.err
    assert "cannot be written" in nowhere.err
    assert "hemligt" not in none.err + open_to_all.err


def test_the_hubs_permissions_and_a_workers_are_printed_as_commands(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    worker = Worker(tmp_path, "w", KeyPair.new().public.text, (PRATOR,), BROKER)
    worker.write()
    (hub,) = shell.inside("worker", "permissions").out.splitlines()
    own, topic = shell.inside("worker", "permissions", "--config", worker.config).out.splitlines()
    assert hub.startswith("rabbitmqctl set_permissions -p VHOST HUB-USER '^samsvar")
    assert own.startswith(
        r"rabbitmqctl set_permissions -p VHOST umea '^(samsvar\.questions\.se2321000032\-prator1)$'"
    )
    assert topic.endswith(r"samsvar.questions '^$' '^(se2321000032\-prator1)$'")


BROKER = 'url = "amqp://127.0.0.1:1/x"\nuser = "umea"'


@pytest.mark.parametrize(
    ("arguments", "source", "why"),
    [
        ((), "", "--adapter NAME or --riv URL"),
        (("--adapter", "prator", "--riv", "https://x.example/"), "", "one of them"),
        (("--adapter", "nosuch"), "", "--adapter: not known here; there are mina_planer, prator"),
        (("--adapter", "prator"), "", "source.address: is missing"),
        (("--adapter", "prator"), 'address = "http://10.0.0.1/"', "must begin with https://"),
        (("--adapter", "prator"), 'address = "https://x.example/"', "options.api_key: missing"),
        (
            ("--adapter", "prator"),
            'address = "https://x.example/"\noptions = { api_key = "hemligt" }',
            "options.api_key: a secret is given as file:<path>",
        ),
        (("--riv", "http://10.0.0.1/"), "", "--riv: must begin with https://"),
        (("--riv", "https://x.example/"), 'address = "https://x.example/"', "--riv has its URL"),
    ],
)
def test_a_worker_that_could_not_work_does_not_start(
    tmp_path: Path, arguments: tuple[str, ...], source: str, why: str
) -> None:
    """One sentence that says what to change; no secret in it."""
    worker = Worker(tmp_path, "w", KeyPair.new().public.text, (PRATOR,), BROKER, source)
    worker.write()
    ran = Shell(tmp_path).inside("worker", *arguments, "--config", worker.config)
    assert ran.code == 2
    assert why in ran.err
    assert "hemligt" not in ran.err + ran.out


def test_without_settings_or_with_broken_ones_it_says_what_is_missing(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    none = shell.inside("worker", "--adapter", "prator")
    (tmp_path / "w.toml").write_text("[worker]\n")
    broken = shell.inside("worker", "--adapter", "prator", "--config", tmp_path / "w.toml")
    assert (none.code, broken.code) == (2, 2)
    assert "--config FILE" in none.err
    assert "worker.id: must be given (line 1)" in broken.err
    assert "broker: must be given" in broken.err


def test_a_worker_in_a_process_of_its_own_needs_a_broker_outside_it(tmp_path: Path) -> None:
    worker = Worker(tmp_path, "w", KeyPair.new().public.text, (PRATOR,), 'url = "memory://"')
    worker.write()
    ran = Shell(tmp_path).inside("worker", "--adapter", "prator", "--config", worker.config)
    assert ran.code == 2
    assert "reaches nobody" in ran.err


def test_a_worker_without_its_key_says_how_to_make_one(tmp_path: Path) -> None:
    worker = Worker(
        tmp_path,
        "w",
        KeyPair.new().public.text,
        (PRATOR,),
        BROKER,
        prator_source(tmp_path, "http://127.0.0.1:1"),
    )
    worker.write()
    (tmp_path / "w.key").unlink()
    ran = Shell(tmp_path).inside("worker", "--adapter", "prator", "--config", worker.config)
    assert ran.code == 4
    assert "samsvar worker key --new" in ran.err
