"""The command line as an operator types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from kit.archive import START_MS
from kit.clips import Clip, Sound
from kit.server import footage, footage_json

MakeClip = Callable[[str, Clip], Path]
SHORT = Clip(seconds=6)


@pytest.fixture
def camera(tmp_path: Path) -> str:
    made: str = footage_json("camera", "add", "Entrance", data=tmp_path)["id"]
    return made


def imported(camera: str, *arguments: str, data: Path) -> subprocess.CompletedProcess[str]:
    return footage("import", *arguments, "--camera", camera, data=data, check=False)


def test_cameras(tmp_path: Path) -> None:
    wanted = str(uuid4())
    made = footage_json("camera", "add", "Gate ☂", "--id", wanted, "--days", "30", data=tmp_path)
    assert made["id"] == wanted
    assert made["archiveId"] != wanted
    assert made["archiveDays"] == 30
    again = footage("camera", "add", "Gate", "--id", wanted, data=tmp_path, check=False)
    assert again.returncode == 1
    assert again.stderr.strip() == f"error: a camera {wanted} exists already"
    assert [c["title"] for c in footage_json("camera", "list", data=tmp_path)] == ["Gate ☂"]
    assert footage_json("camera", "show", wanted, data=tmp_path) == made
    assert wanted in footage("camera", "list", data=tmp_path).stdout
    footage("camera", "remove", wanted, "--yes", data=tmp_path)
    assert footage_json("camera", "list", data=tmp_path) == []
    for command in (["camera", "show"], ["camera", "remove", "--yes"], ["token"]):
        gone = footage(*command, wanted, data=tmp_path, check=False)
        assert gone.returncode == 3
        assert gone.stderr.strip() == f"error: no camera has the id {wanted}"


def test_what_a_camera_is_recorded_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "rtsp://admin:hunter2@192.0.2.7/1"
    monkeypatch.setenv("CAMERA_URL", url)
    off = ["--transport", "udp", "--no-audio", "--off"]
    made = footage_json("camera", "add", "Yard", "--url", "env:CAMERA_URL", *off, data=tmp_path)
    assert (made["hasSource"], made["transport"]) == (True, "udp")
    assert (made["isRecorded"], made["isAudioRecorded"]) == (False, False)
    assert made["status"]["state"] == "off"
    changed = footage_json(
        "camera", "change", made["id"], "--title", "Gate", "--transport", "tcp", "--audio", "--on",
        "--days", "7", data=tmp_path,
    )  # fmt: skip
    assert (changed["title"], changed["transport"], changed["archiveDays"]) == ("Gate", "tcp", 7)
    assert (changed["isRecorded"], changed["isAudioRecorded"]) == (True, True)
    assert changed["status"]["state"] == "waiting"
    less = footage_json("camera", "change", made["id"], "--days", "0", "--no-audio", data=tmp_path)
    assert (less["archiveDays"], less["isAudioRecorded"], less["title"]) == (None, False, "Gate")

    bare = footage_json("camera", "add", "Later", data=tmp_path)
    piped = subprocess.run(
        [sys.executable, "-m", "footage", "camera", "change", bare["id"], "--url", "-"],
        env={**os.environ, "FOOTAGE_DATA_DIR": str(tmp_path)},
        input=f"{url}\n", capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "hunter2" not in piped.stdout + piped.stderr
    listed = footage("camera", "list", "--json", data=tmp_path).stdout
    assert [c["hasSource"] for c in json.loads(listed)] == [True, True]
    assert "hunter2" not in listed


def test_a_source_that_is_none_is_refused_without_saying_it(tmp_path: Path) -> None:
    for url in ("file:///etc/hunter2", "rtsp://u:hunter2@h:99999/", "-", "env:rtsp://u:hunter2@h/"):
        refused = footage("camera", "add", "Yard", "--url", url, data=tmp_path, check=False)
        assert refused.returncode == 2
        assert refused.stderr.startswith("error: --url")
        assert refused.stderr.count("\n") == 1
        assert "hunter2" not in refused.stdout + refused.stderr
    assert footage_json("camera", "list", data=tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["camera", "add", "x", "--id", "no-uuid"], 2),
        (["camera", "add", " "], 2),
        (["camera", "show", "no-uuid"], 2),
        (["camera", "change", "no-uuid", "--off"], 2),
        (["camera", "change", str(uuid4())], 2),
        (["camera", "change", str(uuid4()), "--off"], 3),
        (["camera", "change", str(uuid4()), "--title", " "], 2),
        (["camera", "add", "x", "--transport", "multicast"], 2),
        (["camera", "add", "x", "--days", "0"], 2),
        (["token", str(uuid4())], 3),
        (["key", "revoke", "nobody"], 3),
        (["key", "add", " "], 2),
        (["key", "add", "x", "--scope", "root"], 2),
        (["audit", "--camera", "no-uuid"], 2),
        (["audit", "--from", "yesterday"], 2),
        (["no-such-command"], 2),
        (["import", "x.mp4", "--camera", str(uuid4())], 2),
        (["import", "x.mp4", "--camera", str(uuid4()), "--start", "2026-01-01T00:00:00"], 2),
        (["import", "x.mp4", "--camera", str(uuid4()), "--start", "yesterday"], 2),
        (["import", "x.mp4", "--camera", str(uuid4()), "--start-from", "guess"], 2),
        (["import", "x.mp4", "--camera", str(uuid4()), "--start", "0"], 3),
    ],
)
def test_errors_are_one_line_and_a_code(tmp_path: Path, arguments: list[str], code: int) -> None:
    result = footage(*arguments, data=tmp_path, check=False)
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.strip()


def test_the_data_folder_can_be_named_in_three_ways(tmp_path: Path) -> None:
    footage("camera", "add", "one", "--data", str(tmp_path / "a"), data=tmp_path / "unused")
    footage("--data", str(tmp_path / "a"), "camera", "add", "two", data=tmp_path / "unused")
    footage("camera", "add", "three", data=tmp_path / "a")
    titles = [c["title"] for c in footage_json("camera", "list", data=tmp_path / "a")]
    assert titles == ["one", "three", "two"]
    assert not (tmp_path / "unused").exists()


def test_keys_are_shown_once_and_kept_hashed(tmp_path: Path) -> None:
    key = footage_json("key", "add", "portal", data=tmp_path)["key"]
    assert footage("key", "add", "portal", data=tmp_path, check=False).returncode == 1
    [listed] = footage_json("key", "list", data=tmp_path)
    assert (listed["name"], listed["scope"]) == ("portal", "admin")
    assert key not in footage("key", "list", data=tmp_path).stdout
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or key.encode() not in path.read_bytes()
    last = footage("key", "revoke", "portal", data=tmp_path, check=False)
    assert (last.returncode, "last key of scope admin" in last.stderr) == (1, True)
    footage("key", "add", "next", data=tmp_path)
    footage("key", "add", "screen", "--scope", "read", data=tmp_path)
    footage("key", "revoke", "portal", data=tmp_path)
    footage("key", "revoke", "screen", data=tmp_path)
    assert [k["name"] for k in footage_json("key", "list", data=tmp_path)] == ["next"]
    assert (tmp_path / "signing-keys").stat().st_mode & 0o777 == 0o600


def test_settings_are_shown_without_secrets(tmp_path: Path) -> None:
    (tmp_path / "footage.toml").write_text(
        'segment_ms = 4000\nindex_url = "sqlite:////tmp/none.db?password=hunter2"\n'
    )
    shown = footage("settings", data=tmp_path)
    assert "hunter2" not in shown.stdout
    as_json = footage_json("settings", data=tmp_path)
    assert as_json["segment_ms"] == 4000
    assert as_json["index_url"] == "(hidden)"
    (tmp_path / "footage.toml").write_text("segment_msec = 4000\n")
    wrong = footage("settings", data=tmp_path, check=False)
    assert wrong.returncode == 2
    assert "segment_msec" in wrong.stderr
    (tmp_path / "footage.toml").write_text("segment_ms = \n")
    assert footage("settings", data=tmp_path, check=False).returncode == 2


def test_an_import_from_start_to_end(tmp_path: Path, camera: str, clips: MakeClip) -> None:
    one, two = (
        clips("one.mp4", SHORT),
        clips("g711.mov", Clip(seconds=6, sound=Sound(codec="pcm_alaw", rate=8000, seconds=6))),
    )
    first = imported(camera, str(one), str(two), "--start", "2026-09-21T16:13:20+02:00", data=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "imported 1 segments" in first.stdout
    assert "pcm_alaw sound is encoded anew as AAC" in first.stdout
    shown = footage_json("camera", "show", camera, data=tmp_path)
    assert (shown["first"], shown["last"]) == ("2026-09-21T14:13:20.000Z", "2026-09-21T14:13:32.000Z")
    again = imported(camera, str(one), str(two), "--start", str(START_MS), data=tmp_path)
    assert again.returncode == 0
    assert again.stdout.count("already imported") == 2
    assert footage_json("camera", "show", camera, data=tmp_path) == shown
    overlapping = imported(camera, str(one), "--start", str(START_MS + 3000), data=tmp_path)
    assert overlapping.returncode == 4
    assert "2026-09-21T14:13:23.000Z to 2026-09-21T14:13:29.000Z" in overlapping.stderr
    assert "2026-09-21T14:13:20.000Z to 2026-09-21T14:13:26.000Z" in overlapping.stderr
    assert footage_json("camera", "show", camera, data=tmp_path) == shown


def test_json_of_an_import(tmp_path: Path, camera: str, clips: MakeClip) -> None:
    one = clips("one.mp4", SHORT)
    result = imported(
        camera, str(one), str(tmp_path / "absent.mp4"), "--start", str(START_MS), "--json", data=tmp_path
    )
    assert result.returncode == 1
    good, bad = json.loads(result.stdout)
    assert (good["start"], good["end"]) == (START_MS, START_MS + 6000)
    assert good["segmentsAdded"] == 1
    assert good["error"] is None
    assert "absent.mp4" in bad["error"]


def test_starts_from_names_times_and_tags(tmp_path: Path, camera: str, clips: MakeClip) -> None:
    source = clips("one.mp4", SHORT).read_bytes()
    named = tmp_path / "cam1_2026-03-29_01-30-00.mp4"
    named.write_bytes(source)
    local = imported(
        camera, str(named), "--start-from", "name:cam1_%Y-%m-%d_%H-%M-%S",
        "--timezone", "Europe/Berlin", data=tmp_path,
    )  # fmt: skip
    assert local.returncode == 0, local.stderr
    assert "2026-03-29T00:30:00.000Z" in local.stdout
    utc = imported(camera, str(named), "--start-from", "name:cam1_%Y-%m-%d_%H-%M-%S", data=tmp_path)
    assert "2026-03-29T01:30:00.000Z" in utc.stdout
    stamped = tmp_path / "stamped.mp4"
    stamped.write_bytes(source)
    os.utime(stamped, ns=(0, START_MS * 1_000_000))
    assert (
        "2026-09-21T14:13:20.000Z"
        in imported(camera, str(stamped), "--start-from", "mtime", data=tmp_path).stdout
    )
    tagged = clips("tagged.mp4", Clip(seconds=6, metadata={"creation_time": "2026-05-01T10:00:00Z"}))
    assert (
        "2026-05-01T10:00:00.000Z"
        in imported(camera, str(tagged), "--start-from", "metadata", data=tmp_path).stdout
    )
    for rule, path in (("name:%Y", named), ("metadata", named)):
        refused = imported(camera, str(path), "--start-from", rule, data=tmp_path)
        assert refused.returncode == 1
        assert path.name in refused.stderr
    assert (
        imported(
            camera, str(named), "--start-from", "mtime", "--timezone", "Mars/Base", data=tmp_path
        ).returncode
        == 2
    )


def test_a_damaged_file_gives_what_is_readable_and_a_code(
    tmp_path: Path, camera: str, clips: MakeClip
) -> None:
    whole = clips("whole.mkv", Clip(seconds=20))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    result = imported(camera, str(cut), "--start", str(START_MS), data=tmp_path)
    assert result.returncode == 5
    assert "breaks off after 1" in result.stderr
    assert footage_json("camera", "show", camera, data=tmp_path)["bytes"] > 0


def test_ctrl_c_leaves_whole_segments_and_the_next_time_goes_on(
    tmp_path: Path, camera: str, clips: MakeClip
) -> None:
    slow = clips("slow.avi", Clip(seconds=60, codec="mjpeg", pix_fmt="yuvj420p", size=(640, 480)))
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "footage",
            "import",
            str(slow),
            "--camera",
            camera,
            "--start",
            str(START_MS),
        ],
        env={**os.environ, "FOOTAGE_DATA_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    blocks = tmp_path / "footage"
    deadline = time.monotonic() + 60
    while not list(blocks.rglob("*.ts")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "stopped after" in out
    assert "Traceback" not in err
    shown = footage_json("camera", "show", camera, data=tmp_path)
    kept = sum(path.stat().st_size for path in blocks.rglob("*.ts"))
    assert 0 < shown["bytes"] == kept
    resumed = imported(camera, str(slow), "--start", str(START_MS), data=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    assert "were there already" in resumed.stdout
    assert footage_json("camera", "show", camera, data=tmp_path)["last"] == "2026-09-21T14:14:20.000Z"


def test_a_program_that_is_new_here_says_what_it_can(tmp_path: Path) -> None:
    bare = footage(data=tmp_path, check=False)
    assert "Usage: footage" in bare.stdout + bare.stderr
    assert footage("--version", data=tmp_path).stdout.startswith("footage ")
    for command in ("serve", "demo", "import", "camera", "key", "token", "settings"):
        assert command in footage("--help", data=tmp_path).stdout
