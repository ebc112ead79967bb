"""The examples of the player's guide as they stand there, in a browser; and the npm package."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route

from footage.media.pattern import write_clip
from kit.films import Film, import_film
from kit.player_page import Player
from kit.site import Site

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
GUIDE = (ROOT / "docs/guide/player.md").read_text()
EXAMPLES = re.findall(r"^```html\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
ALARM_MS = 1_790_000_015_000
"""The moment that the guide's button leads to."""


@pytest.fixture(scope="module")
def film(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Film:
    clip = tmp_path_factory.mktemp("guide") / "clip.mp4"
    write_clip(clip, seconds=30)
    return import_film(site, [clip])


def test_the_examples_of_the_guide_work(browser: Browser, pages: str, site: Site, film: Film) -> None:
    """All on one page, whose origin is not the server's: its link put in, nothing else changed."""
    tag, script, looks = EXAMPLES
    short = site.link(film.shelf, ttl_s=50)
    given = {
        "https://video.example/player.js": f"{site.server.url}/player.js",
        "https://video.example/archives/ARCHIVE_ID": film.link.url,
        "SIGNATURE": short.token["signature"],
        "EXP": short.token["exp"],
    }
    for placeholder, value in given.items():
        assert placeholder in tag
        tag = tag.replace(placeholder, value)
    fresh = site.link(film.shelf).token
    camera = {"archiveApiToken": {"signature": fresh["signature"], "exp": int(fresh["exp"])}}
    page = browser.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))

    def backend(route: Route) -> None:
        route.fulfill(body=json.dumps(camera), content_type="application/json")

    page.route("**/my-backend/camera", backend)
    # Any document of that origin that has no player: what it holds is replaced.
    page.goto(f"{pages}/player.html")
    page.set_content(f"<!doctype html>{tag}{script}{looks}")
    # The page's own backend gave another token, for this one ends within the minute.
    page.wait_for_function(
        "fresh => document.querySelector('footage-player').signature === fresh", arg=fresh["signature"]
    )
    page.get_by_role("button", name="The alarm").click()
    player = Player(page, film)
    page.wait_for_function(
        "at => Math.abs(Date.parse(document.querySelector('output').value) - at) < 3000", arg=ALARM_MS
    )
    page.wait_for_function("document.querySelector('footage-player').state === 'playing'")
    assert player.time_ms >= ALARM_MS
    colour = player.button("Pause").evaluate("button => getComputedStyle(button).backgroundColor")
    assert colour == "rgb(138, 63, 252)"
    screen = page.locator("footage-player #screen")
    assert screen.evaluate("screen => getComputedStyle(screen).borderRadius") == "0px"
    page.close()


def test_the_guide_names_what_the_player_has(pages: str, browser: Browser) -> None:
    """Attributes, methods, parts and keys of the code are in the guide."""
    page = browser.new_page()
    page.goto(f"{pages}/footage-player.html")
    page.wait_for_function("globalThis.footage")
    names = page.evaluate("""async () => {
      footage.open({});
      await footage.player.updateComplete;
      const own = Object.getOwnPropertyNames(footage.player.constructor.prototype);
      const lits = ['constructor', 'render', 'updated', 'firstUpdated'];
      const hidden = [...lits, 'connectedCallback', 'disconnectedCallback'];
      return [
        ...own.filter((name) => !name.startsWith('_') && !hidden.includes(name)),
        ...[...footage.player.shadowRoot.querySelectorAll('[part]')].map((one) => one.part.value),
      ];
    }""")
    page.close()
    assert {"seek", "renew", "snapshot", "timeMs", "screen", "still"} <= set(names)
    assert [name for name in names if not re.search(rf"`{name}\b", GUIDE)] == []


def npm(*arguments: str, cwd: Path = WEB) -> str:
    """What npm prints; the Node is the build's own."""
    ran = subprocess.run(
        [sys.executable, str(WEB / "npm.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
        cwd=cwd,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_package_is_whole_and_a_program_compiles_against_its_types(tmp_path: Path) -> None:
    npm("run", "build:package")
    [packed] = json.loads(npm("pack", "--json", "--pack-destination", str(tmp_path)))
    held = {file["path"] for file in packed["files"]}
    assert {"package.json", "README.md", "dist/index.js", "dist/index.d.ts"} <= held
    assert not any(path.startswith(("src/", "test/", "node_modules/")) for path in held)
    # Its README's own example, in strict mode, with nothing but the package and what it depends on.
    installed = tmp_path / "node_modules/footage-player"
    installed.mkdir(parents=True)
    unpack = ["tar", "-xzf", str(tmp_path / packed["filename"]), "-C", str(installed)]
    subprocess.run([*unpack, "--strip-components=1"], check=True)
    for name in ("lit", "@lit", "lit-element", "lit-html", "hls.js", "@types"):
        (tmp_path / "node_modules" / name).symlink_to(WEB / "node_modules" / name)
    [example] = re.findall(r"^```ts\n(.*?)^```$", (WEB / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    (tmp_path / "consumer.ts").write_text(f"{example}\nplayer.rate = 2;\n")
    settings = {
        "compilerOptions": {
            "strict": True,
            "noEmit": True,
            "target": "es2022",
            "module": "esnext",
            "moduleResolution": "bundler",
            "lib": ["es2023", "dom", "dom.iterable"],
            "types": [],
        },
        "files": ["consumer.ts"],
    }
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))
    npm("exec", "--", "tsc", "--project", str(tmp_path))
    (tmp_path / "consumer.ts").write_text(f"{example}\nplayer.rate = 'fast';\n")
    with pytest.raises(AssertionError, match="not assignable"):
        npm("exec", "--", "tsc", "--project", str(tmp_path))
