"""The base of the handlers below /api/settings: who may use them, and how a refusal of framebus becomes an answer."""

import asyncio
import shlex
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from framebus.config.load import ConfigError
from framebus.credentials.secrets_file import SecretsError
from framebus.errors import FramebusError
from framebus.settings.change import Change
from framebus.settings.config_file import ConfigFile, version_of
from framebus.settings.settings_error import SettingsError
from framebus.settings.system_config_file import config_file
from gateway.access.identity import Identity
from gateway.http.camera_handler import CameraHandler
from gateway.http.json_body import json_object
from gateway.net.errors import HttpError
from gateway.net.origin import parse_origin

STATUS = {
    "edited": 409,
    "changed": 412,
    "read-only": 409,
    "exists": 409,
    "unknown-camera": 404,
    "busy": 429,
    "failed": 502,
    "off": 403,
}
"""HTTP status by the code of a SettingsError; 400 for the others."""

CHANGE_SECONDS = 30.0
"""How long a change waits for the one before it."""
POLL_SECONDS = 0.05
_changing = threading.Lock()
"""Held while framebus.toml is changed and that is applied: meanwhile it looks as if it had been edited by hand."""

T = TypeVar("T")


def may_set(identity: Identity) -> bool:
    """Whether a client may use the settings, where the configuration allows them at all."""
    return identity.may("admin") and identity.cameras is None and identity.kind not in ("anonymous", "unauthenticated")


@contextmanager
def refusals(command: Sequence[str] = ()) -> Iterator[None]:
    """Refusals of framebus as HttpError; `command` is as in `SettingsHandler.in_thread`."""
    try:
        yield
    except SettingsError as error:
        if error.code == "read-only" and command:
            advice = f"run on the camera server: sudo {shlex.join(('framebus', *command))}"
            raise HttpError(409, "read-only", f"framebus may not change its configuration here; {advice}") from None
        raise HttpError(STATUS.get(error.code, 400), error.code, str(error)) from None
    except ConfigError as error:
        raise HttpError(400, "refused", "; ".join(error.mistakes)) from None
    except SecretsError as error:
        raise HttpError(409, "read-only", str(error)) from None
    except HttpError:
        raise
    except FramebusError as error:  # the running framebus cannot be asked
        raise HttpError(503, "no-reload", str(error)) from None


@asynccontextmanager
async def one_at_a_time() -> AsyncIterator[None]:
    """Wait, without a thread, for the change of another client of this process. Raises HttpError after a while."""
    deadline = time.monotonic() + CHANGE_SECONDS
    while not _changing.acquire(blocking=False):
        if time.monotonic() > deadline:
            raise HttpError(429, "busy", "another change is being applied; try again in some seconds")
        await asyncio.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        _changing.release()


class SettingsHandler(CameraHandler):
    """Stricter than the other handlers: the whole of framebus is changed here."""

    def set_default_headers(self) -> None:
        """Called by Tornado. No other site may read an answer, whatever allow_origins says."""
        super().set_default_headers()
        for name in [name for name in self._headers if name.startswith("Access-Control-")]:
            self.clear_header(name)
        self.set_header("Cache-Control", "no-store")

    def _preflight(self, methods: list[str]) -> dict[str, str]:
        return {}

    async def prepare(self) -> None:
        """Called by Tornado before the method."""
        await super().prepare()
        if self.request.method == "OPTIONS" or self._finished:
            return
        if not self.services.settings.settings:
            raise HttpError(
                403, "off", "settings = false in [gateway] forbids this; change framebus.toml and its users here"
            )
        if self.identity.kind == "anonymous":
            raise HttpError(401, "unauthorized", "log in: the settings take a user or a token with the scope admin")
        if self.identity.cameras is not None:
            raise HttpError(
                403, "forbidden", f"{self.identity.name} may see some cameras only, and the settings are of all"
            )
        self._check_own_origin()

    def _check_own_origin(self) -> None:
        """Refuse what a page of another site has sent, also of one that allow_origins names. Raises HttpError."""
        site = self.request.headers.get("Sec-Fetch-Site", "none")
        origin = self.request.headers.get("Origin")
        parsed = parse_origin(origin) if origin is not None else None
        foreign = origin is not None and (parsed is None or not self.client.is_same_origin(parsed))
        if site in ("cross-site", "same-site") or (foreign and site != "same-origin"):
            raise HttpError(403, "other-origin", "the settings can be changed from framebus's own page only")

    @property
    def file(self) -> ConfigFile:
        """framebus.toml."""
        return config_file(self.services.places.config, self.services.places.run_dir)

    def values(self, what: str, *required: str) -> dict[str, Any]:
        """The body. Raises HttpError where it is no JSON object, or lacks one of these texts."""
        values = json_object(self.request, what)
        for key in required:
            if not isinstance(values.get(key), str):
                raise HttpError(400, "bad-request", f"{key}: found nothing; allowed: a text")
        return values

    async def in_thread(self, function: Callable[[], T], command: Sequence[str] = ()) -> T:
        """Call what reads and writes files, or asks supervisord. Raises HttpError where it is refused.

        Args:
            function: what to do.
            command: the command that does the same, for a file that only root may change.
        """
        with refusals(command):
            return await asyncio.to_thread(function)

    async def change(self, change: Change, *command: str) -> None:
        """Change framebus.toml, let it be applied, and answer with what was done; `command` is as in `in_thread`."""
        file, version = self.file, self.seen_version()
        async with one_at_a_time():
            sentences = await self.in_thread(lambda: file.apply(*file.carry_out(change, version=version)), command)
        self.finish({"sentences": sentences, "version": version_of(await self.in_thread(file.read))})

    def seen_version(self) -> str | None:
        """The version of framebus.toml that the client has seen: the header If-Match (RFC 9110, section 13.1.1)."""
        found = self.request.headers.get("If-Match", "").strip().strip('"')
        return None if found in ("", "*") else found
