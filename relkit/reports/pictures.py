"""A plot as a picture inside the page: nothing is loaded from elsewhere, and it prints sharp."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import Any, Protocol

DOTS_PER_INCH = 160


class Drawn(Protocol):
    """A figure, or axes of one."""

    def get_figure(self, *, root: bool) -> Any:
        """Return the figure."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A plot with a sentence on how to read it.

    Attributes:
        drawn: the plot.
        caption: shown below, and read aloud instead of the picture.
    """

    drawn: Drawn
    caption: str = ""

    def png(self) -> bytes:
        """Return the picture; the same plot gives the same bytes."""
        stream = BytesIO()
        self.drawn.get_figure(root=True).savefig(stream, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
        return stream.getvalue()

    def _repr_html_(self) -> str:
        """Return a figure element with the picture embedded."""
        width, height = (round(96 * side) for side in self.drawn.get_figure(root=True).get_size_inches())
        source, caption = b64encode(self.png()).decode(), escape(self.caption)
        image = f'<img alt="{caption}" width="{width}" height="{height}" src="data:image/png;base64,{source}">'
        return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


@dataclass(frozen=True, eq=False)
class Gallery:
    """Pictures one below the other, or a sentence if there are none.

    Attributes:
        pictures: in order.
        otherwise: the sentence shown if there are none.
    """

    pictures: tuple[Picture, ...]
    otherwise: str = ""

    def _repr_html_(self) -> str:
        return "".join(picture._repr_html_() for picture in self.pictures) or f"<p>{escape(self.otherwise)}</p>"
