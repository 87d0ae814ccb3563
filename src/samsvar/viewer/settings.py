"""The viewer's settings file: which hub it asks and as whom, where people log in, where it listens.

Knows the names and bounds; unknown names are refused. Paths are told from where the file lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from samsvar.settings import fault_of_url
from samsvar.settings_file import FileUnreadable, in_words, line_of, read

HsaIdText = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,32}$")]
Url = Annotated[str, Field(max_length=512)]


class ViewerSettingsInvalid(Exception):
    """The file cannot be used. ``faults``: a line for each thing that is wrong with it."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _safe(url: str) -> str:
    if fault := fault_of_url(url, plain_on_loopback=True):
        raise ValueError(fault)
    return url.rstrip("/")


class HubSettings(_Section):
    """The hub that is asked, on a listener with ``users = true``."""

    url: Url
    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None
    seconds: Annotated[float, Field(gt=0, le=120)] = 40.0

    _url = field_validator("url")(_safe)


class LoginSettings(_Section):
    """One identity provider (OpenID Connect), of staff or of citizens."""

    kind: Literal["staff", "citizen"]
    issuer: Url
    client_id: Annotated[str, Field(min_length=1, max_length=200)]
    client_secret: Path | None = None
    authority: Path | None = None
    scope: Annotated[str, Field(max_length=500)] | None = None

    @field_validator("issuer")
    @classmethod
    def _as_in_its_tokens(cls, issuer: str) -> str:
        _safe(issuer)
        return issuer

    @property
    def scopes(self) -> str:
        """What is asked for: to be told who it is, and to read plans."""
        return self.scope or f"openid {'user' if self.kind == 'staff' else 'patient'}/*.rs"


class ViewerSettings(_Section):
    """All of it."""

    address: Url
    host: Annotated[str, Field(max_length=255)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8480
    certificate: Path | None = None
    key: Path | None = None
    session_minutes: Annotated[float, Field(gt=0, le=720)] = 30.0
    most_sessions: Annotated[int, Field(ge=1, le=100_000)] = 2000
    social_care_givers: tuple[HsaIdText, ...] = ()
    names: Annotated[
        dict[str, Annotated[str, Field(max_length=200)]], Field(max_length=10_000)
    ] = {}
    hub: HubSettings
    login: Annotated[tuple[LoginSettings, ...], Field(min_length=1, max_length=2)]

    _address = field_validator("address")(_safe)

    @field_validator("login")
    @classmethod
    def _one_of_a_kind(cls, logins: tuple[LoginSettings, ...]) -> tuple[LoginSettings, ...]:
        if len({each.kind for each in logins}) < len(logins):
            raise ValueError("one [[login]] of each kind at most")
        return logins

    @property
    def secure(self) -> bool:
        """Whether browsers come by TLS."""
        return urlsplit(self.address).scheme == "https"

    def login_of(self, kind: str) -> LoginSettings | None:
        """Where this kind of user logs in; None: nowhere."""
        return next((each for each in self.login if each.kind == kind), None)


def load(path: Path) -> ViewerSettings:
    """The settings in a file.

    Raises:
        ViewerSettingsInvalid: with all that is wrong.
    """
    try:
        tree, text = read(path)
    except FileUnreadable as error:
        raise ViewerSettingsInvalid([str(error)]) from error
    try:
        told = ViewerSettings.model_validate(_from_here(tree, path.parent))
    except ValidationError as error:
        raise ViewerSettingsInvalid(
            [_told(path, text, dict(fault)) for fault in error.errors()]
        ) from None
    return _checked(path, told)


def _checked(path: Path, told: ViewerSettings) -> ViewerSettings:
    pairs = (("hub.", told.hub.certificate, told.hub.key), ("", told.certificate, told.key))
    faults = [
        f"{path}: {prefix}certificate and {prefix}key go together"
        for prefix, certificate, key in pairs
        if (certificate is None) != (key is None)
    ]
    files = (
        *(one for _, *pair in pairs for one in pair),
        told.hub.authority,
        *(file for each in told.login for file in (each.authority, each.client_secret)),
    )
    faults += [
        f"{path}: {file}: there is no such file"
        for file in files
        if file is not None and not file.is_file()
    ]
    if faults:
        raise ViewerSettingsInvalid(faults)
    return told


_PATHS = frozenset({"certificate", "key", "authority", "client_secret"})


def _from_here(tree: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The same with paths told from the folder."""

    def placed(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return _from_here(value, folder)
        if isinstance(value, list):
            return [placed(name, each) for each in value]
        return folder / value if name in _PATHS and isinstance(value, str) else value

    return {name: placed(name, value) for name, value in tree.items()}


def _told(path: Path, text: str, fault: Mapping[str, Any]) -> str:
    place = [one for one in fault["loc"] if not (isinstance(one, str) and one.startswith("tuple"))]
    models: dict[str, type[BaseModel]] = {"hub": HubSettings, "login": LoginSettings}
    model = models.get(str(place[0]), ViewerSettings) if len(place) > 1 else ViewerSettings
    known = sorted(model.model_fields)
    line = line_of(text, place)
    where = f"{path}, line {line}" if line else str(path)
    name = ".".join(str(one) for one in place)
    return f"{where}: {name}: {in_words(fault, known)}"
