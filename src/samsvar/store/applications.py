"""Applications to become a producer, one row each: kept whole, changed only from what was read.

Knows the row's form and SQL. Knows nothing of what an application is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.model.care import LegalBasis
from samsvar.model.catalogue import CareGiverKind, Contact, OrganisationKind, ProducerKind
from samsvar.model.identifiers import ContractUrn
from samsvar.onboarding.application import (
    Application,
    CertificateFacts,
    Form,
    Happening,
    State,
)
from samsvar.onboarding.ports import Applications
from samsvar.store.database import Database
from samsvar.store.tables import METADATA

PRODUCER_APPLICATION = sa.Table(
    "producer_application",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
)
_C = PRODUCER_APPLICATION.c


class SqlApplications:
    """Implements ``onboarding.ports.Applications``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> Sequence[Application]:
        """Every application, by id."""
        return self._read(sa.select(_C.document).order_by(_C.id))

    def get(self, name: str) -> Application | None:
        """One of them."""
        return next(iter(self._read(sa.select(_C.document).where(_C.id == name))), None)

    def add(self, application: Application) -> bool:
        """Keep a new one. False: its id is taken."""
        try:
            with self._database.write() as connection, connection.begin():
                connection.execute(sa.insert(PRODUCER_APPLICATION).values(**_row(application)))
        except sa.exc.IntegrityError:
            return False
        except sa.exc.SQLAlchemyError as error:
            raise _failed("stored", error) from error
        return True

    def replace(self, application: Application) -> bool:
        """Keep the next revision. False: somebody else was there since it was read."""
        try:
            with self._database.write() as connection, connection.begin():
                done = connection.execute(
                    sa.update(PRODUCER_APPLICATION)
                    .where(_C.id == application.id, _C.revision == application.revision - 1)
                    .values(**_row(application))
                )
        except sa.exc.SQLAlchemyError as error:
            raise _failed("stored", error) from error
        return done.rowcount == 1

    def _read(self, statement: sa.Select[tuple[Any]]) -> list[Application]:
        try:
            with self._database.read() as connection:
                return [_application(text) for text in connection.scalars(statement)]
        except sa.exc.SQLAlchemyError as error:
            raise _failed("read", error) from error


def _row(application: Application) -> dict[str, object]:
    document = orjson.dumps(asdict(application)).decode()
    return {
        "id": application.id,
        "revision": application.revision,
        "state": application.state.value,
        "document": document,
    }


def _application(text: str) -> Application:
    kept = orjson.loads(text)
    facts = kept.pop("certificate")
    return Application(
        **{
            **kept,
            "form": _form(kept["form"]),
            "state": State(kept["state"]),
            "certificate": _certificate(facts) if facts else None,
            "history": tuple(
                Happening(**{**one, "at": datetime.fromisoformat(one["at"])})
                for one in kept["history"]
            ),
        }
    )


def _form(kept: dict[str, Any]) -> Form:
    giver, law = kept.get("care_giver_kind"), kept.get("legal_basis")  # older rows have none
    return Form(
        **{
            **kept,
            "organisation": OrganisationKind(kept["organisation"]),
            "contact": Contact(**kept["contact"]),
            "kind": ProducerKind(kept["kind"]),
            "care_giver_kind": CareGiverKind(giver) if giver else None,
            "legal_basis": LegalBasis(law) if law else None,
            "contracts": tuple(map(ContractUrn, kept["contracts"])),
            "options": tuple((name, value) for name, value in kept["options"]),
        }
    )


def _certificate(kept: dict[str, Any]) -> CertificateFacts:
    return CertificateFacts(
        **{
            **kept,
            "valid_from": datetime.fromisoformat(kept["valid_from"]),
            "valid_to": datetime.fromisoformat(kept["valid_to"]),
            "usages": tuple(kept["usages"]),
        }
    )


def _failed(what: str, error: Exception) -> ResourcesMissing:
    return ResourcesMissing(f"the applications cannot be {what} ({type(error).__name__})")


_: type[Applications] = SqlApplications  # interface guard
