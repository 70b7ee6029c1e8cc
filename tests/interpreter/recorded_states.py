"""TestState calls and refused definitions, recorded on AWS."""

import json
from functools import lru_cache

import botocore.exceptions
import botocore.loaders
import botocore.model

from bunsui.interpreter import InvalidDefinition, diagnose
from bunsui.interpreter.mocks import Mock, StateTestRefused
from bunsui.interpreter.teststate import StateConfiguration, try_state
from tests.interpreter.recorded import Verdict, matches, parsed, short

CODES = {"states": "stepfunctions", "sfn": "stepfunctions", "sfn2": "stepfunctions"}
NOT_DEFINITIONS = {
    "StateMachineAlreadyExists": "names of state machines are the account's, not the definition's",
    "InvalidLoggingConfiguration": "logging is configured beside the definition",
    "ValidationException": "the request, not the definition, is refused",
    "StateMachineDoesNotExist": "the request, not the definition, is refused",
}


@lru_cache
def service_model(service):
    loader = botocore.loaders.Loader()
    return botocore.model.ServiceModel(loader.load_service_model(CODES.get(service, service), "service-2"))


def shapes(service, action):
    """The output shape of an action, where there is a model of it."""
    try:
        return service_model(service).operation_model(action[0].upper() + action[1:]).output_shape
    except (botocore.exceptions.UnknownServiceError, botocore.model.OperationNotFoundError):
        return None


def mock_of(case):
    """The mock of a recorded call."""
    given = case.get("mock")
    if given is None:
        return None
    if "result" in given and "errorOutput" in given:
        raise StateTestRefused("A test mock should have only one of the following fields: [result, errorOutput].")
    mode = given.get("fieldValidationMode", "STRICT")
    if "errorOutput" in given:
        output = given["errorOutput"]
        return Mock(error=output.get("error"), cause=output.get("cause"), failing=True, validation=mode)
    result = given["result"]
    return Mock(result=json.loads(result) if isinstance(result, str) else result, validation=mode)


def configuration_of(case):
    given = case.get("stateConfiguration") or {}
    return StateConfiguration(
        retrier_retry_count=given.get("retrierRetryCount", 0),
        map_iteration_failure_count=given.get("mapIterationFailureCount"),
    )


def value_of(given):
    return json.loads(given) if isinstance(given, str) and parsed(given) is not None else given


def judge_state(case):
    """Run a recorded TestState call and compare the response."""
    verdict = Verdict(case["name"], "teststate", case["query_language"])
    expected = {k: v for k, v in case["expected_response"].items() if k != "ResponseMetadata"}
    wild = {"date", *case["unresolved_placeholders"]}
    try:
        result = try_state(
            case["definition"],
            value_of(case.get("input")),
            mock=mock_of(case),
            state_name=case.get("stateName"),
            variables=value_of(case.get("variables")),
            context=value_of(case.get("context")),
            configuration=configuration_of(case),
            role_arn=role_of(expected),
            inspection_level=case.get("inspectionLevel", "INFO"),
            shapes=shapes,
        )
    except (StateTestRefused, InvalidDefinition) as error:
        text = error.message if isinstance(error, InvalidDefinition) else str(error)
        told = expected.get("message") or str(expected.get("exception_value", ""))
        verdict.result = verdict.cause = bool(told) and told.endswith(text)
        verdict.note = "" if verdict.result else f"AWS: {short(expected)}; here: {text}"
        return verdict
    except Exception as error:
        verdict.note = f"{type(error).__name__}: {error}"
        return verdict
    response = result.response()
    wild |= arns(expected)
    verdict.result = matches(
        {k: v for k, v in expected.items() if k != "cause"}, {k: v for k, v in response.items() if k != "cause"}, wild
    )
    verdict.cause = matches(expected.get("cause"), response.get("cause"), wild)
    if not verdict.agrees:
        verdict.note = f"AWS: {short(expected)}; here: {short(json.loads(json.dumps(response, default=str)))}"
    return verdict


def role_of(expected):
    """Whether the recorded call named a role shows in the context object only."""
    return None if '"RoleArn": null' in json.dumps(expected) else "arn:aws:iam::111111111111:role/resource"


def arns(expected):
    """ARNs of the recording account fit any ARN."""
    found = set()

    def collect(value):
        if isinstance(value, dict):
            for item in value.values():
                collect(item)
        elif isinstance(value, str) and value.startswith("arn:") and "<" in value:
            found.add(value)

    collect(expected)
    return found


def judge_definition(case):
    """Whether a definition is refused with AWS's words, or taken as AWS takes it."""
    verdict = Verdict(case["name"], "validation", "")
    definition = case["definition"] if case["definition"] is not None else case["definition_text"]
    found = diagnose(definition, case["kwargs"].get("type", "STANDARD"))
    response = case["expected_response"]
    code = response.get("Error", {}).get("Code") or response.get("exception_typename")
    if "diagnostics" in response:
        expected = [(d["code"], d["message"], d.get("location", "")) for d in response["diagnostics"]]
        ours = [(d.code, d.message, d.location) for d in found]
        verdict.result = [d[0] for d in expected] == [d[0] for d in ours]
        verdict.cause = expected == ours
        verdict.note = "" if verdict.agrees else f"AWS: {expected}; here: {ours}"
    elif code in NOT_DEFINITIONS:
        verdict.result = verdict.cause = not found
        verdict.details["aside"] = NOT_DEFINITIONS[code]
    else:
        told = response.get("message") or response["exception_value"]
        text = InvalidDefinition(found).message if found else "the definition is taken"
        verdict.result = bool(found)
        verdict.cause = told.endswith(text)
        verdict.note = "" if verdict.agrees else f"AWS: {told}; here: {text}"
    return verdict
