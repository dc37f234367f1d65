"""relkit: an analytics workbench for relationship marketing.

Importing the package is cheap: each room is imported by the caller that needs it.
"""

__version__ = "0.1.0"
