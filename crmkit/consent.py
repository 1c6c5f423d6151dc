"""How consents are judged: `CRM.open(url, consent=…)` takes a pack's name, or a policy made of one."""

from crmkit.domain.consent.packs import GDPR as GDPR, PERMISSIVE as PERMISSIVE, RU_152FZ as RU_152FZ
from crmkit.domain.consent.policy import Cap as Cap, Law as Law, Policy as Policy
from crmkit.domain.reaching.hours import Hours as Hours
