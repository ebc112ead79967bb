"""Tokens through their whole life: made, limited, rotated, revoked."""

from __future__ import annotations

import time

import httpx

from footage.access.tokens import Token, sign
from kit.archive import START_MS
from kit.server import footage, footage_json
from kit.site import Site


def test_a_link_made_by_the_command_line_opens_every_method(site: Site) -> None:
    shelf = site.shelf()
    shelf.add_run(START_MS, [(6000, 376)] * 3)
    made = footage_json("token", str(shelf.camera.id), "--ttl", "2h", data=site.server.data)
    assert abs(made["exp"] - time.time() - 7200) < 60
    url = made["archiveApiUrl"].replace("http://127.0.0.1:8080", site.server.url)
    token = {"signature": made["signature"], "exp": str(made["exp"])}
    info = httpx.get(url, params=token)
    assert info.status_code == 200
    for link in info.json()["links"].values():
        assert link.startswith(f"{site.server.url}/archives/")
        # There is no picture in what is made up, and nothing of it was recorded just now.
        is_there = not ("/preview?" in link or "/live.m3u8?" in link)
        assert httpx.get(link).status_code == (200 if is_there else 404)
    for name in ("curl", "player", "live", "page"):
        assert made["signature"] in made[name]


def test_limits_by_the_command_line(site: Site) -> None:
    shelf = site.shelf()
    shelf.add_run(START_MS, [(6000, 376)] * 10)
    link = site.server.link(
        str(shelf.camera.id), "--from", str(START_MS + 6000), "--to", "2026-09-21T14:13:38Z"
    )
    assert link.get("timeline").json() == [{"time": START_MS + 6000, "duration": 12_000, "offset": 0}]


def test_keys_rotate_without_breaking_links(site: Site) -> None:
    shelf = site.shelf()
    shelf.add_run(START_MS, [(6000, 376)])
    old = site.link(shelf)
    footage("signing-key", "rotate", data=site.server.data)
    new = site.link(shelf)
    assert new.token["signature"] != old.token["signature"]
    assert old.get("size").status_code == 200
    assert new.get("size").status_code == 200
    footage("signing-key", "rotate", "--keep", "1", data=site.server.data)
    assert old.get("size").status_code == 403
    assert new.get("size").status_code == 200


def test_raising_the_epoch_revokes_every_link(site: Site) -> None:
    shelf, other = site.shelf(), site.shelf()
    for each in (shelf, other):
        each.add_run(START_MS, [(6000, 376)])
    old, others = site.link(shelf), site.link(other)
    footage("camera", "revoke-links", str(shelf.camera.id), data=site.server.data)
    assert old.get("size").status_code == 403
    assert site.link(shelf).get("size").status_code == 200
    assert others.get("size").status_code == 200


def test_a_key_that_is_not_the_servers_opens_nothing(site: Site) -> None:
    shelf = site.shelf()
    token = Token(int(time.time()) + 60)
    forged = sign(b"\0" * 32, shelf.archive.id, shelf.archive.token_epoch, token)
    answer = httpx.get(f"{site.server.url}/archives/{shelf.archive.id}?{token.query(forged)}")
    assert answer.status_code == 403


def test_an_expired_link_opens_nothing(site: Site) -> None:
    shelf = site.shelf()
    shelf.add_run(START_MS, [(6000, 376)])
    link = site.link(shelf, ttl_s=2)
    assert link.get("size").status_code == 200
    time.sleep(2.5)
    assert link.get("size").status_code == 403
