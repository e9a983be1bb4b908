"""The processes of framebus under supervisord: which there are, and how they follow a changed configuration."""

SUPERVISORD = "framebus.supervision"
"""The module that `framebus up` becomes, in its command line."""
