import logging

import pytest

from framebus.config.followed_copy import FollowedCopy, copy_in_force
from framebus.config.load import Config, ConfigError
from tests.conftest import TESTCARD, Configure

logger = logging.getLogger("followed")


def test_each_new_file_is_applied_once(configure: Configure) -> None:
    config = configure()
    taken: list[list[str]] = []
    followed = FollowedCopy(lambda config: taken.append(list(config.cameras)), logger, config.path)
    followed.check()
    followed.check()
    configure(f"{TESTCARD}[camera.second]\n")
    followed.check()
    followed.check()
    assert taken == [["front"], ["front", "second"]]


def test_a_file_that_is_gone_or_has_mistakes_changes_nothing(
    configure: Configure, caplog: pytest.LogCaptureFixture
) -> None:
    config = configure()
    assert config.path is not None
    taken: list[Config] = []
    followed = FollowedCopy(taken.append, logger, config.path)
    config.path.unlink()
    followed.check()
    config.path.write_text("[camera.front]\nfps = 0\n")
    followed.check()
    assert taken == []
    assert caplog.messages == [
        f"the changed configuration cannot be applied: {config.path}: camera.front.fps: found 0; "
        "allowed: frames a second, more than 0 and at most 240"
    ]


def test_what_cannot_be_applied_is_said_once(configure: Configure, caplog: pytest.LogCaptureFixture) -> None:
    def refuse(config: Config) -> None:
        raise ConfigError(["there is no key of this machine"])

    followed = FollowedCopy(refuse, logger, configure().path)
    followed.check()
    followed.check()
    assert caplog.messages == ["the changed configuration cannot be applied: there is no key of this machine"]


def test_a_process_that_was_started_by_hand_follows_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FRAMEBUS_ORIGINAL_CONFIG", raising=False)
    monkeypatch.setenv("FRAMEBUS_CONFIG", "/etc/framebus/framebus.toml")
    assert copy_in_force() is None
    monkeypatch.setenv("FRAMEBUS_ORIGINAL_CONFIG", "")
    assert str(copy_in_force()) == "/etc/framebus/framebus.toml"
