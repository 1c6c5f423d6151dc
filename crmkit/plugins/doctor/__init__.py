"""What is wrong with plugins, as coded findings, each with what to do about it."""

from crmkit.plugins.doctor.examining import Subject as Subject, examine as examine
from crmkit.plugins.doctor.finding import CODES as CODES, Finding as Finding
