"""One loaded model per kernel: opening it, telling so, and making room for another.

Covers `micro`'s one line of introduction, the one on a server that is another machine, and the list
of `%oci models`. What models there are is the work of `engines.models` and `engines.listening`.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from typing import Any

from ..engines import Engine, Sampling, open_engine
from ..engines.addresses import Server, host_of
from ..engines.listening import listening
from ..engines.memory import fits, free_memory, gigabytes
from ..engines.models import CATALOGUE, CatalogueModel, on_disk, recommended
from ..errors import NoMemory
from .arguments import Options

CAN = "loads, cleans, filters, groups, joins and plots tables"


class ModelShelf:
    """Holds the engine that was used last; `settings` are the traits of `OCIMagics`."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        self.loaded: Engine | None = None
        self._introduced = False
        self._named = set[str]()

    def is_loaded(self, name: str) -> bool:
        """Whether it is the one in use, and for a server's model, where servers are set to be."""
        if self.loaded is None or self.loaded.name != name:
            return False
        return getattr(self.loaded, "server", None) in (None, self.server)

    @property
    def server(self) -> Server:
        """Where and how the traits say that servers are asked."""
        settings = self.settings
        return Server(settings.server_url, settings.server_timeout, settings.server_window)

    def engine(self, name: str, options: Options | None = None) -> Engine:
        """The engine of that name, loaded if it is not, with the sampling of `options`.

        Raises EngineError, one line; the engine that was loaded then stays unless it had to
        make room.
        """
        sampling = self.sampling(options or Options())
        if self.loaded is None or not self.is_loaded(name):
            self.loaded = self._opened(name)
        self.loaded.sampling = sampling
        return self.loaded

    def sampling(self, options: Options) -> Sampling:
        """Options of the line over traits. Raises EngineError on values out of range."""
        names = ("temperature", "top_p", "seed", "max_new_tokens")
        given = {name: getattr(options, name) for name in names}
        traits = {name: getattr(self.settings, name) for name in names}
        return Sampling(**{**traits, **{k: v for k, v in given.items() if v is not None}})

    def unload(self) -> None:
        """Free the memory of the loaded model."""
        self.loaded = None
        if self.settings.session is not None:
            self.settings.session.engine = None
        torch = sys.modules.get("torch")
        if torch is not None:
            gc.collect()
            torch.cuda.empty_cache()

    def _opened(self, name: str) -> Engine:
        if not name.startswith(("scripted:", "server:")):
            print(f"loading {name} ...", flush=True)
        engine = self._made_room_for(name)
        if name == "micro" and not self._introduced:
            print(introduction(), flush=True)
            self._introduced = True
        self._name(getattr(engine, "away", ""))
        return engine

    def _name(self, host: str) -> None:
        """Say once which other machine gets the prompts; "" is none."""
        if host and host not in self._named:
            print(goes_to(host, self.settings.server_url), flush=True)
            self._named.add(host)

    def _made_room_for(self, name: str) -> Engine:
        """Opened beside the loaded model, or in its place where the memory holds only one."""
        try:
            return self._open(name)
        except NoMemory:
            if self.loaded is None:
                raise
        # Not inside `except`: the error's frames hold what was loaded of the new model.
        self.unload()
        return self._open(name)

    def _open(self, name: str) -> Engine:
        settings = self.settings
        return open_engine(
            name,
            device=settings.device or None,
            dtype=settings.dtype or None,
            trust_remote_code=settings.trust_remote_code,
            server=self.server,
            notify=lambda line: print(line, flush=True),
        )


def listed() -> Iterator[str]:
    """What `%oci models` tells, line by line: each model with what is typed for it."""
    free = free_memory()
    yield "micro          bundled, small: tables with pandas and matplotlib"
    for entry in CATALOGUE:
        size = entry.gigabytes * 1e9
        fit = "" if fits(size, free) else "  more than the free memory"
        yield f"{entry.alias:<14} {gigabytes(size):>8}  {entry.repo}{fit}"
    for cached in on_disk():
        yield f"on disk: {cached.repo} ({gigabytes(cached.size)})"
    for server in listening():
        for name in server.models:
            yield f"server:{name}  at {host_of(server.url)}, the port of {server.program}"
    yield "or any hub name or folder of a chat model: %oci model NAME, --model NAME in a terminal"


def introduction() -> str:
    """What `micro` is, what it can do, and what to choose for more on this machine."""
    device = "cuda" if "torch" in sys.modules and sys.modules["torch"].cuda.is_available() else ""
    choice = ", ".join(map(_sized, choices(recommended(free_memory(device or "cpu")))))
    more = f"models that fit here and do more: {choice} (%oci model NAME)"
    none = "a larger model does more, but none of the series fits the free memory (%oci models)"
    return f"micro is the small bundled model: it {CAN}, nothing else; {more if choice else none}"


def goes_to(host: str, url: str) -> str:
    """What leaves this machine for a server on another, and how."""
    bare = "" if url.strip().lower().startswith("https:") else ", not encrypted (http)"
    return (
        f"prompts go to {host}, another machine{bare}: their words and code, errors with the few "
        "values that caused them, names, types and columns of your variables; rows of tables only "
        "with --observe or --steps"
    )


def choices(fitting: tuple[CatalogueModel, ...]) -> list[CatalogueModel]:
    """At most three of them: the largest, one from the middle, the smallest."""
    places = sorted({0, len(fitting) // 2, len(fitting) - 1}) if fitting else []
    return [fitting[place] for place in places]


def _sized(model: CatalogueModel) -> str:
    return f"{model.alias} ({gigabytes(model.gigabytes * 1e9)})"
