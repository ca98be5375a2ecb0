"""A notebook file: read, made ready to run, tidied and written; and how a prompt is kept in it.

Covers nbformat and the text of prompt cells. Which cells an answer makes is in `answers`, the
kernel in `headless`.
"""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import OciError

Node = Any
"""A notebook, cell or output of nbformat, which is untyped."""
METADATA = "oci_magic"
SKIP = "skip-execution"
"""The tag of cells that nbclient does not run."""
_ASKS = re.compile(r"^([ \t]*)(%oci[ \t]+(?:fix|retry)\b.*)$", re.MULTILINE)
_CHOOSES = re.compile(r"^([ \t]*)%oci[ \t]+model[ \t]+(\S.*?)[ \t]*$", re.MULTILINE)
_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|\S)+""")
_KEPT = re.compile(r"--k(?:e(?:pt?)?)?(=.*)?")
_AGAIN = re.compile(r"--ag(?:a(?:in?)?)?")


def read(path: Path) -> Node:
    """The notebook, ready to run: valid, with cell ids, without results of earlier runs.

    Raises OciError, one line.
    """
    import nbformat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of missing ids, which are mended here
            notebook = nbformat.read(path, as_version=4)
        notebook.nbformat_minor = max(5, notebook.nbformat_minor)
        _forget_results(notebook)
        _give_ids(notebook)
        nbformat.validate(notebook)
    except OSError as error:
        raise OciError(f"{path}: {error.strerror or error}; name a notebook file") from error
    except (ValueError, KeyError, AttributeError, TypeError, nbformat.ValidationError) as error:
        why = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise OciError(f"{path} is no valid notebook ({why}): save it anew in Jupyter") from error
    return notebook


def write(notebook: Node, path: Path) -> None:
    """Tidy the notebook and write it, whole or not at all. Raises OSError."""
    import nbformat

    tidy(notebook)
    part = path.with_name(f".{path.name}.part")
    try:
        nbformat.write(notebook, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def tidy(notebook: Node) -> None:
    """Number what was executed from 1 in order; pieces of one stream become one output."""
    count = 0
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if cell.execution_count is not None:
            count += 1
            cell.execution_count = count
        cell.outputs = _merged(cell.outputs)
        _number_results(cell)


def runs(cell: Node) -> bool:
    """Whether a runner executes this cell."""
    tags = cell.metadata.get("tags", [])
    return cell.cell_type == "code" and bool(cell.source.strip()) and SKIP not in tags


def prompt_parts(source: str) -> tuple[str, str] | None:
    """Options and body of a `%%oci` cell, read as IPython reads it; None for other cells."""
    from IPython.core.inputtransformer2 import TransformerManager, cell_magic

    lines = f"{source}\n".splitlines(keepends=True)
    for transform in TransformerManager().cleanup_transforms:
        if transform is cell_magic:
            break
        lines = transform(lines)
    if not lines or not lines[0].startswith("%%"):
        return None
    name, _, options = lines[0][2:].rstrip().partition(" ")
    return (options, "".join(lines[1:]).removesuffix("\n")) if name == "oci" else None


def asks(source: str) -> bool:
    """Whether running the cell may ask a model."""
    return prompt_parts(source) is not None or bool(_ASKS.search(source))


@dataclass(frozen=True)
class Kept:
    """A prompt cell once it is answered: `source` asks no model while `hash` matches."""

    source: str
    hash: str
    model: str


def kept(source: str, model: str, override: str | None = None) -> Kept:
    """What becomes of a prompt cell that was answered by `model` or the one on its line.

    `model` is the trait's value. `override` is named on the line that names no model, since
    without the option that chose it the hash would not match.
    """
    from .arguments import Options, kept_hash, parsed, prompt_of
    from .magics import OCIMagics

    parts = prompt_parts(source)
    if parts is None:
        silent = _ASKS.sub(r"\1pass  # \2", source)
        return Kept(silent, kept_hash(Options(), source, model), model)
    words = _lasting(parts[0])
    if override and not parsed(OCIMagics.prompt_cell, " ".join(words)).model:
        words = ["-m", _quoted(override), *words]
    options = parsed(OCIMagics.prompt_cell, " ".join(words))
    digest = kept_hash(options, prompt_of(parts[1]), model)
    line = " ".join(["%%oci", "--kept", digest, *words])
    return Kept(f"{line}\n{parts[1]}", digest, options.model or model)


def loading_no_model(source: str) -> str:
    """A cell that has asked for no answer, so that it loads no model when it runs again.

    `%oci model NAME` becomes the trait's setting, `%%oci --dry` is kept like an answered prompt.
    """
    from .arguments import parsed, unquoted
    from .magics import OCIMagics

    parts = prompt_parts(source)
    if parts is not None:
        options = parsed(OCIMagics.prompt_cell, parts[0])
        return kept(source, "").source if options.dry and not options.help else source
    if source.lstrip().startswith("%%"):
        return source

    def chosen(match: re.Match[str]) -> str:
        name = json.dumps(unquoted(match[2]), ensure_ascii=False)
        return f"{match[1]}%config OCIMagics.model = {name}"

    return _CHOOSES.sub(chosen, source)


def _lasting(line: str) -> list[str]:
    """The words of a `%%oci` line without `--kept HASH` and `--again`."""
    words: list[str] = []
    left_out = False
    for word in _WORD.findall(line):
        kept_option = None if left_out else _KEPT.fullmatch(word)
        if not left_out and not kept_option and not _AGAIN.fullmatch(word):
            words.append(word)
        left_out = bool(kept_option and not kept_option[1])
    return words


def _quoted(name: str) -> str:
    quote = "'" if '"' in name else '"'
    return f"{quote}{name}{quote}" if re.search(r"[\s'\"]", name) else name


def _give_ids(notebook: Node) -> None:
    from nbformat.v4 import new_code_cell

    seen: set[str] = set()
    for cell in notebook.cells:
        if cell.get("id") in {None, *seen}:
            cell.id = new_code_cell().id
        seen.add(cell.id)


def _forget_results(notebook: Node) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = [] if runs(cell) else cell.outputs
            _number_results(cell)


def _number_results(cell: Node) -> None:
    for output in cell.outputs:
        if output.output_type == "execute_result":
            output.execution_count = cell.execution_count


def _merged(outputs: list[Node]) -> list[Node]:
    merged: list[Node] = []
    for output in outputs:
        last = merged[-1] if merged else {}
        if output.output_type == "stream" and last.get("name") == output.name:
            last["text"] += output.text
        else:
            merged.append(output)
    return merged
