"""What is said of a token that opens nothing: a status, RFC 6750's word for it, a sentence.

Sentences are ours and name claims and settings, never a value: they are shown and logged.
"""

from __future__ import annotations

REALM = "samsvar"
#: seconds after which it is worth while to come back when keys could not be fetched
COME_BACK = 10


class TokenRefused(Exception):
    """No user is let in by this."""

    def __init__(self, status: int, error: str | None, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        """``invalid_request``, ``invalid_token``, ``insufficient_scope``; None where RFC 6750 has
        no word: nothing was sent (401), or we cannot tell now (503)."""
        self.description = description

    @property
    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """What the answer must have in its head."""
        if self.status == 503:
            return ((b"retry-after", str(COME_BACK).encode()),)
        challenge = f'Bearer realm="{REALM}"'
        if self.error is not None:
            challenge += f', error="{self.error}", error_description="{self.description}"'
        return ((b"www-authenticate", challenge.encode("ascii", "replace")),)


def bad_request(description: str) -> TokenRefused:
    """It is not sent as it should be."""
    return TokenRefused(400, "invalid_request", description)


def bad_token(description: str) -> TokenRefused:
    """It is there, and opens nothing."""
    return TokenRefused(401, "invalid_token", description)


def missing_scope(scope: str) -> TokenRefused:
    """It is good, but not for this. ``scope``: one that would do."""
    return TokenRefused(403, "insufficient_scope", f"the token lacks a scope such as {scope}")


def no_keys(issuer: str) -> TokenRefused:
    """Its issuer's keys cannot be had now; it may be good."""
    return TokenRefused(
        503,
        None,
        f"the keys of {issuer} cannot be fetched now, so no token of its can be proven: try again",
    )
