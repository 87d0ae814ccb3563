"""Bearer tokens: text in, a ``User`` out, or a refusal that says why.

Knows OAuth 2.0 bearer tokens (RFC 6750, 9068), JOSE, what an issuer may say of whom, and SMART
scopes. Knows no socket and no clock, not where keys come from, and no access rule.
"""

from __future__ import annotations

from samsvar.tokens.claims import user_from
from samsvar.tokens.keys import KeysInvalid, PublicKeys, keys_in
from samsvar.tokens.reading import Sealed, opened, refuse_token_outside, token_in
from samsvar.tokens.refused import TokenRefused
from samsvar.tokens.scopes import Interaction, allows, refuse_without_scope
from samsvar.tokens.verify import checked

__all__ = [
    "Interaction",
    "KeysInvalid",
    "PublicKeys",
    "Sealed",
    "TokenRefused",
    "allows",
    "checked",
    "keys_in",
    "opened",
    "refuse_token_outside",
    "refuse_without_scope",
    "token_in",
    "user_from",
]
