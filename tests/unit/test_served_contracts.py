"""The contracts in force: whole, replaced in one step, and one and the same within a request."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from samsvar.contracts import ContractsInvalid
from samsvar.contracts.adding import Wishes, incoming
from samsvar.contracts.package import open_package
from samsvar.contracts.served import ServedContracts, settled
from samsvar.model.identifiers import ContractUrn
from tests.packages import AIDS, CATEGORY, PACKAGES, VISITS, Case
from tests.world import PLANS, stage


def add(case: Case, data: Path) -> Path:
    """Take a package in; its contract folder."""
    package = open_package(PACKAGES / case.folder)
    with incoming(package, data, Wishes(categorization=CATEGORY), "5565594230") as coming:
        coming.check(coming.proposal.toml(answered=False))
        return coming.move_in()


def test_what_is_added_is_seen_once_and_put_in_force_in_one_step(tmp_path: Path) -> None:
    served = ServedContracts.load(tmp_path)
    urn = ContractUrn(VISITS.urn)
    add(VISITS, tmp_path)

    fresh = served.look()

    assert fresh is not None
    assert urn not in served.contracts  # looked at, not in force
    assert served.look() is None
    served.use(fresh)
    assert served.contracts[urn].operation == "GetHomeCareVisits"
    assert urn in served.schemas
    assert urn in served.request_checks
    assert fresh.added == (urn,)
    assert len(served.contracts) == len(served.schemas) == len(served.request_checks) == 4


def test_a_request_sees_the_contracts_that_it_began_with(tmp_path: Path) -> None:
    served = ServedContracts.load(tmp_path)
    world = replace(
        stage({}).world, contracts=served.contracts, request_checks=served.request_checks
    )
    add(VISITS, tmp_path)

    of_request = settled(world)
    fresh = served.look()
    assert fresh is not None
    served.use(fresh)

    assert VISITS.urn not in of_request.contracts
    assert VISITS.urn not in of_request.request_checks
    assert VISITS.urn in world.contracts
    assert PLANS in of_request.contracts


def test_a_fault_in_one_folder_is_told_once_and_holds_all_back(tmp_path: Path) -> None:
    served = ServedContracts.load(tmp_path)
    file = add(VISITS, tmp_path) / "contract.toml"
    whole = file.read_text("utf-8")
    file.write_text(whole.replace('"visits"', '"visit"'), "utf-8")
    add_fails = pytest.raises(ContractsInvalid)

    with add_fails as caught:
        served.look()
    assert served.look() is None  # told once
    file.write_text(whole, "utf-8")
    fresh = served.look()

    assert any("response.container: no element 'visit'" in fault for fault in caught.value.faults)
    assert fresh is not None
    assert VISITS.urn in fresh.contracts


def test_a_contract_whose_folder_is_taken_away_is_served_no_more(tmp_path: Path) -> None:
    folder = add(VISITS, tmp_path)
    add(AIDS, tmp_path)
    served = ServedContracts.load(tmp_path)
    assert {VISITS.urn, AIDS.urn} <= set(served.contracts)

    shutil.rmtree(folder)
    fresh = served.look()

    assert fresh is not None
    assert fresh.added == (AIDS.urn,)


def test_what_is_still_on_its_way_in_is_not_looked_at(tmp_path: Path) -> None:
    served = ServedContracts.load(tmp_path)
    half = tmp_path / "contracts" / ".incoming-x" / "contracts" / "half"
    half.mkdir(parents=True)
    (half / "contract.toml").write_text("title = ", "utf-8")

    assert served.look() is None
