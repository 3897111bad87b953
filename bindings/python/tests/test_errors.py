"""Each status code is an exception of its own."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

import decoupled
from decoupled import _declarations as c
from decoupled import errors
from decoupled._library import library


def test_every_status_has_a_class() -> None:
    for name, number in vars(c).items():
        if name.startswith("DCN_STATUS_") and number != c.DCN_STATUS_OK:
            assert errors._CLASSES[number].status == number
            assert library().dcn_status_name(number).decode() == name


@pytest.mark.parametrize("cls, base", [
    (decoupled.InvalidArgument, ValueError), (decoupled.NotFound, LookupError), (decoupled.NameNotFound, KeyError),
    (decoupled.FileNotFound, FileNotFoundError), (decoupled.FileNotFound, decoupled.NotFound),
    (decoupled.IOFailure, OSError), (decoupled.FormatError, ValueError), (decoupled.Unsupported, NotImplementedError),
    (decoupled.OutOfMemory, MemoryError), (decoupled.BackendError, RuntimeError), (decoupled.StateError, RuntimeError),
    (decoupled.NumericError, ArithmeticError), (decoupled.InternalError, RuntimeError), (decoupled.Cancelled, Exception),
])
def test_bases_and_text(cls: type[decoupled.DecoupledError], base: type[Exception]) -> None:
    assert issubclass(cls, base) and issubclass(cls, decoupled.DecoupledError)
    error = cls("One sentence.")
    assert str(error) == error.message == "One sentence."
    assert str(pickle.loads(pickle.dumps(error))) == "One sentence."


def test_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        decoupled.Model.open(tmp_path / "none.safetensors")
    assert isinstance(caught.value, decoupled.NotFound) and "none.safetensors" in str(caught.value)
    (tmp_path / "bad.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(decoupled.FormatError, match="bad.safetensors"):
        decoupled.Model.open(tmp_path / "bad.safetensors")


def test_backends_that_are_not_there(model: decoupled.Model, tmp_path: Path) -> None:
    with pytest.raises(decoupled.DecoupledError, match="nonesuch") as caught:
        decoupled.Session(model, "nonesuch")
    assert isinstance(caught.value, (decoupled.BackendError, decoupled.NotFound))
    with pytest.raises(decoupled.DecoupledError, match="none.so"):
        decoupled.Session(model, tmp_path / "none.so")


def test_closed_handles(model: decoupled.Model) -> None:
    session = decoupled.Session(model)
    session.close()
    session.close()
    assert session.closed
    with pytest.raises(decoupled.StateError, match="This Session is closed"):
        session.cancel()
    with model:
        assert model.input_size == 32
    with pytest.raises(decoupled.StateError, match="This Model is closed"):
        model.classes
    assert repr(model) == "<Model, closed>"


def test_freed_handles_are_recognised(model: decoupled.Model) -> None:
    pointer = model._handle
    model.close()
    assert library().dcn_model_class_count(pointer) == -1
    assert library().dcn_session_create(pointer, None, c.POINTER(c.POINTER(c.dcn_session))(
        c.POINTER(c.dcn_session)())) == c.DCN_STATUS_INVALID_ARGUMENT


def test_library_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECOUPLED_LIBRARY", str(tmp_path / "none.so"))
    with pytest.raises(decoupled.LibraryError, match="DECOUPLED_LIBRARY names"):
        decoupled.library_path()
    (tmp_path / "some.so").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DECOUPLED_LIBRARY", "some.so")
    assert decoupled.library_path() == tmp_path / "some.so"
    library.cache_clear()
    try:
        with pytest.raises(ImportError, match="cannot be loaded"):
            library()
        monkeypatch.setenv("DECOUPLED_LIBRARY", _libc())
        with pytest.raises(decoupled.LibraryError, match="has no function dcn_version"):
            library()
    finally:
        monkeypatch.undo()
        library.cache_clear()
    assert library().dcn_version() > 0


def _libc() -> str:
    return next(
        line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines()
        if "libc.so" in line or "libc-" in line)
