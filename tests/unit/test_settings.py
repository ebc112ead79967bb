"""The settings tree: where a value comes from, what is refused, what is hidden."""

from __future__ import annotations

import os
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from pydantic import ValidationError

from footage.settings import Settings, SettingsError, as_environment, load


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting from outside, and a working folder without a file."""
    for name in [name for name in os.environ if name.startswith("FOOTAGE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def write(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "footage.toml").write_text(text, encoding="utf-8")


# Where values come from


def test_flags_over_environment_over_file_over_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = load(data_dir=tmp_path)
    assert (defaults.host, defaults.port, defaults.segment_ms) == ("127.0.0.1", 8080, 6000)
    write(tmp_path, 'host = "file"\nport = 1\nsegment_ms = 2000\n')
    monkeypatch.setenv("FOOTAGE_HOST", "environment")
    monkeypatch.setenv("FOOTAGE_PORT", "2")
    got = load(data_dir=tmp_path, host="flag")
    assert (got.host, got.port, got.segment_ms) == ("flag", 2, 2000)
    assert got.workers == defaults.workers


def test_a_flag_that_was_not_given_hides_nothing(tmp_path: Path) -> None:
    write(tmp_path, "port = 1\n")
    assert load(data_dir=tmp_path, port=None).port == 1


def test_an_empty_variable_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "port = 1\n")
    monkeypatch.setenv("FOOTAGE_PORT", "")
    assert load(data_dir=tmp_path).port == 1


def test_the_file_is_looked_for_in_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("flag", "environment", "footage-data"):
        write(tmp_path / name, f'host = "{name}"\n')
    assert load().host == "footage-data"
    monkeypatch.setenv("FOOTAGE_DATA_DIR", str(tmp_path / "environment"))
    assert load().host == "environment"
    assert load().data_dir == tmp_path / "environment"
    assert load(data_dir=tmp_path / "flag").host == "flag"


def test_what_lies_where(tmp_path: Path) -> None:
    plain = load(data_dir=tmp_path)
    assert plain.index == f"sqlite:///{tmp_path}/index.db"
    assert plain.storage == tmp_path / "footage"
    assert plain.signing_keys == tmp_path / "signing-keys"
    moved = load(data_dir=tmp_path, storage_dir=Path("/disk"), index_url="postgresql://db/footage")
    assert moved.storage == Path("/disk")
    assert moved.index == "postgresql://db/footage"
    assert moved.signing_keys == tmp_path / "signing-keys"


# What is refused


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        ({"prot": 1}, "prot"),
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"port": "http"}, "port"),
        ({"workers": 0}, "workers"),
        ({"segment_ms": 999}, "segment_ms"),
        ({"segment_ms": 60_001}, "segment_ms"),
        ({"public_url": "not a url"}, "public_url"),
        ({"public_url": "ftp://host"}, "public_url"),
        ({"trusted_proxies": ["10.0.0.0/33"]}, "trusted_proxies"),
        ({"log_level": "loud"}, "log_level"),
        ({"preview_queue": -1}, "preview_queue"),
        ({"token_ttl_s": 1e300}, "token_ttl_s"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, flags: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(data_dir=tmp_path, **flags)
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)


def test_every_fault_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"port: .*; workers: "):
        load(data_dir=tmp_path, port=0, workers=0)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("prot = 1\n", "prot"),
        ("port = 'x'\n", "port"),
        ("[server]\nport = 1\n", "server"),
        ("port = \n", "footage.toml"),
        ("\x00", "footage.toml"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, text: str, named: str) -> None:
    write(tmp_path, text)
    with pytest.raises(SettingsError, match=named):
        load(data_dir=tmp_path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "footage.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"footage\.toml"):
        load(data_dir=tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [("port", "x"), ("workers", "0"), ("public_url", "x"), ("trusted_proxies", "no network")],
)
def test_a_variable_that_is_wrong_is_named_and_the_file_is_not_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"FOOTAGE_{name.upper()}", value)
    with pytest.raises(SettingsError, match=name) as refused:
        load(data_dir=tmp_path)
    assert "footage.toml" not in str(refused.value)


def test_settings_do_not_change(tmp_path: Path) -> None:
    settings = load(data_dir=tmp_path)
    with pytest.raises(ValidationError):
        settings.port = 1


# What is hidden

SECRET_URL = "postgresql://footage:hunter2@db/footage"


def test_secrets_are_not_to_be_read_off_the_tree(tmp_path: Path) -> None:
    settings = load(data_dir=tmp_path, index_url=SECRET_URL)
    assert settings.index == SECRET_URL
    for text in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert "hunter2" not in text


def test_secrets_are_not_in_what_is_said_of_other_faults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTAGE_INDEX_URL", SECRET_URL)
    with pytest.raises(SettingsError) as refused:
        load(data_dir=tmp_path, port=0)
    assert "hunter2" not in str(refused.value)
    write(tmp_path, f'index_url = ["{SECRET_URL}"]\n')
    monkeypatch.delenv("FOOTAGE_INDEX_URL")
    with pytest.raises(SettingsError) as refused:
        load(data_dir=tmp_path)
    assert "hunter2" not in str(refused.value)


# The same settings in another process


def again(settings: Settings) -> Settings:
    """What a process with these environment variables alone loads."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in as_environment(settings).items():
            patch.setenv(name, value)
        return load()


def test_defaults_survive_the_way_through_the_environment(tmp_path: Path) -> None:
    settings = load(data_dir=tmp_path)
    assert again(settings) == settings


def test_every_setting_survives_the_way_through_the_environment(tmp_path: Path) -> None:
    settings = load(
        data_dir=tmp_path,
        index_url="postgresql://us%22er:p%5Css@db/\"quoted\"?x='y'",
        storage_dir=tmp_path / "blocks",
        host="::1",
        port=1234,
        workers=17,
        public_url="https://video.example/footage",
        trusted_proxies=["10.0.0.0/8", "fd00::/8", "192.0.2.1"],
        accel_location="/_footage/",
        tls_certificate=tmp_path / "certificate.pem",
        tls_key=tmp_path / "key.pem",
        segment_ms=4000,
        recorders=19,
        local_sources=["127.0.0.1", "169.254.0.0/16"],
        stall_s=11.5,
        sync_every_s="never",
        queue_bytes=1 << 21,
        storage_reserve_bytes=0,
        storage_max_bytes=1 << 22,
        storage_free_bytes=1 << 23,
        token_ttl_s=61,
        session_ttl_s=62,
        playlist_max_segments=1000,
        preview_threads=18,
        preview_queue=0,
        preview_cache_bytes=0,
        export_streams=20,
        export_queue=21,
        export_bytes=1 << 21,
        export_ttl_s=63,
        rate_per_address=0.5,
        rate_per_token=1000,
        requests_per_token=1,
        previews_per_token=2,
        exports_per_token=3,
        open_requests=10,
        url_max_bytes=1024,
        header_max_bytes=1024,
        client_head_s=1,
        client_body_s=0.5,
        client_stall_s=0.25,
        audit_days=30,
        audit_entries=100,
        log_level="debug",
        log_format="json",
    )
    # None of them is as it would be anyway.
    plain = load(data_dir=tmp_path)
    assert [name for name, value in settings if value == getattr(plain, name)] == ["data_dir"]
    copy = again(settings)
    assert copy == settings
    assert copy.index == settings.index
    assert copy.trusted_proxies[2] == ip_network("192.0.2.1/32")


names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00/"), min_size=1, max_size=20
)


@given(names)
@how(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_folder_survives_the_way_through_the_environment(name: str) -> None:
    # The file of settings is looked for there too, so it need not exist.
    settings = load(data_dir=Path("/nowhere") / name, storage_dir=Path(name))
    copy = again(settings)
    assert copy.data_dir == settings.data_dir
    assert copy.storage_dir == settings.storage_dir


@pytest.mark.parametrize(
    "name", ['a "quoted" folder', "back\\slash", '"', 'ends with "', "[1]", "пример", "a b"]
)
def test_odd_folders_survive_the_way_through_the_environment(tmp_path: Path, name: str) -> None:
    settings = load(data_dir=tmp_path / name)
    assert again(settings).data_dir == tmp_path / name
