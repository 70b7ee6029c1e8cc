import subprocess
import sys

import pytest

import bunsui
from bunsui.runtime import zip_init
from bunsui.runtime.declarations import Anything, stand_in
from bunsui.runtime.decode import decode
from bunsui.runtime.encode import encode
from bunsui.runtime.failures import DecodeError, EncodeError


def test_the_stub_knows_every_public_name():
    assert sorted(zip_init.__all__) == sorted(bunsui.__all__)


@pytest.mark.parametrize("name", bunsui.__all__)
def test_a_stub_is_what_the_name_stands_for(name):
    stub, real = getattr(zip_init, name), getattr(bunsui, name)
    assert isinstance(stub, type) == isinstance(real, type)
    assert callable(stub) == callable(real)
    if isinstance(real, type):
        assert issubclass(stub, Exception) == issubclass(real, Exception)
    if bunsui._HOMES[name].startswith("bunsui.runtime."):
        assert stub is real


def test_other_names_are_no_attributes():
    with pytest.raises(ImportError, match="cannot import name 'Pipline'"):
        exec("from bunsui.runtime.zip_init import Pipline")


def test_a_module_of_declarations_imports_and_its_functions_run():
    source = """
from STUB import *
from STUB import Dataset, Parameter
lake = Bucket("lake", noncurrent_days=3)
delays = Table("delays", partition_key="day")
@operation(runs=Lambda(memory=1024), reads=[lake / "raw", delays], retry=Retry(attempts=3), on_error=Fallback(value=1))
def raw(month: int) -> Dataset:
    "Doc."
    return month + 1
@operation
def bare(x): return x
clean = Operation("clean", handler="etl.clean:main", inputs={"raw": raw.output.path["x"]}, runs=Lambda())
raw >> clean >> bare
[raw, bare] >> clean
job = Job("ingest", raw, clean)
pipeline = Pipeline("flights", parameters=[Parameter("month", int)], jobs=[job, Job("x", bare).anything()])
Workspace.load(".").synth("flights")
"""
    scope = {"__name__": "user"}
    exec(source.replace("STUB", "bunsui.runtime.zip_init"), scope)
    assert scope["raw"](1) == 2
    assert scope["bare"](5) == 5
    assert scope["raw"].__name__ == "raw"
    assert scope["raw"].__doc__ == "Doc."
    assert scope["pipeline"].name == "flights"


COUNT = stand_in("Map")("count", over=[1])
MONTH = stand_in("Parameter")("month", int)


@pytest.mark.parametrize(
    "declared",
    [
        "count.output > 0",
        "0 < count.output",
        "(count.output.rows >= 1) & ~(count.output == 3) | (month.value != 2)",
        "True & (count.output <= 1)",
        "False | (month.value < 2)",
        "exists(count.output['rows'][0]) & is_in(month.value, [1, 2])",
        "length(count.output) + 1 > month.value * 2",
        "{count.output: 1, count.output == 1: 2}",
        "Map('m', count, over=count.output.rows, when=lambda out: out > 3)",
        "[*count.output, *month.jobs]",
        "{**month.settings}",
        "Map.inline(count) >> Map('x') >> [count]",
        "isinstance(Map('x'), Map)",
        "f'{count.output} {month!r}'",
    ],
)
def test_whatever_is_declared_is_declared_at_import(declared):
    names = {"count": COUNT, "month": MONTH, "Map": type(COUNT)}
    names.update({name: stand_in(name) for name in ("exists", "is_in", "length")})
    value = eval(declared, names)
    assert isinstance(value, Anything | dict | list | bool | str)
    assert value is not False
    assert value is not NotImplemented


def test_what_is_declared_stays_itself():
    other = stand_in("Map")("count")
    assert COUNT == COUNT
    assert other != COUNT
    assert [one for one in [COUNT, other] if one == other] == [other]


@pytest.mark.parametrize("decorate", [stand_in("handler"), stand_in("handler")(timeout=3), MONTH.step])
def test_a_function_that_anything_decorates_still_runs(decorate):
    @decorate
    def work(x):
        return x + 1

    assert work(1) == 2
    assert work.__name__ == "work"
    assert isinstance(work.output > 3, Anything)


def test_a_stub_is_no_result_and_reads_nothing():
    with pytest.raises(EncodeError, match=r"result is of type .*Reference, which cannot be written as JSON"):
        encode(COUNT.output)
    with pytest.raises(DecodeError, match="x: expected Skip, found an object"):
        decode({"a": 1}, stand_in("Skip"), "x")


def test_the_runtime_imports_nothing_heavy():
    heavy = (
        "{'boto3', 'botocore', 'pydantic', 'troposphere', 'awacs', 'asyncio', 'decimal', 'uuid', 'unittest', 'email'}"
    )
    code = f"""
import sys
import bunsui.runtime.shim, bunsui.runtime.zip_init
found = {heavy} & set(sys.modules)
assert not found, found
ours = [name for name in sys.modules if name.startswith('bunsui') and not name.startswith('bunsui.runtime')]
assert ours == ['bunsui'], ours
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
