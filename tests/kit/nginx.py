"""nginx with the configuration that the guide gives, in front of a server of ours."""

from __future__ import annotations

import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from kit.server import Server, free_port

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "reverse-proxy.md"
START_WITHIN_S = 60
PERL_MODULE = Path("/usr/lib/nginx/modules/ngx_http_perl_module.so")
_FRAME = """\
{first}
user www-data;
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{inner}
}}
"""


@dataclass(frozen=True)
class Proxy:
    """A running nginx; ``log`` is its access log."""

    url: str
    log: Path
    trust: ssl.SSLContext


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody signed but itself, and its key."""
    certificate_file, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", certificate_file),
        ],
        check=True,
        capture_output=True,
    )
    key.chmod(0o600)
    return certificate_file, key


def guide_blocks(language: str) -> list[str]:
    """The guide's blocks of code of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)


def replaced(text: str, said: str, meant: str) -> str:
    """``text`` with something else for what it has to say."""
    assert said in text
    return text.replace(said, meant)


@contextmanager
def running_nginx(folder: Path, server: Server, *, storage: Path | None = None) -> Iterator[Proxy]:
    """The guide's nginx before ``server``: only names, ports and files are others.

    With ``storage`` it sends segments from there.
    """
    folder.mkdir()
    folder.chmod(0o755)
    certificate_file, key = certificate(folder)
    port, log = free_port(), folder / "footage.log"
    site, log_format, sending, perl = guide_blocks("nginx")
    first = ""
    if storage is not None:
        first = f"load_module {PERL_MODULE};"
        [module] = guide_blocks("perl")
        (folder / "footage.pm").write_text(module)
        log_format += replaced(perl, "/etc/nginx/perl", str(folder))
        site = replaced(site, 'set $footage_sends "";', "set $footage_sends X-Accel-Redirect;")
        site = site.rstrip().removesuffix("}") + replaced(sending, "/srv/footage", str(storage)) + "}"
    for said, meant in (
        ("listen 443 ", f"listen 127.0.0.1:{port} "),
        ("server 127.0.0.1:8080;", f"server {urlsplit(server.url).netloc};"),
        ("/etc/ssl/certs/video.example.com.pem", str(certificate_file)),
        ("/etc/ssl/private/video.example.com.key", str(key)),
        ("/var/log/nginx/footage.log", str(log)),
    ):
        site = replaced(site, said, meant)
    config = folder / "nginx.conf"
    config.write_text(_FRAME.format(first=first, folder=folder, inner=log_format + site))
    trust = ssl.create_default_context(cafile=str(certificate_file))
    with (folder / "said").open("wb") as said_file:
        process = subprocess.Popen(
            ["nginx", "-p", folder, "-e", folder / "error.log", "-c", config],
            stdout=said_file,
            stderr=said_file,
        )
    proxy = Proxy(f"https://127.0.0.1:{port}", log, trust)
    try:
        _wait_until_ready(proxy, process, folder)
        yield proxy
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_ready(proxy: Proxy, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{proxy.url}/readyz", verify=proxy.trust).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError((folder / "said").read_text() + (folder / "error.log").read_text())
