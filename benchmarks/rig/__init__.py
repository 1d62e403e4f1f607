"""What the web benchmarks share: a prepared store, servers as processes, a small HTTP client, times.

The programs run from the repository: what the tests prepare rooms with is used here too.
"""

import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1]
ROOT = BENCHMARKS.parent
for folder in (ROOT, BENCHMARKS):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
