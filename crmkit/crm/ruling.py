"""What the host decided, read once while a CRM opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Literal

from crmkit.domain.consent import Policy
from crmkit.domain.consent.packs import PACKS, pack_for
from crmkit.domain.custom import Field
from crmkit.errors import Fault, Invalid
from crmkit.plugins.host import Plugins
from crmkit.services.checks import Checks, options
from crmkit.services.rules import Rules

Pack = Literal["gdpr", "ru_152fz", "permissive"]
#: What `CRM.open(consent=…)` takes.
Judged = Policy | Pack | None


def rules_of(
    region: str | None, fields: Iterable[Field[Any]], dormant_after: timedelta | None, plugins: Plugins,
    consent: Judged,
) -> Rules:  # fmt: skip
    """The host's choices, with what plugins bring; every fault told."""
    check, known = Checks(), dict[tuple[str, str], Field[Any]]()
    check.maybe(check.region, "region", region)
    if dormant_after is not None and (not isinstance(dormant_after, timedelta) or dormant_after <= timedelta()):
        check.fault("dormant_after", "not_a_duration", "Give a timedelta above zero, or None for never.")
    if isinstance(fields, str) or not isinstance(fields, Iterable):
        raise Invalid(Fault("fields", "not_a_list", "Give a list of Field objects."))
    for field in (*fields, *plugins.fields):
        if not isinstance(field, Field):
            raise Invalid(Fault("fields", "not_a_field", "Give Field objects, such as Field('client', 'card', str)."))
        if known.setdefault((field.record, field.key), field) != field:
            check.fault("fields", "twice", f"Two different fields are called {field.record}.{field.key}.")
    policy = _policy(check, consent, region)
    twice = sorted({one.key for one in plugins.purposes if policy.purposes.get(one.key, one) != one})
    for key in twice:
        check.fault("plugins", "twice", f"A plugin brings a purpose {key}, and so does your policy of consents.")
    check.done()
    frozen: Mapping[tuple[str, str], Field[Any]] = known
    judged = policy.with_purposes(*plugins.purposes)
    channels = {name: channel.reaches for name, channel in plugins.channels.items()}
    return Rules(region=region, dormant_after=dormant_after, fields=frozen, consent=judged, channels=channels)


def _policy(check: Checks, consent: object, region: str | None) -> Policy:
    if isinstance(consent, Policy):
        if consent.jurisdiction not in consent.laws:
            check.fault("consent", "unknown_law", "The policy's jurisdiction must be one of its laws.")
            return pack_for(region)
        return consent
    if consent is None:
        return pack_for(region)
    name = check.one_of(options(Pack))("consent", consent)
    return PACKS.get(name, pack_for(region)) if isinstance(name, str) else pack_for(region)
