"""memberctl, an administration tool for membership organisations."""

__version__ = "0.1.0"
