"""Use by several threads, cancelling, and the log."""

from __future__ import annotations

import gc
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import decoupled


def test_sessions_share_a_model(trained: decoupled.Model, val_set: decoupled.Dataset) -> None:
    images = [item.load_image() for item in val_set]
    with decoupled.Session(trained) as session:
        expected = [session.predict(image) for image in images]

    def work(number: int) -> list[decoupled.Prediction]:
        with decoupled.Session(trained, threads=1) as own:
            return [own.predict(image) for image in images * 3]

    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(work, range(8)):
            for one, wanted in zip(found, expected * 3):
                np.testing.assert_array_equal(one.label_map, wanted.label_map)


def test_errors_belong_to_their_thread(trained: decoupled.Model) -> None:
    def work(number: int) -> str:
        for _ in range(50):
            with pytest.raises(KeyError) as caught:
                trained.parameters[f"layer{number}"]
            assert f"layer{number}'" in str(caught.value)
        return str(caught.value)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(work, range(8)))) == 8


def test_other_threads_run_during_a_call(trained: decoupled.Model) -> None:
    counted, done = [0], threading.Event()

    def count() -> None:
        while not done.is_set():
            counted[0] += 1

    thread = threading.Thread(target=count)
    image = np.zeros((1500, 1500, 3), np.uint8)
    with decoupled.Session(trained, backend="reference", foreground=True) as session:
        thread.start()
        try:
            session.predict(image, ["circle", "square"])
        finally:
            done.set()
            thread.join()
    assert counted[0] > 1000


def test_cancel(trained: decoupled.Model) -> None:
    with decoupled.Session(trained) as session:
        session.cancel()
        assert session.predict(np.zeros((20, 20, 3), np.uint8)).label_map.shape == (20, 20)


def test_log(
    trained: decoupled.Model, shapes: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    lines: list[tuple[int, str]] = []

    def broken_plugin(name: str) -> None:
        (tmp_path / name).mkdir()
        (tmp_path / name / "libdecoupled-backend-broken.so").write_bytes(b"nothing")
        monkeypatch.setenv("DECOUPLED_BACKEND_PATH", str(tmp_path / name))
        assert len(decoupled.backends().failures) == 1

    data = shapes.make(tmp_path / "data", train=4, val=1, masks=4)
    decoupled.save_label_map(np.zeros((48, 48), np.uint8), data / "masks" / "0000.png")
    try:
        decoupled.log_to(lambda level, message: lines.append((level, message)))
        broken_plugin("first")
        assert [level for level, _ in lines] == [logging.WARNING] and str(tmp_path / "first") in lines[0][1]
        # Lines of threads that Python does not know.
        decoupled.train_segmentation(
            trained, decoupled.Dataset(data, "train"), iterations=2, batch_size=2, iter_size=1,
            settings={"conversion": {"batches": 1, "batch_size": 2}})
        assert any("'0000' shows no object" in message for _, message in lines)
        decoupled.log_to(lambda level, message: 1 / 0)
        broken_plugin("second")
        decoupled.log_to(logging.getLogger("decoupled"))
        broken_plugin("third")
        assert [record.levelname for record in caplog.records] == ["WARNING"]
    finally:
        decoupled.log_to(None)
    count = len(lines)
    broken_plugin("fourth")
    assert len(lines) == count


def test_handles_are_freed_with_their_objects(trained: decoupled.Model, val_set: decoupled.Dataset) -> None:
    def resident() -> int:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096

    image = val_set[0].load_image()

    def work() -> None:
        for _ in range(10):
            session = decoupled.Session(trained, foreground=True, activation=True)
            session.predict(image, ["circle", "square"])
        decoupled.Model.create("tiny", ["a"])
        gc.collect()

    work()
    before = resident()
    for _ in range(5):
        work()
    assert resident() - before < 60 << 20


def test_a_model_that_is_being_used_is_not_changed(trained: decoupled.Model) -> None:
    # Either the change is refused while a prediction runs, or it happens before or behind it; never in between.
    model = decoupled.Model.create("tiny", trained.classes)
    stop, refused = threading.Event(), [0]

    def change() -> None:
        while not stop.is_set():
            try:
                model.parameters["fc7.bias"] = np.zeros(32)
            except decoupled.StateError:
                refused[0] += 1

    thread = threading.Thread(target=change)
    with decoupled.Session(model, threads=1) as session:
        thread.start()
        try:
            for _ in range(20):
                try:
                    session.predict(np.zeros((64, 64, 3), np.uint8), [0, 1])
                except decoupled.StateError:
                    pass
        finally:
            stop.set()
            thread.join()
