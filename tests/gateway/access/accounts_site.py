"""A gateway with accounts, and requests to it with their credentials."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tornado.websocket import WebSocketClientConnection

from framebus.config.load import Config
from framebus.credentials import accounts
from framebus.credentials.accounts import Token, User, fingerprint, token_hash
from framebus.credentials.passwords import hash_password
from tests.gateway.conftest import Site, serving

PASSWORD = "correct horse"
TWO = '[camera.front]\nsource = "testcard"\n[camera.back]\nsource = "testcard"\n'


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def add(config: Config, users: dict[str, User] | None = None, tokens: dict[str, Token] | None = None) -> None:
    with accounts.changing(config.secrets) as everybody:
        everybody.users.update(users or {})
        everybody.tokens.update(tokens or {})


def token(secret: str, *scopes: str, cameras: tuple[str, ...] | None = None) -> Token:
    return Token(token_hash(secret), 1.0, scopes, cameras)  # type: ignore[arg-type]


@asynccontextmanager
async def site_with(config: Config, **found: dict[str, User] | dict[str, Token]) -> AsyncIterator[Site]:
    add(config, **found)  # type: ignore[arg-type]
    async with serving(config) as site:
        yield site


ANNA = {"anna": User(hash_password(PASSWORD))}


async def code(site: Site, path: str, method: str = "GET", **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return (await site.get(path, method=method, headers=named, allow_nonstandard_methods=True)).code


async def closed(page: WebSocketClientConnection) -> None:
    """Close a websocket, and wait until that is done."""
    page.close()
    async with asyncio.timeout(10):
        while await page.read_message() is not None:
            pass


def proof() -> str:
    return fingerprint(ANNA["anna"].scrypt)
