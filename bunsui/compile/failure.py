"""What a caught error says, as JSONata: its name, and the message that the user's code gave it."""

from __future__ import annotations

from bunsui.compile.states import jsonata
from bunsui.model.target import State


def error(caught: str) -> str:
    """JSONata of the name of a caught error."""
    return f'($exists({caught}.Error) ? {caught}.Error : "States.Unknown")'


def message(caught: str) -> str:
    """JSONata of what a caught error says.

    The cause of a failed function is JSON with `errorMessage` (AWS Lambda developer guide, "python-exceptions"); any
    other cause is text, and one that is too long is cut off and is no JSON then.
    """
    cause = f"{caught}.Cause"
    told = f"$parse({cause}).errorMessage"
    return f'($exists({cause}) ? ({_is_object(cause, "errorMessage")} ? $string({told}) : {cause}) : "")'


def job_error(caught: str) -> str:
    """JSONata of the name of the error that a job failed with.

    Waiting for an execution fails with `States.TaskFailed`, and its cause is the execution's description, whose end may
    be cut off (AWS Step Functions developer guide, "connect-stepfunctions").
    """
    cause, pattern = f"{caught}.Cause", r'/"Error"\s*:\s*"([^"]*)"/'
    inner = f"$contains({cause}, {pattern}) ? $match({cause}, {pattern}, 1).groups[0]"
    return f"($exists({cause}) ? ({inner} : {error(caught)}) : {error(caught)})"


def job_message(caught: str) -> str:
    """JSONata of what the error that a job failed with says."""
    cause = f"{caught}.Cause"
    described = f"($exists({cause}) ? {_is_object(cause, 'ExecutionArn')} : false)"
    return f"({described} ? {message(f'$parse({cause})')} : {message(caught)})"


def _is_object(cause: str, name: str) -> str:
    """JSONata of whether a cause is a JSON object with a field of that name, as far as its ends tell."""
    ends = f'$substring({cause}, 0, 1) = "{{" and $substring({cause}, -1) = "}}"'
    return f'{ends} and $contains({cause}, "\\"{name}\\"")'


def of_session(caught: str) -> State:
    """A Fail state with the error of a session that was waited for, without what its executions wrap it in.

    Each hands on the description of the one that failed in it, as the cause of a States.TaskFailed (AWS Step Functions
    developer guide, "connect-stepfunctions"): that of the session the one of the job, that of the job the error.
    """
    unwrap = (
        '$inner := function($e) {($there := $exists($e.Cause) and $e.Error = "States.TaskFailed";'
        f" $child := $there ? ({_is_object('$e.Cause', 'ExecutionArn')} ? $parse($e.Cause) : {{}}) : {{}};"
        " $exists($child.Error) ? $child : $e)}"
    )
    found = f"{unwrap}; $found := $inner($inner({caught}))"
    return {
        "Type": "Fail",
        "Error": jsonata(f'({found}; $exists($found.Error) ? $found.Error : "States.Unknown")'),
        "Cause": jsonata(f'({found}; $exists($found.Cause) ? $found.Cause : "")'),
    }
