"""Known holes in the packages that are used: pip-audit and npm audit. Ends with 1 where there is one.

Both ask a list on the network. Where it does not answer nothing is known, which is said and is no fault.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_WITHIN_S = 180


def main() -> int:
    """Ask both."""
    holes = [*_python(), *_front_end()]
    for hole in holes:
        print(hole)
    return 1 if holes else 0


def _python() -> list[str]:
    said = _said_by(
        sys.executable,
        "-m",
        "pip_audit",
        "--format",
        "json",
        "--progress-spinner",
        "off",
        "--skip-editable",
    )
    if said is None:
        print("pip-audit: nobody answers")
        return []
    packages = said.get("dependencies", [])
    found = [(package, hole) for package in packages for hole in package.get("vulns", ())]
    print(f"pip-audit: {len(packages)} packages, {len(found)} known holes")
    return [f"{package['name']} {package['version']}: {hole['id']}" for package, hole in found]


def _front_end() -> list[str]:
    said = _said_by(sys.executable, str(ROOT / "web" / "npm.py"), "audit", "--json")
    if said is None or "vulnerabilities" not in said:
        print("npm audit: nobody answers")
        return []
    found = said["vulnerabilities"]
    print(f"npm audit: {len(found)} packages with known holes")
    return [f"{name}: {hole['severity']}" for name, hole in found.items()]


def _said_by(*command: str) -> dict[str, Any] | None:
    """The JSON that a program prints; None where it prints none."""
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=_WITHIN_S
        )
        said = json.loads(done.stdout[done.stdout.index("{") :])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return said if isinstance(said, dict) else None


if __name__ == "__main__":
    sys.exit(main())
