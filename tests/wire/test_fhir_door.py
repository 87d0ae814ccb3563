"""FHIR R4 as an application of staff or citizens meets it: real tokens, the six sources."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.hub import Site
from tests.users import Users, serving_users

pytestmark = [pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def users(
    tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch
) -> AsyncIterator[Users]:
    site = Site(Path(tmp_path_factory.mktemp("fhir")))
    async with serving_users(site, patch) as serving:
        yield serving


async def test_a_physician_finds_the_plans_of_all_sources(users: Users) -> None:
    seen = await users.search("CarePlan", "vera")
    print(seen.status, seen.body[:3000].decode())
    assert seen.status == 200
