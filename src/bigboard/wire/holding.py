"""The subscriptions of one client, and what they select of what it may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bigboard.board import EVERYTHING, TOPICS, MergeKind, Selection, Subscription
from bigboard.board.selection import BadSubscription, UnknownTopic
from bigboard.errors import WireError
from bigboard.wire.codes import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bigboard.wire.identity import Identity
    from bigboard.wire.messages import Id

__all__ = ["Holding", "parse_subscriptions"]

_NOTHING = Selection(())


class Holding:
    """What a client holds, in the order in which it asked, and the selection that this makes."""

    __slots__ = ("names", "selection")

    def __init__(self) -> None:
        self.names: dict[Subscription, None] = {}
        self.selection = _NOTHING

    def add(self, subscriptions: Iterable[Subscription], identity: Identity) -> None:
        """Hold these too."""
        self.names.update(dict.fromkeys(subscriptions))
        self.select(identity)

    def remove(self, subscriptions: Iterable[Subscription], identity: Identity) -> None:
        """Hold these no more."""
        for subscription in subscriptions:
            self.names.pop(subscription, None)
        self.select(identity)

    def select(self, identity: Identity) -> None:
        """Make the selection anew: for a client that may see more or less than before."""
        self.selection = Selection(identity.restrict(self.names))

    def texts(self) -> list[str]:
        """The subscriptions as the protocol writes them."""
        return [str(name) for name in self.names]

    def with_their_rows(self, subscriptions: list[Subscription]) -> list[Subscription]:
        """These subscriptions, and what else is held of each rows topic that they name in part.

        Rows stand in order of appearance. A client that drops one row and takes it again has it at the end; only a state
        of all the rows that it holds puts them in order.
        """
        if EVERYTHING in subscriptions:
            return subscriptions
        whole = {named.topic for named in subscriptions if named.key is None}
        wider = dict.fromkeys(subscriptions)
        for topic in dict.fromkeys(named.topic for named in subscriptions):
            if TOPICS[topic].kind is not MergeKind.ROWS or topic in whole:
                continue
            if EVERYTHING in self.names:
                wider[Subscription(topic)] = None
            wider.update(dict.fromkeys(held for held in self.names if held.topic == topic))
        return list(wider)


def parse_subscriptions(names: list[str], id: Id) -> list[Subscription]:
    """Subscriptions without repetition, in the order given. Raises ``WireError`` for the first bad one."""
    try:
        return list(dict.fromkeys(Subscription.parse(name) for name in names))
    except UnknownTopic as error:
        raise WireError(ErrorCode.UNKNOWN_TOPIC, str(error), id=id) from None
    except BadSubscription as error:
        raise WireError(ErrorCode.BAD_SUBSCRIPTION, str(error), id=id) from None
