"""A new plugin's files, ready to be tested."""

from crmkit.cli.scaffold.writing import KINDS as KINDS, files as files, write as write
