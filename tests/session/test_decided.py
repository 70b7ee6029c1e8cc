import json

from bunsui.model.names import shorten
from bunsui.session.decided import decided_runs
from bunsui.session.model import JobRun, OperationRun, Status
from bunsui.session.operations import complete

from .fakes import Event, at


def left(id, kind, name, assigned=None):
    details = {"name": name}
    if assigned is not None:
        details["assignedVariables"] = {key: json.dumps(value) for key, value in assigned.items()}
    return Event(id, id - 1, f"{kind}StateExited", at(id), details)


def told(runs):
    return [(run.operation, run.status, run.message) for run in runs]


def test_what_was_skipped_and_why():
    reason = "rows.output > 0 does not hold"
    events = [
        left(1, "Choice", "clean: when"),
        left(2, "Pass", "clean: skipped", {"out0_clean": {"skipped": reason}}),
        left(3, "Pass", "else: skipped", {"out0_else": {"skipped": "not one of ours"}}),
        left(4, "Pass", "clean: fallback", {"out0_clean": {"value": 1}}),
    ]
    (run,) = decided_runs(events, ["clean"])
    assert told([run]) == [("clean", Status.SKIPPED, reason)]
    assert (run.started, run.finished, run.duration_s, run.tries) == (at(2), at(2), 0.0, 0)


def test_without_data_there_is_no_reason():
    assert told(decided_runs([left(1, "Pass", "a: skipped")], ["a"])) == [("a", Status.SKIPPED, "")]


def test_a_choice_was_made_or_had_no_alternative():
    events = [left(1, "Choice", "one"), left(2, "Choice", "two")]
    events.append(left(3, "Pass", "two: no alternative", {"out0_two": {"skipped": "none"}}))
    assert told(decided_runs(events, ["one", "two"])) == [
        ("one", Status.SUCCEEDED, ""),
        ("two", Status.SKIPPED, "none"),
    ]


def test_a_choice_whose_alternative_was_skipped_was_skipped_with_it():
    reason = {"skipped": "because rows was skipped: …"}
    events = [
        left(1, "Choice", "the-file"),
        left(2, "Pass", "xml: skipped", {"out1_the_file": reason}),
        left(3, "Choice", "other"),
        left(4, "Pass", "csv: skipped", {"out0_csv": reason}),
    ]
    assert told(decided_runs(events, ["the-file", "xml", "other", "csv"])) == [
        ("the-file", Status.SKIPPED, reason["skipped"]),
        ("xml", Status.SKIPPED, reason["skipped"]),
        ("other", Status.SUCCEEDED, ""),
        ("csv", Status.SKIPPED, reason["skipped"]),
    ]


def test_long_names_are_told_whole():
    name = "x" * 100
    events = [left(1, "Pass", shorten(f"{name}: skipped", 80))]
    assert [run.operation for run in decided_runs(events, [name])] == [name]


def job(status, **settings):
    return JobRun(job="main", status=status, started=at(0), finished=at(9), **settings)


def test_reasons_are_in_what_left_the_job_as_well():
    outputs = {"clean": {"skipped": "why"}, "load": {"value": 1}, "lost": {"skipped": "it failed with ValueError"}}
    history = [
        OperationRun(operation="clean", status=Status.SKIPPED, started=at(1), finished=at(1)),
        OperationRun(operation="lost", status=Status.FAILED, started=at(2), error="ValueError", message="no"),
    ]
    run = complete(job(Status.SUCCEEDED, outputs=outputs), history, (), ["clean", "load", "lost"])
    assert told(run.operations) == [("clean", Status.SKIPPED, "why"), ("lost", Status.FAILED, "no")]
    forgotten = complete(job(Status.SUCCEEDED, outputs=outputs), [], (), ["clean"])
    assert told(forgotten.operations)[:1] == [("clean", Status.SKIPPED, "why")]


def test_what_was_not_needed_is_not_told_of_a_job_that_went_well():
    assert complete(job(Status.SUCCEEDED), [], (), ["other"]).operations == ()
    assert told(complete(job(Status.FAILED), [], (), ["other"]).operations) == [("other", Status.NOT_STARTED, "")]
