"""What an administrator may change of framebus.toml without an editor: a closed list, as data that can be sent."""

import tomllib
from collections.abc import Callable
from typing import Any

import msgspec

from framebus.config.address import Address
from framebus.config.edit import EditError, Value, with_key
from framebus.config.gateway import GatewayConfig
from framebus.settings.camera_edits import check_remote, with_camera, with_changed_camera, without_camera

EVERY_ADDRESS, THIS_MACHINE = "0.0.0.0", "127.0.0.1"


class AddCamera(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="add-camera"):
    """A new [camera.NAME]."""

    name: str
    keys: dict[str, Value | None]


class SetCamera(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="set-camera"):
    """Keys of a camera, by name; None removes one, so that its default holds."""

    name: str
    keys: dict[str, Value | None]


class RemoveCamera(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="remove-camera"):
    """A camera that goes."""

    name: str


class SetNetwork(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="set-network"):
    """Whether the gateway listens on the addresses of this machine in its network, or on loopback alone."""

    open: bool


Change = AddCamera | SetCamera | RemoveCamera | SetNetwork


def edit_of(change: Change) -> Callable[[str], str]:
    """How a change is made in the text of framebus.toml.

    Returns:
        A function from the text to the new one, which may raise SettingsError and EditError.

    Raises:
        SettingsError: It sets a key or a source that only an editor may set.
    """
    match change:
        case AddCamera(name, keys):
            checked = check_remote(keys)
            return lambda text: with_camera(text, name, checked)
        case SetCamera(name, keys):
            checked = check_remote(keys)
            return lambda text: with_changed_camera(text, name, checked)
        case RemoveCamera(name):
            return lambda text: without_camera(text, name)
        case SetNetwork(is_open):
            return lambda text: _with_network(text, is_open=is_open)


def described(change: Change) -> str:
    """The change in a few words, without values: URLs of cameras hold passwords."""
    match change:
        case AddCamera(name) | SetCamera(name) | RemoveCamera(name):
            return f"{change.__struct_config__.tag} {name}"
        case SetNetwork(is_open):
            return f"set-network {'open' if is_open else 'closed'}"


def listen_of(text: str) -> Address:
    """Where the gateway of this configuration listens. Raises EditError."""
    try:
        gateway: Any = tomllib.loads(text).get("gateway", {})
        found = gateway.get("listen") if isinstance(gateway, dict) else None
        return GatewayConfig().listen if found is None else Address.parse(str(found))
    except ValueError as error:  # also of TOML
        raise EditError(f"gateway.listen cannot be read: {error}") from None


def _with_network(text: str, *, is_open: bool) -> str:
    """The text with the same port of other addresses; unchanged where they are of that kind already."""
    listen = listen_of(text)
    if is_open != listen.is_loopback:
        return text
    return with_key(text, "gateway", "listen", str(Address(EVERY_ADDRESS if is_open else THIS_MACHINE, listen.port)))
