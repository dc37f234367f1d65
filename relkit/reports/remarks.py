"""The remarks to read before the numbers of a page, as a list."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from relkit.texts import Text

if TYPE_CHECKING:
    from relkit.remarks import Remark

TITLE = Text("Read this first", "À lire d’abord")


@dataclass(frozen=True)
class RemarkList:
    """Remarks, shown as a list under a title; nothing is shown if there are none.

    Attributes:
        remarks: in order.
        language: en or fr.

    Examples:
        >>> from relkit.remarks import Remark
        >>> short = Remark("short", "The history is short.", "L’historique est court.")
        >>> print(RemarkList((short,), "fr")._repr_html_())
        <aside class="remarks"><p><strong>À lire d’abord</strong></p><ul><li>L’historique est court.</li></ul></aside>
    """

    remarks: tuple[Remark, ...]
    language: str = "en"

    def __repr__(self) -> str:
        """Return the texts, one per line."""
        return "\n".join(remark.text(self.language) for remark in self.remarks)

    def _repr_html_(self) -> str:
        if not self.remarks:
            return ""
        items = "".join(f"<li>{escape(remark.text(self.language), quote=False)}</li>" for remark in self.remarks)
        return f'<aside class="remarks"><p><strong>{TITLE[self.language]}</strong></p><ul>{items}</ul></aside>'
