"""The one question to Prator, through the port that the hub gives.

The system's own interface wants the person's number in the URL's path: see the README. Keeps
no state. Looks at the calendar, since Prator's short numbers tell a person of 100 years from
a newborn only by the day on which they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import quote

from samsvar.adapter_api import (
    AdapterOptions,
    Http,
    ProducerAnswerInvalid,
    ProducerError,
    ProducerFault,
    care,
    short_form,
)
from samsvar_adapters.prator.answer import read_cases
from samsvar_adapters.prator.mapping import care_plans
from samsvar_adapters.prator.units import read_registry

_OK = 200
_REFUSED = (401, 403)


def _today() -> date:
    # The only clock of the adapter: the ports give none, and a century hangs on it.
    return datetime.now(UTC).date()  # noqa: TID251


@dataclass(frozen=True, slots=True)
class PratorAdapter:
    """Asks Prator for a person's cases."""

    today: Callable[[], date] = _today

    async def care_plans(
        self, query: care.CareQuery, address: str, options: AdapterOptions, http: Http
    ) -> Sequence[care.CarePlan]:
        """All plans of the person, of every status.

        The period is not sent on: Prator would filter on when the case began, and leave out
        plans that were established in the period.
        """
        registry = read_registry(options.get("unit_registry", ""))
        key = options.get("api_key", "").strip()
        if not key:
            raise ProducerError("option api_key: is empty; Prator's administrator gives the key")
        day = self.today()
        number = quote(short_form(query.subject, day), safe="")
        answer = await http.request(
            "GET",
            f"{address.rstrip('/')}/prator/api/v1/personer/{number}/arenden?typ=SIP,SVU&from=&tom=",
            headers={"X-Api-Key": key, "Accept": "application/json"},
        )
        if answer.status in _REFUSED:
            raise ProducerFault(f"Prator refused the API key (HTTP {answer.status})")
        if answer.status != _OK:
            raise ProducerFault(f"Prator answered HTTP {answer.status}")
        if not answer.body:
            raise ProducerAnswerInvalid("an empty body from Prator")
        return care_plans(read_cases(answer.body), query, registry, day)

    async def care_contacts(
        self,
        query: care.CareQuery,
        address: str,
        options: AdapterOptions,
        http: Http,
    ) -> Sequence[care.CareContact]:
        """None: Prator holds no care contacts."""
        return ()
