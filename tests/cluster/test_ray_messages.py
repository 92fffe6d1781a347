"""Ray's own messages to a driver."""

import logging
from pathlib import Path

import pytest
import ray
from ray._private.utils import publish_error_to_driver

from tests.cluster.lab_cluster import lab_cluster, until


def test_what_ray_tells_a_driver_is_logged_and_not_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with lab_cluster(tmp_path, cpus=1):
        gcs = ray._private.worker.global_worker.gcs_client
        for text in ("a node has died", "8 PYTHON worker processes have been started on node: 1"):
            publish_error_to_driver("test", text, gcs_client=gcs)
        until(lambda: len([each for each in caplog.records if each.name.endswith("ray_messages")]) >= 2)
    levels = {each.getMessage(): each.levelname for each in caplog.records if each.name.endswith("ray_messages")}
    assert levels["raylet: a node has died"] == "WARNING"
    assert levels["raylet: 8 PYTHON worker processes have been started on node: 1"] == "DEBUG"
    assert "raylet" not in capsys.readouterr().out
