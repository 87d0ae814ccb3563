"""Everything the hub refuses, sorted by who must act.

HubError
├── ConsumerError   the caller must change the request, or ask for rights   -> fault
├── ProducerError   one producer must be looked at                          -> its status record
└── HubFault        we must act                                             -> fault, alert

A ProducerError never reaches the consumer as a fault when the question went to many: fan out
turns it into an outcome. Each class has one ``code``, documented in ``docs/faults.md``.
Messages are for technicians: English, and never a value that came from outside unchecked.
"""

from __future__ import annotations

from typing import ClassVar

from samsvar.model.status import CausingAgent


class HubError(Exception):
    """Base of all. ``str(error)`` is safe to show: it holds no personal data."""

    code: ClassVar[str] = "VP012"


class ConsumerError(HubError):
    """The caller must change something."""


class RivtaVersionMissing(ConsumerError):
    """Neither LogicalAddress nor To stands in the SOAP header in a form we know."""

    code = "VP001"


class SenderUnknown(ConsumerError):
    """No certificate, or one that does not name exactly one sender."""

    code = "VP002"


class AddressMissing(ConsumerError):
    """The SOAP header has no logical address."""

    code = "VP003"


class NoRoute(ConsumerError):
    """The catalogue knows no route for this contract at this address."""

    code = "VP004"


class ProfileMismatch(ConsumerError):
    """The route speaks a RIV-TA profile that we cannot make."""

    code = "VP005"


class NotPermitted(ConsumerError):
    """The sender may not call this contract at this address."""

    code = "VP007"


class ListenerNotTrusted(ConsumerError):
    """The call came in plain text on a listener that is not named as trusted."""

    code = "VP011"


class OriginalConsumerRefused(ConsumerError):
    """The sender may not speak for another original consumer."""

    code = "VP013"


class AccessRefused(ConsumerError):
    """An access rule stops the whole question, whatever there is: no source is asked."""

    code = "ACCESS"

    def __init__(self, rule_id: str, says: str) -> None:
        super().__init__(f"{rule_id}: {says}")
        self.rule_id = rule_id


class MalformedRequest(ConsumerError):
    """The message cannot be read, breaks its schema, or holds a value that cannot be."""

    code = "VP015"


class RuleBroken(ConsumerError):
    """The message is sound, but breaks a rule of its contract: ``result`` ERROR, not a fault,
    where the contract has a result. The text is fit to show to a user."""

    code = "INVALID_REQUEST"


class VersionMismatch(ConsumerError):
    """The envelope is not SOAP 1.1."""

    code = "SOAP-VersionMismatch"


class NotUnderstood(ConsumerError):
    """A header block that must be understood is not."""

    code = "SOAP-MustUnderstand"


class IndexRequestRefused(ConsumerError):
    """An Update or FindContent that the index does not accept. ``code`` is EI000 to EI006."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.ei_code = code

    code = "EI"


class RegistryRequestRefused(ConsumerError):
    """A question to the registry's own services lacks what it must have. The text is the whole
    faultstring, as the national catalogue writes it."""

    code = "TAK"


class HubFault(HubError):
    """We must act."""


class AmbiguousRoute(HubFault):
    """Two routes match: the catalogue is wrong."""

    code = "VP006"


class CatalogueUnavailable(HubFault):
    """No catalogue has been loaded."""

    code = "VP008"


class AddressEmpty(HubFault):
    """The route has no URL."""

    code = "VP010"


class ResourcesMissing(HubFault):
    """Something the hub needs to work is missing, or broke unforeseen."""

    code = "VP012"


class AuditUnavailable(ResourcesMissing):
    """The access log cannot be written: no data leaves (HSLF-FS 2016:40)."""

    code = "VP012-AUDIT"


class FactsUnavailable(ResourcesMissing):
    """Consents, blocks or another ground of an access decision cannot be had: nothing that needs
    it is shown."""

    code = "VP012-FACTS"


class ProducerFailed(HubFault):
    """The one source that was addressed gave nothing: its own fault goes on as it came."""

    code = "VP009"


class RoutingLoop(HubFault):
    """The call has been here before."""

    code = "VP014"


class EngagementIndexUnavailable(HubFault):
    """The index did not answer: a fault, never an empty answer."""

    code = "EI000"


class ProducerError(HubError):
    """One producer must be looked at. ``wire_code`` is what consumers know (compat 2.2)."""

    code = "VP009"
    wire_code: ClassVar[str] = "43000"
    agent: ClassVar[CausingAgent] = CausingAgent.SERVICE_PRODUCER
    by: str = ""
    """Which worker told of it; not for consumers."""
    come_back: float = 0.0
    """Seconds for which it wants to be left alone, if it has said so (Retry-After)."""


class NotRouted(ProducerError):
    """The index names it, the sender may ask it, but no route leads to it."""

    code = "not-routed"
    agent = CausingAgent.SERVICE_CATALOG


class ProducerDisabled(ProducerError):
    """The registry says that it is out of service for a while: it was not asked."""

    code = "disabled"


class BreakerOpen(ProducerError):
    """It has not answered lately, or somebody has shut it off: it was not asked."""

    code = "breaker-open"


class ProducerBusy(ProducerError):
    """So many questions wait for it, or for all producers together, that it was not asked."""

    code = "busy"


class ProducerUnreachable(ProducerError):
    """No connection, or it broke."""

    code = "unreachable"


class WayBlocked(ProducerUnreachable):
    """The way to it cannot be used, whoever it leads to: nothing is known of the producer."""


class ProducerTimedOut(ProducerError):
    """No whole answer in time. The text must hold ``timeout``: consumers look for it."""

    code = "late"
    wire_code = "504"


class ProducerSaidNo(ProducerError):
    """It answered, and its answer says that it failed. ``raw``: that answer as it came, for the
    consumer who addressed this one source; it may hold anything, and is in no text."""

    wire_code = "500"

    def __init__(self, message: str, *, raw: bytes | None = None, ours: bool = False) -> None:
        super().__init__(message)
        self.raw = raw
        self.ours = ours
        """It says that the question was at fault, or the one who put it: it is well itself."""


class ProducerFault(ProducerSaidNo):
    """It answered with a SOAP fault or its own error code."""

    code = "fault"


class ProducerResultError(ProducerSaidNo):
    """It answered 200 with result ERROR: a failure, not data."""

    code = "result-error"


class ProducerAnswerInvalid(ProducerError):
    """The answer cannot be read, breaks its schema, or is not this contract's."""

    code = "invalid"


class SchemaBroken(ProducerAnswerInvalid):
    """The answer is this contract's, and breaks its schema. The text names the place."""


class RecordUnreadable(ProducerAnswerInvalid):
    """One record lacks what must be known of it, or holds what nobody can read. The text names
    the place, never what stands there."""


class ForeignPatient(ProducerAnswerInvalid):
    """The answer holds another patient or another source than asked: dropped whole."""

    code = "foreign-patient"


class ForeignSource(ProducerAnswerInvalid):
    """The answer holds records of another source system than the one asked."""

    code = "foreign-source"


class AdapterBroke(ProducerError):
    """An adapter raised what it should not have: our bug, one producer's loss."""

    code = "adapter-broke"
    agent = CausingAgent.VIRTUALIZATION_PLATFORM
