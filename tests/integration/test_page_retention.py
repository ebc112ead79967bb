"""What the page says of retention, and does: how long is kept and why, locks, cameras taken back."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from footage.access.integration_keys import hash_key, make_key
from footage.archive.keeper import KeepingPlan
from footage.media.pattern import write_clip
from footage.timeline import Lock, Scope, Span
from kit.archive import START_MS, Shelf
from kit.desk import PLAYER, Desk, open_context, open_desk
from kit.keeping import DAY_MS, MINUTE_MS, Clocks, Keeping
from kit.site import Site

MARKUP = "<img src=x onerror=globalThis.broken=1>"


@dataclass(frozen=True)
class House:
    """A camera that plays, one that the store's limit shortens, and keys of every scope."""

    site: Site
    gate: Shelf
    yard: Shelf
    keys: dict[Scope, str]
    clip: Path

    def fill(self, shelf: Shelf, minutes: int) -> None:
        """Footage that plays, a run a minute."""
        for minute in range(minutes):
            shelf.import_file(self.clip, START_MS + minute * MINUTE_MS)


@pytest.fixture(scope="module")
def house(site: Site, tmp_path_factory: pytest.TempPathFactory) -> House:
    clip = tmp_path_factory.mktemp("retention") / "clip.mp4"
    write_clip(clip, seconds=60)
    gate, yard = site.shelf("Gate"), site.shelf("Yard")
    site.house.cameras.change(yard.camera.id, {"archive_days": 3650})
    keys = {scope: make_key() for scope in Scope}
    for scope, key in keys.items():
        site.house.keys.add(f"Key to {scope}", hash_key(key), START_MS, scope)
    made = House(site, gate, yard, keys, clip)
    made.fill(gate, 1)
    made.fill(yard, 6)
    return made


@pytest.fixture
def desk(browser: Browser, house: House) -> Iterator[Desk]:
    with open_context(browser) as context, open_desk(context, house.site.server.url) as opened:
        yield opened
    for shelf in (house.gate, house.yard):
        for lock in house.site.house.index.locks(shelf.archive, 0):
            house.site.house.index.drop_lock(shelf.archive, lock.id)


def enter(desk: Desk, house: House, shelf: Shelf | None = None, scope: Scope = Scope.ADMIN) -> Page:
    """The page of a camera, or all cameras, as whoever holds a key of that scope sees it."""
    page = desk.open("" if shelf is None else f"#/camera/{shelf.camera.id}")
    desk.sign_in(house.keys[scope])
    title = "Cameras" if shelf is None else shelf.camera.title
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    return page


def add_lock(shelf: Shelf, reason: str, minutes: tuple[int, int] = (0, 1)) -> Lock:
    first, last = (START_MS + minute * MINUTE_MS for minute in minutes)
    lock = Lock(uuid4(), Span(first, last), reason, None, START_MS)
    shelf.house.index.add_lock(shelf.archive, lock)
    return lock


def locks(shelf: Shelf) -> list[Lock]:
    return shelf.house.index.locks(shelf.archive, int(time.time() * 1000))


def keep(house: House, max_bytes: int) -> None:
    """A keeper's turn with that limit."""
    clocks = Clocks(int(time.time() * 1000))
    plan = KeepingPlan(max_bytes, free_bytes=0, grace_s=0)
    house.site.house.index.set_seen(None)
    keeping = Keeping(house.site.house, clocks, plan)
    keeping.keeper.run_once()
    keeping.keeper.close()


def test_it_says_how_long_is_kept_and_what_is_full(desk: Desk, house: House) -> None:
    index = house.site.house.index
    add_lock(house.yard, "A theft")
    locked = f"{index.locked_bytes(0)[house.yard.archive.number] / 1000:.0f} k"
    page = enter(desk, house)
    storage = page.locator("page-storage")
    expect(storage).to_contain_text("Locked of it")
    expect(storage).not_to_contain_text("is reached")
    total = sum(one.totals.size_bytes for one in index.kept_archives())
    keep(house, total - total // 4)
    says = re.compile(
        r"The store's limit of [.\d]+ .B is reached: each camera keeps at most its newest \d min"
    )
    expect(storage).to_contain_text(says, timeout=60_000)
    expect(storage).to_contain_text(f"and what is locked, {locked}B.")
    for name, words in {"Locked of it": locked.upper(), "At most": "MB", "Full in": "Now"}.items():
        fact = storage.locator("div").filter(has=page.locator("dt").get_by_text(name, exact=True))
        expect(fact.locator("dd")).to_contain_text(words)
        expect(fact.locator("dd")).not_to_have_class("problem")
    desk.look()
    page.locator("page-tile").filter(has_text="Yard").get_by_role("link").click()
    about = page.get_by_label("About this camera")
    expect(about).to_contain_text(
        re.compile(
            r"Target 3650 days, kept 6 min because the store's limit of [.\d]+ .B is shared by 2 cameras"
        )
    )
    expect(about).to_contain_text(f"Locked{locked.upper()}")
    # All that is left is locked: nobody can keep anything more.
    for shelf in (house.gate, house.yard):
        add_lock(shelf, "All of it", (0, 60))
    keep(house, 1)
    page.get_by_role("link", name="← Cameras").click()
    expect(storage.locator("p")).to_have_class("said problem", timeout=60_000)
    expect(storage).to_contain_text("all that is left is locked or being read: recording stops")
    desk.look()


def test_why_nothing_is_removed_is_said(desk: Desk, house: House) -> None:
    """The clock jumped since the keeper's last turn."""
    clocks = Clocks(int(time.time() * 1000))
    house.site.house.index.set_seen(None)
    keeping = Keeping(house.site.house, clocks)
    keeping.keeper.run_once()
    clocks.wall_ms += 3 * DAY_MS
    keeping.keeper.run_once()
    keeping.keeper.close()
    page = enter(desk, house)
    expect(page.locator("page-storage")).to_contain_text("Footage is not removed: the host's clock says")
    desk.look()
    keep(house, 1 << 40)


def test_a_marked_clip_is_locked_and_unlocked(desk: Desk, house: House) -> None:
    page = enter(desk, house, house.gate)
    desk.plays()
    expect(page.get_by_text("Nothing is locked.")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    for into_ms, key in ((10_500, "i"), (25_200, "o")):
        page.evaluate(f"timeMs => {PLAYER}.seek(timeMs)", START_MS + into_ms)
        page.wait_for_function(
            f"timeMs => Math.abs({PLAYER}.timeMs - timeMs) < 100", arg=START_MS + into_ms
        )
        page.locator("footage-player").press(key)
    open_dialog = page.get_by_role("button", name="Lock footage …")
    open_dialog.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Lock footage of “Gate”")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    expect(dialog).to_contain_text("It is the clip that is marked")
    # Whole seconds around the clip.
    expect(dialog.get_by_label("From")).to_have_value("2026-09-21T14:13:30")
    expect(dialog.get_by_label("To")).to_have_value("2026-09-21T14:13:46")
    desk.look()
    page.keyboard.type(f"A theft {MARKUP}")
    page.keyboard.press("Enter")
    expect(open_dialog).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="It is locked.")).to_be_visible()
    [lock] = locks(house.gate)
    assert lock.span == Span(START_MS + 10_000, START_MS + 26_000)
    assert (lock.reason, lock.until_ms) == (f"A theft {MARKUP}", None)
    row = page.get_by_role("list", name="Locks").get_by_role("listitem")
    expect(row).to_have_count(1)
    size = house.site.house.index.locked_bytes(0)[house.gate.archive.number]
    for words in (lock.reason, f"{size / 1000:.0f} KB", "stands until it is removed"):
        expect(row).to_contain_text(words)
    expect(row).to_contain_text(re.compile("14:13:30 . 14:13:46, 16 s"))
    expect(page.get_by_label("About this camera")).to_contain_text(f"Locked{size / 1000:.0f} KB")
    desk.look()
    page.evaluate(f"timeMs => {PLAYER}.seek(timeMs)", START_MS + 50_000)
    row.get_by_role("button", name="Watch what").click()
    page.wait_for_function(f"timeMs => Math.abs({PLAYER}.timeMs - timeMs) < 2000", arg=START_MS + 10_000)

    remove = row.get_by_role("button", name="Remove the lock")
    remove.click()
    dialog = page.get_by_role("dialog", name="Remove this lock?")
    expect(dialog).to_contain_text(lock.reason)
    desk.look()
    page.keyboard.press("Escape")
    expect(remove).to_be_focused()
    expect(page.locator("page-unlock-dialog")).to_have_count(0)
    assert locks(house.gate) == [lock]
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Remove the lock").click()
    expect(page.get_by_text("Nothing is locked.")).to_be_visible()
    expect(page.get_by_role("heading", name="Locks")).to_be_focused()
    expect(page.get_by_label("About this camera")).not_to_contain_text("Locked")
    assert locks(house.gate) == []
    assert page.evaluate("globalThis.broken") is None


def test_a_lock_by_its_moments_and_what_is_wrong_with_one(desk: Desk, house: House) -> None:
    desk.refusals.add((400, "/locks"))
    page = enter(desk, house, house.yard, Scope.WRITE)
    expect(page.get_by_role("button", name="Remove …")).to_have_count(0)
    page.get_by_role("button", name="Lock footage …").click()
    dialog = page.get_by_role("dialog")
    start, end, until = (dialog.get_by_label(name) for name in ("From", "To", "Ends by itself"))
    expect(start).to_have_value("")
    start.fill("2026-09-21T14:20:00")
    end.fill("2026-09-21T14:20:00")
    until.fill("2026-09-21T14:20")
    dialog.get_by_label("Reason").fill("A test")
    lock = dialog.get_by_role("button", name="Lock")
    lock.click()
    expect(end).to_be_focused()
    expect(end).to_have_accessible_description("must be later than where it begins")
    desk.look()
    end.fill("2026-09-21T14:22:30")
    lock.click()
    expect(until).to_be_focused()
    expect(until).to_have_accessible_description(re.compile("must lie in the future"))
    expect(end).to_have_attribute("aria-invalid", "false")
    until.fill("2099-01-01T12:00")
    lock.click()
    row = page.get_by_role("list", name="Locks").get_by_role("listitem")
    expect(row).to_contain_text(re.compile("14:20:00 . 14:22:30, 2 min 30 s"))
    expect(row).to_contain_text(re.compile("ends by itself 1 Jan 2099"))
    [made] = locks(house.yard)
    assert made.span == Span(1_790_000_400_000, 1_790_000_550_000)
    assert made.until_ms == 4_070_952_000_000
    # What somebody else does is seen without a reload.
    house.site.house.index.drop_lock(house.yard.archive, made.id)
    expect(page.get_by_text("Nothing is locked.")).to_be_visible(timeout=60_000)


def test_a_lock_that_is_gone_is_said(desk: Desk, house: House) -> None:
    desk.refusals.add((404, ""))
    lock = add_lock(house.gate, "A theft")
    page = enter(desk, house, house.gate, Scope.WRITE)
    page.get_by_role("button", name="Remove the lock").click()
    house.site.house.index.drop_lock(house.gate.archive, lock.id)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Remove the lock").click()
    expect(dialog.get_by_role("alert")).to_have_text("Lock not found.")


def test_who_only_reads_gets_no_buttons(desk: Desk, house: House) -> None:
    add_lock(house.gate, "A theft")
    page = enter(desk, house, None, Scope.READ)
    expect(page.locator("page-tile").first).to_be_visible()
    expect(page.get_by_role("button", name="Add a camera …")).to_have_count(0)
    expect(page.locator("page-bin")).to_have_count(0)
    page.locator("page-tile").filter(has_text="Gate").get_by_role("link").click()
    row = page.get_by_role("list", name="Locks").get_by_role("listitem")
    expect(row).to_contain_text("A theft")
    expect(row.get_by_role("button")).to_have_text(["Watch"])
    expect(page.get_by_label("About this camera")).to_contain_text("No target, kept 1 min")
    for name in ("Change …", "Remove …", "Lock footage …", re.compile("Switch recording")):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    desk.look()
    # A link to a clip is good for as long as whoever only reads may make it.
    span = {"startMs": START_MS, "endMs": START_MS + 5000}
    desk.plays()
    assert "link=" in page.evaluate(f"span => {PLAYER}.clipLink(span)", span)


def test_a_camera_with_locks_stays_and_another_is_taken_back(desk: Desk, house: House) -> None:
    # Its picture and its player may ask for it while it goes.
    desk.refusals |= {(409, ""), (404, "/restore"), (404, "/locks")}
    desk.refusals |= {(403, "/preview"), (403, "/timeline")}
    shelf = house.site.shelf("Back door")
    house.fill(shelf, 1)
    lock = add_lock(shelf, "A theft")
    page = enter(desk, house, shelf)
    page.get_by_role("button", name="Remove …").click()
    dialog = page.get_by_role("dialog", name="Remove this camera")
    expect(dialog.get_by_role("alert").filter(has_text="A lock protects footage of it")).to_be_visible()
    expect(dialog).to_contain_text("It can be taken back for a day, until")
    dialog.get_by_label("Type its title").fill("Back door")
    remove = dialog.get_by_role("button", name="Remove")
    expect(remove).to_be_disabled()
    desk.look()
    page.keyboard.press("Escape")
    # Locked in the very moment: then the server says it.
    house.site.house.index.drop_lock(shelf.archive, lock.id)
    page.get_by_role("button", name="Remove …", exact=True).click()
    dialog.get_by_label("Type its title").fill("Back door")
    expect(remove).to_be_enabled()
    lock = add_lock(shelf, "Another theft")
    remove.click()
    expect(dialog.get_by_role("alert")).to_have_text(
        "Locks protect footage of this camera: remove them first."
    )
    house.site.house.index.drop_lock(shelf.archive, lock.id)
    remove.click()
    expect(page.get_by_role("heading", name="Cameras", level=1)).to_be_visible()
    expect(
        page.get_by_role("status").filter(has_text="For a day it can be taken back here")
    ).to_be_visible()
    summary = page.get_by_text("A removed camera can be taken back")
    summary.focus()
    page.keyboard.press("Enter")
    row = page.get_by_role("list", name="Removed cameras").get_by_role("listitem")
    expect(row).to_contain_text("Back door")
    [binned] = house.site.house.cameras.bin()
    there = page.evaluate(
        "ms => new Intl.DateTimeFormat(undefined, {dateStyle: 'medium', timeStyle: 'short'}).format(ms)",
        binned.until_ms,
    )
    expect(row).to_contain_text(f"until {there}, then its footage is deleted")
    desk.look()
    row.get_by_role("button", name="Take back “Back door”").press("Enter")
    expect(page.get_by_role("heading", name="Back door", level=1)).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="“Back door” is back.")).to_be_visible()
    assert house.site.house.cameras.get(shelf.camera.id).title == "Back door"
    page.get_by_role("link", name="← Cameras").click()
    expect(page.locator("page-bin")).to_have_count(0)

    # One that is gone for good meanwhile.
    house.site.house.cameras.remove(shelf.camera.id, now_ms=0)
    page.reload()
    summary.click()
    house.site.house.index.empty_bin(2 * DAY_MS)
    row.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("status").filter(has_text="be taken back any more")).to_be_visible()
    expect(page.locator("page-bin")).to_have_count(0)
