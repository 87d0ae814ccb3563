"""An Ed25519 signature beside a report: who made it, and that nobody has changed it since.

The private key lies in the data folder, made at first use, readable by its owner alone; the
public key beside it is what others verify with. Knows bytes and key files, no report.
"""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

KEY_FILE = "bench-report.key"
PUBLIC_FILE = "bench-report.pub"
_ALGORITHM = "Ed25519"


class SignatureRefused(Exception):
    """The signature, or a key, cannot be used or does not fit; the text says which."""


def private_key(path: Path) -> Ed25519PrivateKey:
    """The key in a PEM file; made there, with its public key beside, if there is none.

    Raises:
        SignatureRefused: the file is no such key, or others can read it.
    """
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SignatureRefused(f"{path.name} can be read by others: chmod 600 it")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SignatureRefused(f"{path.name}: no unencrypted private key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SignatureRefused(f"{path.name}: not an Ed25519 key")
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key in a PEM file; of a private key's file, its public part.

    Raises:
        SignatureRefused: the file is no such key.
    """
    try:
        data = path.read_bytes()
        key = private_key(path).public_key() if b"PRIVATE" in data else load_pem_public_key(data)
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise SignatureRefused(f"{path.name}: no public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise SignatureRefused(f"{path.name}: not an Ed25519 key")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """A short name of a key, for people to compare."""
    return hashlib.sha256(_raw(key)).hexdigest()[:16]


def signature_file(report: Path) -> Path:
    """Where a report's signature stands: beside it."""
    return report.with_name(f"{report.name}.sig")


def sign(data: bytes, key: Ed25519PrivateKey) -> bytes:
    """The signature's file."""
    told = {
        "algorithm": _ALGORITHM,
        "key": fingerprint(key.public_key()),
        "signature": base64.b64encode(key.sign(data)).decode(),
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def verify(data: bytes, signature: bytes, key: Ed25519PublicKey) -> None:
    """Return if the data are those that the holder of the key signed.

    Raises:
        SignatureRefused: they are not, or the signature cannot be read.
    """
    try:
        told = orjson.loads(signature)
        algorithm, name = told["algorithm"], told["key"]
        value = base64.b64decode(told["signature"], validate=True)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise SignatureRefused("the signature's file cannot be read") from error
    if algorithm != _ALGORITHM:
        raise SignatureRefused("the signature is of another algorithm than Ed25519")
    if name != fingerprint(key):
        raise SignatureRefused(f"signed with another key than {fingerprint(key)}")
    try:
        key.verify(value, data)
    except InvalidSignature as error:
        raise SignatureRefused("the report has been changed since it was signed") from error


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(path, flags, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.with_suffix(".pub").write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
