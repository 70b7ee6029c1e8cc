"""The HTTP dressing that optimized integrations leave on a result."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

from bunsui.interpreter.calls import Call
from bunsui.interpreter.jsonvalue import compact


def dressed(call: Call, result: dict[str, Any], length: int | None = None, **headers: str) -> dict[str, Any]:
    """A result with SdkHttpMetadata and SdkResponseMetadata; an empty header takes one away."""
    request = call.run.world.identifier()
    plain = {
        "Connection": "keep-alive",
        "Content-Length": str(len(compact(result)) if length is None else length),
        "Content-Type": "application/x-amz-json-1.0",
        "Date": formatdate(call.time, usegmt=True),
        "x-amzn-RequestId": request,
        **headers,
    }
    plain = {name: value for name, value in plain.items() if value}
    return {
        **result,
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in plain.items()},
            "HttpHeaders": plain,
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": {"RequestId": request},
    }


def cause(text: str, service: str, status: int, code: str, call: Call) -> str:
    """An error of an optimized integration, as the older SDK words it."""
    request = call.run.world.identifier()
    return f"{text} (Service: {service}; Status Code: {status}; Error Code: {code}; Request ID: {request}; Proxy: null)"
