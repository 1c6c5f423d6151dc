"""Settings of plugins: declared as a class, read strictly, described from the same class."""

from crmkit.domain.secret import Secret as Secret
from crmkit.plugins.settings.checking import checked_class as checked_class
from crmkit.plugins.settings.config import PluginsConfig as PluginsConfig, config_of as config_of
from crmkit.plugins.settings.declaring import setting as setting, settings_class as settings_class
from crmkit.plugins.settings.described import Described as Described, described as described
from crmkit.plugins.settings.kinds import PhoneNumber as PhoneNumber, TimeZone as TimeZone, Url as Url
from crmkit.plugins.settings.loading import load as load
from crmkit.plugins.settings.shown import example as example, reference as reference
from crmkit.plugins.settings.structured import structured as structured
from crmkit.plugins.settings.writing import plain as plain
