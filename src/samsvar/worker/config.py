"""What the operator of a worker may set: one TOML file, read once, refused as a whole.

Knows the file's form, and no environment: secrets are references, as everywhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from samsvar import settings_file
from samsvar.broker.keys import KeyPair, public_key
from samsvar.errors import ResourcesMissing
from samsvar.settings import BrokerSettings, ProducerSettings, SettingsInvalid
from samsvar.store.key_file import read_key_file

Name = Annotated[str, Field(pattern=r"^[0-9A-Za-z_.:-]{1,64}$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WorkerSettings(_Section):
    """Who the worker is."""

    id: Name = Field(description="its name, for people: in logs and in the hub's decisions")
    key: Path = Field(description="its key file, of `samsvar worker key --new`")
    hubs: tuple[str, ...] = Field(
        max_length=16,
        description="public keys of the hubs whose questions it takes",
    )
    addresses: tuple[Name, ...] = Field(
        max_length=200, description="logical addresses whose questions it takes"
    )
    at_once: Annotated[int, Field(ge=1, le=500)] = Field(
        default=16, description="questions in work at once"
    )
    drain_seconds: Annotated[float, Field(gt=0, le=300)] = Field(
        default=30.0, description="what questions in work get when it is told to stop"
    )

    @field_validator("hubs", "addresses")
    @classmethod
    def _not_none(cls, told: tuple[str, ...]) -> tuple[str, ...]:
        if not told:  # not min_length, which would count one with a fault as none
            raise ValueError("at least one is needed")
        return told

    @field_validator("hubs")
    @classmethod
    def _are_keys(cls, hubs: tuple[str, ...]) -> tuple[str, ...]:
        for hub in hubs:
            public_key(hub)
        return hubs


class SourceSettings(_Section):
    """The source beside it."""

    address: str | None = Field(
        default=None, max_length=2000, description="URL of the source, for an adapter"
    )
    options: dict[str, str] = Field(
        default={}, description="the adapter's own settings; secrets as file:<path> or env:<NAME>"
    )


class WorkerConfig(_Section):
    """All of it."""

    worker: WorkerSettings
    broker: BrokerSettings
    source: SourceSettings = SourceSettings()
    producers: ProducerSettings = Field(
        default=ProducerSettings(), description="how it reaches the source; as the hub's section"
    )


def load(path: Path) -> WorkerConfig:
    """Read the file. Relative paths in it are relative to it.

    Raises:
        SettingsInvalid: with every fault at once.
    """
    try:
        tree, text = settings_file.read(path, "a worker needs [worker] and [broker]")
    except settings_file.FileUnreadable as error:
        raise SettingsInvalid([str(error)]) from error
    try:
        config = WorkerConfig.model_validate(tree)
    except ValidationError as error:
        raise SettingsInvalid(
            [
                settings_file.sentence(str(path), WorkerConfig, dict(fault), text)
                for fault in error.errors()
            ]
        ) from error
    if config.broker.url is None:
        raise SettingsInvalid([f"{path}: broker.url: is missing: where the message broker is"])
    base = path.parent
    return config.model_copy(
        update={
            "worker": _absolute(config.worker, base),
            "broker": _absolute(config.broker, base),
            "producers": _absolute(config.producers, base),
        }
    )


def keys_of(path: Path) -> KeyPair:
    """The pair in a key file.

    Raises:
        ResourcesMissing: it cannot be used; the text says why.
    """
    try:
        return KeyPair.of(read_key_file(path))
    except OSError as error:
        raise ResourcesMissing(
            f"{path}: cannot be read: {error.strerror}; samsvar worker key --new {path} makes one"
        ) from error
    except ValueError:
        raise ResourcesMissing(f"{path}: is no key file of a worker") from None


def _absolute(section: Any, base: Path) -> Any:
    changes = {
        name: base / value
        for name in type(section).model_fields
        if isinstance(value := getattr(section, name), Path)
    }
    return section.model_copy(update=changes)
