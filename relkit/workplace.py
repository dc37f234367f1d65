"""Where `out/` and `mlruns/` stand when nobody says otherwise.

Commands run in the project's folder. A notebook's kernel runs in the notebook's own folder, notebooks/, and
means the same `out/` and `mlruns/`, which stand beside it.
"""

from __future__ import annotations

from pathlib import Path


def workplace() -> Path:
    """Return the folder of `out/` and `mlruns/`, relative to the working directory.

    Examples:
        >>> (workplace() / "out").as_posix()
        'out'
    """
    here = Path.cwd()
    return Path("..") if here.name == "notebooks" and (here.parent / "mlruns").is_dir() else Path()
