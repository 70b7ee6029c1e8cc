"""What AWS charges in a region, in US dollars, and what a run comes to.

On-demand list prices without free tier, discounts and taxes. Where a region is not in a table, that price is the one of
us-east-1, and the result says so.

Sources, as read in November 2025:

- AWS Step Functions pricing, "State transitions": "Step Functions counts a state transition each time a step of your
  workflow is executed. You are charged for the total number of state transitions across all your state machines,
  including retries." https://aws.amazon.com/step-functions/pricing/
- AWS Lambda pricing: requests, and GB-seconds of the first tier, each invocation rounded up to 1 ms.
  https://aws.amazon.com/lambda/pricing/
- Amazon DynamoDB pricing for on-demand capacity, since November 2024: a write of up to 1 KB is one write request unit,
  a consistent read of up to 4 KB one read request unit. https://aws.amazon.com/dynamodb/pricing/on-demand/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

AS_OF = "2025-11"
HOME = "us-east-1"

_SAME_TRANSITION = (
    "us-east-2 us-west-2 ca-central-1 eu-west-1 eu-west-2 eu-central-1 eu-north-1 "
    "ap-southeast-1 ap-southeast-2 ap-northeast-1"
)
_SAME_LAMBDA = (
    "us-east-2 us-west-1 us-west-2 ca-central-1 eu-west-1 eu-west-2 eu-west-3 eu-central-1 eu-north-1 "
    "ap-south-1 ap-southeast-1 ap-southeast-2 ap-northeast-1 ap-northeast-2 sa-east-1"
)

_TRANSITION = {
    HOME: 0.025e-3,
    **dict.fromkeys(_SAME_TRANSITION.split(), 0.025e-3),
    "af-south-1": 0.02975e-3,
    "ap-east-1": 0.0275e-3,
    "ap-northeast-2": 0.0271e-3,
    "ap-south-1": 0.0285e-3,
    "eu-south-1": 0.02625e-3,
    "eu-west-3": 0.0297e-3,
    "me-south-1": 0.0275e-3,
    "sa-east-1": 0.0375e-3,
    "us-gov-east-1": 0.03e-3,
    "us-gov-west-1": 0.03e-3,
    "us-west-1": 0.0279e-3,
}
_LAMBDA = {HOME, *_SAME_LAMBDA.split()}

PRICES: Mapping[str, Mapping[str, float]] = {
    "states:transition": _TRANSITION,
    "lambda:request": dict.fromkeys(_LAMBDA, 0.20e-6),
    "lambda:gb-second:x86_64": dict.fromkeys(_LAMBDA, 0.0000166667),
    "lambda:gb-second:arm64": dict.fromkeys(_LAMBDA, 0.0000133334),
    "lambda:storage-gb-second": {HOME: 0.0000000309},
    "dynamodb:write": {HOME: 0.625e-6},
    "dynamodb:read": {HOME: 0.125e-6},
}
"""What is charged for -> region -> US dollars for one."""

LEFT_OUT = (
    "logs and traces (CloudWatch Logs, X-Ray)",
    "requests, storage and transfer of S3",
    "storage and backups of DynamoDB, reads by `bunsui status` and the like",
    "KMS requests",
    "what the functions call themselves",
    "starts of functions before their handler runs",
)


class Charge(NamedTuple):
    """One line of a bill.

    Attributes:
        what: a key of `PRICES`.
        quantity: how many.
        each: US dollars for one.
        elsewhere: whether the price is that of us-east-1 because the region's own is not known.
    """

    what: str
    quantity: float
    each: float
    elsewhere: bool

    @property
    def total(self) -> float:
        """US dollars."""
        return self.quantity * self.each


def charges(used: Mapping[str, float], region: str) -> tuple[Charge, ...]:
    """The bill for what was used: a key of `PRICES` -> how many."""
    return tuple(
        Charge(what, used[what], by_region.get(region, by_region[HOME]), region not in by_region)
        for what, by_region in PRICES.items()
        if used.get(what)
    )
