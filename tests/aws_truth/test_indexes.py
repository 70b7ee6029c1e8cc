"""An index of a table is a resource of its own; a role for the table alone may not query it."""

from __future__ import annotations

import pytest

from bunsui import Table
from bunsui.model.calls import Why
from bunsui.model.names import Names

TABLE = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/orders"


def test_an_existing_table_is_read_by_its_indexes_too() -> None:
    orders = Table("orders", partition_key="id", existing="orders")
    calls = orders.calls("reads", "", Names("p"), Why("work", "reads orders"))
    assert {call.action for call in calls if call.resource == f"{TABLE}/index/*"} == {"dynamodb:Query", "dynamodb:Scan"}
    assert {call.resource for call in calls} == {TABLE, f"{TABLE}/index/*"}


@pytest.mark.parametrize(("existing", "mode"), [(None, "reads"), (None, "writes"), ("orders", "writes")])
def test_no_other_has_any(existing: str | None, mode: str) -> None:
    orders = Table("orders", partition_key="id", existing=existing)
    calls = orders.calls(mode, "", Names("p"), Why("work", "orders"))  # type: ignore[arg-type]
    assert calls
    assert not any("/index/" in call.resource for call in calls)
