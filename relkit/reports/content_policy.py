"""Content security policy of every page: nothing runs, nothing is loaded, nothing is sent, whatever a text of the data may hold."""

from __future__ import annotations

CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""Pages have their style and pictures in themselves and no script; a script that came in with a text is not run."""
META = f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">'
"""The element of a page's head; before everything that it governs."""
