"""Results as a page: what was measured, on what, and whether it is enough."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.measure import Figure, Suite

_PACKAGES = ("footage", "granian", "litestar", "sqlalchemy", "numpy", "av", "simplejpeg", "isal")
_PROGRAMS = (("ffmpeg", "-version"), ("nginx", "-v"), ("wrk", "-v"))


def as_markdown(suites: Sequence[Suite]) -> str:
    """A section a suite: its figures as a table, then how they were taken."""
    return "\n".join(f"## {suite.title}\n\n{_table(suite.figures)}\n\n{suite.how}\n" for suite in suites)


def machine() -> str:
    """The day, the machine and the versions of all that had a part in it."""
    memory_kib = int(_found(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text()))
    processor = _found(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    parts = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    parts += [f"{name} {version(name)}" for name in _PACKAGES]
    for program in _PROGRAMS:
        said = subprocess.run(program, capture_output=True, text=True, check=False)
        number = _found(r"(\d[\w.+~-]*)", said.stdout + said.stderr)
        parts.append(f"{program[0]} {number}")
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, by `make bench`. {processor}, {os.cpu_count()} cores,"
        f" {memory_kib / (1 << 20):.0f} GiB of memory, Linux {platform.release()}. {', '.join(parts)}.\n\n"
        "Every comparison is of runs in turn, worked out pair by pair; a figure is the median, and"
        " stands beside the least and the greatest."
    )


def _table(figures: Sequence[Figure]) -> str:
    rows: list[tuple[str, ...]] = [("what", "", "min", "median", "max", "to reach", "reached")]
    rows += [
        (
            figure.what,
            figure.unit,
            *(_number(value) for value in (min(figure.values), figure.median, max(figure.values))),
            str(figure.target or ""),
            figure.verdict,
        )
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _number(value: float) -> str:
    """Three figures are what such a measurement is good for."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match[1].strip() if match else "unknown"
