"""The real nginx and Caddy, as deploy/ has them: only ports differ, and what they write is in a folder of the test."""

import getpass
import os
import socket
from pathlib import Path

from tests.processes import Running, wait_until
from tests.programs import need

DEPLOY = Path(__file__).parents[2] / "deploy"
FRAMEBUS = "127.0.0.1:8080"
"""Where framebus is, by deploy/."""
SITE = "cameras.example"
"""The site's name in deploy/Caddyfile."""
PREFIX = "/cam"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
"""What nginx would otherwise keep in /var/lib."""


def command(program: str, folder: Path, port: int, framebus: str) -> tuple[str, ...]:
    """Runs the proxy in the foreground, before the framebus at this HOST:PORT; `folder` is for its files."""
    folder.mkdir()
    return {"nginx": _nginx, "caddy": _caddy}[program](need(program), folder, port, framebus)


class Proxy:
    """One of them, ready when this is made. Closed by its maker."""

    def __init__(self, program: str, folder: Path, port: int, framebus: str) -> None:
        self.program = program
        self.port = port
        self.origin = f"http://127.0.0.1:{port}"
        self.url = f"{self.origin}{PREFIX}"
        self.running = Running(
            *command(program, folder, port, framebus), log=folder / "log", environment={"HOME": str(folder)}
        )
        try:
            wait_until(self._answers, f"{program} at port {port}; its log:\n{self.running.log}")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End it."""
        self.running.close()

    def _answers(self) -> bool:
        assert self.running.process.poll() is None, self.running.log
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


def _nginx(program: str, folder: Path, port: int, framebus: str) -> tuple[str, ...]:
    user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""  # else its workers could not read the folder
    folders = "".join(f"{name}_temp_path {folder}/{name};\n" for name in TEMPORARY)
    location = _file("nginx.conf", FRAMEBUS, framebus)
    file = folder / "nginx.conf"
    file.write_text(
        f"{user}\ndaemon off;\nworker_processes 1;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{folders}server {{\nlisten 127.0.0.1:{port};\n{location}}}\n}}\n"
    )
    return (program, "-e", "stderr", "-p", str(folder), "-c", str(file))


def _caddy(program: str, folder: Path, port: int, framebus: str) -> tuple[str, ...]:
    site = _file("Caddyfile", FRAMEBUS, framebus).replace(f"\n{SITE} {{", f"\nhttp://127.0.0.1:{port} {{")
    file = folder / "Caddyfile"
    file.write_text(f"{{\n\tadmin off\n}}\n{site}")
    return (program, "run", "--config", str(file), "--adapter", "caddyfile")


def _file(name: str, old: str, new: str) -> str:
    text = (DEPLOY / name).read_text()
    assert text.count(old) == 1
    return text.replace(old, new)
