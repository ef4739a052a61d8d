"""How long something has run, in words."""

__all__ = ["uptime_text"]

_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def uptime_text(seconds: float) -> str:
    """The two largest units: ``45s``, ``12m5s``, ``2h15m``, ``3d0h``."""
    rest = max(0, int(seconds))
    first = next((place for place, (_, size) in enumerate(_UNITS) if rest >= size), len(_UNITS) - 1)
    words = []
    for name, size in _UNITS[first : first + 2]:
        count, rest = divmod(rest, size)
        words.append(f"{count}{name}")
    return "".join(words)
