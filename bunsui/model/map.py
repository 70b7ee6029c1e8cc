"""A map: one operation for each element of a list, within the execution or in executions of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import GenericAlias
from typing import Annotated, Any, Optional

from pydantic import BeforeValidator, Field, SkipValidation

from bunsui.errors import DeclarationError
from bunsui.model.declaration import refuse, show
from bunsui.model.distributed import CONCURRENCY as DISTRIBUTED_CONCURRENCY
from bunsui.model.distributed import EXPRESS, LABEL, Distributed
from bunsui.model.items import Items
from bunsui.model.names import shorten
from bunsui.model.on_error import Skip
from bunsui.model.operation import A_YEAR, Operation
from bunsui.model.resource import Access
from bunsui.model.signature import Parameter, Signature
from bunsui.model.step import Step

AT_MOST = 200
"""Elements of an inline map where nothing else is said."""

CONCURRENCY = 40
"""Iterations of an inline map that run at a time (AWS Step Functions developer guide, "state-map-inline")."""

SHARES = 8
"""How many results' room in a state machine the result of an inline map has, which holds many."""

EACH, OVER = "each", "over"
"""What the operation and the list are to a map."""


def _each(value: object) -> object:
    if not isinstance(value, Operation) and not (isinstance(value, Step) and value.nests is not None):
        raise refuse(f"{show(value)} is no operation", "write Map('checked', check, over=split.output.items)")
    return value


def _distributed(value: object) -> object:
    if isinstance(value, bool):
        return Distributed() if value else None
    return value


class Map(Step):
    """An operation for each element of a list: `Map("checked", check, over=split.output.items, item="invoice")`.

    It results in the list of the operation's results, in the order of the elements.

    Attributes:
        each: the operation, or a nested pipeline; it is in no job itself. Its parameters but the item are fed as ever.
        over: an output that is a list, a parameter, a constant list, or what lies in S3: `Csv(…)`, `Objects(…)`, ….
        item: the operation's parameter that gets the element; by default the one that nothing else feeds.
        at_most: elements that an inline map may meet; more of them fail the job with `Bunsui.TooManyItems`.
        concurrency: how many run at a time; by default 40, of a distributed map 1,000.
        distributed: `True` or `Distributed(…)` for executions of their own, as always over what lies in S3.
    """

    each: Annotated[SkipValidation[Step], BeforeValidator(_each)]
    over: SkipValidation[Any]
    item: str | None = None
    at_most: int = Field(default=AT_MOST, ge=1)
    concurrency: int | None = Field(default=None, ge=1, le=10_000)
    distributed: Annotated[Distributed | None, BeforeValidator(_distributed)] = None

    def __init__(self, name: str, each: Any, /, over: Any, **data: Any) -> None:
        if isinstance(over, Items):
            data.setdefault("distributed", True)
        super().__init__(name, each=each, over=over, **data)
        for message, hint in self._wrong(data):
            raise DeclarationError("BUN101", f"Map {name!r}: {message}", where=self.where, hint=hint)
        given = over.output if isinstance(over, Items) else over
        if given is not None:
            self.inputs[OVER] = given

    def _wrong(self, data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What no field can say alone, with what to do."""
        if "inputs" in data:
            yield "inputs= belongs to its operation", f"write inputs= where {self.each.name!r} is declared"
        settings = self.distributed
        if settings is None and self.source is not None:
            yield "what lies in S3 is always mapped distributed", "leave distributed=False away"
        if settings is None and (self.concurrency or 0) > CONCURRENCY:
            yield f"an inline map runs {CONCURRENCY} at a time at most", "add distributed=True"
        if settings is not None and "at_most" in data:
            yield "at_most= bounds an inline map", "write distributed=Distributed(max_items=…)"
        each = self.each
        if settings is not None and not isinstance(each, Operation):
            yield (
                f"a distributed map runs a function for each element, and {each.name!r} is a pipeline",
                "map inline, or put a distributed map into the pipeline",
            )
        elif settings is not None and isinstance(each, Operation) and settings.express and each.runs.longest > EXPRESS:
            yield (
                f"express=True, but operation {each.name!r} may take {each.runs.longest} s",
                f"an express execution has {EXPRESS} s: lower the operation's timeout, or leave express away",
            )

    @property
    def source(self) -> Items | None:
        """What in S3 its elements are read from; None where they are a list."""
        return self.over if isinstance(self.over, Items) else None

    @property
    def at_a_time(self) -> int:
        """How many elements, or batches of them, are worked on at a time."""
        return self.concurrency or (CONCURRENCY if self.distributed is None else DISTRIBUTED_CONCURRENCY)

    @property
    def most(self) -> int | None:
        """Elements that it may meet; None where nothing bounds them."""
        return self.at_most if self.distributed is None else self.distributed.max_items

    @property
    def rounds(self) -> int:
        """The elements that it may meet; distributed, they have executions of their own."""
        return self.at_most if self.distributed is None else 1

    @property
    def label(self) -> str:
        """Part of the names of a distributed map's executions."""
        return (self.distributed.label if self.distributed is not None else None) or shorten(self.name, LABEL)

    @property
    def shares(self) -> int:
        """Several, where its list is in the state machine."""
        return SHARES if self.distributed is None else 1

    @property
    def steps(self) -> Mapping[str, Step]:
        """The operation."""
        return {EACH: self.each}

    @property
    def accesses(self) -> tuple[Access, ...]:
        """What it reads the elements from, and where it writes the results."""
        results = None if self.distributed is None else self.distributed.results
        read = () if self.source is None else self.source.reads
        return read if results is None else (*read, results)

    @property
    def longest(self) -> int:
        """As many rounds as its elements need at most; a year where nothing bounds them."""
        if self.most is None:
            return A_YEAR
        at_once = self.at_a_time * (1 if self.distributed is None else self.distributed.batch or 1)
        return min(A_YEAR, -(-self.most // at_once) * self.each.longest)

    def signature(self) -> Signature:
        """It takes a list, or the Dataset that it is read from, and gives a list, or the Dataset that is written."""
        from bunsui.runtime.dataset import Dataset

        wanted: Any = Any if self.source is None else Dataset
        taken = tuple(Parameter(name, wanted, False) for name in self.inputs)
        settings = self.distributed
        if settings is not None and settings.results is not None:
            return Signature(taken, Dataset, self.where)
        result = self.each.result_type()
        gaps = self.each.when is not None or isinstance(self.each.on_error, Skip) or self.each.maybe_nothing
        if gaps or (settings is not None and settings.tolerates):
            result = Optional[result]  # noqa: UP045 - built at run time
        return Signature(taken, GenericAlias(list, (result,)), self.where)
