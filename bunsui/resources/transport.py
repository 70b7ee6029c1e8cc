"""Resource policies that refuse requests without TLS (AWS Foundational Security Best Practices, S3.5)."""

from __future__ import annotations

from typing import Any

from awacs.aws import Bool, Condition, Deny, PolicyDocument, Principal, Statement
from awacs.s3 import Action


def tls_only(arns: list[Any]) -> PolicyDocument:
    """Deny everything on these bucket and object ARNs that does not come over TLS."""
    return PolicyDocument(
        Version="2012-10-17",
        Statement=[
            Statement(
                Sid="DenyWithoutTls",
                Effect=Deny,
                Principal=Principal("*"),
                Action=[Action("*")],
                Resource=arns,
                Condition=Condition(Bool({"aws:SecureTransport": "false"})),
            )
        ],
    )
