"""What a page says to look at recordings."""

import msgspec
import pytest

from gateway.viewers.playback_requests import Play, PlayMessage, Seek, SeekMessage


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ('{"camera":"front","at":1.5,"width":640,"id":7}', Seek("front", 1.5, 0, 640, 7)),
        ('{"camera":"front","at":1,"step":-1,"later":[]}', Seek("front", 1.0, -1)),
        ('{"camera":"front"}', Seek("front")),
    ],
)
def test_a_seek(text: str, meaning: Seek) -> None:
    assert msgspec.json.decode(f'{{"seek":{text}}}', type=SeekMessage).seek == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ('{"camera":"front","from":1.5,"speed":-64,"width":640,"id":7}', Play("front", 1.5, -64, 640, 7)),
        ('{"camera":"front","speed":0.125}', Play("front", speed=0.125)),
        ('{"camera":"front","speed":0}', Play("front", speed=0)),
    ],
)
def test_a_film(text: str, meaning: Play) -> None:
    assert msgspec.json.decode(f'{{"play":{text}}}', type=PlayMessage).play == meaning


@pytest.mark.parametrize("speed", ["0.1", "-0.1", "65", "-65", "1e999", '"1"'])
def test_a_speed_that_is_not_allowed(speed: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(f'{{"play":{{"camera":"front","speed":{speed}}}}}', type=PlayMessage)
