"""A pipeline with another one in it, and a job whose failure is handled."""

from __future__ import annotations

from bunsui import Failure, Handle, Job, Lambda, Nested, Pipeline, operation

TARGET = Lambda(memory=1024)


@operation(runs=TARGET)
def total(customer: int) -> int: ...


billing = Pipeline("billing", parameters={"customer": int}, operations=[total])


@operation(runs=TARGET)
def find(month: int) -> int: ...


billed = Nested("billed", billing, inputs={"customer": find.output})


@operation(runs=TARGET)
def tell(billed: int) -> int: ...


@operation(runs=TARGET)
def mend(failure: Failure) -> None: ...


@operation(runs=TARGET)
def after(tell: int | None = None) -> int: ...


nesting = Pipeline(
    "nesting",
    parameters={"month": int},
    jobs=[Job("bill", find, billed), Job("report", tell, on_error=Handle(mend)), Job("end", after)],
)
