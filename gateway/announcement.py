"""Logs the URL of the page: at the start, and again when the addresses of this machine change."""

import logging
import time
from collections.abc import Callable, Iterable

from framebus.config.address import Address
from framebus.runtime.own_addresses import ALL_INTERFACES, own_addresses, pages_to_open
from gateway.cameras.feed import Feed

logger = logging.getLogger("gateway")

ANNOUNCE_SECONDS = 5.0
"""A camera that has given no frame by then may never give one."""
ADDRESS_CHECK_SECONDS = 10.0
"""How often the addresses of this machine are looked up, once the page was announced."""


class Announcement:
    """Announces the page when the first frame arrives, or after ANNOUNCE_SECONDS without one."""

    def __init__(
        self,
        listen: Address,
        encrypted: bool,
        *,
        silent: bool = False,
        addresses: Callable[[], list[str]] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`silent` is for all workers but the first."""
        self._listen = listen
        self._encrypted = encrypted
        self._own_addresses = addresses or own_addresses
        self._now = now
        self._started = self._checked_at = now()
        self._announced: list[str] = []
        self._silent = silent

    @property
    def is_done(self) -> bool:
        """Whether the page was announced."""
        return self._silent or bool(self._announced)

    def tick(self, feeds: Iterable[Feed]) -> None:
        """Call this several times a second before the announcement, and once a second after it."""
        if self._silent:
            return
        if self._announced:
            self._check_addresses()
            return
        camera = next((feed.camera for feed in feeds if feed.status.captured is not None), None)
        if camera is None and self._now() - self._started <= ANNOUNCE_SECONDS:
            return
        self._announced = self._pages()
        if camera is not None:
            logger.info("camera %s is there: open %s", camera, " or ".join(self._announced))
        else:
            logger.warning(
                "no camera has given a picture yet; the page says why: open %s", " or ".join(self._announced)
            )

    def _check_addresses(self) -> None:
        if self._listen.host not in ALL_INTERFACES or self._now() - self._checked_at < ADDRESS_CHECK_SECONDS:
            return
        self._checked_at = self._now()
        pages = self._pages()
        if pages != self._announced:
            self._announced = pages
            logger.info("the addresses of this machine have changed: open %s", " or ".join(pages))

    def _pages(self) -> list[str]:
        return pages_to_open(self._listen, self._encrypted, self._own_addresses())
