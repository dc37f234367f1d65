"""Recovery and coverage of models of customer value and of survival, simulated: `python -m tests.recovery [MODEL ...] [REPETITIONS]`.

`campaigns` in place of models is the coverage of the intervals of campaigns.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    # As many processes as cores, so one thread each; before anything is imported that reads it.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ.setdefault(name, "1")
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from recovery import campaigns, study

    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    if "campaigns" in sys.argv[1:]:
        sys.exit(campaigns.main(*numbers))
    sys.exit(study.main([word for word in sys.argv[1:] if not word.isdigit()], *numbers))
