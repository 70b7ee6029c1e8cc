"""The pipeline `flight-delays`: what runs where, reads and writes what, and follows from what.

The parameter `month` is 1 to 12, or 0 for the whole year. The operations' own code is in the modules beside this one.
"""

from __future__ import annotations

from blueprints.flight_delays import clean, enrich, parquet, publish, raw, reference, summary, trends, weather
from blueprints.flight_delays import quality as metrics
from blueprints.flight_delays.clean import CleanFlights
from blueprints.flight_delays.enrich import Enriched
from blueprints.flight_delays.folders import S3Folder
from blueprints.flight_delays.periods import YEAR, period
from blueprints.flight_delays.publish import Figures, Report
from blueprints.flight_delays.quality import Quality
from blueprints.flight_delays.raw import RawFlights
from blueprints.flight_delays.reference import Fleet
from blueprints.flight_delays.summary import Day, Week, WorstDay
from blueprints.flight_delays.trends import CarrierTrend
from blueprints.flight_delays.weather import CleanWeather
from bunsui import Bucket, Dataset, Job, Lambda, Parameter, Pipeline, Retry, Table, operation

lake = Bucket("lake")
days = Table("days", partition_key="period", sort_key="day")

SMALL = Lambda(memory=512, timeout=60)
LARGE = Lambda(memory=1769, timeout=300)
"""One whole processor (AWS Lambda developer guide, "Configure Lambda function memory"); the year needs less memory."""

SERVICE = Retry(
    attempts=3,
    on=[
        "ClientError",
        "ConnectTimeoutError",
        "ConnectionClosedError",
        "EndpointConnectionError",
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "ReadTimeoutError",
        "RequestLimitExceeded",
        "ResponseStreamingError",
        "ThrottlingException",
    ],
)
"""botocore's errors when S3 or DynamoDB is throttled or out of reach; data does not become better by trying again."""


# ingest


@operation(runs=SMALL, reads=[lake / "raw"], retry=SERVICE)
def raw_flights(month: int) -> RawFlights:
    """Make sure that the period's flights are there, and count them."""
    return raw.raw_flights(S3Folder.at(lake / "raw"), month, period(month))


@operation(runs=LARGE, reads=[lake / "raw"], writes=[lake / "clean"], retry=SERVICE)
def clean_flights(raw_flights: RawFlights) -> CleanFlights:
    """Tidy the flights; reject bad rows and count them by reason."""
    return clean.clean_flights(S3Folder.at(lake / "raw"), S3Folder.at(lake / "clean"), period(raw_flights.month))


@operation(runs=SMALL, reads=[lake / "raw"], writes=[lake / "clean"], retry=SERVICE)
def clean_weather(month: int) -> CleanWeather:
    """Blank impossible measurements of the hourly weather."""
    return weather.clean_weather(S3Folder.at(lake / "raw"), S3Folder.at(lake / "clean"), period(month))


@operation(runs=SMALL, reads=[lake / "raw"], retry=SERVICE)
def carriers() -> dict[str, str]:
    """Names of the airlines by code."""
    return reference.carriers(S3Folder.at(lake / "raw"))


@operation(runs=SMALL, reads=[lake / "raw"], writes=[lake / "clean"], retry=SERVICE)
def fleet() -> Fleet:
    """The planes and the years in which they were built."""
    return reference.fleet(S3Folder.at(lake / "raw"), S3Folder.at(lake / "clean"), YEAR)


# enrich


@operation(runs=LARGE, reads=[lake / "clean"], writes=[lake / "enriched"], retry=SERVICE)
def enriched_flights(
    clean_flights: CleanFlights, clean_weather: CleanWeather, carriers: dict[str, str], fleet: Fleet
) -> Enriched:
    """Join weather, airlines and planes to the flights."""
    return enrich.enrich(
        S3Folder.at(lake / "clean"), S3Folder.at(lake / "enriched"), clean_flights, clean_weather, carriers, fleet
    )


# analyse


@operation(runs=LARGE, reads=[lake / "enriched"], retry=SERVICE)
def daily_summary(enriched_flights: Enriched) -> list[Day]:
    """Punctuality and weather of each day."""
    return summary.daily_summary(S3Folder.at(lake / "enriched"), enriched_flights)


@operation(runs=LARGE, reads=[lake / "enriched"], retry=SERVICE)
def carrier_trends(enriched_flights: Enriched) -> list[CarrierTrend]:
    """How each airline did, and its trend over the weeks."""
    return trends.carrier_trends(S3Folder.at(lake / "enriched"), enriched_flights)


@operation(runs=SMALL)
def weekly_summary(daily_summary: list[Day]) -> list[Week]:
    """Punctuality of each ISO week."""
    return summary.weekly_summary(daily_summary)


@operation(runs=SMALL)
def worst_days(daily_summary: list[Day]) -> list[WorstDay]:
    """The ten days with the largest share of cancelled and late flights."""
    return summary.worst_days(daily_summary)


@operation(runs=SMALL)
def quality(
    raw_flights: RawFlights,
    clean_flights: CleanFlights,
    clean_weather: CleanWeather,
    fleet: Fleet,
    enriched_flights: Enriched,
    daily_summary: list[Day],
) -> Quality:
    """Metrics of the data itself; fails when a record was lost."""
    return metrics.quality(raw_flights, clean_flights, clean_weather, fleet, enriched_flights, daily_summary)


# publish


@operation(runs=SMALL, writes=[lake / "published"], retry=SERVICE)
def published_csv(
    quality: Quality,
    daily_summary: list[Day],
    weekly_summary: list[Week],
    carrier_trends: list[CarrierTrend],
    worst_days: list[WorstDay],
) -> list[Dataset]:
    """One CSV per list of figures."""
    figures = Figures(quality, daily_summary, weekly_summary, carrier_trends, worst_days)
    return publish.as_csv(figures, S3Folder.at(lake / "published"))


@operation(runs=SMALL, writes=[lake / "published"], retry=SERVICE)
def published_json(
    quality: Quality,
    daily_summary: list[Day],
    weekly_summary: list[Week],
    carrier_trends: list[CarrierTrend],
    worst_days: list[WorstDay],
) -> Dataset:
    """All figures as one JSON."""
    figures = Figures(quality, daily_summary, weekly_summary, carrier_trends, worst_days)
    return publish.as_json(figures, S3Folder.at(lake / "published"))


@operation(
    runs=LARGE,
    reads=[lake / "enriched"],
    writes=[lake / "published"],
    retry=SERVICE,
    requirements=["pyarrow==26.0.1"],
)
def published_parquet(
    enriched_flights: Enriched,
    quality: Quality,
    daily_summary: list[Day],
    weekly_summary: list[Week],
    carrier_trends: list[CarrierTrend],
    worst_days: list[WorstDay],
) -> list[Dataset]:
    """All figures and the enriched flights as Parquet."""
    figures = Figures(quality, daily_summary, weekly_summary, carrier_trends, worst_days)
    enriched, published = S3Folder.at(lake / "enriched"), S3Folder.at(lake / "published")
    return parquet.as_parquet(figures, enriched_flights, enriched, published)


@operation(runs=SMALL, writes=[days], retry=SERVICE)
def published_days(quality: Quality, daily_summary: list[Day], worst_days: list[WorstDay]) -> int:
    """One item per day in the table."""
    import boto3

    with boto3.resource("dynamodb").Table(days.name).batch_writer() as items:
        return publish.as_items(quality.label, daily_summary, worst_days, items)


@operation(runs=SMALL)
def report(
    quality: Quality,
    worst_days: list[WorstDay],
    published_csv: list[Dataset],
    published_json: Dataset,
    published_parquet: list[Dataset],
    published_days: int,
) -> Report:
    """The session's result."""
    return Report(quality, worst_days, [*published_csv, published_json, *published_parquet], published_days)


pipeline = Pipeline(
    "flight-delays",
    description="How punctual the flights from New York's airports were in 2013.",
    parameters=[Parameter("month", int, description="1 to 12, or 0 for the whole year")],
    jobs=[
        Job("ingest", raw_flights, clean_flights, clean_weather, carriers, fleet),
        Job("enrich", enriched_flights),
        Job("analyse", daily_summary, weekly_summary, carrier_trends, worst_days, quality),
        Job("publish", published_csv, published_json, published_parquet, published_days, report),
    ],
)
