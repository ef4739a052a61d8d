"""What a Redis that is there refuses: to store keys, or to let this user publish. Pure: no I/O and no clock.

Keys are tried again and again, all of them. A message that was refused is gone, so each channel stays on the list until
something has passed on it, or until it was not tried for a minute.
"""

from __future__ import annotations

from typing import Final

__all__ = ["Refusals"]

_TELL_S: Final = 60.0
_FORGET_S: Final = 60.0
_LONGEST: Final = 200


class _Matter:
    """One thing that may be refused, and when that was said last."""

    __slots__ = ("said", "told_at_s")

    def __init__(self) -> None:
        self.said: str | None = None
        self.told_at_s = float("-inf")

    def refuse(self, said: str, now_s: float) -> bool:
        """Keep what is wrong; true if it is time to tell people."""
        self.said = said
        due = now_s - self.told_at_s >= _TELL_S
        if due:
            self.told_at_s = now_s
        return due

    def accept(self) -> bool:
        """Nothing is wrong any more; true if something was."""
        before, self.said = self.said, None
        self.told_at_s = float("-inf")
        return before is not None


class Refusals:
    """Keeps what is refused at present. Each method is true where people are to be told, once a minute at most."""

    def __init__(self) -> None:
        self._keys = _Matter()
        self._publishing = _Matter()
        # As many at most as there are channels: three for each symbol.
        self._channels: dict[str, float] = {}

    @property
    def detail(self) -> str | None:
        """What is wrong, for people: channels first, because the board lives on them."""
        return self._publishing.said or self._keys.said

    @property
    def any_channel(self) -> bool:
        """Whether messages are refused."""
        return bool(self._channels)

    def refuse_keys(self, error: Exception, now_s: float, *, out_of_memory: bool) -> bool:
        """Redis did not store a key."""
        what = "is out of memory" if out_of_memory else "refuses keys"
        return self._keys.refuse(f"Redis {what}: {str(error)[:_LONGEST]}", now_s)

    def accept_keys(self) -> bool:
        """All keys were stored; true if some had been refused."""
        return self._keys.accept()

    def refuse_channel(self, channel: str, error: Exception, now_s: float) -> bool:
        """Redis did not publish a message."""
        self._channels[channel] = now_s
        return self._publishing.refuse(f"Redis refuses messages on {channel}: {str(error)[:_LONGEST]}", now_s)

    def accept_channel(self, channel: str, now_s: float) -> bool:
        """A message was published; true if with that nothing is refused any more."""
        self._channels.pop(channel, None)
        for other, refused_s in list(self._channels.items()):
            if now_s - refused_s >= _FORGET_S:
                del self._channels[other]
        return not self._channels and self._publishing.accept()

    def forget(self) -> None:
        """This is another connection, perhaps as another user."""
        self._channels.clear()
        self._publishing.accept()
        self._keys.accept()
