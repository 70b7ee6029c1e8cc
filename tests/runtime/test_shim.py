import json

import pytest

from bunsui.runtime import shim
from bunsui.runtime.failures import DecodeError, EncodeError, MissingInput, ResultTooLarge, UndeclaredAccess

ADD = "def main(a: float, b: int = 2): return a + b"


def test_values_are_decoded_and_encoded(invoke):
    source = """
        import datetime as dt
        def main(day: dt.date, days: int) -> dt.date:
            return day + dt.timedelta(days=days)
    """
    assert invoke(source, {"day": "2013-01-31", "days": 1}) == {"value": "2013-02-01"}


def test_a_parameter_with_default_may_be_absent(invoke):
    assert invoke(ADD, {"a": 1}) == {"value": 3.0}


def test_a_missing_value_is_told(invoke):
    with pytest.raises(MissingInput, match="operation 'clean', parameter 'a': the event has no value"):
        invoke(ADD, {})


def test_a_wrong_value_names_operation_and_parameter(invoke):
    with pytest.raises(DecodeError, match="operation 'clean', parameter 'a': expected float, found text"):
        invoke(ADD, {"a": "x"})


def test_a_result_that_json_cannot_carry_is_told(invoke):
    with pytest.raises(EncodeError, match=r"operation 'clean': result\[0\] is nan"):
        invoke("def main(): return [float('nan')]")


def test_text_that_is_no_unicode_is_told(invoke):
    with pytest.raises(EncodeError, match="lone surrogate"):
        invoke(r"def main(): return '\ud800'")


def test_an_event_of_somebody_else_is_told():
    with pytest.raises(MissingInput, match="no field 'bunsui'"):
        shim.handle({"Records": []}, None)


def test_coroutines_methods_and_callable_objects_are_run(invoke):
    source = """
        import asyncio
        async def main(x: int):
            await asyncio.sleep(0)
            return x
        class Callable:
            def __call__(self, x: float): return x
        thing = Callable()
        class Holder:
            @staticmethod
            def run(x: float): return x
    """
    assert invoke(source, {"x": 1}) == {"value": 1}
    result = invoke(source, {"x": 1}, function="thing")
    assert isinstance(result["value"], float)
    result = invoke(source, {"x": 1}, function="Holder.run")
    assert isinstance(result["value"], float)


def test_a_decorated_operation_is_run_with_stubs_and_with_the_library(invoke):
    stub = """
        from bunsui.runtime.zip_init import operation, Lambda
        @operation(runs=Lambda(memory=128), reads=[])
        def main(x: float): return x
    """
    assert isinstance(invoke(stub, {"x": 1})["value"], float)
    real = stub.replace("bunsui.runtime.zip_init", "bunsui")
    assert isinstance(invoke(real, {"x": 1})["value"], float)


def test_a_small_value_travels_inside(invoke, s3):
    text = "é" * 80
    assert invoke(f"def main(): return {text!r}", inline=162) == {"value": text}
    assert s3.objects == {}


def test_a_large_value_is_spilled_and_counted_in_utf8(invoke, artefacts):
    text = "é" * 80
    envelope = invoke(f"def main(): return {text!r}", inline=161)
    assert envelope == {"pointer": "sessions/dev-flights/s1/2/ingest/clean.json"}
    assert json.loads(artefacts[envelope["pointer"]]) == text
    assert invoke.lines()[-1]["spilled_bytes"] == 162


def test_a_value_smaller_than_a_reference_is_never_spilled(invoke):
    assert invoke("def main(): return 'x' * 126", inline=1) == {"value": "x" * 126}


def test_a_spilled_value_is_read_back_with_its_path(invoke, artefacts):
    artefacts["k"] = b'{"rows": {"good": [1, 2]}, "n": 1.0}'
    inputs = {
        "good": {"pointer": "k", "path": ["rows", "good"]},
        "everything": {"pointer": "k"},
        "n": {"value": {"n": 4}, "path": ["n"]},
    }
    source = """
        def main(good: set[int], everything, n: float):
            everything["rows"]["good"].append(3)
            return [sorted(good), everything, n]
    """
    expected = [[1, 2], {"rows": {"good": [1, 2, 3]}, "n": 1.0}, 4.0]
    assert invoke(source, inputs, raw=False) == {"value": expected}


def test_a_path_that_leads_nowhere_is_told(invoke):
    with pytest.raises(MissingInput, match=r"parameter 'a': the value has no field 'x\.y'"):
        invoke(ADD, {"a": {"value": {"x": None}, "path": ["x", "y"]}}, raw=False)


def test_an_envelope_without_value_is_told(invoke):
    with pytest.raises(MissingInput, match=r"neither 'value', 'pointer', .* nor 'parts'"):
        invoke(ADD, {"a": {}}, raw=False)


def test_a_large_value_without_a_bucket_is_told(invoke, monkeypatch):
    monkeypatch.delenv("BUNSUI_BUCKET", raising=False)
    with pytest.raises(ResultTooLarge, match="keeping a result of 40002 bytes needs the artefact bucket"):
        invoke("def main(): return 'x' * 40000")


def test_a_failure_passes_with_its_own_class_after_one_line(invoke):
    source = """
        class Oops(ValueError): pass
        def inner(): raise Oops("bad row")
        def main(): inner()
    """
    with pytest.raises(ValueError, match=r"^bad row$") as caught:
        invoke(source)
    assert type(caught.value).__name__ == "Oops"
    assert [entry.name for entry in caught.traceback][-4:] == ["handle", "_logged", "main", "inner"]
    started, failed = invoke.lines()
    assert started["event"] == "operation.started"
    assert failed["event"] == "operation.failed"
    assert failed["level"] == "ERROR"
    assert failed["error"] == "Oops"
    assert failed["message"] == "bad row"
    assert failed["duration_ms"] >= 0
    assert failed["traceback"].startswith("Traceback (most recent call last):")
    assert "in inner" in failed["traceback"]
    assert "shim.py" not in failed["traceback"]


def test_a_chained_failure_keeps_its_cause(invoke):
    source = """
        def main():
            try:
                1 / 0
            except ZeroDivisionError as error:
                raise KeyError("x") from error
    """
    with pytest.raises(KeyError):
        invoke(source)
    assert "ZeroDivisionError" in invoke.lines()[-1]["traceback"]


def test_a_module_that_cannot_be_imported_is_a_failed_operation(invoke):
    with pytest.raises(ModuleNotFoundError):
        invoke("import nowhere_to_be_found")
    failed = invoke.lines()[-1]
    assert failed["error"] == "ModuleNotFoundError"
    assert "importlib" not in failed["traceback"]
    assert "    import nowhere_to_be_found\n" in failed["traceback"]


def test_undeclared_access_fails_the_operation(invoke, monkeypatch):
    monkeypatch.setenv("BUNSUI_RESOURCES", json.dumps({"lake": {"name": "b", "reads": ["raw"], "writes": []}}))
    source = """
        from bunsui.runtime.zip_init import Bucket
        lake = Bucket("lake")
        def main(): return (lake / "clean").uri
    """
    with pytest.raises(UndeclaredAccess, match="operation 'clean' uses lake / 'clean'"):
        invoke(source)
    trace = invoke.lines()[-1]["traceback"]
    assert "resources.py" not in trace
    assert '(lake / "clean").uri' in trace


def test_lines_carry_the_ids(invoke):
    invoke(ADD, {"a": 1})
    for line in invoke.lines():
        ids = {name: line[name] for name in ("pipeline", "session", "attempt", "job", "operation", "try", "request_id")}
        assert ids == {
            "pipeline": "flights", "session": "s1", "attempt": 2, "job": "ingest", "operation": "clean", "try": 1,
            "request_id": "r-1",
        }  # fmt: skip
    assert line["event"] == "operation.finished"
    assert line["spilled_bytes"] == 0
    assert line["memory_mb"] > 1


def test_the_session_room_reads_the_lines(invoke):
    from types import SimpleNamespace

    from bunsui.session.lines import parse

    with pytest.raises(ZeroDivisionError):
        invoke("def main(): 1 / 0")
    texts = invoke.text().splitlines()
    read = [parse(SimpleNamespace(message=text, time_ms=0, stream="s", id=str(n))) for n, text in enumerate(texts)]
    assert [line.event for line in read] == ["operation.started", "operation.failed"]
    assert read[1].error == "ZeroDivisionError"
    assert read[1].traceback
    assert read[1].retry == 1


def test_logging_becomes_lines_once(invoke):
    import logging

    class LambdaLoggerHandler(logging.StreamHandler):
        """What Lambda puts on the root logger."""

    logging.getLogger().addHandler(LambdaLoggerHandler())
    source = """
        import logging, threading
        log = logging.getLogger("mine")
        def main():
            log.info("rows %d\\nmore", 3)
            threading.Thread(target=log.warning, args=("from a thread",)).start()
            logging.getLogger("botocore.credentials").info("noise")
            try:
                1 / 0
            except ZeroDivisionError:
                log.exception("caught")
    """
    invoke(source)
    lines = invoke.lines()
    logged = [line for line in lines if line["event"] == "log"]
    assert {line["message"] for line in logged} == {"rows 3\nmore", "from a thread", "caught"}
    assert len(logged) == 3
    assert {line["operation"] for line in logged} == {"clean"}
    (caught,) = [line for line in logged if line["message"] == "caught"]
    assert (caught["level"], caught["error"]) == ("ERROR", "ZeroDivisionError")


def test_what_is_printed_becomes_lines(invoke):
    source = """
        import subprocess, sys, threading
        def other():
            print("half of a line", end="")
            print(", the rest")
        def main():
            print("begins", end=" ")
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()
            print("and ends")
            print("10 %\\r20 %\\r", file=sys.stderr)
            print()
            sys.stdout.writelines(["a\\n", "b\\n"])
            print("no end", end="", flush=True)
            sys.stdout.buffer.write(b"bytes\\n")
            return 1
    """
    assert invoke(source) == {"value": 1}
    text = invoke.text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    logged = [(line["level"], line["message"]) for line in lines if line["event"] == "log"]
    told = ["half of a line, the rest", "begins and ends", "20 %", "a", "b", "no end"]
    assert [message for _, message in logged] == told
    assert [level for level, message in logged if message == "20 %"] == ["WARNING"]
    assert {line["session"] for line in lines} == {"s1"}
    assert "bytes\n" in text


def test_what_was_printed_before_a_failure_stands_before_it(invoke):
    with pytest.raises(ZeroDivisionError):
        invoke("def main():\n    print('so far', end='')\n    1 / 0")
    assert [line.get("message") for line in invoke.lines()] == [None, "so far", "division by zero"]
    print("plain again")
    assert invoke.text() == "plain again\n"


def test_tracebacks_name_files_as_the_project_does(invoke, tmp_path, monkeypatch):
    monkeypatch.setenv("LAMBDA_TASK_ROOT", str(tmp_path))
    with pytest.raises(ZeroDivisionError):
        invoke("def main():\n    1 / 0")
    trace = invoke.lines()[-1]["traceback"]
    assert '  File "user_module_0.py", line 2, in main\n    1 / 0\n' in trace


def test_huge_messages_are_cut(invoke):
    with pytest.raises(ValueError, match="xxx"):
        invoke("def main(): raise ValueError('x' * 300_000)")
    assert max(map(len, invoke.text().splitlines())) < 120_000


def test_nothing_leaks_from_one_invocation_to_the_next(invoke):
    import logging

    source = """
        count = 0
        def main(x):
            global count
            count += 1
            return count
    """
    assert invoke(source, {"x": 1}, operation="first", session="s1") == {"value": 1}
    invoke.lines()
    logging.getLogger("between").warning("idle")
    (idle,) = invoke.lines()
    assert "session" not in idle
    assert invoke.again({"x": 1}, operation="second", session="s2") == {"value": 2}
    lines = invoke.lines()
    assert {(line["operation"], line["session"]) for line in lines} == {("second", "s2")}
    assert len(lines) == 2


def test_ids_are_gone_after_a_failure_too(invoke):
    from bunsui.runtime.invocation import current

    with pytest.raises(ZeroDivisionError):
        invoke("def main(): 1 / 0")
    assert current() == {}


@pytest.mark.parametrize("annotation", ["int", "list[int]", "dict[str, int]"])
def test_a_function_that_falls_off_its_end_fails_itself(invoke, annotation):
    with pytest.raises(EncodeError, match=r"operation 'clean' returned None, but its annotation says"):
        invoke(f"def main() -> {annotation}: pass")


@pytest.mark.parametrize("annotation", ["-> None", "-> int | None", "-> object", ""])
def test_none_is_a_result_where_the_annotation_allows_it(invoke, annotation):
    assert invoke(f"def main() {annotation}: pass") == {"value": None}
