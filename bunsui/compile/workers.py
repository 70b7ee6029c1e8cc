"""Operations with the same code, settings and permissions share one worker: a thousand of a kind are one function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set

from bunsui.compile.whereabouts import Whereabouts
from bunsui.model.binding import Unit
from bunsui.model.calls import Call, Condition, Why
from bunsui.model.names import ACCOUNT, PARTITION, REGION, Names, artefact_bucket, spill_prefix
from bunsui.model.operation import Operation
from bunsui.model.resource import Access
from bunsui.model.target import Code, Work, Worker


def workers(units: Mapping[str, Unit], lie: Whereabouts, code_of: Callable[[Operation], Code]) -> dict[str, Worker]:
    """The workers by name, in order of the operations that need them first.

    Args:
        units: the operations with code to run.
        lie: where the results of the pipeline may lie.
        code_of: which code an operation runs.
    """
    groups: dict[tuple[object, ...], tuple[Work, list[Why]]] = {}
    for name, unit in units.items():
        work = _work(unit.operation, code_of(unit.operation), lie)
        why = Why(name, "invoke", unit.operation.where)
        groups.setdefault(_key(work), (work, []))[1].append(why)
    found: dict[str, Worker] = {}
    for work, whys in groups.values():
        name = _name(work, whys, units.keys() | found.keys())
        found[name] = Worker(name, work, tuple(whys))
    return found


def _name(work: Work, whys: list[Why], taken: Set[str]) -> str:
    """The function's name, which stays when operations of its kind come and go; else that of the first operation."""
    members = {why.operation for why in whys}
    function = work.code.handler.partition(":")[2]
    return function if function not in taken or function in members else whys[0].operation


def _work(operation: Operation, code: Code, lie: Whereabouts) -> Work:
    return Work(
        operation.runs,
        code,
        _sorted(operation.reads),
        _sorted(operation.writes),
        bool(lie.far[operation.name]),
        tuple(sorted(lie.reads[operation.name])),
        tuple(sorted(lie.lists[operation.name])),
    )


def _sorted(accesses: tuple[Access, ...]) -> tuple[Access, ...]:
    """In order, without those that lie within another."""
    found: list[Access] = []
    for access in sorted(accesses, key=_access_key):
        if not any(wider.covers(access) for wider in found):
            found.append(access)
    return tuple(found)


def _access_key(access: Access) -> tuple[str, str]:
    return access.resource.id, access.path


def _key(work: Work) -> tuple[object, ...]:
    reads, writes = (tuple(map(_access_key, accesses)) for accesses in (work.reads, work.writes))
    return work.target.kind, work.target.identity(), work.code, reads, writes, work.spills, work.unspills, work.lists


def worker_calls(worker: Worker, names: Names) -> list[Call]:
    """Everything the worker's role has to allow."""
    work = worker.work
    calls = list(work.target.worker_calls(worker, names))
    for why in worker.why:
        for access in work.reads:
            reason = Why(why.operation, f"reads {access.label}", why.where)
            calls += access.resource.calls("reads", access.path, names, reason)
        for access in work.writes:
            reason = Why(why.operation, f"writes {access.label}", why.where)
            calls += access.resource.calls("writes", access.path, names, reason)
        if work.spills:
            large = Why(why.operation, "a result too large to pass on", why.where)
            calls.append(Call("s3:PutObject", f"{_ARTEFACTS}/{_values(names.pipeline, names)}", large))
        for pipeline in work.unspills:
            told = "an input passed by reference" if pipeline == names.pipeline else f"a result of pipeline {pipeline}"
            taken = Why(why.operation, told, why.where)
            calls.append(Call("s3:GetObject", f"{_ARTEFACTS}/{_values(pipeline, names)}", taken))
        for pipeline in work.lists:
            below = Condition("StringLike", "s3:prefix", (_values(pipeline, names),))
            missing = Why(why.operation, "which parts of an input there are", why.where)
            calls.append(Call("s3:ListBucket", _ARTEFACTS, missing, (below,)))
    return calls


_ARTEFACTS = f"arn:{PARTITION}:s3:::{artefact_bucket()}"


def _values(pipeline: str, names: Names) -> str:
    """Keys of what the functions of a pipeline keep."""
    return f"{spill_prefix(Names(pipeline, names.prefix).stack)}/*"


def table_arn(table: str) -> str:
    """ARN of a DynamoDB table in the pipeline's account and region."""
    return f"arn:{PARTITION}:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
