"""Default location of `out/` and `mlruns/`, and the programmes in it.

Commands run in the project's folder. A notebook runs in the folder of its file, or in any other from which JupyterLab was
started, and uses the same `out/` and `mlruns/`: those of its working directory, those next to the folder of notebooks,
or those of the checkout that relkit was installed from, whichever exist first.
"""

from __future__ import annotations

import os
from pathlib import Path

from relkit.errors import ParameterError

NOTEBOOK = "JPY_SESSION_NAME"
"""Set by a Jupyter server for the kernels it starts: the path of the notebook."""
CHECKOUT = Path(__file__).resolve().parents[1]
"""Folder of the checkout, if relkit was installed from one."""
KEPT = ("out", "mlruns")
CHECKED = "tables"
"""Folder that each programme has."""


def workplace() -> Path:
    """Return the folder of `out/` and `mlruns/`, relative to the working directory if it is that or the one above.

    Examples:
        >>> (workplace() / "out").as_posix()
        'out'
    """
    here = Path.cwd()
    if here.name == "notebooks" and _is_workplace(here.parent):
        return Path("..")
    if NOTEBOOK in os.environ and not _is_workplace(here):
        return next((folder for folder in _near_the_notebook(here) if _is_workplace(folder)), Path())
    return Path()


def _near_the_notebook(here: Path) -> tuple[Path, ...]:
    folder = (here / os.environ[NOTEBOOK]).parent
    return (folder, folder.parent, CHECKOUT)


def _is_workplace(folder: Path) -> bool:
    return any((folder / name).is_dir() for name in KEPT)


def programmes(left: str = CHECKED) -> tuple[str, ...]:
    """Return the ids of the programmes in `out/`, in alphabetical order.

    Args:
        left: folder from an earlier job that they must have, such as "tables" or "scores".
    """
    return tuple(sorted(path.parent.name for path in (workplace() / "out").glob(f"*/{left}") if path.is_dir()))


def only_programme(left: str = CHECKED) -> str:
    """Return the only programme in `out/`.

    Args:
        left: folder that it must have; of several programmes, only those with it are considered.

    Raises:
        ParameterError: there is none, or there are several; the message lists them.
    """
    found = programmes(left) or programmes()
    if len(found) == 1:
        return found[0]
    if not found:
        raise ParameterError(
            f"there is no programme in {workplace() / 'out'}.",
            where="programme",
            remedy="Run make demo for a simulated company, or relkit check DIR for your own tables.",
        )
    raise ParameterError(
        f"{len(found)} programmes are in {workplace() / 'out'}: {', '.join(found)}.",
        where="programme",
        remedy=f'Name one in the cell of parameters, as in: programme = "{found[0]}".',
    )
