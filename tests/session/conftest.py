import pytest

from bunsui.aws import Aws, Credentials
from bunsui.local import credentials, ephemeral
from bunsui.session.sessions import Sessions

from . import machines


@pytest.fixture(scope="session")
def aws():
    """The embedded AWS with the hand-written pipeline in two environments: "" and "dev-"."""
    known = credentials()
    with ephemeral() as server:
        keys = Credentials(known.access_key_id, known.secret_access_key)
        aws = Aws(region=known.region, endpoint_url=server.endpoint_url, credentials=keys)
        for prefix in ("", "dev-"):
            machines.deploy(aws, known.account_id, known.region, prefix)
        yield aws


@pytest.fixture(scope="session")
def sessions(aws):
    return Sessions(aws, pipelines=(machines.PIPELINE,))
