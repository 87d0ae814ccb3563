"""The table: everything that users can ask for, with the scope that lets them.

``GET /fhir/r4/metadata`` and the description of the JSON part are open to anybody, and are made
of the same rows. What FHIR is served stands in ``fhir.capability``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

import orjson
from pydantic import BaseModel

from samsvar import __version__
from samsvar.fhir.capability import SERVED, Installation, capability_statement
from samsvar.fhir.capability import Interaction as Does
from samsvar.inbound.citizen import bodies
from samsvar.inbound.citizen.handlers import CitizenPages
from samsvar.inbound.existence import ExistenceBody, ExistenceDesk, ExistenceQuestion
from samsvar.inbound.fhir.facade import Facade
from samsvar.inbound.users.asking import Desk
from samsvar.inbound.users.openapi import document
from samsvar.inbound.users.router import (
    CITIZEN,
    DOCUMENTS,
    EXISTENCE,
    FHIR,
    FHIR_JSON,
    JSON,
    Handler,
    Made,
    Route,
    Takes,
)
from samsvar.model.user import UserKind
from samsvar.tokens import Interaction

#: when what is served changed last
RELEASED = date(2026, 11, 20)
_SEARCH, _READ = Interaction.SEARCH, Interaction.READ


def table(desk: Desk) -> tuple[Route, ...]:
    """Every row."""
    facade = Facade(desk)
    return (
        *_fhir(facade),
        *_documents(facade),
        *_citizen(CitizenPages(desk)),
        *_existence(ExistenceDesk(desk)),
    )


def pages(routes: Sequence[Route]) -> dict[str, Callable[[str], Made]]:
    """What anybody may read."""
    described = Made(orjson.dumps(document(routes)), JSON)
    return {f"{FHIR}/metadata": _metadata, f"{CITIZEN}/openapi.json": lambda _base: described}


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
                    ((kind, _SEARCH),),
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
                    ((kind, _READ),),
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
            ((kind, _SEARCH),),
            partial(facade.search, kind=kind, documents=True),
            Takes.FORM,
        ),
        Route(
            "GET",
            f"{DOCUMENTS}/{{id}}",
            "retrieveDocument",
            "ITI-68: a document, made on the spot",
            "documents",
            (("Binary", _READ),),
            facade.document,
            any_form=True,
        ),
    ]


def _citizen(pages: CitizenPages) -> list[Route]:
    """A person's own plans, a child's, and who has read."""

    def row(
        name: str,
        path: str,
        summary: str,
        handler: Handler,
        request: type[BaseModel],
        response: type[BaseModel],
        *kinds: str,
        handles: bool = False,
    ) -> Route:
        interaction = _READ if handles else _SEARCH
        return Route(
            "POST",
            f"{CITIZEN}/{path}",
            name,
            summary,
            "citizen",
            tuple((kind, interaction) for kind in kinds),
            handler,
            Takes.JSON,
            frozenset({UserKind.CITIZEN}),
            request,
            response,
            handles,
        )

    question, report = bodies.CitizenQuestion, bodies.ReportQuestion
    return [
        row(
            "overview",
            "overview",
            "Level 1: what happens, in order",
            pages.overview,
            question,
            bodies.OverviewBody,
            "CarePlan",
            "Encounter",
        ),
        row(
            "listPlans",
            "plans",
            "Level 2: all plans, a line for each",
            pages.plans,
            question,
            bodies.PlansBody,
            "CarePlan",
        ),
        row(
            "readPlan",
            "plan",
            "Level 3: a whole plan; of its activities those that the filters leave",
            pages.plan,
            bodies.PlanQuestion,
            bodies.WholePlanBody,
            "CarePlan",
            handles=True,
        ),
        row(
            "accessReport",
            "access-report",
            "Who has read (vem har läst)",
            pages.access_report,
            report,
            bodies.ReportBody,
            "AuditEvent",
        ),
    ]


def _existence(desk: ExistenceDesk) -> list[Route]:
    """Of what is not shown."""
    return [
        Route(
            "POST",
            EXISTENCE,
            "existence",
            "Whether there is something that is not shown, as far as a rule lets it be told",
            "existence",
            (("CarePlan", _SEARCH),),
            desk.ask,
            Takes.JSON,
            frozenset({UserKind.STAFF}),
            ExistenceQuestion,
            ExistenceBody,
        )
    ]


def _metadata(base: str) -> Made:
    statement = capability_statement(Installation(f"{base}{FHIR}", __version__, RELEASED))
    return Made(orjson.dumps(statement), f"{FHIR_JSON}; charset=utf-8")
