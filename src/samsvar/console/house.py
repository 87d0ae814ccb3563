"""The hub itself, for diagnostics: how it is, the way to a producer, a bundle for who helps."""

from __future__ import annotations

import platform
import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from importlib import metadata
from io import BytesIO

import orjson

from samsvar import __version__
from samsvar.administration import Premises
from samsvar.bench.answering import http_status
from samsvar.bench.checks.connection import CONNECTION
from samsvar.bench.connection import DoorSeen, look_at
from samsvar.bench.model import Outcome
from samsvar.bench.target import Target, TlsIdentity
from samsvar.inbound.admin.testing import KNOWN, NOBODY
from samsvar.inbound.console.ports import (
    Health,
    Hop,
)
from samsvar.model.identifiers import ContractUrn, LogicalAddress
from samsvar.model.person_numbers import told_by_form
from samsvar.model.words import Words
from samsvar.observe.log import RoutingLog
from samsvar.observe.masking import masked
from samsvar.onboarding.refusals import NotNow
from samsvar.registry import Registry
from samsvar.store.routing_days import RoutingDays

_WITHOUT_VALUE = ("client_secret",)
_LIBRARIES = ("aiohttp", "cryptography", "lxml", "pydantic", "sqlalchemy", "uvicorn")


class HubHouse:
    """The hub itself, for diagnostics."""

    def __init__(
        self,
        premises: Premises,
        registry: Callable[[], Registry],
        events: RoutingLog,
        kept: RoutingDays | None,
        *,
        missing: Callable[[], list[str]],
        notes: Callable[[], list[str]],
        catalogue_version: Callable[[], int | None],
    ) -> None:
        self._premises = premises
        self._registry = registry
        self._events = events
        self._kept = kept
        self._missing = missing
        self._notes = notes
        self._catalogue_version = catalogue_version
        self._started = premises.clock.now()

    def health(self) -> Health:
        """How it is."""
        settings, folder = self._premises.settings, self._premises.database.folder
        return Health(
            now=self._premises.clock.now(),
            version=__version__,
            catalogue_version=self._catalogue_version(),
            missing=tuple(self._missing()),
            notes=tuple(self._notes()),
            database_bytes=sum(file.stat().st_size for file in folder.glob("samsvar.sqlite*")),
            routing_log=self._kept.size(self._premises.clock.now()) if self._kept else None,
            free_bytes=shutil.disk_usage(folder).free,
            started=self._started,
            listeners=tuple(
                f"{each.kind} {each.path or f'{each.host}:{each.port}'}" for each in settings.listen
            ),
            errors=tuple(_error(line) for line in reversed(self._events.errors())),
        )

    def hops(self, producer: str) -> Sequence[Hop]:
        """Try the way to a producer of the registry, without a question."""
        found = [each for each in self._registry().producers if each.id == producer]
        known, unknown = told_by_form(KNOWN), told_by_form(NOBODY)
        if not found or known is None or unknown is None:
            raise NotNow(
                Words(
                    "den finns inte i det register som gäller: det finns ingen väg att pröva",
                    "it is not in the registry in force: there is no way to try",
                )
            )
        ours, url = self._premises.settings.producers, found[0].address
        identity = TlsIdentity(ours.certificate, ours.key, ours.authority)
        target = Target(url, LogicalAddress(""), (), identity, known, unknown)
        seen = DoorSeen(look_at(target), self._premises.clock.now())
        hops = []
        for check in CONNECTION:
            judged = check.judge(seen)
            ok = {Outcome.PASS: True, Outcome.FAIL: False, Outcome.WARN: False}.get(judged.outcome)
            hops.append(Hop(check.swedish, check.english, ok, judged.swedish, judged.english))
        hops.append(_answer(url, identity, reachable=seen.door.reachable))
        return hops

    def bundle(self) -> bytes:
        """A zip for those who help: no secret, no person."""
        health = self.health()
        settings = _without_secrets(self._premises.settings.model_dump(mode="json"))
        versions = {
            "samsvar": __version__,
            "python": platform.python_version(),
            "machine": f"{platform.system()} {platform.machine()}",
            **{name: metadata.version(name) for name in _LIBRARIES},
        }
        registry = self._registry()
        told = {
            "README.txt": (
                "Made by Samsvar for those who help to find a fault. It holds versions, settings,"
                " the state of the hub, counts of the registry and the last errors of its log.\n"
                "It holds no secret, no question, no answer and nobody's number.\n"
            ),
            "versions.json": _json(versions),
            "settings.json": _json(settings),
            "health.json": _json({**asdict(health), "errors": len(health.errors)}),
            "registry.json": _json(
                {
                    "version": health.catalogue_version,
                    "producers": [
                        {"id": each.id, "kind": each.kind.value, "adapter": each.adapter}
                        for each in registry.producers
                    ],
                    "routes": len(registry.routes),
                    "permissions": len(registry.permissions),
                }
            ),
            "errors.jsonl": "\n".join(self._events.errors()) + "\n",
        }
        made = BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in told.items():
                archive.writestr(name, masked(text))
        return made.getvalue()

    def events(self, correlation_id: str, at: datetime) -> Sequence[str] | None:
        """The routing log's lines of a question that came at that moment."""
        if self._kept is None:
            return None
        return [*self._kept.of(correlation_id, at), *self._events.held(correlation_id)]

    def deadline(self, contract: str | None) -> float:
        """The budget of a question in seconds."""
        budget = self._premises.settings.hub.deadline_seconds
        known = self._premises.contracts.get(ContractUrn(contract)) if contract else None
        return min(budget, known.deadline or budget) if known else budget


def _answer(url: str, identity: TlsIdentity, *, reachable: bool) -> Hop:
    title = "Producenten svarar över HTTP", "The producer answers over HTTP"
    if not reachable:
        return Hop(
            *title, None, "Kan inte bedömas utan kontakt.", "Cannot be told without contact."
        )
    told = http_status(url, identity)
    if isinstance(told, int):
        return Hop(
            *title,
            True,
            f"Den svarar (HTTP {told} på en tom fråga, vilket är väntat).",
            f"It answers (HTTP {told} to an empty request, as expected).",
        )
    return Hop(
        *title,
        False,
        f"Förbindelsen finns, men inget svar kom ({told}): se i systemets egen logg.",
        f"There is a connection, but no answer ({told}): look in the system's own log.",
    )


def _error(line: str) -> tuple[datetime, str, str]:
    told = orjson.loads(line)
    words = " ".join(
        str(told[name])
        for name in ("labels.faultCode", "labels.faultDetail", "message", "error.type")
        if name in told
    )
    correlation = told["trace.id"]
    at = datetime.fromisoformat(told["@timestamp"])
    return at, words, "" if correlation == "-" else correlation


def _without_secrets(tree: object) -> object:
    if isinstance(tree, dict):
        return {
            name: "set" if name in _WITHOUT_VALUE and value else _without_secrets(value)
            for name, value in tree.items()
        }
    if isinstance(tree, list):
        return [_without_secrets(each) for each in tree]
    return tree


def _json(told: object) -> str:
    return orjson.dumps(told, option=orjson.OPT_INDENT_2, default=str).decode() + "\n"
