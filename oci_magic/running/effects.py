"""The kinds of effects that code can have beyond the notebook, and the names that have them.

Functions of modules are known by their full name. What takes more than a name to be told, such as
which file is written, is `writes` and `beyond`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..types import Effect, EffectKind

_WORDS: dict[EffectKind, str] = {
    "delete": "deletes files",
    "overwrite": "may overwrite files",
    "process": "starts a program",
    "install": "installs packages",
    "network": "goes to the network",
    "deserialise": "loads objects that can run code",
    "exit": "ends or signals the kernel",
    "session": "resets variables or changes extensions",
    "dynamic": "runs code that cannot be read beforehand",
}
_SHOWN = 3
_HELD: dict[EffectKind, re.Pattern[str]] = {
    "delete": re.compile(
        r"os\.(remove|unlink|rmdir|removedirs)|shutil\.rmtree|send2trash\.send2trash"
        r"|pathlib\.\w*Path\.(unlink|rmdir)|distutils\.dir_util\.remove_tree"
        r"|sqlalchemy\.(\w+\.)*delete"
    ),
    "overwrite": re.compile(
        r"os\.(rename|renames|replace|truncate|ftruncate|l?chmod|l?chown|symlink|link)|shutil\.move"
        r"|shutil\.chown|pathlib\.\w*Path\.(rename|replace|l?chmod|symlink_to|hardlink_to|link_to)"
    ),
    "process": re.compile(
        r"os\.(system|popen|exec[lv]\w*|spawn\w+|posix_spawnp?|fork|forkpty|startfile)"
        r"|subprocess\.(run|call|check_call|check_output|Popen|getoutput|getstatusoutput)"
        r"|asyncio\.(subprocess\.)?create_subprocess_\w+|pty\.(spawn|fork)|webbrowser\.open\w*"
        r"|multiprocessing\.(\w+\.)*(Process|Pool)"
        r"|concurrent\.futures\.(process\.)?ProcessPoolExecutor"
        r"|(pexpect|ptyprocess)\.(\w+\.)*\w*([sS]pawn|run|Process)\w*|git\.(cmd\.)?Git"
        r"|sh\.\w+|invoke\.(\w+\.)*(run|sudo|Context)|IPython\.utils\.\w*process\w*\.(system|getoutput\w*)"
        r"|(dask\.)?distributed\.(\w+\.)*\w*(Client|Cluster)"
        r"|pyspark\.(\w+\.)*(SparkSession\.builder|SparkContext)"
    ),
    "install": re.compile(
        r"pip\.(_internal\.)?(\w+\.)*main|ensurepip\.\w+|(micropip|piplite)\.\w+"
    ),
    "exit": re.compile(
        r"(sys\.)?exit|quit|os\.(_exit|abort|kill|killpg)|_thread\.interrupt_main"
        r"|signal\.(signal|alarm|setitimer|raise_signal|pthread_kill|pidfd_send_signal)"
        r"|faulthandler\._\w+|resource\.setrlimit|sys\.(__)?std(in|out|err)(__)?\.close"
        r"|get_ipython\(\)\.(ask_exit|kernel\.\w*(shutdown|stop)\w*)"
    ),
    "session": re.compile(
        r"get_ipython\(\)\.(reset|reset_selective|del_var|extension_manager\.\w+|magics_manager"
        r"|configurables|update_config|register_magic\w*|register_magics|define_magic|find_\w*magic"
        r"|user_ns\.clear|config\.OCIMagics)"
        r"|(globals|locals|vars)\(\)\.(clear|popitem)|os\.environ\.clear|oci_magic(\.\w+)*"
    ),
    "dynamic": re.compile(
        r"eval|exec|compile|__import__|(\w+\.)*__builtins__(\..*)?|builtins\.\w+|runpy\.\w+"
        r"|(os|shutil|subprocess|builtins|pathlib)\.__dict__|ctypes\.\w+|importlib\.reload"
        r"|cffi\.FFI|torch\.utils\.cpp_extension\.load\w*|code\.(interact|Interactive\w+)|IPython\.(core\.)?display\.Javascript"
        r"|get_ipython\(\)\.(run_cell|run_code|ex|ev|safe_execfile\w*|run_ast_nodes)"
    ),
}


def effect_of(name: str) -> EffectKind | None:
    """The effect of calling what has this full name, such as `os.remove`, None for none known."""
    found = (kind for kind, pattern in _HELD.items() if name and pattern.fullmatch(name))
    return next(found, None)


def effects_line(effects: Sequence[Effect]) -> str:
    """One line for the person, such as `deletes files (line 3: os.remove)`."""
    told = [f"{_WORDS[e.kind]} (line {e.lineno}: {e.detail})" for e in effects[:_SHOWN]]
    if len(effects) > _SHOWN:
        told.append(f"and {len(effects) - _SHOWN} more")
    return "; ".join(told)
