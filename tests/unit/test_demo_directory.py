"""The demo's directory: nobody whose information a source holds is missing in it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from samsvar.adapter_api import PersonId
from samsvar.cli.demo_site import CITIZENS, CONSUMER, Site, Source
from samsvar.manifest import LoadedAdapter, load_adapters
from samsvar.model.care import CareQuery, LegalBasis, Provenance
from samsvar.model.catalogue import CareGiverKind, Channel
from samsvar.model.identifiers import HsaId
from samsvar.packaged import Packaged
from samsvar.settings import Settings
from samsvar.simulation import PEOPLE, Installation, Knobs, demo_data, running
from samsvar.simulation.demo_directory import CARE_GIVERS
from tests.adapter_http import real_http

KINDS = {giver.id: giver.kind for giver in CARE_GIVERS}


def _provenances(record: object) -> list[Provenance]:
    """Its own, and that of each part."""
    parts = [
        part
        for value in _values(record)
        for part in (value if isinstance(value, tuple) else (value,))
    ]
    owned = [part.provenance for part in parts if hasattr(part, "provenance")]
    return [*(part for part in parts if isinstance(part, Provenance)), *owned]


def _values(record: object) -> list[object]:
    return [getattr(record, name) for name in getattr(type(record), "__slots__", ())]


@pytest.mark.parametrize("loaded", load_adapters().values(), ids=lambda one: one.manifest.id)
async def test_each_owner_that_a_simulated_source_names_is_listed_and_of_the_right_kind(
    loaded: LoadedAdapter,
) -> None:
    simulator = import_module(f"samsvar_adapters.{loaded.manifest.id}.simulator")
    installation: Installation = simulator.INSTALLATION
    options = {
        option.name: installation.options.get(option.name, option.default or "")
        for option in loaded.manifest.options
    }
    found: list[Provenance] = []
    async with running(simulator.application(Knobs())) as url, real_http(url) as http:
        for fictive in PEOPLE:
            query = CareQuery(PersonId(fictive.root, fictive.number), installation.hsa_id)
            for plan in await loaded.adapter.care_plans(query, url, options, http):
                found += _provenances(plan)
            for contact in await loaded.adapter.care_contacts(query, url, options, http):
                found += _provenances(contact)

    owned = [one for one in found if one.owner is not None and one.shareable]
    assert found
    assert installation.owner in KINDS
    assert {one.owner for one in owned} <= KINDS.keys()
    assert all(
        (one.legal_basis is LegalBasis.HSL) == (KINDS[HsaId(one.owner or "")] is CareGiverKind.VG)
        for one in owned
    )


def test_each_care_giver_of_a_source_that_speaks_the_contract_is_listed() -> None:
    for holdings in (demo_data.hospital(), demo_data.municipality(), demo_data.clinic()):
        records = [
            one
            for kind in (holdings.plans, holdings.contacts)
            for rows in kind.values()
            for one in rows
        ]
        assert records
        assert {record.care_giver for record in records} <= KINDS.keys()


def test_the_registry_that_the_demo_writes_knows_them_and_its_two_consumers(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path / "demo")
    site.write_registry(
        {
            Source(
                "granen", Installation("SE2129999971-X", "Granen", "SE2129999971"), None
            ): "https://a.example"
        }
    )
    registry = Packaged.load().registry(site.registry.read_text(encoding="utf-8"), Settings())
    book = registry.catalogue(1)

    assert registry.care_givers == CARE_GIVERS
    assert [book.consumer(HsaId(name)).channel for name in (CONSUMER, CITIZENS)] == [
        Channel.SYSTEM,
        Channel.CITIZEN,
    ]
    assert book.consumer(HsaId(CONSUMER)).social_care
