"""Does the time that a refusal takes tell anything? ``python -m proofs.oracle [ROUNDS]``.

Signatures that are right in their first part or in none, archives that exist or do not, keys that are
known by their first half: each against its like, in turn, over HTTP on this machine. What is printed is
the difference of the medians and what chance alone makes of it (the same by shuffling).
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import httpx

from footage.access.integration_keys import hash_key, make_key
from footage.house import open_house
from footage.settings import load
from kit.archive import START_MS, add_shelf
from kit.server import running_server
from kit.site import Site

ROUNDS = 2000
SHUFFLES = 1000


def main(arguments: list[str]) -> None:
    """A server, what is compared, and a table."""
    rounds = int(arguments[0]) if arguments else ROUNDS
    with tempfile.TemporaryDirectory(prefix="footage-oracle-") as folder:
        data = Path(folder)
        house = open_house(load(data_dir=data))
        limits = {f"FOOTAGE_RATE_PER_{whom}": "1000000" for whom in ("ADDRESS", "TOKEN")}
        with running_server(data, environment=limits) as server:
            _measure(Site(server, house), rounds)
        house.close()


def _measure(site: Site, rounds: int) -> None:
    shelf = add_shelf(site.house)
    shelf.add_run(START_MS, [(6000, 376)])
    key = make_key()
    site.house.keys.add("oracle", hash_key(key), START_MS)
    good = site.link(shelf)
    signature, exp = good.token["signature"], good.token["exp"]
    changed = "A" if signature[-2] != "A" else "B"
    nearly = signature[:-2] + changed + signature[-1]
    wrong = ("A" if signature[0] != "A" else "B") + signature[1:]
    there = f"{good.url}/size"
    nowhere = there.replace(str(shelf.archive.id), str(uuid4()))
    cameras = f"{site.server.url}/v1/cameras"
    pairs = {
        "signature right but for its end / but for its begin": (
            (f"{there}?signature={nearly}&exp={exp}", None),
            (f"{there}?signature={wrong}&exp={exp}", None),
        ),
        "archive that exists / that does not": (
            (f"{there}?signature={wrong}&exp={exp}", None),
            (f"{nowhere}?signature={wrong}&exp={exp}", None),
        ),
        "key right but for its end / but for its begin": (
            (cameras, key[:-1] + ("A" if key[-1] != "A" else "B")),
            (cameras, "footage_" + ("A" if key[8] != "A" else "B") + key[9:]),
        ),
    }
    print("| compared | median, µs | median, µs | difference, µs | by chance (95 %), µs |")
    print("|---|---|---|---|---|")
    with httpx.Client(timeout=60) as client:
        for name, (one, other) in pairs.items():
            first, second = _in_turn(client, one, other, rounds)
            difference = statistics.median(first) - statistics.median(second)
            print(
                f"| {name} | {statistics.median(first):.0f} | {statistics.median(second):.0f}"
                f" | {difference:+.1f} | ±{_by_chance(first, second):.1f} |",
                flush=True,
            )


def _in_turn(
    client: httpx.Client, one: tuple[str, str | None], other: tuple[str, str | None], rounds: int
) -> tuple[list[float], list[float]]:
    """Microseconds of each, asked in turn and in a random order."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        order = [(0, one), (1, other)]
        random.shuffle(order)
        for number, (url, key) in order:
            headers = {} if key is None else {"X-Integration-Key": key}
            began = time.perf_counter()
            answer = client.get(url, headers=headers)
            times[number].append((time.perf_counter() - began) * 1e6)
            assert answer.status_code == httpx.codes.FORBIDDEN
    return times


def _by_chance(first: list[float], second: list[float]) -> float:
    """The difference of medians that 95 of 100 random halves of all times stay below."""
    mixed, found = first + second, []
    for _ in range(SHUFFLES):
        random.shuffle(mixed)
        half = len(mixed) // 2
        found.append(abs(statistics.median(mixed[:half]) - statistics.median(mixed[half:])))
    return sorted(found)[int(0.95 * SHUFFLES)]


if __name__ == "__main__":
    main(sys.argv[1:])
