"""``python -m bench.run``: every suite, and RESULTS.md; ``python -m bench.run NAME``: one, printed."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from bench import ROOT, WORK
from bench.measure import Suite
from bench.report import as_markdown, machine

NAMES = (
    "playlists",
    "previews",
    "delivery",
    "imports",
    "exports",
    "index_writes",
    "recording",
    "first_segment",
    "player",
    "retention",
    "integrity",
)


def main(arguments: list[str]) -> None:
    unknown = set(arguments) - set(NAMES)
    if unknown:
        raise SystemExit(f"no suite {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    # One machine and one link ask for everything: the limits are counted, and not reached.
    os.environ |= dict.fromkeys(("FOOTAGE_RATE_PER_ADDRESS", "FOOTAGE_RATE_PER_TOKEN"), "1000000")
    WORK.mkdir(exist_ok=True)
    suites = []
    for name in arguments or NAMES:
        suite: Suite = import_module(f"bench.{name}").run()
        print(as_markdown([suite]), flush=True)
        suites.append(suite)
    if not arguments:
        results = ROOT / "RESULTS.md"
        results.write_text(f"# What Footage costs\n\n{machine()}\n\n{as_markdown(suites)}")
        print(f"written to {results}")


if __name__ == "__main__":
    main(sys.argv[1:])
