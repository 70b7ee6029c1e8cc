from bunsui.session.arns import Place, job_execution, machine_of, names_of
from bunsui.session.model import JobRun, Session, Status

ARN = "arn:aws-cn:states:cn-north-1:123456789012:execution:dev-flights:s-1"
SESSION = Session(id="s", pipeline="flights", status=Status.RUNNING, execution=ARN)


def test_places():
    place = Place.of_arn(ARN)
    assert place == Place("aws-cn", "cn-north-1", "123456789012")
    assert place.machine("m") == "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:m"
    assert place.execution("dev-flights", "s-1") == ARN


def test_the_execution_tells_the_environment():
    assert machine_of(ARN) == "dev-flights"
    assert names_of(SESSION, "prod-").function_log_group == "/bunsui/dev-flights/functions"
    unknown = SESSION.model_copy(update={"execution": ""})
    assert names_of(unknown, "prod-").machine == "prod-flights"


def test_the_execution_of_a_job_run():
    run = JobRun(job="ingest", status=Status.RUNNING, attempt=2)
    assert job_execution(SESSION, run) == ARN.replace("dev-flights:s-1", "dev-flights-ingest:s-2-ingest")
    assert job_execution(SESSION, run.model_copy(update={"execution": "arn:own"})) == "arn:own"
    assert job_execution(SESSION.model_copy(update={"execution": ""}), run) == ""
