"""The tables of a registry file, read one kind after another: rows out, faults collected.

Knows each table's keys, and what must agree between tables: names that are used and names that
exist, periods that must not overlap, a tree without circles. Knows no TOML and no disk.
Longer than most, as each table is judged beside those that it must agree with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from samsvar.adapter_api.ports import TextOption
from samsvar.model.catalogue import (
    CallPermission,
    CareGiver,
    Consumer,
    Contact,
    Disabled,
    OrganisationKind,
    PermissionFilter,
    Producer,
    ProducerKind,
    RegisteredAddress,
    RivtaProfile,
    RoutingEntry,
    SchemaPolicy,
)
from samsvar.model.catalogue_lookup import ANY
from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress, folded
from samsvar.model.words import Words
from samsvar.registry import (
    ALWAYS,
    FOREVER,
    RegisteredContract,
    Registry,
    RegistryFault,
    RegistryInvalid,
    first_moment,
    last_moment,
    short_name,
    swedish_place,
)
from samsvar.registry.directory import read_care_giver, read_consumer
from samsvar.registry.fields import ID_FORM, Table, choices
from samsvar.registry.workers import read_workers, worker_address

_TABLES = ("contract", "producer", "address", "route", "permission", "care_giver", "consumer")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_Period = tuple[tuple[str, ...], date, date, str]


class RegistryReader:
    """The file being read: tables in, faults and rows out."""

    def __init__(self, document: Mapping[str, object], lines: Mapping[str, list[int]]) -> None:
        self.faults: list[RegistryFault] = []
        self._document = document
        self._lines = lines
        self._contracts: list[RegisteredContract] = []
        self._urns: dict[str, str | None] = {}
        self._producers: dict[str, Producer] = {}
        self._named: set[str] = set()
        self._routes: list[RoutingEntry] = []
        self._permissions: list[CallPermission] = []
        self._hsa: list[tuple[str, str]] = []
        self._addresses: list[RegisteredAddress] = []
        self._care_givers: dict[str, CareGiver] = {}
        self._consumers: dict[str, Consumer] = {}
        self._contracts_allowed = Words("", "")
        for key in document:
            if key not in (*_TABLES, "hsa"):
                allowed = ", ".join(f"[[{name}]]" for name in _TABLES)
                self._fault(
                    key[:40],
                    Words(
                        f"det finns ingen sådan tabell; tillåtna: {allowed}, [hsa]",
                        f"no such table; allowed: {allowed}, [hsa]",
                    ),
                )

    def read_contracts(self, known: Mapping[str, ContractUrn]) -> None:
        """[[contract]]: those named must be known to the hub."""
        for table in self._tables("contract"):
            given, title = table.text("urn"), table.text("title")
            table.end()
            urn = known.get(folded(given)) if given else None
            if given and urn is None:
                table.fault(
                    "urn",
                    Words(
                        f"navet talar det inte; {choices(known.values()).swedish}",
                        f"the hub does not speak it; {choices(known.values())}",
                    ),
                )
            elif urn and folded(urn) in self._urns:
                table.fault("urn", Words("är redan registrerat", "is registered already"))
            elif urn:
                self._contracts.append(RegisteredContract(urn, title or ""))
                self._urns[folded(urn)] = urn
                if name := short_name(urn):
                    # The same short name in two domains stands for neither.
                    self._urns[folded(name)] = None if folded(name) in self._urns else urn
        names = {short_name(contract.urn) or contract.urn for contract in self._contracts}
        self._contracts_allowed = Words(
            f"en [[contract]] måste namnge det först; {choices(names).swedish}",
            f"a [[contract]] must name it first; {choices(names)}",
        )

    def read_producers(
        self, adapters: Mapping[str, Sequence[TextOption]], *, allow_plain_http: bool
    ) -> None:
        """[[producer]]: their names are free, their adapters must be installed."""
        for table in self._tables("producer"):
            name, title = table.id("id"), table.text("title")
            kind = table.choice("kind", tuple(ProducerKind))
            workers = read_workers(table, by_worker=kind == ProducerKind.WORKER)
            address = (
                worker_address(table, name)
                if kind == ProducerKind.WORKER
                else table.url("address", allow_plain_http=allow_plain_http)
            )
            owner = table.id("owner")
            options = table.texts("options")
            policy = table.choice("schema_policy", tuple(SchemaPolicy), SchemaPolicy.DROP)
            timeout = table.seconds("timeout")
            organisation = table.choice("organisation", tuple(OrganisationKind), default="")
            contact = _contact(table)
            data_controller = table.id("data_controller", required=False)
            disabled = _disabled(table)
            adapter: str | None = None
            if kind == ProducerKind.ADAPTER:
                adapter = table.choice("adapter", adapters)
                _check_options(table, options, adapters.get(adapter or "", ()), bool(adapter))
            elif kind is not None and (table.raw("adapter") is not None or options):
                table.fault(
                    "kind",
                    Words(
                        'bara en producent av slaget "adapter" har adapter och options',
                        'only a producer of kind "adapter" has adapter and options',
                    ),
                )
            table.raw("adapter")
            table.end()
            if name is None:
                continue
            if folded(name) in self._named:
                table.fault("id", Words("en annan producent har det", "another producer has it"))
            self._named.add(folded(name))
            self._producers[name] = Producer(
                id=name,
                title=title or "",
                kind=ProducerKind(kind or ProducerKind.SOAP),
                address=address or "",
                owner=owner or "",
                adapter=adapter,
                options=options,
                schema_policy=SchemaPolicy(policy or SchemaPolicy.DROP),
                timeout=timeout,
                organisation=OrganisationKind(organisation) if organisation else None,
                contact=contact,
                data_controller=data_controller,
                disabled=disabled,
                workers=workers,
            )

    def read_addresses(self) -> None:
        """[[address]]: what people call a logical address. None needs to be there."""
        seen: set[str] = set()
        for table in self._tables("address"):
            address, description = table.id("logical_address"), table.text("description")
            table.end()
            if address is None:
                continue
            if folded(address) in seen:
                table.fault(
                    "logical_address",
                    Words(
                        "står redan i en annan [[address]]", "stands in another [[address]] already"
                    ),
                )
            seen.add(folded(address))
            self._addresses.append(RegisteredAddress(LogicalAddress(address), description or ""))

    def read_routes(self) -> None:
        """[[route]]: after contracts and producers, whose names they use."""
        periods: list[_Period] = []
        for table in self._tables("route"):
            urns = self._contracts_of(table)
            address = table.id("logical_address", also=ANY)
            producer = table.choice("producer", self._producers)
            profile = table.choice("profile", tuple(RivtaProfile), RivtaProfile.BP21)
            period = _period(table)
            table.end()
            if address is None or producer is None or profile is None or period is None:
                continue
            for urn in urns:
                periods.append(((urn, folded(address)), *period, table.where))
                self._routes.append(
                    RoutingEntry(
                        ContractUrn(urn),
                        LogicalAddress(address),
                        self._producers[producer],
                        RivtaProfile(profile),
                        first_moment(period[0]),
                        last_moment(period[1]),
                    )
                )
        self._overlaps(periods, Words("samma kontrakt och adress", "the same contract and address"))

    def read_permissions(self) -> None:
        """[[permission]]: after contracts. There must be one."""
        periods: list[_Period] = []
        tables = list(self._tables("permission"))
        if not tables:
            self._fault(
                "[[permission]]",
                Words(
                    "det finns ingen: varje anrop skulle nekas",
                    "there is none: every call would be refused",
                ),
            )
        for table in tables:
            consumer = table.id("consumer")
            urns = self._contracts_of(table)
            address = table.id("logical_address", also=ANY)
            period = _period(table)
            filters = tuple(_filters(table))
            table.end()
            if consumer is None or address is None or period is None:
                continue
            for urn in urns:
                periods.append(((folded(consumer), urn, folded(address)), *period, table.where))
                self._permissions.append(
                    CallPermission(
                        HsaId(consumer),
                        ContractUrn(urn),
                        LogicalAddress(address),
                        first_moment(period[0]),
                        last_moment(period[1]),
                        filters,
                    )
                )
        self._overlaps(
            periods,
            Words(
                "samma konsument, kontrakt och adress", "the same consumer, contract and address"
            ),
        )

    def read_care_givers(self) -> None:
        """[[care_giver]]: the directory of those whose information it can be."""
        for table in self._tables("care_giver"):
            giver = read_care_giver(table)
            if giver is not None and folded(giver.id) in self._care_givers:
                table.fault(
                    "id",
                    Words(
                        "står redan i en annan [[care_giver]]",
                        "stands in another [[care_giver]] already",
                    ),
                )
            elif giver is not None:
                self._care_givers[folded(giver.id)] = giver

    def read_consumers(self) -> None:
        """[[consumer]]: what is agreed with those who may ask. None needs to be there."""
        for table in self._tables("consumer"):
            one = read_consumer(table)
            if one is not None and folded(one.id) in self._consumers:
                table.fault(
                    "id",
                    Words(
                        "står redan i en annan [[consumer]]",
                        "stands in another [[consumer]] already",
                    ),
                )
            elif one is not None:
                self._consumers[folded(one.id)] = one

    def read_hsa(self) -> None:
        """[hsa]: unit and parent."""
        tree = self._document.get("hsa", {})
        if not isinstance(tree, dict):
            self._fault(
                "[hsa]",
                Words(
                    'ska vara en tabell: ENHET = "ÖVERORDNAD"', 'must be a table: UNIT = "PARENT"'
                ),
            )
            return
        table = Table("[hsa]", tree, self.faults)
        parents: dict[str, str] = {}
        for unit in tree:
            parent = table.id(unit)
            if Table("[hsa]", {"unit": unit}, []).id("unit") is None:
                table.fault("a unit", Words(f"ska vara {ID_FORM.swedish}", f"must be {ID_FORM}"))
            elif folded(unit) in parents:
                table.fault(
                    "a unit",
                    Words(
                        "står två gånger, med olika stora bokstäver",
                        "stands twice, in different case",
                    ),
                )
            elif parent is not None:
                parents[folded(unit)] = folded(parent)
                self._hsa.append((unit, parent))
        for unit, parent in self._hsa:
            above, steps = folded(parent), 0
            while above in parents and above != folded(unit) and steps <= len(parents):
                above, steps = parents[above], steps + 1
            if above == folded(unit):
                table.fault(
                    unit,
                    Words(
                        "står över sig själv: trädet går runt",
                        "is above itself: the tree has a circle",
                    ),
                )

    def finish(self) -> Registry:
        """The registry, or RegistryInvalid with every fault."""
        if self.faults:
            raise RegistryInvalid(tuple(self.faults))
        return Registry(
            contracts=tuple(self._contracts),
            producers=tuple(self._producers.values()),
            routes=tuple(self._routes),
            permissions=tuple(self._permissions),
            hsa=tuple(self._hsa),
            addresses=tuple(self._addresses),
            care_givers=tuple(self._care_givers.values()),
            consumers=tuple(self._consumers.values()),
        )

    def _fault(self, where: str, message: Words) -> None:
        self.faults.append(RegistryFault(where, message))

    def _tables(self, name: str) -> Iterable[Table]:
        tables = self._document.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(item, dict) for item in tables):
            self._fault(
                name,
                Words(
                    f"ska skrivas [[{name}]], en för varje",
                    f"must be written [[{name}]], one for each",
                ),
            )
            return
        lines = self._lines.get(name, [])
        for number, values in enumerate(tables, start=1):
            # A header inside a long text would shift the lines: then the number must do.
            line = f" (line {lines[number - 1]})" if len(lines) == len(tables) else ""
            yield Table(f"[[{name}]] {number}{line}", values, self.faults)

    def _contracts_of(self, table: Table) -> list[str]:
        def resolve(name: str) -> str | None:
            return self._urns.get(folded(name))

        return table.names("contract", resolve, self._contracts_allowed)

    def _overlaps(self, periods: list[_Period], of_what: Words) -> None:
        alike: dict[tuple[str, ...], list[tuple[date, date, str]]] = {}
        for key, begins, ends, where in periods:
            alike.setdefault(key, []).append((begins, ends, where))
        for rows in alike.values():
            # Each few by themselves: to sort a hundred thousand at once stops every other thread.
            rows.sort(key=lambda row: row[0])
            _, last, at = rows[0]
            for begins, ends, where in rows[1:]:
                if begins <= last:
                    self._fault(
                        where,
                        Words(
                            f"dess tid överlappar {swedish_place(at)} för {of_what.swedish}",
                            f"its period overlaps that of {at} for {of_what}",
                        ),
                    )
                if ends > last:
                    last, at = ends, where


def _period(table: Table) -> tuple[date, date] | None:
    begins, ends = table.day("valid_from", ALWAYS), table.day("valid_to", FOREVER)
    if begins is None or ends is None:
        return None
    if begins > ends:
        table.fault("valid_to", Words("är före valid_from", "is before valid_from"))
        return None
    return begins, ends


def _contact(table: Table) -> Contact | None:
    """``contact = { name = "...", email = "..." }``."""
    inner = table.within("contact")
    if inner is None:
        return None
    name, email = inner.text("name"), inner.text("email", required=False)
    inner.end()
    if email is not None and not _EMAIL.fullmatch(email):
        inner.fault(
            "email",
            Words(
                "ska vara en adress som drift@kommun.example",
                "must be an address such as drift@kommun.example",
            ),
        )
    return Contact(name or "", email)


def _disabled(table: Table) -> Disabled | None:
    """``disabled = { notice = "...", until = 2026-01-31T18:00:00+01:00 }``."""
    inner = table.within("disabled")
    if inner is None:
        return None
    notice, until = inner.notice("notice"), inner.moment("until")
    inner.end()
    return Disabled(notice or "", until)


def _filters(table: Table) -> Iterator[PermissionFilter]:
    """``filters = [{ service_domain = "...", categorizations = ["..."] }]``."""
    seen: set[str] = set()
    for inner in table.several("filters"):
        domain = inner.word("service_domain")
        categorizations = inner.words("categorizations")
        inner.end()
        if domain is None:
            continue
        if domain in seen:
            inner.fault(
                "service_domain",
                Words(
                    "står i ett annat filter i samma behörighet",
                    "stands in another filter of the same permission",
                ),
            )
        seen.add(domain)
        yield PermissionFilter(domain, categorizations)


def _check_options(
    table: Table,
    options: tuple[tuple[str, str], ...],
    declared: Sequence[TextOption],
    adapter_known: bool,
) -> None:
    """The options must be those that the adapter declares, and all that it requires."""
    if not adapter_known:
        return
    given = {name for name, _ in options}
    for name in sorted(given - {option.name for option in declared}):
        allowed = choices([option.name for option in declared])
        table.fault(
            f"options.{name[:40]}",
            Words(
                f"adaptern har inget sådant val; {allowed.swedish}",
                f"the adapter has no such option; {allowed}",
            ),
        )
    for option in declared:
        if option.required and option.default is None and option.name not in given:
            table.fault(
                f"options.{option.name}",
                Words("saknas: adaptern kräver det", f"is missing: {option.help}"),
            )
