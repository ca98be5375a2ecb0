"""`%load_ext oci_magic` registers the `%%oci` cell magic: ask, run, repair, in this kernel.

Importing it imports nothing heavy: public names are looked up when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Session": "session",
    "Sampling": "engines",
    "open_engine": "engines",
    "OCIMagics": "notebook.magics",
    **dict.fromkeys(("Cell", "Execution", "Failure", "Message", "Reply", "Turn"), "types"),
    **dict.fromkeys(
        ("EngineError", "Held", "ModelNotFound", "OciError", "Stopped", "Unrepaired"), "errors"
    ),
}
__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext oci_magic`: register `%%oci` and `%oci` in this shell."""
    from .notebook.arguments import with_body
    from .notebook.magics import OCIMagics

    magics = OCIMagics(shell)
    shell.register_magics(magics)
    shell.events.register("pre_run_cell", magics.waiting.before_run)
    shell.events.register("post_run_cell", magics.after_run)
    shell.input_transformers_cleanup.extend((with_body, magics.replaced.transform))
    comms = getattr(getattr(shell, "kernel", None), "comm_manager", None)
    if comms is not None:
        comms.register_target("oci_magic", magics.finals.caught_up)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext oci_magic`: take both magics away and free the model."""
    from .notebook.arguments import with_body

    magics = shell.magics_manager.registry.pop("OCIMagics", None)
    if magics is None:
        return
    for transformer in (with_body, magics.replaced.transform):
        shell.input_transformers_cleanup.remove(transformer)
    shell.events.unregister("pre_run_cell", magics.waiting.before_run)
    shell.events.unregister("post_run_cell", magics.after_run)
    comms = getattr(getattr(shell, "kernel", None), "comm_manager", None)
    if comms is not None:
        comms.unregister_target("oci_magic", magics.finals.caught_up)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("oci", None)
    shell.configurables.remove(magics)
    if "shelf" in vars(magics):
        magics.shelf.unload()
