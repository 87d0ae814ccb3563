"""The table: what can be asked for, who may, what does it.

Each handler calls one method of the desk, in a thread, since the desk reads and writes a database.
Long, for the table is one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from samsvar import __version__
from samsvar.broker.worker_table import SeenWorker
from samsvar.inbound.admin import bodies, questions, testing
from samsvar.inbound.admin.breakers import BreakerDesk, BreakerRows
from samsvar.inbound.admin.events import EventRows, Events
from samsvar.inbound.admin.problems import Problem
from samsvar.inbound.admin.router import Asked, Route
from samsvar.inbound.admin.testing import Tester
from samsvar.model.exchange import QuestionRecord
from samsvar.onboarding.desk import ProducerDesk, Standing
from samsvar.onboarding.form import secret_names
from samsvar.onboarding.ports import House
from samsvar.onboarding.roles import MAY, Right

_LOOKED_AT = 1000  # so many questions back the status looks


class QuestionLog(Protocol):
    """The access log, read. Raises ResourcesMissing if it cannot be."""

    def latest(self, limit: int) -> Sequence[QuestionRecord]:
        """The latest first."""

    def named(self, correlation_id: str) -> Sequence[QuestionRecord]:
        """All under one correlation id."""


@dataclass(frozen=True, slots=True)
class AdminWorld:
    """What the handlers may touch."""

    desk: ProducerDesk
    house: Callable[[], House]
    questions: QuestionLog
    missing: Callable[[], list[str]]
    catalogue_version: Callable[[], int | None]
    published: Callable[[], Awaitable[None]]
    """Called when the registry has a new version: to put it in force here at once."""
    test: Tester
    """The test bench."""
    breakers: BreakerDesk
    notes: Callable[[], list[str]] = list
    workers: Callable[[], Sequence[SeenWorker]] = tuple
    """Those that are there, at this hub process."""
    events: Events | None = None
    """None: no hub runs here."""


class Routes:
    """The rows, with what they touch."""

    def __init__(self, world: AdminWorld) -> None:
        self._world = world
        self._desk = world.desk
        self._breakers = BreakerRows(world.breakers, world.desk, lambda: world.house().contracts)
        self._testing = asyncio.Lock()  # a test asks many questions at once: one test at a time

    def table(self) -> tuple[Route, ...]:
        """Every row."""
        one, publication = "/producers/{id}", (404, 409)
        producer, published = bodies.ProducerBody, bodies.PublishedBody
        return (
            Route("GET", "/me", "me", "Who am I?", None, self._me, bodies.MeBody),
            Route(
                "GET",
                "/producers",
                "listProducers",
                "All producers that you may see",
                Right.SEE_PRODUCERS,
                self._all,
                bodies.ProducersBody,
            ),
            Route(
                "POST",
                "/producers",
                "registerProducer",
                "Register a system",
                Right.REGISTER,
                self._register,
                producer,
                request=bodies.ProducerForm,
                status=201,
                refusals=(409,),
            ),
            Route(
                "GET", one, "getProducer", "One producer", Right.SEE_PRODUCERS, self._one, producer
            ),
            Route(
                "PATCH",
                one,
                "changeProducer",
                "Change the form; it counts once it has been asked for and approved",
                Right.REGISTER,
                self._change,
                producer,
                request=bodies.ProducerChange,
                refusals=publication,
            ),
            Route(
                "PUT",
                f"{one}/certificate",
                "putCertificate",
                "Hand in the system's certificate",
                Right.REGISTER,
                self._certificate,
                producer,
                pem="the certificate, then those between it and its authority",
                refusals=publication,
            ),
            Route(
                "POST",
                f"{one}/certificate-request",
                "judgeCertificateRequest",
                "Have a certificate request (CSR) looked at before an authority is asked",
                Right.REGISTER,
                self._request,
                bodies.RequestBody,
                pem="the request, PKCS #10",
                refusals=publication,
            ),
            Route(
                "POST",
                f"{one}/test",
                "testProducer",
                "Test it by every rule of its contracts; takes as long as it takes",
                Right.TEST,
                self._test,
                testing.ReportBody,
                request=testing.TestBody,
                refusals=publication,
            ),
            Route(
                "POST",
                f"{one}/publication",
                "askPublication",
                "Ask that it be published",
                Right.ASK_PUBLICATION,
                self._ask,
                producer,
                request=bodies.PublicationBody,
                refusals=publication,
            ),
            Route(
                "POST",
                f"{one}/approve",
                "approveProducer",
                "Publish: routes and permissions are in force at once",
                Right.DECIDE_PUBLICATION,
                self._approve,
                published,
                request=bodies.ApprovalBody,
                refusals=publication,
            ),
            Route(
                "POST",
                f"{one}/reject",
                "rejectProducer",
                "Say no, and why",
                Right.DECIDE_PUBLICATION,
                self._reject,
                producer,
                request=bodies.RejectionBody,
                refusals=publication,
            ),
            Route(
                "POST",
                f"{one}/disable",
                "disableProducer",
                "Out of service: it is not asked, and consumers read the notice",
                Right.SUSPEND,
                self._disable,
                published,
                request=bodies.DisabledBody,
                refusals=publication,
            ),
            Route(
                "POST",
                f"{one}/enable",
                "enableProducer",
                "Back in service",
                Right.SUSPEND,
                self._enable,
                published,
                request=bodies.NothingBody,
                refusals=publication,
            ),
            Route(
                "GET",
                "/questions",
                "listQuestions",
                "The latest questions, and what became of them",
                Right.READ_QUESTIONS,
                self._questions,
                questions.QuestionsBody,
                query=questions.QuestionsQuery,
            ),
            Route(
                "GET",
                "/questions/{correlation_id}",
                "explainQuestion",
                "The walk of one question",
                Right.READ_QUESTIONS,
                self._explain,
                questions.QuestionsBody,
            ),
            Route(
                "GET",
                "/status",
                "getStatus",
                "The hub, and how producers have fared",
                Right.SEE_STATUS,
                self._status,
                questions.StatusBody,
            ),
            *self._breakers.rows(),
            *EventRows(self._world.events).rows(),
        )

    async def _me(self, asked: Asked) -> bodies.MeBody:
        user = asked.user
        rights = sorted(right.value for right in MAY[user.role])
        return bodies.MeBody(id=user.id, name=user.name, role=user.role.value, rights=rights)

    async def _all(self, asked: Asked) -> bodies.ProducersBody:
        standings = await asyncio.to_thread(self._desk.all, asked.user)
        return bodies.ProducersBody(producers=[self._body(asked, each) for each in standings])

    async def _one(self, asked: Asked) -> bodies.ProducerBody:
        return self._body(
            asked, await asyncio.to_thread(self._desk.one, asked.user, asked.path["id"])
        )

    async def _register(self, asked: Asked) -> bodies.ProducerBody:
        sent: bodies.ProducerForm = asked.body
        form = sent.form(self._world.house().contracts)
        return self._body(
            asked, await asyncio.to_thread(self._desk.register, asked.user, form, sent.id)
        )

    async def _change(self, asked: Asked) -> bodies.ProducerBody:
        sent: bodies.ProducerChange = asked.body
        known = self._world.house().contracts
        return self._body(
            asked,
            await asyncio.to_thread(
                self._desk.change,
                asked.user,
                asked.path["id"],
                lambda form: sent.changed(form, known),
            ),
        )

    async def _certificate(self, asked: Asked) -> bodies.ProducerBody:
        taken = await asyncio.to_thread(
            self._desk.take_certificate, asked.user, asked.path["id"], asked.body
        )
        return self._body(asked, taken)

    async def _request(self, asked: Asked) -> bodies.RequestBody:
        faults, wanted = await asyncio.to_thread(
            self._desk.judge_request, asked.user, asked.path["id"], asked.body
        )
        return bodies.RequestBody(acceptable=not faults, faults=list(faults), wanted=list(wanted))

    async def _test(self, asked: Asked) -> testing.ReportBody:
        sent: testing.TestBody = asked.body
        trial = await asyncio.to_thread(self._desk.to_test, asked.user, asked.path["id"])
        if self._testing.locked():
            raise Problem(409, "another producer is being tested: come back when it is done")
        async with self._testing:
            case = testing.TestCase(
                trial.url,
                trial.logical_address,
                trial.contracts,
                *sent.persons(),
                approved=trial.approved,
            )
            report = await self._world.test(case)
        await asyncio.to_thread(self._desk.tested, asked.user, asked.path["id"], report.told())
        return report

    async def _ask(self, asked: Asked) -> bodies.ProducerBody:
        sent: bodies.PublicationBody = asked.body
        standing = await asyncio.to_thread(
            self._desk.ask_publication, asked.user, asked.path["id"], sent.comment
        )
        return self._body(asked, standing)

    async def _approve(self, asked: Asked) -> bodies.PublishedBody:
        sent: bodies.ApprovalBody = asked.body
        version, standing = await asyncio.to_thread(
            self._desk.approve,
            asked.user,
            asked.path["id"],
            sent.comment,
            consumers=sent.consumers,
            social_care=sent.social_care,
            revision=sent.revision,
        )
        return await self._published(asked, version, standing)

    async def _reject(self, asked: Asked) -> bodies.ProducerBody:
        sent: bodies.RejectionBody = asked.body
        standing = await asyncio.to_thread(
            self._desk.reject, asked.user, asked.path["id"], sent.comment
        )
        return self._body(asked, standing)

    async def _disable(self, asked: Asked) -> bodies.PublishedBody:
        sent: bodies.DisabledBody = asked.body
        version, standing = await asyncio.to_thread(
            self._desk.disable, asked.user, asked.path["id"], sent.notice, sent.until
        )
        return await self._published(asked, version, standing)

    async def _enable(self, asked: Asked) -> bodies.PublishedBody:
        version, standing = await asyncio.to_thread(self._desk.enable, asked.user, asked.path["id"])
        return await self._published(asked, version, standing)

    async def _questions(self, asked: Asked) -> questions.QuestionsBody:
        wanted: questions.QuestionsQuery = asked.query
        records = await asyncio.to_thread(self._world.questions.latest, wanted.limit)
        return questions.questions_body(records)

    async def _explain(self, asked: Asked) -> questions.QuestionsBody:
        records = await asyncio.to_thread(self._world.questions.named, asked.path["correlation_id"])
        if not records:
            raise Problem(404, "no question with that correlation id is in the access log")
        return questions.questions_body(records)

    async def _status(self, asked: Asked) -> questions.StatusBody:
        standings = await asyncio.to_thread(self._desk.all, asked.user)
        records = await asyncio.to_thread(self._world.questions.latest, _LOOKED_AT)
        breakers = await asyncio.to_thread(self._world.breakers.standings)
        return questions.StatusBody(
            version=__version__,
            catalogue_version=self._world.catalogue_version(),
            missing=self._world.missing(),
            notes=self._world.notes(),
            questions_looked_at=len(records),
            producers=questions.producer_statuses(
                standings, records, self._world.workers(), breakers
            ),
        )

    async def _published(
        self, asked: Asked, version: int, standing: Standing
    ) -> bodies.PublishedBody:
        await self._world.published()
        return bodies.PublishedBody(version=version, producer=self._body(asked, standing))

    def _body(self, asked: Asked, standing: Standing) -> bodies.ProducerBody:
        application = standing.application
        secrets = secret_names(application.form, self._world.house()) if application else ()
        return bodies.ProducerBody.of(
            standing, secrets, show_secrets=asked.user.may(Right.SET_SECRETS)
        )
