"""The registry as a text that people read: one TOML file, read whole, refused whole.

::

    [[contract]]
    urn = "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"
    title = "Vård- och omsorgsplaner"

    [[producer]]
    id = "prator-sormland"
    title = "Prator, Sörmland"
    kind = "adapter"                       # or "soap"
    adapter = "prator"
    address = "https://prator.example/api"
    owner = "SE2321000032"
    options = { token_file = "/etc/samsvar/prator.token" }
    schema_policy = "drop"                 # or "warn", "off"
    timeout = 12.5
    organisation = "region"                # or "namnd", "private"; this and the next two may be
    contact = { name = "Förvaltning Prator", email = "prator@region.example" }   # left out
    data_controller = "SE2321000032"
    disabled = { notice = "Byter version", until = 2026-01-31T18:00:00+01:00 }   # not asked now

    [[address]]                            # what people call it; may be left out
    logical_address = "SE2321000032-PRATOR"
    description = "Prator, Region Sörmland"

    [[route]]
    contract = ["GetCarePlans 2", "GetCareContacts 3"]
    logical_address = "SE2321000032-PRATOR"
    producer = "prator-sormland"
    profile = "RIVTABP21"
    valid_from = 2026-01-01                # whole days in Sweden; both may be left out
    valid_to = 2027-12-31

    [[permission]]
    consumer = "SE5565594230-NPO"
    contract = "GetCarePlans 2"
    logical_address = "*"
    filters = [{ service_domain = "riv:clinicalprocess:logistics:logistics", categorizations = [] }]

    [[care_giver]]                         # whose information it can be; all but the first three
    id = "SE2129999989-NAMND1"             # may be left out
    name = "Omsorgsnämnden, Exempelkommun"
    kind = "OG"                            # or "VG"
    connected = true
    municipality = "9999"
    legal_basis = "SOL_ELDERLY"
    marked = false

    [[consumer]]                           # what is agreed with it; may be left out
    id = "SE5565594230-NPO"
    channel = "system"                     # or "citizen"
    social_care = true

    [hsa]                                  # unit = its parent; unknown units hang on SE
    SE2321000032-PRATOR = "SE2321000032-1000"

Knows the file's form; its tables are read by ``registry.reader``. Knows no disk and no database.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence

from samsvar.adapter_api.ports import TextOption
from samsvar.model.identifiers import ContractUrn, folded
from samsvar.model.words import Words
from samsvar.registry import Registry, RegistryFault, RegistryInvalid
from samsvar.registry.reader import RegistryReader
from samsvar.registry.writer import write_registry

__all__ = [
    "Registry",
    "RegistryFault",
    "RegistryInvalid",
    "parse_registry",
    "write_registry",
]

#: how the standard library ends what it says of a fault
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*([A-Za-z_]+)[ \t]*\]\]", re.MULTILINE)


def parse_registry(
    text: str,
    *,
    known_contracts: Collection[ContractUrn],
    known_adapters: Mapping[str, Sequence[TextOption]],
    allow_plain_http: bool,
) -> Registry:
    """Read a registry file.

    Args:
        text: the file.
        known_contracts: what the hub can speak.
        known_adapters: the adapters that are installed, each with the options it declares.
        allow_plain_http: whether producers on other machines may be asked in plain text.

    Raises:
        RegistryInvalid: with all that is wrong, each with its place.
    """
    if not text.strip():
        raise RegistryInvalid((RegistryFault("the file", Words("är tom", "is empty")),))
    if text.startswith("\ufeff"):
        told = Words(
            "börjar med en byteordningsmarkering: spara den som UTF-8 utan den",
            "begins with a byte order mark: save it as UTF-8 without one",
        )
        raise RegistryInvalid((RegistryFault("the file", told),))
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        swedish = f"är inte TOML: se rad {place[1]}, kolumn {place[2]}" if place else "är inte TOML"
        fault = RegistryFault("the file", Words(swedish, f"is not TOML: {error}"))
        raise RegistryInvalid((fault,)) from error
    reader = RegistryReader(document, _lines(text))
    reader.read_contracts({folded(urn): urn for urn in known_contracts})
    reader.read_producers(known_adapters, allow_plain_http=allow_plain_http)
    reader.read_addresses()
    reader.read_routes()
    reader.read_permissions()
    reader.read_care_givers()
    reader.read_consumers()
    reader.read_hsa()
    return reader.finish()


def _lines(text: str) -> dict[str, list[int]]:
    """The line of each table's header, by the table's name."""
    lines: dict[str, list[int]] = {}
    line, counted = 1, 0
    for header in _HEADER.finditer(text):
        # From the header before, not from the top: a hundred thousand headers took minutes.
        line, counted = line + text.count("\n", counted, header.start()), header.start()
        lines.setdefault(header[1], []).append(line)
    return lines
