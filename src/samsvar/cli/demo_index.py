"""The demo's sources tell the engagement index what they have, as real ones do: with Update."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from samsvar.cli.demo_site import HUB
from samsvar.model.person_numbers import PERSONNUMMER, SAMORDNINGSNUMMER
from samsvar.simulation.people import PEOPLE

if TYPE_CHECKING:
    from pathlib import Path

    from samsvar.cli.demo_site import Site, Source
    from samsvar.simulation.authority import Identity
    from samsvar.simulation.producer import Holdings

DOMAIN = "riv:clinicalprocess:logistics:logistics"
PLANS = "cll-cp"
CONTACTS = "vko"
_PATH = "/vp/itintegration/engagementindex/Update/1/rivtabp21"

Held = set[tuple[str, str]]
"""Number of a person, and the categorization of what the source has about them."""


async def holdings_of(site: Site, source: Source, where: str) -> Held:
    """What a source has about the fictive people, found by asking it in its own way."""
    from samsvar.simulation import demo_data

    if source.adapter is None:
        for holdings in (demo_data.hospital(), demo_data.municipality(), demo_data.clinic()):
            if holdings.hsa_id == source.installation.hsa_id:
                return held_in(holdings)
    return await _asked(site, source, where)


def held_in(holdings: Holdings) -> Held:
    """What one that speaks the contracts has."""
    return {
        *((number, PLANS) for number in holdings.plans),
        *((number, CONTACTS) for number in holdings.contacts),
    }


async def _asked(site: Site, source: Source, where: str) -> Held:
    from samsvar.model.care import CareQuery
    from samsvar.model.identifiers import PersonId
    from samsvar.outbound.adapter_http import ProducerHttp
    from samsvar.outbound.http_client import HttpClient, client_tls
    from samsvar.settings import load

    assert source.adapter is not None
    settings = load(site.settings).producers
    client = HttpClient(settings, client_tls(settings))
    adapter, manifest = source.adapter.adapter, source.adapter.manifest
    options = {
        option.name: source.installation.options.get(option.name, option.default or "")
        for option in manifest.options
    }
    address = f"{where}/"
    http = ProducerHttp(client, address)
    held: Held = set()
    try:
        for fictive in PEOPLE:
            if fictive.root not in (PERSONNUMMER, SAMORDNINGSNUMMER):
                continue  # the index cannot hold reserve numbers
            query = CareQuery(PersonId(fictive.root, fictive.number), source.installation.hsa_id)
            if await adapter.care_plans(query, address, options, http):
                held.add((fictive.number, PLANS))
            if await adapter.care_contacts(query, address, options, http):
                held.add((fictive.number, CONTACTS))
    finally:
        await client.close()
    return held


def tell_index(site: Site, source: Source, url: str, held: Held) -> int:
    """One Update with all that the source has; how many posts that were."""
    made = source.installation
    return update(url, site.identity_of(source), site.authority, made.hsa_id, made.owner, held)


def update(
    url: str, identity: Identity, authority: Path, hsa_id: str, owner: str, held: Held
) -> int:
    """One Update to the index of the hub at a URL, as a source; how many posts that were."""
    import requests
    import zeep
    from zeep.transports import Transport

    if not held:
        return 0
    logging.getLogger("zeep").setLevel(logging.ERROR)
    session = requests.Session()
    session.trust_env = False
    session.cert = (str(identity.certificate), str(identity.key))
    session.verify = str(authority)
    index = zeep.Client(  # type: ignore[no-untyped-call]
        f"{url}{_PATH}?wsdl",
        transport=Transport(session=session),  # type: ignore[no-untyped-call]
    )
    posts = [
        {
            "deleteFlag": False,
            "engagement": {
                "registeredResidentIdentification": number,
                "serviceDomain": DOMAIN,
                "categorization": categorization,
                "logicalAddress": hsa_id,
                "businessObjectInstanceIdentifier": "NA",
                "clinicalProcessInterestId": "NA",
                "mostRecentContent": "20261101120000",
                "sourceSystem": hsa_id,
                "dataController": owner,
            },
        }
        for number, categorization in sorted(held)
    ]
    index.service.Update(engagementTransaction=posts, _soapheaders={"LogicalAddress": HUB})
    return len(posts)
