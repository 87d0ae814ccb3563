"""The table: every rule, in the order in which they are tried. The first that hits decides.

Gates, same or other provider, block, emergency, relation, capacity and consent, the person's own
side; what is added comes last. Knows the order, and none of the conditions.
"""

from __future__ import annotations

from samsvar.access.rule import Rule
from samsvar.access.rules import gates, health_care, own_access, same_provider, social_care

RULES: tuple[Rule, ...] = (
    *gates.GATES,
    *same_provider.SAME_PROVIDER,
    *health_care.BLOCK,
    *social_care.BLOCK,
    *health_care.EMERGENCY,
    *social_care.EMERGENCY,
    *health_care.RELATION,
    *social_care.RELATION,
    *health_care.CONSENT,
    *social_care.CONSENT,
    *own_access.ERRANDS,
    *own_access.READERS,
    *own_access.NOT_SHOWN,
    *own_access.SHOWN,
    *gates.TRANSFORMATIONS,
)

GATES = gates.GATES
TRANSFORMATIONS = gates.TRANSFORMATIONS
BY_ID = {rule.id: rule for rule in RULES}
