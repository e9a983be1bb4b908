"""Keeps out of supervisord what supervisor imports and framebus does not use: 3 to 7 MB less (measured).

supervisord serves XML-RPC at one socket, which only this user of this machine can open. It needs no OpenSSL, no HTTP
client, no pages for browsers, and no metadata of packages. A module that supervisor only imports is replaced by one
that has the few names that supervisor asks for while it is imported.
"""

import sys
from importlib.util import find_spec
from types import ModuleType

from framebus.runtime.deferred_module import defer

OWN_HASHES = ("_md5", "_sha1")
"""Of Python itself. supervisor imports both; some builds of Python have OpenSSL's alone."""


class NoPages:
    """In place of the handler that serves pages to browsers."""

    def __init__(self, supervisord: object) -> None:
        """As supervisor makes one."""

    def match(self, _request: object) -> bool:
        """It answers no request."""
        return False


def escaped(text: str) -> str:
    """The text as HTML, as html.escape gives it; supervisor calls it for a page that shows its state."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


STAND_INS: "dict[str, dict[str, object]]" = {
    "pkg_resources": {},  # of supervisor 4.2, for Options.import_spec, which is ours
    "importlib.metadata": {"EntryPoint": None},  # of supervisor 4.3, for the same
    "importlib.resources": {},
    "decimal": {"Decimal": object},
    "http": {"__path__": []},
    "http.client": {"HTTPConnection": object},  # base of a class of supervisorctl
    "html": {"__path__": [], "escape": escaped},
    "html.entities": {},
    "html.parser": {"HTMLParser": object},
    "supervisor.web": {"supervisor_ui_handler": NoPages},
}
"""What takes the place of these modules: their names that supervisor and xmlrpc need for their imports."""
DEFERRED = ("ipaddress", "platform", "shutil")
"""What other modules need in rare cases: urllib.parse for an address in brackets, tempfile for folders."""


def leave_out() -> None:
    """Call it before supervisor is imported."""
    sys.modules["ssl"] = None  # type: ignore[assignment]  # what makes Python not look for it
    sys.modules["gzip"] = None  # type: ignore[assignment]  # xmlrpc does without
    if all(find_spec(name) is not None for name in OWN_HASHES):
        sys.modules["_hashlib"] = None  # type: ignore[assignment]
    for name, content in STAND_INS.items():
        sys.modules[name] = module = ModuleType(name)
        vars(module).update(content)
    for name in DEFERRED:
        defer(name)
