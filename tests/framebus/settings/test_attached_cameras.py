"""What capture says of cameras that are not configured."""

import pytest

from framebus.settings.attached_cameras import attached_cameras, preview
from framebus.settings.settings_error import SettingsError


@pytest.mark.medium
def test_the_list_is_a_list() -> None:
    for camera in attached_cameras():
        assert set(camera) == {"source", "name", "path", "sizes", "problem"}


@pytest.mark.medium
def test_a_preview_is_a_jpeg_with_a_sentence() -> None:
    taken = preview("testcard")
    assert taken.jpeg.startswith(b"\xff\xd8")
    assert taken.jpeg.endswith(b"\xff\xd9")
    assert taken.text.startswith("testcard: a picture of 640x480")


@pytest.mark.medium
def test_a_camera_that_gives_nothing_says_why_and_shows_no_password() -> None:
    with pytest.raises(SettingsError, match="refuses the connection") as refused:
        preview("http://anna:secret@127.0.0.1:1/")
    assert "secret" not in str(refused.value)
