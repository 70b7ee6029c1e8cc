"""AWS, and nothing else: the only room that imports boto3.

One module per service, one class per module; each method is one API call with plain values in and frozen values out.
A class is made from an `Aws`, which says where AWS is and who asks:

    StepFunctions(Aws(profile="work", region="eu-west-1")).describe_execution(arn)

Everything botocore can raise leaves this room as an `AwsError` (see `bunsui.aws.errors`).
"""

from bunsui.aws.connection import Aws, Credentials
from bunsui.aws.errors import ServiceError

__all__ = ["Aws", "Credentials", "ServiceError"]
