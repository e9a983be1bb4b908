"""The public key of another machine, as the configuration writes it."""

import pytest

from framebus.config.server_key import ServerKey
from framebus.credentials.curve_keys import KeyPair


def test_a_key_is_one() -> None:
    public = KeyPair.make().public
    assert str(ServerKey.parse(public)) == public


@pytest.mark.parametrize(
    "text", ["", "x" * 39, "x" * 41, "x" * 39 + " ", "x" * 39 + '"', "x" * 39 + "ä", "x" * 40 + "\n"]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(
        ValueError, match="the 40 characters that `framebus keys server` prints on the camera's machine"
    ):
        ServerKey.parse(text)
