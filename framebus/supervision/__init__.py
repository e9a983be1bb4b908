"""The processes of framebus under supervisord: which there are, and how they follow a changed configuration."""

SUPERVISORD = "framebus.supervision"
"""The module that `framebus up` becomes, in its command line."""
RUNNING_VERSION = "FRAMEBUS_RUNNING_VERSION"
"""Environment: the version of framebus that `framebus up` started."""
