"""Footage: an archive server for cameras."""

from importlib.metadata import version

__version__ = version("footage")
