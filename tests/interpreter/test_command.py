"""`python -m bunsui.interpreter`."""

import io
import json

import pytest

from bunsui.interpreter.__main__ import main

DEFINITION = {
    "QueryLanguage": "JSONata",
    "StartAt": "T",
    "States": {
        "T": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "f", "Payload": "{% $states.input.n %}"},
            "Output": "{% $states.result.Payload %}",
            "Next": "W",
        },
        "W": {"Type": "Wait", "Seconds": 60, "End": True},
    },
}


@pytest.fixture
def files(tmp_path):
    def write(**contents):
        names = {}
        for name, content in contents.items():
            path = tmp_path / f"{name}.json"
            path.write_text(json.dumps(content), "utf-8")
            names[name] = str(path)
        return names

    return write


def test_it_runs_a_definition(files, capsys):
    names = files(definition=DEFINITION, input={"n": 1}, results={"lambda:invoke": {"Payload": 2}})
    code = main([names["definition"], "--input", names["input"], "--results", names["results"], "--history"])
    out = capsys.readouterr().out
    assert code == 0
    assert "TaskSucceeded invoke" in out
    assert "SUCCEEDED after 2 states and 60 seconds\n2\n" in out


def test_json_is_one_object(files, capsys):
    names = files(definition=DEFINITION, results={"lambda:invoke": {"error": "Busy", "cause": "later"}})
    assert main([names["definition"], "--results", names["results"], "--json", "--history"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == "FAILED"
    assert [event["id"] for event in found["events"]] == list(range(1, len(found["events"]) + 1))


def test_the_input_can_come_from_stdin(files, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO('{"n": 5}'))
    names = files(definition={"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
    assert main([names["definition"], "--input", "-", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["output"] == {"n": 5}


def test_one_state(files, capsys):
    names = files(definition=DEFINITION, mock={"Payload": 7}, input={"n": 3})
    arguments = [names["definition"], "--state", "T", "--mock", names["mock"], "--input", names["input"], "--inspect"]
    assert main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["nextState"] == "W"
    assert found["inspectionData"]["afterArguments"]["Payload"] == 3


def test_a_mocked_error(files, capsys):
    names = files(definition=DEFINITION, input={"n": 1})
    assert main([names["definition"], "--state", "T", "--input", names["input"], "--mock-error", "Busy"]) == 1
    assert json.loads(capsys.readouterr().out) == {"status": "FAILED", "error": "Busy"}


@pytest.mark.parametrize(
    ("definition", "message"),
    [({"StartAt": "A"}, "These fields are required: [States] at /"), ({}, "BUN901")],
)
def test_a_wrong_definition_is_a_usage_error(files, capsys, definition, message):
    assert main([files(definition=definition)["definition"]]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


def test_a_missing_file_and_a_missing_service(files, capsys):
    assert main(["nowhere.json"]) == 2
    names = files(definition=DEFINITION, input={"n": 1})
    assert main([names["definition"], "--json", "--input", names["input"]]) == 1
    assert "BUN902" in capsys.readouterr().err
