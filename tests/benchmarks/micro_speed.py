"""How quickly does `micro` load, and how many tokens a second does it answer?

    python tests/benchmarks/micro_speed.py [--threads N]

Printed beside transformers' own `generate` on the same prompt in the same run (greedy, one
conversation). Loading is timed after `import torch`, in two parts: what transformers imports
for a Llama (its own modules, sympy and torch.distributed), and the model itself.
"""

from __future__ import annotations

import argparse
import time

PROMPT = 'Tables:\ndf 12x3: "Region" str, "Umsatz" float64, "Datum" str\n\nmean Umsatz by Region'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--answers", type=int, default=10)
    options = parser.parse_args()

    import torch

    began = time.perf_counter()
    import transformers
    from transformers import AutoModelForCausalLM, LlamaForCausalLM, PreTrainedTokenizerFast

    imported = time.perf_counter() - began
    assert AutoModelForCausalLM and LlamaForCausalLM and PreTrainedTokenizerFast

    from oci_magic import open_engine
    from oci_magic.engines.local import LocalEngine
    from oci_magic.types import Message

    torch.set_num_threads(options.threads)
    began = time.perf_counter()
    engine = open_engine("micro")
    loaded = time.perf_counter() - began
    assert isinstance(engine, LocalEngine)
    messages = [Message("user", PROMPT)]
    list(engine.stream(messages))
    tokens, seconds = 0, 0.0
    for _ in range(options.answers):
        *_, last = engine.stream(messages)
        assert last.usage is not None
        tokens, seconds = tokens + last.usage.completion_tokens, seconds + last.usage.seconds
    ours = tokens / seconds
    theirs = _generate(options.answers)
    print(f"torch {torch.__version__}, transformers {transformers.__version__}")
    print(f"micro loads in {loaded:.2f} s, behind {imported:.2f} s of transformers' imports")
    print(f"ours {ours:.0f} tokens/s, generate() {theirs:.0f} tokens/s: {ours / theirs:.2f} x")


def _generate(answers: int) -> float:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from oci_magic.engines.models import micro_folder

    folder = micro_folder()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder).float()
    chat = [{"role": "user", "content": PROMPT}]
    text = tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
    ids = tokenizer(text, return_tensors="pt", add_special_tokens=False)["input_ids"]
    tokens, began = 0, time.perf_counter()
    for _ in range(answers):
        tokens += model.generate(ids, max_new_tokens=300, do_sample=False).shape[1] - ids.shape[1]
    return tokens / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
