"""What code changes besides variables: settings of the process, saved and put back.

Covers the working folder, environment, `sys.path`, warnings' filters, random states (Python's,
NumPy's, torch's), matplotlib's rcParams, pandas' options and NumPy's handling of errors; libraries
only where they are loaded. What a library keeps elsewhere is not seen.
"""

from __future__ import annotations

import copy
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any


class Setting:
    """One setting as it was when this was made; `changed` and `restore` are as of a value."""

    value: Any = None

    def __init__(self, read: Callable[[], Any], write: Callable[[Any], object]) -> None:
        self._read, self._write = read, write
        self._before = read()

    def again(self) -> Setting:
        return Setting(self._read, self._write)

    def changed(self) -> bool:
        return bool(self._read() != self._before)

    def restore(self) -> None:
        self._write(self._before)


def settings() -> Iterator[Setting]:
    """Every setting of the process, as it is now."""
    for read, write in _kinds():
        with suppress(Exception):  # a folder that is gone, a library that is half loaded
            yield Setting(read, write)


def _kinds() -> Iterator[tuple[Callable[[], Any], Callable[[Any], object]]]:
    yield os.getcwd, os.chdir
    yield lambda: dict(os.environ), _set_environment
    yield lambda: list(sys.path), lambda before: sys.path.__setitem__(slice(None), before)
    yield lambda: list(warnings.filters), _set_filters
    yield random.getstate, random.setstate
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if hasattr(numpy, "random"):
        yield lambda: _plain(numpy.random.get_state()), numpy.random.set_state  # type: ignore[union-attr]
        yield numpy.geterr, lambda before: numpy.seterr(**before)  # type: ignore[union-attr]
    if hasattr(torch, "get_rng_state"):
        yield lambda: torch.get_rng_state().numpy().tobytes(), _set_torch  # type: ignore[union-attr]
    if hasattr(sys.modules.get("matplotlib"), "rcParams"):
        yield lambda: dict.copy(sys.modules["matplotlib"].rcParams), _set_rc
    options = _pandas_options()
    if options is not None:
        yield lambda: copy.deepcopy(_pandas_options()), _set_options


def _plain(state: Any) -> Any:
    """NumPy's state with its array as bytes, so that two states compare."""
    name, keys, *rest = state
    return (name, tuple(keys.tolist()), *rest)


def _set_environment(before: dict[str, str]) -> None:
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update({k: v for k, v in before.items() if os.environ.get(k) != v})


def _set_filters(before: list[Any]) -> None:
    warnings.filters[:] = before  # type: ignore[index]  # a list, whatever its stub says
    told = getattr(warnings, "_filters_mutated", None)  # which registries of modules go by
    if told is not None:
        told()


def _set_torch(before: bytes) -> None:
    torch = sys.modules["torch"]
    torch.set_rng_state(torch.frombuffer(bytearray(before), dtype=torch.uint8))


def _set_rc(before: dict[str, Any]) -> None:
    """Past rcParams' own checks, which take long and warn of what is deprecated."""
    parameters = sys.modules["matplotlib"].rcParams
    for name in parameters.keys() - before.keys():
        dict.__delitem__(parameters, name)
    dict.update(parameters, before)


def _pandas_options() -> dict[str, Any] | None:
    found = getattr(sys.modules.get("pandas._config.config"), "_global_config", None)
    return found if isinstance(found, dict) else None


def _set_options(before: dict[str, Any]) -> None:
    """In place: pandas holds on to the parts of this tree."""
    now = _pandas_options()
    if now is not None:
        _fill(now, before)


def _fill(now: dict[str, Any], before: dict[str, Any]) -> None:
    for key in now.keys() - before.keys():
        del now[key]
    for key, value in before.items():
        if isinstance(value, dict) and isinstance(now.get(key), dict):
            _fill(now[key], value)
        else:
            now[key] = value
