import subprocess
import tomllib
from pathlib import Path

from framebus.config.load import parse
from framebus.installation.texts import MARK, command, configuration, settings_unit, unit

ROOT = Path(__file__).parents[3]
TEMPLATE = (ROOT / "deploy" / "framebus.service").read_text()


def test_the_unit_runs_this_python_and_names_groups_that_exist() -> None:
    text = unit(TEMPLATE, "/srv/venv/bin/python", ["video", "render"])
    assert "/opt/framebus" not in text
    assert text.splitlines()[1] == MARK
    assert "\nSupplementaryGroups=video render\n" in text
    assert "\nExecStart=/srv/venv/bin/python -P -m framebus up --config /etc/framebus/framebus.toml\n" in text
    assert "install framebus again" in text
    assert "docs/deploy.md" not in text
    kept = [line for line in TEMPLATE.splitlines() if "=" in line and "/opt/" not in line and "Groups" not in line]
    assert set(kept) <= set(text.splitlines())


def test_the_unit_runs_a_copy_in_opt() -> None:
    text = unit(TEMPLATE, "/opt/framebus/bin/python", ["video"])
    assert "\nExecStart=/opt/framebus/bin/python -P -m framebus up --config /etc/framebus/framebus.toml\n" in text
    assert "/bin/python/" not in text


def test_a_machine_without_such_groups_gets_no_groups() -> None:
    text = unit(TEMPLATE, "/usr/bin/python3", [])
    assert "SupplementaryGroups" not in text
    assert "The groups" not in text


def test_the_settings_service_runs_this_python() -> None:
    template = (ROOT / "deploy" / "framebus-settings.service").read_text()
    text = settings_unit(template, "/srv/venv/bin/python")
    assert "/opt/framebus" not in text
    assert text.splitlines()[0] == MARK
    assert "\nExecStart=/srv/venv/bin/python -P -m framebus.settings.change_service --user framebus " in text


def test_the_configuration_is_the_sample_with_the_folders_of_the_service() -> None:
    table = tomllib.loads(configuration((ROOT / "framebus.toml").read_text()))
    config = parse(table, Path("/etc/framebus/framebus.toml"))
    assert [str(path) for path in (config.run_dir, config.state_dir, config.secrets)] == [
        "/run/framebus",
        "/var/lib/framebus",
        "/var/lib/framebus/secrets",
    ]
    assert config.gateway.listen.is_loopback


def test_the_command_passes_its_arguments_on(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    python.chmod(0o755)
    script = tmp_path / "framebus"
    script.write_text(command(str(python)))
    script.chmod(0o755)
    assert subprocess.check_output([script, "passwd", "a b"], text=True) == "-P|-m|framebus|passwd|a b|"
