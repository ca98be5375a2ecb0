"""What code changes besides variables: settings of the process, saved and put back one by one.

Covers the working folder, environment, `sys.path`, what is printed to, the locale, the limit of
recursion, warnings' filters, random states (Python's, NumPy's, torch's), matplotlib's rcParams,
pandas' options and NumPy's handling of errors. Of a
library that the code loads first, what it began with is put back. The backend of matplotlib, what a
library keeps elsewhere and generators of GPUs are not seen.
"""

from __future__ import annotations

import locale
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

State = dict[str, Any]
"""The settings of one kind by name; one that is a single value has the name ""."""
STREAMS = ("stdout", "stderr")
_GONE = object()


class _Kind(NamedTuple):
    """Settings of one kind; `fresh` reads what a library of that name begins with."""

    name: str
    read: Callable[[], State]
    write: Callable[[str, Any], object]
    module: str = ""
    fresh: Callable[[], State] = dict


class Settings:
    """Every setting of the process, as it is when this is made."""

    def __init__(self) -> None:
        self._before: dict[str, State] = {}
        for kind in _loaded():
            with suppress(Exception):  # a folder that is gone, a library that is half loaded
                self._before[kind.name] = kind.read()

    @classmethod
    def none(cls) -> Settings:
        made = cls.__new__(cls)
        made._before = {}
        return made

    def restore(self, accepted: Settings | None = None) -> list[str]:
        """Put back what differs, with `accepted` only what has not changed since then.

        Returns the kinds of which something could not be put back.
        """
        failed = []
        for kind in _loaded():
            try:
                before = self._before.get(kind.name)
                before = kind.fresh() if before is None else before
                for name, value in _differing(kind.read(), before, accepted, kind.name):
                    kind.write(name, value)
            except Exception:
                failed.append(kind.name)
        return failed


def _differing(
    now: State, before: State, accepted: Settings | None, kind: str
) -> Iterator[tuple[str, Any]]:
    then = None if accepted is None else accepted._before.get(kind, {})
    names = (before.keys() | now.keys()) if before else ()
    for name in names:
        was, is_ = before.get(name, _GONE), now.get(name, _GONE)
        if not _same(was, is_) and (then is None or _same(then.get(name, _GONE), is_)):
            yield name, was


def _same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and bool(one == other))


def _loaded() -> Iterator[_Kind]:
    for kind in _KINDS:
        if not kind.module or kind.module in sys.modules:
            yield kind


def _set_environment(name: str, value: Any) -> None:
    if value is _GONE:
        del os.environ[name]
    else:
        os.environ[name] = value


def _set_path(_: str, before: tuple[str, ...]) -> None:
    sys.path[:] = before


def _set_filters(_: str, before: tuple[Any, ...]) -> None:
    warnings.resetwarnings()  # tells the registries of modules that something has changed
    warnings.filters[:] = before  # type: ignore[index]  # a list, whatever its stub says


def _numpys_dice() -> State:
    name, keys, *rest = sys.modules["numpy.random"].get_state()
    return {"": (name, keys.tobytes(), *rest)}


def _set_numpys_dice(_: str, state: tuple[Any, ...]) -> None:
    name, keys, *rest = state
    numpy: Any = sys.modules["numpy"]
    numpy.random.set_state((name, numpy.frombuffer(keys, dtype=numpy.uint32), *rest))


def _set_torchs_dice(_: str, before: bytes) -> None:
    torch: Any = sys.modules["torch"]
    torch.set_rng_state(torch.frombuffer(bytearray(before), dtype=torch.uint8))


def _parameters(which: str) -> Callable[[], State]:
    """Past rcParams' own checks, which take long and warn of what is deprecated."""

    def read() -> State:
        found = dict.items(getattr(sys.modules["matplotlib"], which))
        return {k: list(v) if type(v) is list else v for k, v in found if "backend" not in k}

    return read


def _set_parameter(name: str, value: Any) -> None:
    parameters: Any = sys.modules["matplotlib"].rcParams
    if value is _GONE:
        dict.pop(parameters, name)
    else:
        dict.__setitem__(parameters, name, list(value) if type(value) is list else value)


def _options() -> State:
    return dict(_leaves(sys.modules["pandas._config.config"]._global_config))


def _leaves(options: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in options.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield above + name, value


def _first_options() -> State:
    known = sys.modules["pandas._config.config"]._registered_options
    return {name: option.defval for name, option in known.items()}


def _set_option(name: str, value: Any) -> None:
    if value is not _GONE:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sys.modules["pandas"].set_option(name, value)


_KINDS = (
    _Kind("working folder", lambda: {"": os.getcwd()}, lambda _, was: os.chdir(was)),  # noqa: PTH109
    _Kind("environment", lambda: dict(os.environ), _set_environment),
    _Kind("sys.path", lambda: {"": tuple(sys.path)}, _set_path),
    _Kind(
        "sys.stdout", lambda: {name: getattr(sys, name) for name in STREAMS},
        lambda name, was: setattr(sys, name, was),
    ),
    _Kind(
        "locale", lambda: {"": locale.setlocale(locale.LC_ALL)},
        lambda _, was: locale.setlocale(locale.LC_ALL, was),
    ),
    _Kind(
        "recursion limit", lambda: {"": sys.getrecursionlimit()},
        lambda _, was: sys.setrecursionlimit(was),
    ),
    _Kind("random", lambda: {"": random.getstate()}, lambda _, was: random.setstate(was)),
    _Kind("numpy.random", _numpys_dice, _set_numpys_dice, "numpy.random"),
    _Kind(
        "numpy.seterr", lambda: sys.modules["numpy"].geterr(),
        lambda name, was: sys.modules["numpy"].seterr(**{name: was}), "numpy",
        lambda: {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"},
    ),
    _Kind(
        "torch.random", lambda: {"": sys.modules["torch"].get_rng_state().numpy().tobytes()},
        _set_torchs_dice, "torch",
    ),
    _Kind(
        "rcParams", _parameters("rcParams"), _set_parameter, "matplotlib",
        _parameters("rcParamsOrig"),
    ),
    _Kind("pandas options", _options, _set_option, "pandas", _first_options),
    _Kind("warnings", lambda: {"": tuple(warnings.filters)}, _set_filters),
)  # fmt: skip
