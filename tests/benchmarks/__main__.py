"""Runs every benchmark of this folder, each in a process of its own, one after the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

for script in sorted(Path(__file__).parent.glob("bench_*.py")):
    print(f"== {script.stem.removeprefix('bench_').replace('_', ' ')}", flush=True)
    subprocess.run([sys.executable, str(script)], check=True)
