"""The files of the page over HTTP: compressed, asked for anew or kept, and who may load which."""

from __future__ import annotations

import gzip
import re

import httpx
import pytest
from playwright.sync_api import Browser

from kit.site import Site


def get(site: Site, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{site.server.url}/{path}", headers={"Accept-Encoding": "identity", **headers})


def assets(site: Site) -> list[str]:
    """What the page itself loads that carries a hash in its name."""
    found: list[str] = re.findall(r"\./(assets/[^\"]+)", get(site, "").text)
    assert found
    return found


def test_the_page_and_its_types(site: Site) -> None:
    assert get(site, "").text == get(site, "index.html").text
    types = {"": "text/html", "docs.html": "text/html", "player.js": "text/javascript"}
    types |= {"licenses.md": "text/markdown"}
    for path, media_type in types.items():
        assert get(site, path).headers["content-type"].split(";")[0] == media_type
    kinds = {path.rsplit(".", 1)[1]: path for path in assets(site)}
    assert get(site, kinds["js"]).headers["content-type"].startswith("text/javascript")
    assert get(site, kinds["css"]).headers["content-type"].startswith("text/css")


def test_files_come_compressed_where_that_is_taken(site: Site) -> None:
    for path in ("", "player.js", *assets(site)):
        plain = get(site, path)
        assert "content-encoding" not in plain.headers
        with httpx.stream(
            "GET", f"{site.server.url}/{path}", headers={"Accept-Encoding": "br, gzip"}
        ) as answer:
            packed = b"".join(answer.iter_raw())
        assert answer.headers["vary"] == "Accept-Encoding"
        if answer.headers.get("content-encoding") == "gzip":
            assert gzip.decompress(packed) == plain.content
            assert len(packed) < len(plain.content)
        else:
            assert len(plain.content) < 1000
        assert answer.headers["etag"] == plain.headers["etag"]


def test_what_was_seen_is_not_sent_again(site: Site) -> None:
    for path in ("", "player.js"):
        first = get(site, path)
        assert first.headers["cache-control"] == "no-cache"
        again = get(site, path, **{"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert get(site, path, **{"If-None-Match": '"other"'}).status_code == 200
    for path in assets(site):
        assert get(site, path).headers["cache-control"] == "public, max-age=31536000, immutable"


def test_nothing_beyond_the_folder(site: Site) -> None:
    for path in (
        "nope",
        "assets",
        "assets/",
        "../app.py",
        "%2e%2e/app.py",
        "..%2fapp.py",
        "/etc/passwd",
        "%00",
    ):
        answer = get(site, path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_head_is_answered_too(site: Site) -> None:
    answer = httpx.head(f"{site.server.url}/player.js")
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) > 0


def test_the_policy_of_pages(site: Site) -> None:
    policy = get(site, "").headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy


def test_any_page_may_load_the_player_and_nothing_else(browser: Browser, site: Site, pages: str) -> None:
    assert get(site, "player.js").headers["access-control-allow-origin"] == "*"
    other = next(path for path in assets(site) if path.endswith(".js"))
    page = browser.new_page()
    page.goto(f"{pages}/player.html")
    load = "url => import(url).then(module => Object.keys(module).length, error => error.name)"
    assert page.evaluate(load, f"{site.server.url}/player.js") > 0
    assert page.evaluate(load, f"{site.server.url}/{other}") == "TypeError"
    page.close()


@pytest.mark.parametrize("path", ["", "docs.html", "player.js"])
def test_files_are_what_they_say(site: Site, path: str) -> None:
    assert get(site, path).headers["x-content-type-options"] == "nosniff"
