"""A model folder as a model and a tokenizer in memory, on the device and in the dtype that fit.

Covers the differences between transformers 4.51 and 5, keeping the load quiet, and one
line for everything that goes wrong.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import EngineError, NoMemory
from .memory import check_fits, fits, free_memory
from .weights import one_line, parameters

SMALL = 200_000_000
"""Up to this many parameters a model loads without a progress bar."""
EXACT = 20_000_000
"""Up to this many parameters a model runs in fp32 on a CPU: bf16 would be no faster."""


def choose_device(device: str | None = None) -> str:
    """`device`, or the best there is: "cuda", "mps", "cpu". Raises `EngineError`."""
    import torch

    if device:
        return _checked_device(device)

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _checked_device(device: str) -> str:
    import torch

    there = {"cpu": 1, "cuda": torch.cuda.device_count()}
    there["mps"] = int(torch.backends.mps.is_available())
    kind, _, number = device.partition(":")
    index = int(number) if number.isdecimal() else 0 if device == kind else -1
    if 0 <= index < there.get(kind, 0):
        return device
    valid = ", ".join(name for name, count in there.items() if count)
    raise EngineError(f"{device!r} is no device of this machine: use {valid}")


def choose_dtype(device: str, count: int) -> str:
    """Name of the dtype for a model of `count` parameters on `device`.

    bf16 where the hardware computes it; else fp16 on a GPU, and fp32 on a CPU unless only
    bf16 fits into memory. Small ones (`EXACT`) are in fp32 on every CPU.
    """
    if device.startswith("cuda"):
        import torch

        return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
    if device.startswith("mps"):
        return "bfloat16" if _mps_has_bf16() else "float16"
    if count <= EXACT or (not cpu_has_bf16() and fits(4 * count, free_memory(device))):
        return "float32"
    return "bfloat16"


def load(
    folder: Path,
    name: str,
    device: str,
    dtype: str | None,
    trust_remote_code: bool,
    notify: Callable[[str], None],
) -> tuple[Any, Any]:
    """The model, ready to generate on `device`, and its tokenizer.

    `name` is what the person typed and stands in messages. Raises `EngineError`,
    `NoMemory` where the model is too large for what is free.
    """
    count = parameters(folder)
    dtype = dtype or choose_dtype(device, count)
    check_fits(name, count * _bytes(dtype), device)
    if device == "cpu" and dtype == "bfloat16" and not cpu_has_bf16():
        notify(f"{name} runs in bf16 to fit into memory; this CPU computes bf16 slowly")
    with _quiet(hide_progress=count <= SMALL), _one_line_errors(name, trust_remote_code):
        tokenizer = _load_tokenizer(folder, trust_remote_code)
        model = _load_model(folder, dtype, trust_remote_code)
        return model.to(device).eval(), tokenizer


def dtype_argument(version: str) -> str:
    """What `from_pretrained` calls the dtype in this version of transformers."""
    major, minor = (int(part) for part in version.split(".")[:2])
    return "dtype" if (major, minor) >= (4, 56) else "torch_dtype"


def out_of_memory(error: BaseException) -> bool:
    """Whether torch failed for want of memory; on the CPU that is a plain RuntimeError."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError)
        and ("out of memory" in text or "can't allocate memory" in text)
    )


def _load_model(folder: Path, dtype: str, trust_remote_code: bool) -> Any:
    import torch
    import transformers

    chosen = {dtype_argument(transformers.__version__): getattr(torch, dtype)}
    model, report = transformers.AutoModelForCausalLM.from_pretrained(
        folder, trust_remote_code=trust_remote_code, output_loading_info=True, **chosen
    )
    if report["missing_keys"]:
        raise EngineError(
            f"{folder} lacks the weights {min(report['missing_keys'])}: get the model again"
        )
    return model


def _load_tokenizer(folder: Path, trust_remote_code: bool) -> Any:
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    # Named classes of transformers 5 rebuild the pre-tokenizer; this one takes the file as it is.
    as_written = (folder / "tokenizer.json").is_file() and not trust_remote_code
    kind = PreTrainedTokenizerFast if as_written else AutoTokenizer
    try:
        return kind.from_pretrained(folder, trust_remote_code=trust_remote_code)
    except Exception as error:
        # tokenizers raises bare Exception for a damaged file.
        if "trust_remote_code" in str(error):
            raise
        raise EngineError(
            f"{folder} has no tokenizer that loads ({one_line(error)}): copy it there from the "
            "model's source"
        ) from error


@contextmanager
def _one_line_errors(name: str, trusted: bool) -> Iterator[None]:
    try:
        yield
    except EngineError:
        raise
    except Exception as error:
        # transformers, torch and safetensors each raise their own types for a bad folder.
        if out_of_memory(error):
            raise NoMemory(
                f"{name} does not fit into memory: close programs or choose a smaller model "
                "(%oci models)"
            ) from error
        if "trust_remote_code" in str(error) and not trusted:
            raise EngineError(
                f"{name} brings program code of its own: set trust_remote_code if you trust it"
            ) from error
        raise EngineError(
            f"{name} cannot be loaded ({one_line(error)}): get the model again or choose another "
            "(%oci models)"
        ) from error


@contextmanager
def _quiet(hide_progress: bool) -> Iterator[None]:
    """Keeps transformers from writing to stderr while it loads."""
    from transformers.utils import logging

    level, progress = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    if hide_progress and progress:
        logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if hide_progress and progress:
            logging.enable_progress_bar()


def _bytes(dtype: str) -> int:
    import torch

    kind = getattr(torch, dtype, None)
    if not isinstance(kind, torch.dtype) or not kind.is_floating_point:
        raise EngineError(f"{dtype} is no dtype: use bfloat16, float16 or float32")
    return kind.itemsize


@cache
def cpu_has_bf16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor multiplies bfloat16, as far as the system tells."""
    try:
        words = set(cpuinfo.read_text().split())
    except OSError:
        return False
    return bool(words & {"avx512_bf16", "amx_bf16", "bf16"})


def _mps_has_bf16() -> bool:
    import torch

    try:
        torch.ones(1, dtype=torch.bfloat16, device="mps")
    except (RuntimeError, TypeError):
        return False
    return True
