"""What every test may ask for, golden files; and what none may leave behind, personal numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import privacy

Golden = Callable[[bytes, Path], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--accept`` makes today's output the expected one; review shows the difference."""
    parser.addoption("--accept", action="store_true", help="rewrite golden files; review the diff")


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
    leaks = privacy.leaks(tmp_path_factory.getbasetemp())
    if leaks:
        pytest.fail("personal numbers stand in the clear:\n" + "\n".join(leaks), pytrace=False)
