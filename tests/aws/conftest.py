from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.stub import Stubber

from bunsui.aws import Aws, Credentials
from bunsui.local import LocalStatus, credentials, ephemeral


@pytest.fixture
def aws() -> Iterator[Aws]:
    """A connection that would go to AWS; tests put a stub in between."""
    made = Aws(region="eu-west-1", credentials=Credentials("AKIDEXAMPLE", "secret"))
    yield made
    made.close()


@pytest.fixture
def stub(aws: Aws, request: pytest.FixtureRequest) -> Iterator[Stubber]:
    """A stub of the service that the test module names in SERVICE; every queued answer must be used."""
    with Stubber(aws.client(request.module.SERVICE)) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture(scope="session")
def emulator() -> Iterator[LocalStatus]:
    with ephemeral() as status:
        yield status


@pytest.fixture
def local(emulator: LocalStatus) -> Iterator[Aws]:
    keys = credentials()
    made = Aws(
        region=keys.region,
        endpoint_url=emulator.endpoint_url,
        credentials=Credentials(keys.access_key_id, keys.secret_access_key),
    )
    yield made
    made.close()
