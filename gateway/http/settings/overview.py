"""/api/settings, /api/settings/network and /api/settings/reload."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from framebus.config import load as configuration
from framebus.config.camera import CameraConfig
from framebus.config.load import ConfigError
from framebus.config.source_spec import SourceSpec
from framebus.credentials import accounts, links
from framebus.credentials.accounts import SCOPES
from framebus.credentials.token_usage import last_used
from framebus.errors import FramebusError
from framebus.runtime.own_addresses import own_addresses, pages_to_open
from framebus.settings.change import SetNetwork, listen_of
from framebus.settings.config_file import version_of
from framebus.settings.settings_error import SettingsError
from gateway.http.settings.settings_handler import SettingsHandler, one_at_a_time
from gateway.net.errors import HttpError
from gateway.net.origin import parse_host
from gateway.net.own_names import is_loopback_name

logger = logging.getLogger("gateway")


class Overview(SettingsHandler):
    """/api/settings"""

    async def get(self) -> None:
        """List what can be set, and its values. No password, token or login of a camera is among them."""
        self.finish(await self.in_thread(self._overview))

    head = get

    def _overview(self) -> dict[str, Any]:
        places, settings = self.services.places, self.services.settings
        found = accounts.read(places.secrets)
        used = last_used(places.state_dir)
        encrypted = settings.tls_cert is not None
        return {
            **self._file(),
            "cameras": [camera(name, table) for name, table in self.services.camera_settings.items()],
            "network": {
                "open": not settings.listen.is_loopback,
                "listen": str(settings.listen),
                "pages": pages_to_open(settings.listen, encrypted, own_addresses()),
                "anonymous": settings.allow_anonymous,
                "private": self.is_secure or self._is_on_this_machine(),
            },
            "users": [
                {"name": name, "scopes": user.scopes, "cameras": user.cameras} for name, user in found.users.items()
            ],
            "tokens": [
                {
                    "name": name,
                    "scopes": token.scopes,
                    "cameras": token.cameras,
                    "created": token.created,
                    "used": used.get(name),
                }
                for name, token in found.tokens.items()
            ],
            "links": [
                {"kind": link.kind, "name": link.name, "expires": link.expires}
                for link in links.pending(places.state_dir)
            ],
            "scopes": SCOPES,
        }

    def _file(self) -> dict[str, Any]:
        """What is to be known of framebus.toml."""
        file = self.file
        try:
            text = file.read()
        except (SettingsError, ConfigError) as error:
            return {"file": None, "version": None, "edited": False, "read_only": str(error)}
        return {
            "file": str(file.path),
            "version": version_of(text),
            "edited": file.is_edited(text),
            "read_only": file.why_read_only(),
        }

    def _is_on_this_machine(self) -> bool:
        host = parse_host(self.client.host)
        return host is not None and is_loopback_name(host.host)


class Network(SettingsHandler):
    """/api/settings/network"""

    async def put(self) -> None:
        """Let the network in, with a login, or only this machine; the gateway restarts after the answer."""
        wanted = self.values('{"open": true} or {"open": false}').get("open")
        if not isinstance(wanted, bool):
            raise HttpError(400, "bad-request", "open: allowed: true or false")
        file, version = self.file, self.seen_version()
        async with one_at_a_time():
            before, after = await self.in_thread(
                lambda: file.carry_out(SetNetwork(wanted), version=version), ("open" if wanted else "close",)
            )
        try:
            address = listen_of(after)
            encrypted = self.services.settings.tls_cert is not None
            pages = pages_to_open(address, encrypted, own_addresses())
            self.set_status(202)
            await self.while_connected(self.finish({"listen": str(address), "pages": pages}))
        finally:  # the file is changed, also if the client has left
            if after != before:
                _after_the_answer(lambda: file.apply(before, after))


class Reload(SettingsHandler):
    """/api/settings/reload"""

    async def post(self) -> None:
        """Apply framebus.toml as it was edited by hand, after the answer: the gateway itself may restart."""
        self.values("nothing: {}")
        path, run_dir = self.file.path, self.services.places.run_dir
        await self.in_thread(lambda: configuration.load(path))

        def reload() -> None:
            from framebus.supervision.client import ask  # as in framebus.settings.config_file

            ask(run_dir, "reload")

        self.set_status(202)
        try:
            await self.while_connected(self.finish({"sentences": ["framebus.toml is applied"]}))
        finally:
            _after_the_answer(reload)


def camera(name: str, table: CameraConfig) -> dict[str, Any]:
    """What may be shown and set of a camera. The login and the secrets in its URL are never sent."""
    return {
        "name": name,
        "title": table.title,
        "source": SourceSpec.shown(str(table.source)) if table.is_here else str(table.connect),
        "size": str(table.size),
        **{key: getattr(table, key) for key in ("fps", "quality", "orientation", "hflip", "vflip")},
        "here": table.has_capture,
    }


def _after_the_answer(apply: Callable[[], object]) -> None:
    """Reload in a thread that does not keep this process from ending: a reload that restarts it waits for its end."""

    def run() -> None:
        try:
            apply()
        except FramebusError as error:
            logger.warning("the changed configuration is not in force: %s", error)

    threading.Thread(target=run, name="reload", daemon=True).start()
