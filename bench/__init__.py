"""What Footage costs, measured: each figure against a limit or beside another program, in pairs.

``python -m bench.run`` measures all and writes RESULTS.md, ``python -m bench.run NAME`` one suite.
What takes long to make is kept in bench/work.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent
WORK = ROOT / "work"

# The server is started as the tests start it.
sys.path.append(str(ROOT.parent / "tests"))

# Programs start from their bytecode, as installed ones do.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
