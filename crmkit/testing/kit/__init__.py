"""What the fixtures for plugins' tests are made of; `pytest_crmkit` hands them out."""

from crmkit.testing.kit.channel_sink import ChannelSink as ChannelSink
from crmkit.testing.kit.driving import RelayDriver as RelayDriver
from crmkit.testing.kit.hearing import EventRecorder as EventRecorder
from crmkit.testing.kit.http_sink import HTTPSink as HTTPSink
from crmkit.testing.kit.ids import CountedIds as CountedIds
from crmkit.testing.kit.seeding import Seed as Seed
from crmkit.testing.kit.taps import HookCall as HookCall, HookRecorder as HookRecorder
from crmkit.testing.kit.workshop import MakeCRM as MakeCRM, Workshop as Workshop
