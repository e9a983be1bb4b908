"""Who wants what, from the subscription messages of an XPUB socket. No sockets: the messages are handed in."""

from framebus.protocol.wire import Kind, topic

SUBSCRIBED_KINDS: tuple[Kind, ...] = ("live", "peek", "full", "status")


class Subscriptions:
    """Knows which kinds of a camera's messages anybody wants.

    With XPUB_VERBOSE every subscription is reported, but only the last unsubscription of a topic, also for a subscriber
    that was killed: so a set of topics is all there is to remember. Only topics that match are, and these are the few
    beginnings of three lines: a subscriber that makes up topics fills no memory.
    """

    def __init__(self, camera: str) -> None:
        self._lines = {kind: topic(kind, camera) for kind in SUBSCRIBED_KINDS}
        self._subscribed: set[bytes] = set()

    def wants(self, kind: Kind) -> bool:
        """Whether anybody gets what is sent under this kind."""
        return any(self._lines[kind].startswith(beginning) for beginning in self._subscribed)

    def take(self, message: bytes) -> list[Kind]:
        """Note a message: 01 and a topic for a subscription, 00 and a topic for the end of the last such one.

        Returns the kinds whose newest message somebody new now waits for.
        """
        verb, beginning = message[:1], message[1:]
        kinds = [kind for kind, line in self._lines.items() if line.startswith(beginning)]
        if verb == b"\x01" and kinds:
            self._subscribed.add(beginning)
            return kinds
        if verb == b"\x00":
            self._subscribed.discard(beginning)
        return []
