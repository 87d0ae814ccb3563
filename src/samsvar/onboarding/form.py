"""Is the form filled in as it must be? Every fault at once, each with its field.

The forms of ids and URLs are the registry's own; options are judged by the adapter's manifest.
A value is never repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from samsvar.adapter_api.ports import TextOption
from samsvar.manifest import check_options
from samsvar.model.catalogue import CareGiverKind, ProducerKind
from samsvar.observe.masking import masked
from samsvar.onboarding.application import Form
from samsvar.onboarding.ports import House
from samsvar.onboarding.registering import owner_kind
from samsvar.registry.directory import BASES
from samsvar.registry.fields import choices, url_fault

#: HSA-id of a system as it stands in a certificate; the door takes no other sender
_HSA_ID = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_ID = re.compile(r"[0-9A-Za-z_.:\-]{1,64}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_LONGEST_NAME = 200
_MOST_SECONDS = 28.0  # as in the registry file: no whole question takes longer


def form_faults(form: Form, house: House) -> list[str]:
    """What is wrong with the form; empty: nothing. Missing secrets are not looked for."""
    return [*_text_faults(form), *_law_faults(form), *_reach_faults(form, house)]


def missing_secrets(form: Form, house: House) -> list[str]:
    """The secrets that the adapter needs and nobody has given yet."""
    given = {name for name, _ in form.options}
    return [
        f"options.{option.name}: the hub's registrar must say where this secret is: {option.help}"
        for option in _secrets(form, house)
        if option.required and option.name not in given
    ]


def secret_names(form: Form, house: House) -> frozenset[str]:
    """The options of its adapter that are secrets."""
    return frozenset(option.name for option in _secrets(form, house))


def _secrets(form: Form, house: House) -> list[TextOption]:
    manifest = house.adapters.get(form.adapter or "")
    return [option for option in manifest.options if option.secret] if manifest else []


def _text_faults(form: Form) -> Iterator[str]:
    texts = {
        "name": form.name,
        "contact.name": form.contact.name,
        "contact.email": form.contact.email,
        "url": form.url,
        **{f"options.{name}": value for name, value in form.options},
    }
    for field, text in texts.items():
        if text is None:
            continue
        if not text or text != text.strip() or not text.isprintable():
            yield f"{field}: one line of text, without blanks at its ends"
        elif masked(text) != text:
            yield f"{field}: holds what could be a personal number: leave it out"
    for field, text in (("name", form.name), ("contact.name", form.contact.name)):
        if len(text) > _LONGEST_NAME:
            yield f"{field}: at most {_LONGEST_NAME} characters"
    if form.contact.email is not None and not _EMAIL.fullmatch(form.contact.email):
        yield "contact.email: an address such as drift@kommun.example"
    if not _HSA_ID.fullmatch(form.hsa_id):
        yield "hsa_id: 1 to 64 letters, digits and -, as in the certificate"
    for field, text in (("owner", form.owner), ("data_controller", form.data_controller)):
        if not _ID.fullmatch(text):
            yield f"{field}: 1 to 64 of A-Z a-z 0-9 _ . : -"
        elif masked(text) != text:
            yield f"{field}: holds what could be a personal number: write SE before a number"


def _law_faults(form: Form) -> Iterator[str]:
    """Social care's records are shared only under a law that lets them be, and marked."""
    kind = owner_kind(form)
    if kind is None:
        return
    allowed = BASES[kind]
    if form.legal_basis is not None and form.legal_basis not in allowed:
        yield f"legal_basis: not of this kind of owner; {choices(allowed)}"
    elif kind is CareGiverKind.OG and form.kind is ProducerKind.SOAP and form.legal_basis is None:
        yield (
            "legal_basis: the contract's records do not say under which law they are written, and"
            f" social care's are shown only if that is told; {choices(allowed)}"
        )


def _reach_faults(form: Form, house: House) -> Iterator[str]:
    if wrong := url_fault(form.url, allow_plain_http=house.plain_http):
        yield f"url: {wrong}"
    if not form.contracts:
        yield "contracts: name at least one"
    if len(set(form.contracts)) != len(form.contracts):
        yield "contracts: names the same twice"
    if form.timeout is not None and not 0 < form.timeout <= _MOST_SECONDS:
        yield f"timeout: over 0 and at most {_MOST_SECONDS:g} seconds"
    if form.kind is ProducerKind.WORKER:
        yield "kind: a producer with workers is registered with their keys, in the registry file"
        return
    if form.kind is ProducerKind.SOAP:
        if form.adapter is not None or form.options:
            yield 'kind: only "adapter" has adapter and options'
        yield from (
            f"contracts: the hub does not speak one of them; {choices(house.contracts)}"
            for urn in form.contracts
            if urn not in house.contracts
        )
        return
    manifest = house.adapters.get(form.adapter or "")
    if manifest is None:
        yield f"adapter: not known here; {choices(house.adapters)}"
        return
    secrets = {option.name for option in manifest.options if option.secret}
    given = dict(form.options)
    lacking = dict.fromkeys(secrets - given.keys(), "file:later")
    yield from (f"options.{fault}" for fault in check_options(manifest, {**given, **lacking}))
    yield from (
        f"contracts: the adapter does not answer one of them; {choices(manifest.contracts)}"
        for urn in form.contracts
        if urn not in manifest.contracts
    )
