"""Two machines in one, for tests: the keys of the one with the camera, and those of who may watch."""

from pathlib import Path

from framebus.credentials.curve_keys import CurveKeys, KeyPair, changing


class Strongbox:
    """The secrets file of a machine, with keys of its own and a listed client, called viewer."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.server = KeyPair.make()
        self.client = KeyPair.make()
        self.list_as({"viewer": self.client.public})

    def list_as(self, clients: dict[str, str]) -> None:
        """Let these in from now on, and nobody else."""
        with changing(self.file) as held:
            held[0] = CurveKeys(self.server, self.client, clients)
