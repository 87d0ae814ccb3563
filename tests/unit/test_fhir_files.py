"""Files of a source's own, as they leave: nothing in them can become a header of ours."""

from __future__ import annotations

import pytest

from samsvar.fhir.ids import keyed_ids
from samsvar.fhir.labels import Frame
from samsvar.fhir.plan_refs import plan_refs
from samsvar.inbound.fhir.records import file_in, urls
from samsvar.model.care import Attachment
from tests.care_records import small_plan

FRAME = Frame(keyed_ids(bytes(32)))


@pytest.mark.parametrize(
    ("told", "sent"),
    [
        ("application/pdf", "application/pdf"),
        ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
        ("image/svg+xml", "image/svg+xml"),
        ("text/html\r\nset-cookie: a=b", "application/octet-stream"),
        ("text/plän", "application/octet-stream"),
        ("pdf", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_a_media_type_goes_into_the_head_only_if_it_is_one(told: str, sent: str) -> None:
    plan = small_plan(attachments=(Attachment("b1", told, b"content", 7),))
    (handle,) = plan_refs(plan, FRAME).attachments

    file = file_in(plan, handle, FRAME, urls("https://samsvar.example"))

    assert file is not None
    assert (file.media_type, file.content) == (sent, b"content")


def test_a_file_without_bytes_is_none() -> None:
    plan = small_plan(attachments=(Attachment("b1", "application/pdf"),))
    (handle,) = plan_refs(plan, FRAME).attachments

    assert file_in(plan, handle, FRAME, urls("https://samsvar.example")) is None
    assert file_in(plan, "another", FRAME, urls("https://samsvar.example")) is None
