from __future__ import annotations

import pytest

from blueprints.flight_delays import load


def test_everything_is_put_once_and_counted():
    objects: dict[str, bytes] = {}

    def put(name: str, data: bytes) -> bool:
        new = name not in objects
        objects[name] = data
        return new

    loaded = load.load(put, [2])
    assert set(objects) == {"airlines.csv", "planes.csv", "weather.csv", "flights/2013-02.csv"}
    assert loaded == load.Loaded(4, 4, sum(map(len, objects.values())))
    assert load.load(put, [2]).written == 0


@pytest.mark.parametrize("arguments", [[], ["--month", "13"], ["--month", "1", "--all"]])
def test_a_wrong_command_line_is_told(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        load.main(arguments)
    assert ended.value.code == 2
    assert "--month" in capsys.readouterr().err


def test_without_an_embedded_aws_it_says_how_to_start_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert load.main(["--month", "1", "--env", "local"]) == 3
    assert "hint: bunsui local start" in capsys.readouterr().err
