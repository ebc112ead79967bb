"""Long runs that try to break the recorder, and count what every camera is owed (RESULTS.md)."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent

# The cameras and the server are those of the tests.
sys.path.append(str(ROOT.parent / "tests"))
