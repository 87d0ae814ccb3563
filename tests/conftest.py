"""What every test may ask for, golden files and engines; and what none may leave behind, personal
numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import databases, engines, privacy

Golden = Callable[[bytes, Path], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--accept`` makes today's output the expected one; review shows the difference.
    ``--engines production`` runs every hub on servers: see ``engines``."""
    parser.addoption("--accept", action="store_true", help="rewrite golden files; review the diff")
    parser.addoption(
        "--engines",
        choices=[engines.EMBEDDED, engines.PRODUCTION],
        default=engines.EMBEDDED,
        help="what the hubs of tests that do not choose themselves keep their state in: nothing but"
        " themselves, or PostgreSQL, RabbitMQ and Redis",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests marked ``databases`` run on both."""
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    if "databases" in marks and not marks & {"chosen", "sqlite"}:
        both = [databases.SQLITE, databases.POSTGRESQL]
        metafunc.parametrize("database_kind", both, indirect=True)


@pytest.fixture(scope="session", autouse=True)
def column(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The engines of this run."""
    told: str = request.config.getoption("--engines")
    with engines.running(told, tmp_path_factory.mktemp("engines")):
        yield told


@pytest.fixture(autouse=True)
def database_kind(request: pytest.FixtureRequest, column: str) -> Iterator[str]:
    """Which kind of database the test's hubs use; its schemas go with the test's folder."""
    usual = engines.DATABASES[column]
    kind: str = getattr(request, "param", usual)
    if column == engines.PRODUCTION and (mark := request.node.get_closest_marker("embedded")):
        pytest.skip(mark.args[0])
    if request.node.get_closest_marker("sqlite") and kind != databases.SQLITE:
        pytest.skip("is about SQLite's file")
    databases.choose(kind)
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield kind
    databases.choose(usual)
    if folder is not None:
        databases.drop(folder)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare bytes with a file that a person has read and approved."""
    accept = bool(request.config.getoption("--accept"))

    def compare(actual: bytes, path: Path) -> None:
        if accept:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(actual)
        assert actual == path.read_bytes(), f"{path} differs; if that is right: pytest --accept"

    return compare


@pytest.fixture(scope="session", autouse=True)
def nothing_personal_was_written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """After all tests: no log, database or refusal of any hub holds a known personal number."""
    yield
    databases.drop(tmp_path_factory.getbasetemp())
    leaks = privacy.leaks(tmp_path_factory.getbasetemp())
    if leaks:
        pytest.fail("personal numbers stand in the clear:\n" + "\n".join(leaks), pytrace=False)
