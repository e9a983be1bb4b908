from pathlib import Path
from xml.etree import ElementTree

import pytest

from framebus.installation import avahi


@pytest.mark.parametrize(("encrypted", "kind"), [(False, "_http._tcp"), (True, "_https._tcp")])
def test_the_page_is_announced_until_it_is_not(tmp_path: Path, encrypted: bool, kind: str) -> None:
    assert avahi.announce(8443, encrypted=encrypted, services=tmp_path)
    service = ElementTree.parse(tmp_path / "framebus.service").getroot().find("service")
    assert service is not None
    assert (service.findtext("type"), service.findtext("port")) == (kind, "8443")
    assert (tmp_path / "framebus.service").stat().st_mode & 0o777 == 0o644, "avahi runs as a user of its own"
    assert avahi.own_files(tmp_path) == [tmp_path / "framebus.service"]
    avahi.silence(tmp_path)
    avahi.silence(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_machine_without_avahi_announces_nothing(tmp_path: Path) -> None:
    assert not avahi.announce(8080, encrypted=False, services=tmp_path / "none")


def test_a_file_of_another_program_stays(tmp_path: Path) -> None:
    (tmp_path / "framebus.service").write_text("theirs")
    assert not avahi.announce(8080, encrypted=False, services=tmp_path)
    assert avahi.own_files(tmp_path) == []
    avahi.silence(tmp_path)
    assert (tmp_path / "framebus.service").read_text() == "theirs"
