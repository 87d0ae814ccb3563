"""All that an adapter may import of the hub: the canonical model, the errors, the ports.

An adapter is a folder ``adapters/<id>/`` with

* ``adapter.toml``, the manifest: id, title, owner, known_gaps, ``[options.<name>]`` tables;
* ``mapping.py``, pure: native documents to canonical records;
* ``client.py``, the only I/O, through the ``Http`` port that it is given;
* ``__init__.py``, which has ``ADAPTER: Adapter``;
* ``simulator.py``, a real server that speaks the native format;
* ``cases/``, recorded native answers with the canonical result expected.
"""

from samsvar.adapter_api.dates import parse_local
from samsvar.adapter_api.person_numbers import same_person, short_form, subject_of
from samsvar.adapter_api.ports import (
    Adapter,
    AdapterOptions,
    Http,
    HttpAnswer,
    TextOption,
)
from samsvar.adapter_api.text import plain_text
from samsvar.errors import (
    ProducerAnswerInvalid,
    ProducerError,
    ProducerFault,
    ProducerTimedOut,
    ProducerUnreachable,
)
from samsvar.model import care
from samsvar.model.identifiers import PersonId

__all__ = [
    "Adapter",
    "AdapterOptions",
    "Http",
    "HttpAnswer",
    "PersonId",
    "ProducerAnswerInvalid",
    "ProducerError",
    "ProducerFault",
    "ProducerTimedOut",
    "ProducerUnreachable",
    "TextOption",
    "care",
    "parse_local",
    "plain_text",
    "same_person",
    "short_form",
    "subject_of",
]
