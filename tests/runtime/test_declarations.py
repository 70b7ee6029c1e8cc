import subprocess
import sys

import bunsui
from bunsui.runtime import zip_init


def test_the_stub_knows_every_public_name():
    assert sorted(zip_init.__all__) == sorted(bunsui.__all__)
    for name in zip_init.__all__:
        assert hasattr(zip_init, name)


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
