"""What the pages can show: each page, and what opens on it, for tests that look at all of it."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from tests.e2e.conftest import Pipeline, Up
from tests.processes import wait_until

CAMERAS = """
[camera.front]
source = "testcard"
size = "320x240"
fps = 5
record = "always"
[camera.gone]
source = "testcard"
size = "320x240"
"""
"""The process of `gone` has to be stopped."""
TOOLS = "body[data-tools=ready]"
FRONT = f"{TOOLS} [data-camera=front][data-state=live]"
CONFIGURED = ".configured [data-camera=front]"
SECRET = "x" * 22


@dataclass(frozen=True)
class State:
    """Something that opens on a page, and is closed by Esc if it is in front."""

    name: str
    clicked: tuple[str, ...]
    shown: str
    """What is there then."""


@dataclass(frozen=True)
class Visit:
    """A page, and what opens on it one after another."""

    path: str
    shown: str
    states: tuple[State, ...] = ()


VISITS = (
    Visit(
        "",
        FRONT,
        (
            State("arrangement", (".arrange",), ".arrange-dialog[open]"),
            State("figures", ("[data-camera=front] .open-details",), "[data-camera=front] .details[open]"),
        ),
    ),
    Visit("?wall", f"{FRONT}, body[data-wall=true]"),
    Visit(
        "camera/front/",
        f"{FRONT} time-line",
        (
            State("stills", (".stills summary",), ".stills[open] button"),
            State("clips", (".clips summary",), ".clips[open] button"),
            State("viewers", (".watchers summary",), ".watchers[open]"),
            State("keys", ("[data-action=help]",), ".keys-dialog[open]"),
            State("controls", (".open-controls",), "[data-control=brightness]"),
            State("recordings", ("[data-action=stepBack]",), "[data-state=recorded]"),
            State(
                "marked time",
                ("[data-action=markToggle]", "[data-action=share]"),
                "[data-state=recorded] .marked:not([hidden])",
            ),
        ),
    ),
    Visit("camera/gone/", f"{TOOLS} [data-camera=gone][data-state=offline]"),
    Visit(
        "settings",
        "body[data-ready]",
        (
            State("new camera", (".adding button",), ".adding input[type=radio]"),
            State("friend", (f"{CONFIGURED} .buttons button >> nth=0",), f"{CONFIGURED} > div:last-child > *"),
            State("changed camera", (f"{CONFIGURED} .buttons button >> nth=1",), f"{CONFIGURED} form"),
        ),
    ),
    Visit("login", "form"),
    Visit(f"link/{SECRET}", "form"),
)


def with_all_states(up: Up, folder: Path) -> Pipeline:
    """A camera with recordings below this folder, and one that is offline."""
    pipeline = up(f'{CAMERAS}[recorder]\nfolder = "{folder / "recordings"}"\n')
    os.kill(pipeline.processes()["capture gone"], signal.SIGSTOP)
    return pipeline


def states(page: Page, home: str) -> Iterator[str]:
    """Show all of it in this tab; yields the name of each when it is there."""
    for visit in VISITS:
        page.goto(f"{home}/{visit.path}")
        page.wait_for_selector(visit.shown, state="attached")
        yield f"/{visit.path}"
        for state in visit.states:
            for selector in state.clicked:
                page.locator(selector).click()
            page.wait_for_selector(state.shown, state="attached")
            yield f"/{visit.path} {state.name}"
            page.keyboard.press("Escape")
            wait_until(lambda: page.locator("dialog[open]").count() == 0, "no dialog")
