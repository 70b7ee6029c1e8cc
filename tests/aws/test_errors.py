from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from boto3.exceptions import S3UploadFailedError
from botocore import exceptions as aws_errors
from botocore.exceptions import ClientError

from bunsui.aws.errors import ServiceError, translate, translated
from bunsui.errors import AwsError, BunsuiError, DeclarationError, UsageError


def refusal(code: str, message: str = "", operation: str = "StartExecution") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


DENIED = (
    "User: arn:aws:iam::111122223333:user/eve is not authorized to perform: states:StartExecution on resource: "
    "arn:aws:states:eu-west-1:111122223333:stateMachine:flights because no identity-based policy allows the "
    "states:StartExecution action"
)
DENIED_WITHOUT_RESOURCE = "User: arn:aws:iam::111122223333:user/eve is not authorized to perform: sts:AssumeRole"


@pytest.mark.parametrize(
    ("error", "code", "says", "hint"),
    [
        (refusal("ExpiredTokenException", "The security token has expired"), "BUN501", "expired", "aws sso login"),
        (refusal("RequestExpired"), "BUN501", "expired", "aws sso login"),
        (refusal("UnrecognizedClientException", "bad token"), "BUN501", "does not accept the credentials", "--profile"),
        (refusal("SignatureDoesNotMatch"), "BUN501", "does not accept the credentials", "--profile"),
        (
            refusal("AccessDeniedException", DENIED),
            "BUN501",
            "states:StartExecution on arn:aws:states:eu-west-1:111122223333:stateMachine:flights",
            "needs states:StartExecution",
        ),
        (
            refusal("AccessDenied", DENIED_WITHOUT_RESOURCE),
            "BUN501",
            "access denied: sts:AssumeRole (",
            "sts:AssumeRole;",
        ),
        (refusal("AccessDenied", "Access Denied", "PutObject"), "BUN501", "states:PutObject", "needs states:PutObject"),
        (refusal("403", "Forbidden", "HeadObject"), "BUN501", "states:HeadObject", "needs"),
        (refusal("ThrottlingException", "Rate exceeded"), "BUN503", "Rate exceeded", "throttles"),
        (
            refusal("InvalidName", "Invalid Name"),
            "BUN503",
            "stepfunctions StartExecution: InvalidName: Invalid Name",
            "AWS",
        ),
        (aws_errors.NoCredentialsError(), "BUN501", "no AWS credentials", "--profile"),
        (aws_errors.UnauthorizedSSOTokenError(), "BUN501", "no AWS credentials", "aws sso login"),
        (aws_errors.CredentialRetrievalError(provider="p", error_msg="e"), "BUN501", "no AWS credentials", "--profile"),
        (aws_errors.ProfileNotFound(profile="work"), "BUN501", "work", "list-profiles"),
        (aws_errors.EndpointConnectionError(endpoint_url="https://x"), "BUN502", "cannot be reached", "--endpoint-url"),
        (aws_errors.ConnectTimeoutError(endpoint_url="https://x"), "BUN502", "cannot be reached", "network"),
        (aws_errors.ReadTimeoutError(endpoint_url="https://x"), "BUN502", "cannot be reached", "network"),
        (aws_errors.SSLError(endpoint_url="https://x", error=OSError("e")), "BUN502", "cannot be reached", "network"),
        (aws_errors.ParamValidationError(report="Missing x"), "BUN503", "Missing x", "values"),
    ],
)
def test_kinds(error: Exception, code: str, says: str, hint: str) -> None:
    ours = translate("stepfunctions", error)
    assert isinstance(ours, AwsError)
    assert ours.code == code
    assert says in ours.message
    assert hint in ours.hint
    assert ours.exit_code == 3


@pytest.mark.parametrize("error", [aws_errors.NoRegionError(), ValueError("Invalid endpoint: nowhere")])
def test_configuration(error: Exception) -> None:
    ours = translate("s3", error)
    assert isinstance(ours, UsageError)
    assert ours.code == "BUN401"
    assert ours.hint


def test_service_error_keeps_the_facts_through_pickling() -> None:
    ours = translate("stepfunctions", refusal("ExecutionAlreadyExists", "taken"))
    again = pickle.loads(pickle.dumps(ours))
    assert isinstance(again, ServiceError)
    assert (again.service, again.operation, again.aws_code, again.aws_message) == (
        "stepfunctions",
        "StartExecution",
        "ExecutionAlreadyExists",
        "taken",
    )
    assert str(again) == str(ours)


def test_what_a_transfer_wrapped_is_found() -> None:
    wrapped: Any = S3UploadFailedError("Failed to upload")
    wrapped.__context__ = refusal("AccessDenied", "Access Denied", "PutObject")
    ours = translate("s3", wrapped)
    assert isinstance(ours, ServiceError)
    assert ours.code == "BUN501"
    assert "s3:PutObject" in ours.message


def test_others_pass() -> None:
    ours = DeclarationError("BUN101", "wrong")
    with pytest.raises(BunsuiError) as caught, translated("s3"):
        raise ours
    assert caught.value is ours
    with pytest.raises(FileNotFoundError), translated("s3"):
        Path("/nowhere/at/all").read_bytes()
    with pytest.raises(KeyboardInterrupt), translated("s3"):
        raise KeyboardInterrupt
