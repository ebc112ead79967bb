"""The page behind a real reverse proxy that puts the server under a path of another site."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, expect

from footage.house import open_house
from footage.media.pattern import write_clip
from footage.settings import load
from kit.archive import START_MS, add_shelf
from kit.desk import PLAYER, add_key, open_context, open_desk
from kit.proxy import reverse_proxy
from kit.server import free_port, running_server

PATH = "/site/cctv"


def test_all_of_it_works_under_a_path(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}{PATH}"
    house = open_house(load(data_dir=tmp_path / "data"))
    shelf = add_shelf(house, "Gate")
    write_clip(tmp_path / "clip.mp4", seconds=30)
    shelf.import_file(tmp_path / "clip.mp4", START_MS)
    key = add_key(house, "Control room")
    house.close()
    with (
        running_server(tmp_path / "data", environment={"FOOTAGE_PUBLIC_URL": url}) as server,
        reverse_proxy(tmp_path / "nginx", port=port, path=PATH, upstream=server.url) as log,
        open_context(browser) as context,
        open_desk(context, url) as desk,
    ):
        asked: list[str] = []
        desk.page.on("request", lambda request: asked.append(request.url))
        page = desk.open()
        desk.sign_in(key)
        [cookie] = context.cookies()
        assert (cookie["path"], cookie["httpOnly"], cookie["sameSite"]) == (PATH, True, "Strict")
        expect(page.locator("page-tile img")).to_be_visible(timeout=60_000)
        page.locator("page-tile a").click()
        desk.plays()
        page.get_by_role("button", name="Switch recording off").click()
        expect(page.get_by_role("button", name="Switch recording on")).to_be_visible()
        made: str = page.evaluate(
            f"span => {PLAYER}.clipLink(span)", {"startMs": START_MS, "endMs": START_MS + 9000}
        )
        assert made.startswith(f"{url}/#title=Gate&link=")
        page.reload()
        desk.plays()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Integration key")).to_be_visible()
        assert context.cookies() == []
        desk.open(made.removeprefix(f"{url}/"))
        desk.plays()
        page.goto(f"{url}/docs.html")
        expect(page.locator("#docs .info .title")).to_contain_text("Footage")
        paths = {urlsplit(each).path for each in asked if each.startswith("http")}
        assert {path for path in paths if not path.startswith(f"{PATH}/")} == set()
        assert all(each.startswith((url, "blob:", "data:", "about:")) for each in asked)
        assert f"GET {PATH}/v1/status" in log.read_text()
