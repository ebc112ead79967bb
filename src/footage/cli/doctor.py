"""``footage doctor``: what stands in the way of a server that runs well, and what to do about it."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

from footage.archive.errors import ArchiveError
from footage.archive.index import open_index
from footage.archive.storage import LocalStorage
from footage.cli.output import CommandError, DataOption, JsonOption, print_json, print_table, settings_for
from footage.media.abilities import ffmpeg_version, missing_abilities
from footage.settings import Settings

_OTHERS = 0o077
_FILES_WANTED = 4096
_RELEASED_S = 1_790_000_000
"""A clock before this one is wrong."""
_LOW_BYTES = 10 << 30


class Verdict(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    ADVICE = "advice"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    verdict: Verdict
    text: str


def doctor(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Look at disk, clock, permissions, ports, TLS and FFmpeg, and say what to do."""
    settings = settings_for(data)
    findings = [finding for check in _CHECKS for finding in check(settings)]
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_table(["", "subject", ""], [[one.verdict.value, one.subject, one.text] for one in findings])
    faults = sum(finding.verdict is Verdict.FAULT for finding in findings)
    if faults:
        raise CommandError(f"{faults} of {len(findings)} findings are faults")


def _data_folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    if not folder.exists():
        yield _advice("data folder", f"{folder} is not there yet: the first command makes it")
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield _fault("data folder", f"this user cannot write {folder}: chown it to the server's user")
        return
    if folder.stat().st_mode & _OTHERS:
        yield _advice("data folder", f"others can look into {folder}: chmod 700 {folder}")
    else:
        yield _ok("data folder", f"{folder} is this user's alone")
    keys = settings.signing_keys
    if keys.exists():
        if keys.stat().st_mode & _OTHERS:
            yield _fault(
                "signing keys", f"others can read {keys} and forge links: chmod 600, and rotate them"
            )
        else:
            yield _ok("signing keys", "this user's alone")


def _index(settings: Settings) -> Iterator[Finding]:
    if settings.index_url is None and not (settings.data_dir / "index.db").exists():
        yield _advice("index", "there is none yet: the first command makes it")
        return
    try:
        index = open_index(settings.index)
        admins = [key for key in index.keys() if key.scope == "admin"]  # noqa: SIM118 no dict
        storage = LocalStorage(settings.storage, index.set_id) if index.has_storage else None
        index.close()
    except ArchiveError as error:
        yield _fault("index", str(error))
        return
    yield _ok("index", "it answers")
    if not admins:
        yield _advice("keys", "nobody can manage cameras over HTTP yet: footage key add NAME")
    if storage is not None:
        yield _storage(storage)


def _storage(storage: LocalStorage) -> Finding:
    try:
        storage.check()
    except ArchiveError as error:
        return _fault("storage", str(error))
    return _ok("storage", "it is that of the index")


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.storage
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free - settings.storage_reserve_bytes
    said = f"{free / 1e9:.1f} GB for footage at {settings.storage}"
    if free <= 0:
        yield _fault("disk", "no room is left for footage: make some, or lower storage_reserve_bytes")
    elif free < _LOW_BYTES:
        yield _advice("disk", f"{said}: a camera of 2 Mbit/s fills 21.6 GB a day")
    else:
        yield _ok("disk", said)


def _clock(_settings: Settings) -> Iterator[Finding]:
    if time.time() < _RELEASED_S:
        yield _fault("clock", "it is years behind: set it, and keep it with NTP")
        return
    synchronised = _said_by("timedatectl", "show", "--property=NTPSynchronized", "--value")
    if synchronised == "yes":
        yield _ok("clock", "kept by NTP")
    elif synchronised == "no":
        yield _advice("clock", "not kept by NTP, and footage has its times: timedatectl set-ntp true")
    else:
        yield _advice("clock", "nobody here can tell whether it is kept by NTP: see that it is")


def _port(settings: Settings) -> Iterator[Finding]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    where = f"{settings.host} port {settings.port}"
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            yield _advice("port", f"{where}: {error.strerror}. Fine where the server is running already")
            return
    yield _ok("port", f"{where} is free")


def _exposure(settings: Settings) -> Iterator[Finding]:
    try:
        is_inside = ip_address(settings.host).is_loopback
    except ValueError:
        is_inside = settings.host == "localhost"
    if settings.tls_certificate is not None and settings.tls_key is not None:
        yield from _tls(settings.tls_certificate, settings.tls_key)
    elif not is_inside:
        yield _advice("tls", "links and keys cross the network in the clear: tls_certificate, or a proxy")
    if is_inside and settings.public_url is not None and not settings.trusted_proxies:
        yield _advice(
            "proxy", "behind a proxy all clients look like one: set trusted_proxies to the proxy's address"
        )


def _tls(certificate: Path, key: Path) -> Iterator[Finding]:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        yield _fault("tls", f"the certificate and its key cannot be used: {error.strerror or error}")
        return
    if key.stat().st_mode & _OTHERS:
        yield _advice("tls", f"others can read {key}: chmod 600 {key}")
    else:
        yield _ok("tls", "the certificate and its key fit")


def _limits(_settings: Settings) -> Iterator[Finding]:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files < _FILES_WANTED:
        yield _advice("open files", f"a process may have {files}: LimitNOFILE={_FILES_WANTED} or more")
    else:
        yield _ok("open files", f"a process may have {files}")


def _ffmpeg(_settings: Settings) -> Iterator[Finding]:
    missing = missing_abilities()
    if missing:
        yield _fault("ffmpeg", f"{ffmpeg_version()} lacks {', '.join(missing)}: install PyAV's own package")
    else:
        yield _ok("ffmpeg", f"{ffmpeg_version()} can do all that is needed")


_CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _data_folder,
    _index,
    _disk,
    _clock,
    _port,
    _exposure,
    _limits,
    _ffmpeg,
)


def _said_by(*command: str) -> str:
    """What a program of the system says; empty where it is not there or does not know."""
    try:
        done = subprocess.run(  # noqa: S603 our own words
            command, capture_output=True, text=True, check=False, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _ok(subject: str, text: str) -> Finding:
    return Finding(subject, Verdict.OK, text)


def _advice(subject: str, text: str) -> Finding:
    return Finding(subject, Verdict.ADVICE, text)


def _fault(subject: str, text: str) -> Finding:
    return Finding(subject, Verdict.FAULT, text)
