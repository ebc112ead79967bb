"""The page in a browser, where nothing may go wrong unseen, and somebody to sign in to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from footage.access.integration_keys import hash_key, make_key
from footage.house import House
from kit.archive import START_MS
from kit.browser import AXE

WIDTHS = (1280, 768, 390)
_REFUSED = "Failed to load resource: the server responded with a status of "


def add_key(house: House, name: str) -> str:
    """A new integration key."""
    key = make_key()
    house.keys.add(name, hash_key(key), START_MS)
    return key


@dataclass
class Desk:
    """A page of a server's, and what the browser complained about.

    Browsers write every refused request into the console. That nobody is signed in is asked for by each
    first look; what else a test has refused on purpose it names in ``refusals``, by status and path's end.
    """

    page: Page
    url: str
    refusals: set[tuple[int, str]] = field(default_factory=lambda: {(401, "/session")})
    faults: list[str] = field(default_factory=list)

    def open(self, fragment: str = "") -> Page:
        """Go to the page, without anything that an earlier look left."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.url}/{fragment}")
        return self.page

    def sign_in(self, key: str) -> None:
        """As a user does."""
        self.page.get_by_label("Integration key").fill(key)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def plays(self) -> None:
        """Wait until the player plays."""
        self.page.wait_for_function(
            f"() => {PLAYER}?.state === 'playing' && {PLAYER}.timeMs !== null", timeout=60_000
        )

    @property
    def time_ms(self) -> float:
        """The moment that the player shows."""
        moment: float = self.page.evaluate(f"() => {PLAYER}.timeMs")
        return moment

    def look(self) -> None:
        """The view as it is, by eye's measure: fits in any width, and has no fault that axe knows."""
        self.page.evaluate(AXE.read_text())
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            found: list[dict[str, Any]] = self.page.evaluate(
                "axe.run(document, {resultTypes: ['violations']}).then(({violations}) =>"
                " violations.flatMap(({id, nodes}) => nodes.map(({target, failureSummary}) =>"
                " ({id, at: String(target), why: failureSummary}))))"
            )
            assert not found, f"{scheme}: {json.dumps(found, indent=1)}"
        size = self.page.viewport_size
        assert size is not None
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": size["height"]})
            over = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0, f"{over} px too wide at {width}"
        self.page.set_viewport_size(size)

    def heard(self, said: ConsoleMessage) -> None:
        if said.type == "error" and not self._is_refusal(said):
            self.faults.append(f"{said.text} {said.location['url']}")

    def _is_refusal(self, said: ConsoleMessage) -> bool:
        if not said.text.startswith(_REFUSED):
            return False
        status = int(said.text.removeprefix(_REFUSED)[:3])
        path = said.location["url"].split("?")[0]
        return any(status == one and path.endswith(end) for one, end in self.refusals)


PLAYER = (
    "document.querySelector('footage-app')?.shadowRoot?.querySelector('main > .view')"
    "?.shadowRoot?.querySelector('footage-player')"
)
"""The player of whichever view is shown."""


@contextmanager
def open_context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that nobody has used."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900},
        timezone_id="UTC",
        locale="en-GB",
        permissions=["clipboard-read", "clipboard-write"],
    )
    yield context
    context.close()


@contextmanager
def open_desk(context: BrowserContext, url: str) -> Iterator[Desk]:
    """A page in it. Whatever the console tells, a violated content policy too, fails at the end."""
    page = context.new_page()
    desk = Desk(page, url)
    page.on("console", desk.heard)
    page.on("pageerror", lambda error: desk.faults.append(str(error)))
    yield desk
    page.close()
    assert not desk.faults, "\n".join(desk.faults)
