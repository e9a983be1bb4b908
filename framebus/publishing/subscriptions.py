"""Which kinds of a camera's messages are subscribed to, from the messages of an XPUB socket. Pure."""

from framebus.protocol.wire import Kind, topic

SUBSCRIBED_KINDS: tuple[Kind, ...] = ("live", "half", "quarter", "peek", "full", "status")


class Subscriptions:
    """Knows which kinds of a camera's messages have a subscriber.

    With XPUB_VERBOSE every subscription is reported, but only the last unsubscription of a topic, also for a subscriber
    that was killed: so a set of topics is all there is to remember. Only topics that match are, and these are the few
    prefixes of a few lines: a subscriber that makes up topics fills no memory.
    """

    def __init__(self, camera: str) -> None:
        """Begin without subscribers.

        Args:
            camera: its name in the configuration.
        """
        self._topics = {kind: topic(kind, camera) for kind in SUBSCRIBED_KINDS}
        self._subscribed: set[bytes] = set()
        self.wanted: frozenset[Kind] = frozenset()
        """The kinds that have a subscriber. For any thread, while another one takes messages."""

    def wants(self, kind: Kind) -> bool:
        """Whether what is sent under this kind has a subscriber."""
        return kind in self.wanted

    def take(self, message: bytes) -> list[Kind]:
        """Note a message of the socket.

        Args:
            message: 01 and a topic for a subscription, 00 and a topic for the end of the last such one.

        Returns:
            The kinds whose newest message a new subscriber waits for.
        """
        verb, prefix = message[:1], message[1:]
        kinds = [kind for kind, line in self._topics.items() if line.startswith(prefix)]
        if verb == b"\x01" and kinds:
            self._subscribed.add(prefix)
        elif verb == b"\x00":
            self._subscribed.discard(prefix)
            kinds = []
        else:
            return []
        topics, subscribed = self._topics.items(), tuple(self._subscribed)
        self.wanted = frozenset(kind for kind, line in topics if line.startswith(subscribed))
        return kinds
