from __future__ import annotations

from hypothesis import given

from bunsui.graph.order import order

from .dags import Needs, dense_dags


@given(dense_dags())
def test_order_is_topological(needs: Needs) -> None:
    position = {name: at for at, name in enumerate(order(needs))}
    assert len(position) == len(needs)
    assert all(position[earlier] < position[name] for name in needs for earlier in needs[name])


def test_ties_stand_in_the_order_of_declaration() -> None:
    needs = {name: frozenset[str]() for name in ("zebra", "ape", "cat")}
    assert order(needs) == ("zebra", "ape", "cat")


def test_one_more_name_leaves_the_others_in_their_order() -> None:
    needs = {f"n{number}": frozenset[str]() for number in range(5)}
    assert tuple(name for name in order({"new": frozenset(), **needs}) if name != "new") == order(needs)
