"""The page's rules that need no browser, as when a picture passes for live, and which cameras there are."""

import subprocess
from pathlib import Path

import pytest

from tests.programs import need

RULES = sorted(Path(__file__).parent.glob("*.test.mjs"))


@pytest.mark.medium
@pytest.mark.parametrize("rules", RULES, ids=lambda path: path.name)
def test_rules(rules: Path) -> None:
    # In UTC, as times of day are among what is tested.
    environment = {"TZ": "UTC", "LC_ALL": "C.UTF-8"}
    done = subprocess.run([need("node"), "--test", rules], capture_output=True, text=True, timeout=100, env=environment)

    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_rules() -> None:
    assert [rules.name for rules in RULES] == [
        "axis.test.mjs",
        "camera-list.test.mjs",
        "camera-name.test.mjs",
        "choices.test.mjs",
        "clock.test.mjs",
        "connection.test.mjs",
        "control-model.test.mjs",
        "control-values.test.mjs",
        "fallback.test.mjs",
        "format.test.mjs",
        "frame-stats.test.mjs",
        "keys.test.mjs",
        "layout.test.mjs",
        "moment-link.test.mjs",
        "multipart.test.mjs",
        "player.test.mjs",
        "pushed-events.test.mjs",
        "rates.test.mjs",
        "recent-events.test.mjs",
        "recorded-times.test.mjs",
        "recorder-words.test.mjs",
        "rotation.test.mjs",
        "spans.test.mjs",
        "timestamp.test.mjs",
        "view-state.test.mjs",
        "words.test.mjs",
        "zoom.test.mjs",
    ]
