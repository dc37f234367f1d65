"""Runs the benchmarks of this folder, each in a process of its own, one after the other: all, or those that are named.

python -m tests.benchmarks
python -m tests.benchmarks value_models cox
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

scripts = {script.stem.removeprefix("bench_"): script for script in sorted(Path(__file__).parent.glob("bench_*.py"))}
if unknown := set(sys.argv[1:]) - set(scripts):
    sys.exit(f"unknown benchmark {', '.join(sorted(unknown))}. Known: {', '.join(scripts)}.")
for name in sys.argv[1:] or scripts:
    print(f"== {name.replace('_', ' ')}", flush=True)
    subprocess.run([sys.executable, str(scripts[name])], check=True)
