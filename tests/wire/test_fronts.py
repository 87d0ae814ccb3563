"""The samples of ``deploy/`` run: haproxy's figures, nginx, the probe of containers, the role of
the database."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from pydantic import SecretStr

from samsvar.simulation import Knobs
from samsvar.store.database import open_database
from tests import databases
from tests.balancer import Balancer
from tests.checkers import program, said
from tests.conformance.test_deploy import DEPLOY, expressions_of_the_board
from tests.hub import HubProcess, Running, Site, free_port
from tests.outside import rows_of
from tests.wire.test_kill import Journal, a_site, ask, until

pytestmark = [pytest.mark.wire, pytest.mark.slow]

PROBE = DEPLOY / "docker" / "probe.py"


def test_every_figure_of_the_balancer_that_is_asked_for_is_there(tmp_path: Path) -> None:
    """By alerts and board, with their labels."""
    site = Site(tmp_path)
    balancer = Balancer(site, [tmp_path / "1.sock", tmp_path / "2.sock"])
    try:
        figures = balancer.all_figures()
    finally:
        balancer.close()
    alerts = (DEPLOY / "prometheus" / "alerts.yml").read_text()
    asked = set(re.findall(r"haproxy_\w+", " ".join([alerts, *expressions_of_the_board()])))
    assert len(asked) > 5
    for name in asked:
        assert re.search(rf'^{name}{{[^}}]*proxy="hubs"', figures, re.MULTILINE), name


def unix_hub(site: Site, path: Path) -> HubProcess:
    """A hub behind a front on this machine."""
    text = site.settings_file.read_text()
    listener = f'[[listen]]\nkind = "unix"\npath = "{path}"\ntrusted = true\n'
    listener += 'certificate_header = "X-Client-Certificate"\n\n[producers]'
    text = re.sub(r"\[\[listen\]\].*?\[producers\]", listener, text, flags=re.DOTALL)
    site.settings_file.write_text(text)
    return HubProcess(site)


def probe(what: str, path: Path) -> subprocess.CompletedProcess[str]:
    """As a container engine runs it."""
    return subprocess.run(
        [sys.executable, "-ISB", PROBE, what, path],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


async def test_nginx_hands_the_certificate_over_and_nothing_that_a_caller_made_up(
    tmp_path: Path,
) -> None:
    """The sample, with ports and paths of the test; nginx's own check has no complaint."""
    nginx = program("nginx")
    path = tmp_path / "hub.sock"
    async with a_site(tmp_path, Knobs()) as (site, running):
        port = free_port()
        config = tmp_path / "nginx.conf"
        config.write_text(nginx_config(site, path, port))
        said(nginx, "-t", "-q", "-p", tmp_path, "-c", config)
        hub = unix_hub(site, path)
        front = started(nginx, "-p", str(tmp_path), "-c", str(config))
        url = f"https://127.0.0.1:{port}"
        door = Running(None, url, url, running.site)
        journal = Journal()
        try:
            await until(lambda: probe("ready", path).returncode == 0)
            async with door.client(site.consumer) as session:
                session.headers["x-vp-sender-id"] = "SE5565594230-SOMEBODY"
                await ask(door, session, "through-nginx", journal)
                async with session.get(f"{url}/health/ready") as answer:
                    hidden = answer.status
            async with door.client() as session, session.get(url) as answer:
                refused = answer.status
        finally:
            front.terminate()
            await asyncio.to_thread(front.wait)
            code = await asyncio.to_thread(hub.stop)
        (row,) = rows_of(site, "through-nginx")
    assert journal.whole == ["through-nginx"]
    assert (row.sender, hidden, refused, code) == ("SE2129999963-NPO1", 404, 400, 0)


def started(*command: str) -> subprocess.Popen[bytes]:
    """Beside the test."""
    return subprocess.Popen(command)


def nginx_config(site: Site, path: Path, port: int) -> str:
    """The sample inside the rest that nginx needs."""
    sample = (DEPLOY / "nginx" / "samsvar.conf").read_text()
    files = site.folder / "certificates"
    for told, own in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/nginx/tls/hub.pem", str(files / "server.pem")),
        ("/etc/nginx/tls/hub.key", str(files / "server.key")),
        ("/etc/nginx/tls/client-authority.pem", str(files / "authority.pem")),
        ("/etc/nginx/tls/revoked.pem", str(site.authority.revoke())),
        ("unix:/run/samsvar-1/hub.sock", f"unix:{path}"),
        ("    server unix:/run/samsvar-2/hub.sock max_fails=1 fail_timeout=5s;\n", ""),
    ):
        assert told in sample, told
        sample = sample.replace(told, own)
    user = "user root;\n" if os.getuid() == 0 else ""
    temporary = "".join(
        f"{kind}_temp_path {site.folder}/nginx-{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"{user}daemon off;\npid {site.folder}/nginx.pid;\nerror_log {site.folder}/nginx.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{sample}}}\n"
    )


async def test_the_probe_tells_a_ready_hub_from_one_that_lives_and_from_none(
    tmp_path: Path,
) -> None:
    path = tmp_path / "hub.sock"
    async with a_site(tmp_path, Knobs()) as (site, _):
        nobody = probe("live", path)
        databases.empty(tmp_path / "data")  # no registry
        for other in (tmp_path / "data").glob("catalogue*"):
            other.unlink()
        hub = unix_hub(site, path)
        try:
            await until(lambda: probe("live", path).returncode == 0)
            unready = probe("ready", path)
        finally:
            code = await asyncio.to_thread(hub.stop)
    assert (nobody.returncode, unready.returncode, code) == (1, 1, 0)
    assert "No such file" in nobody.stdout
    assert "catalogue: no registry has been loaded" in unready.stdout
    assert probe("dead", path).returncode == 2


def test_the_role_of_the_sample_is_enough_for_a_hub_and_no_more(tmp_path: Path) -> None:
    """The script by psql, with names of the test's own; then a hub's database, opened with it."""
    databases.choose(databases.POSTGRESQL)
    psql = program("psql")
    name = f"samsvar_role_{os.getpid()}"
    script = tmp_path / "roles.sql"
    text = (DEPLOY / "postgresql" / "roles.sql").read_text()
    script.write_text(re.sub(r"\bsamsvar(?=\b|_reader\b)", name, text))
    server = urlsplit(databases.SERVER)
    try:
        said(psql, "-X", "-q", "-v", "password=a long one", "-f", script, databases.SERVER)
        url = server._replace(
            netloc=f"{name}:a%20long%20one@{server.hostname}:{server.port or 5432}", path=f"/{name}"
        ).geturl()
        open_database(tmp_path / "data", SecretStr(url)).close()
        with psycopg.connect(url, autocommit=True) as connection:
            assert connection.execute("SELECT count(*) FROM question").fetchone() == (0,)
            for more in ("CREATE ROLE other", "CREATE DATABASE other", "CREATE EXTENSION dblink"):
                with pytest.raises(psycopg.Error):
                    connection.execute(more.encode())
            connection.execute(f"SET ROLE {name}".encode())
            assert connection.execute("SHOW log_parameter_max_length").fetchone() == ("0",)
    finally:
        with psycopg.connect(databases.SERVER, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            connection.execute(f"DROP ROLE IF EXISTS {name}".encode())
            connection.execute(f"DROP ROLE IF EXISTS {name}_reader".encode())
