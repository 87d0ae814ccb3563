"""What the outbox of the index keeps, put there by hand."""

from __future__ import annotations

from samsvar.settings import load
from samsvar.simulation import demo_data
from samsvar.store.tables import OUTBOX
from tests import databases
from tests.hub import HUB, Site


def dead_letter(site: Site) -> None:
    """One change that was given up, as the outbox keeps it."""
    database = databases.open_database(load(site.settings_file, {}).hub.data)
    post_ = (
        '{"delete": false, "service_domain": "riv:x", "categorization": "cll-cp",'
        f' "source_system": "{demo_data.MUNICIPALITY}", "owner": "{HUB}"}}'
    )
    row = {
        "subscriber": "SE1-SUB",
        "dead": True,
        "key": b"k",
        "resident_sealed": b"s",
        "post": post_,
        "correlation_id": "c",
        "history": "",
        "written": "2026-11-27T08:00:00+00:00",
        "refusals": 7,
        "not_before": "",
        "reason": "unreachable",
    }
    with database.write() as connection, connection.begin():
        connection.execute(OUTBOX.insert().values(**row))
    database.close()
