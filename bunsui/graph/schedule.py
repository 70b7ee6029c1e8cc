"""The exact layout of a graph: every name starts the moment its own needs have ended."""

from __future__ import annotations

from collections.abc import Mapping

from bunsui.graph.cuts import reduced
from bunsui.graph.events import network
from bunsui.graph.order import precedence
from bunsui.graph.part import Part
from bunsui.graph.routing import routed
from bunsui.graph.tidy import tidy


def schedule(needs: Mapping[str, frozenset[str]], feeds: Mapping[str, frozenset[str]]) -> Part:
    """A graph as parts in series and in parallel, with joins where it is neither.

    Args:
        needs: name -> all names that must come before; at least one; what is not a key is ignored.
        feeds: name -> those whose results it takes, among its needs.

    Raises:
        graphlib.CycleError: the needs go in a circle.
    """
    order = precedence(needs)
    parts = reduced(network(order))
    return routed(tidy(parts, order.rank), order, feeds)
