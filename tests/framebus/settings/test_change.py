"""Changes as data: what each does to the text, and what cannot be said by one."""

import tomllib

import msgspec
import pytest

from framebus.config.edit import EditError
from framebus.settings.change import (
    AddCamera,
    Change,
    RemoveCamera,
    SetCamera,
    SetNetwork,
    described,
    edit_of,
    listen_of,
)
from framebus.settings.settings_error import SettingsError

TEXT = '# mine\n[camera.front]  # the door\nsource = "testcard"\n\n[gateway]\nlisten = "127.0.0.1:8081"  # here\n'


def changed(change: Change, text: str = TEXT) -> str:
    return edit_of(change)(text)


def test_cameras() -> None:
    added = changed(AddCamera("garden", {"source": "auto", "fps": 5}))
    assert added == f'{TEXT}\n[camera.garden]\nsource = "auto"\nfps = 5\n'
    assert changed(SetCamera("garden", {"fps": None, "hflip": True}), added).endswith('"auto"\nhflip = true\n')
    assert changed(RemoveCamera("garden"), added).rstrip() == TEXT.rstrip()


def test_the_network_keeps_its_port_and_the_comments() -> None:
    opened = changed(SetNetwork(open=True))
    assert opened == TEXT.replace("127.0.0.1:8081", "0.0.0.0:8081")
    assert changed(SetNetwork(open=True), opened) == opened
    assert changed(SetNetwork(open=False), opened) == TEXT
    assert changed(SetNetwork(open=False), TEXT.replace("127.0.0.1:8081", "[::]:80")).count('"127.0.0.1:80"') == 1
    assert changed(SetNetwork(open=False), TEXT) == TEXT


def test_an_address_of_the_person_that_is_of_the_wanted_kind_stays() -> None:
    text = TEXT.replace("127.0.0.1:8081", "192.0.2.7:8081")
    assert changed(SetNetwork(open=True), text) == text


def test_where_the_gateway_listens() -> None:
    assert str(listen_of(TEXT)) == "127.0.0.1:8081"
    assert str(listen_of("")) == "127.0.0.1:8080"
    with pytest.raises(EditError, match=r"gateway\.listen cannot be read"):
        listen_of("[gateway]\nlisten = 5\n")


@pytest.mark.parametrize(
    "keys",
    [
        {"source": "program"},
        {"source": "/etc/shadow"},
        {"source": "file:///etc/shadow"},
        {"source": "http://192.0.2.1/\n[program.x]"},
        {"source": "http://192.0.2.1/\x1b[2J"},
        {"source": f"http://192.0.2.1/{'x' * 2000}"},
        {"title": "\ud800"},
        {"publish": "tcp://0.0.0.0:5555"},
        {"user": "root"},
        {'x]\nuser = "root"\n[y': "1"},
    ],
)
def test_no_change_sets_what_is_for_the_file_itself(keys: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as refused:
        edit_of(AddCamera("x", dict(keys)))
    assert refused.value.code == "not-allowed"
    with pytest.raises(SettingsError):
        edit_of(SetCamera("front", dict(keys)))


@pytest.mark.parametrize("name", ["../x", 'x]\nuser = "root"\n[y', "", "Front", "x.y"])
def test_no_name_leads_out_of_its_table(name: str) -> None:
    for change in (AddCamera(name, {"source": "auto"}), SetCamera(name, {"fps": 5}), RemoveCamera(name)):
        with pytest.raises(SettingsError):
            changed(change)


def test_whatever_a_text_holds_it_stays_one_value() -> None:
    title = 'a "b" \\ # ] = \'\'\' """ \u200d'
    table = tomllib.loads(changed(SetCamera("front", {"title": title})))
    assert table["camera"] == {"front": {"source": "testcard", "title": title}}


@pytest.mark.parametrize(
    "line",
    [
        b'{"do":"write","text":"x"}',
        b'{"do":"add-camera","name":"x"}',
        b'{"do":"add-camera","name":"x","keys":{},"path":"/etc/passwd"}',
        b'{"do":"set-camera","name":"x","keys":{"controls":{"a":1}}}',
        b'{"do":"set-network","open":1}',
        b'{"do":"set-network","open":true,"listen":"0.0.0.0:22"}',
        b'{"do":"add-camera","name":"x","keys":{"title":"\\ud800"}}',
        b"null",
    ],
)
def test_what_is_no_change_is_none(line: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(line, type=Change)


def test_its_description_has_no_values() -> None:
    assert described(AddCamera("garden", {"source": "rtsp://u:secret@h/"})) == "add-camera garden"
    assert described(RemoveCamera("garden")) == "remove-camera garden"
    assert described(SetNetwork(open=True)) == "set-network open"
