"""The table: everything that users can ask for, with the scope that lets them.

``GET /fhir/r4/metadata`` and the description of the JSON part are open to anybody, and are made
of the same rows. What FHIR is served stands in ``fhir.capability``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

import orjson

from samsvar import __version__
from samsvar.fhir.capability import SERVED, Installation, capability_statement
from samsvar.fhir.capability import Interaction as Does
from samsvar.inbound.fhir.facade import Facade
from samsvar.inbound.users.router import (
    DOCUMENTS,
    FHIR,
    FHIR_JSON,
    Made,
    Route,
    Takes,
)
from samsvar.tokens import Interaction

#: when what is served changed last
RELEASED = date(2026, 11, 20)
_SEARCH, _READ = Interaction.SEARCH, Interaction.READ


def table(facade: Facade) -> tuple[Route, ...]:
    """Every row."""
    return (*_fhir(facade), *_documents(facade))


def pages() -> dict[str, Callable[[str], Made]]:
    """What anybody may read."""
    return {f"{FHIR}/metadata": _metadata}


def _fhir(facade: Facade) -> list[Route]:
    """Two rows for each type of resource at most."""
    rows = []
    for served in SERVED:
        kind = served.type
        if Does.SEARCH in served.interactions:
            rows.append(
                Route(
                    "POST",
                    f"{FHIR}/{kind}/_search",
                    f"search{kind}",
                    served.says,
                    "fhir",
                    (kind, _SEARCH),
                    partial(facade.search, kind=kind),
                    Takes.FORM,
                )
            )
        if Does.READ in served.interactions:
            handler = facade.binary if kind == "Binary" else partial(facade.read, kind=kind)
            rows.append(
                Route(
                    "GET",
                    f"{FHIR}/{kind}/{{id}}",
                    f"read{kind}",
                    served.says,
                    "fhir",
                    (kind, _READ),
                    handler,
                    any_form=kind == "Binary",
                )
            )
    return rows


def _documents(facade: Facade) -> list[Route]:
    """IHE MHD: find a document (ITI-67), and fetch it (ITI-68)."""
    kind = "DocumentReference"
    return [
        Route(
            "POST",
            f"{DOCUMENTS}/{kind}/_search",
            "findDocuments",
            "ITI-67: plans as documents",
            "documents",
            (kind, _SEARCH),
            partial(facade.search, kind=kind, documents=True),
            Takes.FORM,
        ),
        Route(
            "GET",
            f"{DOCUMENTS}/{{id}}",
            "retrieveDocument",
            "ITI-68: a document, made on the spot",
            "documents",
            ("Binary", _READ),
            facade.document,
            any_form=True,
        ),
    ]


def _metadata(base: str) -> Made:
    statement = capability_statement(Installation(f"{base}{FHIR}", __version__, RELEASED))
    return Made(orjson.dumps(statement), f"{FHIR_JSON}; charset=utf-8")
