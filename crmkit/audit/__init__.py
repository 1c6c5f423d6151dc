"""The audit log: how it is sealed, where the heads of its chain are kept, and what a look through it found."""

from crmkit.audit.files import FileSink as FileSink, heads_in as heads_in
from crmkit.audit.sealing import Audit as Audit, Sink as Sink
from crmkit.domain.seal import Head as Head
from crmkit.domain.verified import Breach as Breach, Tampering as Tampering, Verified as Verified
