import json
from types import SimpleNamespace

import pytest

from bunsui.runtime import logs, shim, store
from bunsui.simulate.memory import MemoryS3


@pytest.fixture
def s3(monkeypatch):
    fake = MemoryS3()
    monkeypatch.setitem(store._clients, "s3", fake)
    return fake


@pytest.fixture
def artefacts(s3, monkeypatch):
    """The objects of the artefact bucket by key, which the function may use."""
    monkeypatch.setenv("BUNSUI_BUCKET", "artefacts")
    monkeypatch.setenv("BUNSUI_SPILL", "sessions/dev-flights")
    return s3.bucket("artefacts")


@pytest.fixture
def invoke(monkeypatch, tmp_path, capsys):
    """Write a module, invoke a function of it through the shim; `.lines()` gives the log lines since."""
    import logging
    import sys

    root = logging.getLogger()
    level = root.level
    monkeypatch.syspath_prepend(str(tmp_path))
    shim.load.cache_clear()
    made = []

    def run(source, inputs=None, function="main", inline=32768, raw=True, items=None, **about):
        import textwrap

        name = f"user_module_{len(made)}"
        made.append(name)
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source), encoding="utf-8")
        monkeypatch.setenv("BUNSUI_HANDLER", f"{name}:{function}")
        return again(inputs, inline, raw, items, **about)

    def again(inputs=None, inline=32768, raw=True, items=None, **about):
        ids = {
            "pipeline": "flights", "session": "s1", "attempt": 2, "job": "ingest", "operation": "clean", "try": 1,
            "inline": inline, **about,
        }  # fmt: skip
        envelopes = {k: {"value": v} for k, v in (inputs or {}).items()} if raw else inputs
        event = {"bunsui": ids, "inputs": envelopes, **({} if items is None else {"items": items})}
        return shim.handle(event, SimpleNamespace(aws_request_id="r-1"))

    run.again = again
    run.text = lambda: capsys.readouterr().out
    run.lines = lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    yield run
    logs.uninstall()
    root.setLevel(level)
    for name in made:
        sys.modules.pop(name, None)
    shim.load.cache_clear()
