"""The one place where botocore's exceptions become ours.

BUN501  no credentials, expired ones, or access denied: names the action and the resource where AWS does
BUN502  nobody answered: name not found, connection refused, timeout, TLS
BUN503  AWS answered with any other refusal: names service, operation, AWS's code and message
"""

from __future__ import annotations

import re
from types import TracebackType
from typing import Any

from bunsui.errors import AwsError, BunsuiError, UsageError

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
UNKNOWN_KEYS = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
DENIED = frozenset(
    {"403", "AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "Forbidden"}
    | {"UnauthorizedAccess", "UnauthorizedException", "UnauthorizedOperation"}
)
THROTTLED = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
    }
    | {"ThrottlingException", "ThrottledException", "TooManyRequestsException"}
)
"""AWS's words for the four kinds; the common errors of the API references and botocore's retry tables."""

ACTION_PREFIXES = {"stepfunctions": "states"}
"""IAM's name of a service where boto3's differs."""

_PERFORM = re.compile(
    r"not authorized to perform:? (?P<action>[\w-]+:\w+)(?:.*? on (?:the )?resource:? (?P<resource>[^\s,]+))?"
)
_LOGIN_HINT = "run `aws sso login` or renew the credentials of the profile, then try again"


class ServiceError(AwsError):
    """AWS answered, and refused.

    Attributes:
        service: as boto3 names it, such as `stepfunctions`.
        operation: such as `StartExecution`.
        aws_code: AWS's own code, such as `ExecutionAlreadyExists`.
        aws_message: AWS's own words.
    """

    def __init__(
        self, code: str, message: str, *, service: str, operation: str, aws_code: str, aws_message: str, hint: str
    ) -> None:
        super().__init__(code, message, hint=hint)
        self.service = service
        self.operation = operation
        self.aws_code = aws_code
        self.aws_message = aws_message

    def narrowed(self, kind: type[ServiceError], hint: str) -> ServiceError:
        """The same as an error of its own class, which callers can tell from others."""
        return _rebuild(
            kind, self.code, self.message, self.service, self.operation, self.aws_code, self.aws_message, hint
        )

    def __reduce__(self) -> tuple[object, ...]:
        words = (self.service, self.operation, self.aws_code, self.aws_message, self.hint)
        return _rebuild, (type(self), self.code, self.message, *words)


def _rebuild(kind: type[ServiceError], code: str, message: str, *words: str) -> ServiceError:
    service, operation, aws_code, aws_message, hint = words
    return kind(
        code, message, service=service, operation=operation, aws_code=aws_code, aws_message=aws_message, hint=hint
    )


class translated:
    """Within it, botocore's exceptions become ours; everything else passes."""

    __slots__ = ("service",)

    def __init__(self, service: str) -> None:
        self.service = service

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, BunsuiError):
            return
        ours = translate(self.service, error)
        if ours is not None:
            raise ours from error


def translate(service: str, error: BaseException) -> BunsuiError | None:
    """Our error for one of botocore's, or None when it is nobody's."""
    from boto3.exceptions import Boto3Error
    from botocore import exceptions as aws

    if isinstance(error, aws.ClientError):
        return _refused(service, error.response, error.operation_name)
    if isinstance(error, aws.NoRegionError):
        return UsageError(
            "BUN401", "no AWS region is configured", hint="give --region, or set it in the profile or bunsui.toml"
        )
    if isinstance(error, aws.ProfileNotFound):
        return AwsError("BUN501", str(error), hint="`aws configure list-profiles` shows the profiles there are")
    if isinstance(error, _credential_errors()):
        return AwsError(
            "BUN501", f"no AWS credentials for {service}: {error}", hint=f"name a --profile, or {_LOGIN_HINT}"
        )
    if isinstance(error, (aws.ConnectionError, aws.HTTPClientError)):
        hint = "check network, region and --endpoint-url; `bunsui local status` tells whether the embedded AWS runs"
        return AwsError("BUN502", f"{service} cannot be reached: {error}", hint=hint)
    if isinstance(error, (aws.BotoCoreError, Boto3Error)):
        return _nested(service, error) or AwsError(
            "BUN503",
            f"a request to {service} could not be made: {error}",
            hint="check the values that the message names",
        )
    if isinstance(error, ValueError) and str(error).startswith("Invalid endpoint"):
        return UsageError("BUN401", str(error), hint="an endpoint is a URL such as http://127.0.0.1:4566")
    return None


def _nested(service: str, error: BaseException) -> BunsuiError | None:
    """What boto3's transfer functions wrapped into an exception of their own."""
    inner = error.__cause__ or error.__context__
    return None if inner is None else translate(service, inner)


def _credential_errors() -> tuple[type[Exception], ...]:
    from botocore import exceptions as aws

    names = (
        "CredentialRetrievalError",
        "InvalidConfigError",
        "LoginError",
        "NoAuthTokenError",
        "NoCredentialsError",
        "PartialCredentialsError",
        "RefreshWithMFAUnsupportedError",
        "SSOError",
        "TokenRetrievalError",
    )
    return tuple(getattr(aws, name) for name in names if hasattr(aws, name))


def _refused(service: str, response: Any, operation: str) -> ServiceError:
    told = response.get("Error", {})
    code, words = str(told.get("Code", "Unknown")), str(told.get("Message", "")).strip()
    kind, message, hint = _judge(service, operation, code, words)
    return ServiceError(
        kind, message, service=service, operation=operation, aws_code=code, aws_message=words, hint=hint
    )


def _judge(service: str, operation: str, code: str, words: str) -> tuple[str, str, str]:
    """Code, message and hint of a refusal."""
    said = f"{service} {operation}: {code}" + (f": {words}" if words else "")
    if code in EXPIRED:
        return "BUN501", f"the AWS credentials have expired ({said})", _LOGIN_HINT
    if code in UNKNOWN_KEYS:
        return (
            "BUN501",
            f"AWS does not accept the credentials ({said})",
            f"check --profile and the account; {_LOGIN_HINT}",
        )
    if code in DENIED:
        found = _PERFORM.search(words)
        action = found["action"] if found else f"{ACTION_PREFIXES.get(service, service)}:{operation}"
        resource = (found["resource"] if found else None) or ""
        on = f" on {resource.rstrip('.')}" if resource else ""
        return (
            "BUN501",
            f"access denied: {action}{on} ({said})",
            f"the caller needs {action}{on}; check its policies and --profile",
        )
    if code in THROTTLED:
        return "BUN503", said, "AWS throttles; wait a little and try again, or ask for a higher quota"
    return "BUN503", said, "the words after the code are AWS's own; its API reference explains the code"
