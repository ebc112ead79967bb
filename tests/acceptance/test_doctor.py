"""``footage doctor`` finds what is wrong, and the service that the package brings is a tight one."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kit.nginx import certificate
from kit.server import footage, footage_json

SERVICE = Path(__file__).parents[2] / "packaging" / "footage.service"
EXPOSURE_MAX = 2.0


def findings(data: Path, code: int = 0) -> dict[str, tuple[str, str]]:
    """Verdict and text by subject."""
    result = footage("doctor", "--json", data=data, check=False)
    assert result.returncode == code, result.stdout + result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return {one["subject"]: (one["verdict"], one["text"]) for one in found}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that is in order, with a free port."""
    folder = tmp_path / "data"
    footage("key", "add", "admin", data=folder)
    folder.chmod(0o700)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "footage.toml").write_text(f"port = {port}\n")
    return folder


def test_all_is_well(data: Path) -> None:
    found = findings(data)
    for subject in ("data folder", "signing keys", "index", "port", "ffmpeg"):
        assert found[subject][0] == "ok", found[subject]
    assert not [text for verdict, text in found.values() if verdict == "fault"]
    table = footage("doctor", data=data).stdout
    assert "signing keys" in table


def test_before_anything_is_there(tmp_path: Path) -> None:
    found = findings(tmp_path / "none")
    assert found["data folder"][0] == found["index"][0] == "advice"
    assert not (tmp_path / "none").exists(), "it makes nothing"


def test_what_is_open_to_others(data: Path) -> None:
    data.chmod(0o755)
    (data / "signing-keys").chmod(0o644)
    found = findings(data, code=1)
    assert found["data folder"][0] == "advice"
    assert found["signing keys"][0] == "fault"
    assert "chmod 600" in found["signing keys"][1]


def test_a_storage_that_is_not_mounted(data: Path) -> None:
    assert findings(data)["storage"][0] == "ok"
    (data / "footage").rename(data / "unmounted")
    (data / "footage").mkdir()
    verdict, text = findings(data, code=1)["storage"]
    assert verdict == "fault"
    assert "is its disk mounted" in text
    assert list((data / "footage").iterdir()) == []


def test_a_broken_index(data: Path) -> None:
    for path in data.glob("index.db*"):
        path.unlink()
    (data / "index.db").write_bytes(b"this is no database " * 100)
    assert findings(data, code=1)["index"][0] == "fault"


def test_a_port_that_somebody_has(data: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        (data / "footage.toml").write_text(f"port = {other.getsockname()[1]}\n")
        assert findings(data)["port"][0] == "advice"


def test_a_disk_without_room(data: Path) -> None:
    (data / "footage.toml").write_text(f"storage_reserve_bytes = {1 << 44}\n")
    assert findings(data, code=1)["disk"][0] == "fault"


def test_how_it_faces_the_network(data: Path, tmp_path: Path) -> None:
    (data / "footage.toml").write_text('host = "0.0.0.0"\nport = 1\n')
    assert "in the clear" in findings(data)["tls"][1]
    (data / "footage.toml").write_text('public_url = "https://video.example"\n')
    assert "trusted_proxies" in findings(data)["proxy"][1]
    certificate_file, key = certificate(tmp_path)
    lines = f"tls_certificate = {json.dumps(str(certificate_file))}\ntls_key = "
    (data / "footage.toml").write_text(lines + json.dumps(str(key)))
    assert findings(data)["tls"][0] == "ok"
    key.chmod(0o644)
    assert findings(data)["tls"][0] == "advice"
    (data / "footage.toml").write_text(lines + json.dumps(str(certificate_file)))
    assert findings(data, code=1)["tls"][0] == "fault"


def test_nobody_is_an_admin_yet(tmp_path: Path) -> None:
    assert footage_json("camera", "list", data=tmp_path) == []
    assert "footage key add" in findings(tmp_path)["keys"][1]


def test_the_service_is_valid_and_tight(tmp_path: Path) -> None:
    unit = tmp_path / "footage.service"
    unit.write_text(SERVICE.read_text().replace("/opt/footage/bin/footage", sys.executable))
    verified = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False, timeout=60
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    exposure = re.search(r"Overall exposure level for footage.service: ([\d.]+)", judged.stdout)
    assert exposure is not None, judged.stderr
    assert float(exposure[1]) <= EXPOSURE_MAX
