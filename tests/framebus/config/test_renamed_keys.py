import tomllib

import msgspec
import pytest

from framebus.config.load import ConfigError, parse
from framebus.config.renamed_keys import RENAMED, with_new_names

NAMES = {"camera.*.rate": "fps", "gateway.address": "listen", "sockets": "run_dir"}
OLD = tomllib.loads(
    'sockets = "/run/x"\n[camera.a]\nrate = 5\nsize = "64x48"\n[camera.b]\nfps = 3\n'
    '[gateway]\naddress = "127.0.0.1:9"\n'
)


def test_old_names_are_understood_with_a_warning_each() -> None:
    config = parse(OLD, None, renamed=NAMES)
    assert config.cameras["a"].fps == 5
    assert (str(config.gateway.listen), str(config.run_dir)) == ("127.0.0.1:9", "/run/x")
    later = "rename it, as the next version of framebus refuses the old name"
    assert config.warnings == (
        f"framebus.toml: camera.a.rate: is called fps now; {later}",
        f"framebus.toml: gateway.address: is called listen now; {later}",
        f"framebus.toml: sockets: is called run_dir now; {later}",
    )


def test_the_same_configuration_with_new_names_is_the_same() -> None:
    table, _ = with_new_names(OLD, "x", NAMES)
    assert parse(table, None) == msgspec.structs.replace(parse(OLD, None, renamed=NAMES), warnings=())
    assert "rate" in OLD["camera"]["a"], "what was read is not changed"


def test_both_names_at_once_are_a_mistake() -> None:
    with pytest.raises(ConfigError, match=r"camera\.a\.rate: found a key unknown to framebus"):
        parse({"camera": {"a": {"rate": 5, "fps": 6}}}, None, renamed=NAMES)


@pytest.mark.parametrize("table", [{}, {"camera": 3}, {"camera": {"a": 3}}, {"gateway": []}])
def test_tables_that_are_none_are_left_to_the_check(table: dict[str, object]) -> None:
    assert with_new_names(table, "x", NAMES) == (table, [])


def test_each_new_name_is_a_key() -> None:
    for old, new in RENAMED.items():
        place = old.rpartition(".")[0].replace("*", "a")
        table = {new: None}
        for name in reversed(place.split(".") if place else []):
            table = {name: table}  # type: ignore[dict-item]
        with pytest.raises(ConfigError) as caught:
            parse(table, None)
        assert "unknown to framebus" not in str(caught.value)
