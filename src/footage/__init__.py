"""Footage: an archive server for cameras."""


def __getattr__(name: str) -> str:
    """``__version__``, looked up when it is asked for: that takes longer than most imports."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import version  # noqa: PLC0415

    return version("footage")
