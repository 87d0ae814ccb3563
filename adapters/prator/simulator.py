"""A real server that speaks Prator's interface about the fictive people.

Any key that is not blank is accepted: which key is right is the real system's to know.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence

from aiohttp import web

from samsvar.simulation import PEOPLE, Fictive, Installation, Knobs, with_knobs
from samsvar_adapters.prator.simulator_data import CASES, DECOMPOSED, LATIN_1, UNIT_REGISTRY

_DIGITS_ONLY_ROOTS = ("1.2.752.129.2.1.3.1", "1.2.752.129.2.1.3.3")

INSTALLATION = Installation(
    hsa_id="SE2321000032-PRATOR1",
    title="Prator, Region Sörmland med kommuner",
    owner="SE2321000032-0001",
    options={"api_key": "demo-key", "unit_registry": UNIT_REGISTRY},
)


def application(knobs: Knobs) -> web.Application:
    """Prator, with knobs. ``fault`` is svarskod 17 in a 200; ``expired_token`` refuses one key."""

    async def cases(request: web.Request) -> web.Response:
        if knobs.expired_token or not request.headers.get("X-Api-Key", "").strip():
            knobs.expired_token = False
            return web.json_response({"fel": "API-nyckeln är ogiltig"}, status=401)
        if knobs.fault:
            return _answer({"svarskod": 17, "svarstext": "Tekniskt fel"})
        known = _by_native_number(request.match_info["number"])
        if known is None or knobs.silent:
            return _answer({"svarskod": 0, "antal": 0, "ärenden": []})
        if knobs.wrong_patient:
            known = PEOPLE[(PEOPLE.index(known) + 1) % len(PEOPLE)]
        wanted = [case for case in CASES.get(known.number, ()) if _asked_for(case, request)]
        return _answer({"svarskod": 0, "antal": len(wanted), "ärenden": wanted}, known.number)

    server = web.Application()
    server.router.add_get("/prator/api/v1/personer/{number}/arenden", cases)
    return with_knobs(server, knobs)


def native_number(fictive: Fictive) -> str:
    """The number as Prator writes it: 10 digits with a mark, a reservnummer whole."""
    return fictive.short if fictive.root in _DIGITS_ONLY_ROOTS else fictive.number


def _by_native_number(number: str) -> Fictive | None:
    return next((fictive for fictive in PEOPLE if native_number(fictive) == number), None)


def _asked_for(case: Mapping[str, object], request: web.Request) -> bool:
    kinds = request.query.get("typ", "SIP,SVU").split(",")
    began = str(case.get("skapad") or "")[:10]
    first, last = request.query.get("from", ""), request.query.get("tom", "")
    in_period = not began or ((not first or began >= first) and (not last or began <= last))
    return case.get("ärendetyp") in kinds and in_period


def _answer(document: Mapping[str, int | str | Sequence[object]], number: str = "") -> web.Response:
    text = json.dumps(document, ensure_ascii=False)
    if number in DECOMPOSED:
        text = unicodedata.normalize("NFD", text)
    # Older installations send Latin-1 under a header that claims nothing.
    encoding = "latin-1" if number in LATIN_1 else "utf-8"
    return web.Response(body=text.encode(encoding), content_type="application/json")
