"""A conversation as the text a model was trained on: the tokenizer's chat template.

Covers what published templates differ in: having none, refusing or dropping a system
message, and insisting that user and assistant alternate. A dropped system message is told at
the head of the first user message, unless the model was trained without: `NO_SYSTEM`. Marks of
a template that stand in a message are data: they begin and end no turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import EngineError
from ..types import Message
from .weights import one_line

NO_SYSTEM = "without_system_prompt"
"""Set to true in `tokenizer_config.json`: the template leaves system messages out on purpose."""
FALLBACK = """\
{{- bos_token or '' }}
{%- for message in messages %}
{%- if message['role'] == 'system' %}{{ message['content'] + '\\n\\n' }}
{%- elif message['role'] == 'user' %}{{ '### Instruction:\\n' + message['content'] + '\\n\\n' }}
{%- else %}{{ '### Response:\\n' + message['content'] + (eos_token or '') + '\\n\\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '### Response:\\n' }}{% endif %}"""
"""For tokenizers without a chat template: system text, then `### Instruction:` and
`### Response:` sections; answers end with the end-of-sequence token."""


_MARKS = ("### Instruction", "### Response", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>")
"""Marks of published templates that are no tokens of their own."""


def render(tokenizer: Any, messages: Sequence[Message]) -> str:
    """The prompt text for `messages`, up to where the answer begins.

    Raises `EngineError` when the template cannot be applied to them in any way.
    """
    if getattr(tokenizer, "init_kwargs", {}).get(NO_SYSTEM):
        messages = [message for message in messages if message.role != "system"]
    marks = marks_of(tokenizer)
    messages = [Message(message.role, unmarked(message.content, marks)) for message in messages]
    text = _apply(tokenizer, messages)
    if isinstance(text, str) and _has_system(text, messages):
        return text
    text = _apply(tokenizer, folded(messages))
    if isinstance(text, str):
        return text
    raise EngineError(
        f"the model's chat template fails ({one_line(text)}): begin a new conversation "
        "or choose another model (%oci models)"
    ) from text


def marks_of(tokenizer: Any) -> list[str]:
    """What begins and ends turns for this tokenizer: its special tokens, words of its template."""
    template = getattr(tokenizer, "chat_template", None) or FALLBACK
    added = getattr(tokenizer, "added_tokens_decoder", {}).values()
    special = {str(token) for token in added if getattr(token, "special", False)}
    special |= set(getattr(tokenizer, "all_special_tokens", ()))
    words = {mark for mark in _MARKS if mark in str(template)}
    return sorted((mark for mark in special | words if len(mark.strip()) > 2), key=len)[::-1]


def unmarked(text: str, marks: Sequence[str]) -> str:
    """`text` with a blank in each of these marks: `<|im_end|>` becomes `< |im_end|>`."""
    for mark in marks:
        text = text.replace(mark, f"{mark[0]} {mark[1:]}")
    return text


def folded(messages: Sequence[Message]) -> list[Message]:
    """User and assistant alternate, user first; the system text opens the first user message."""
    system = [message for message in messages if message.role == "system"]
    turns: list[Message] = []
    for message in messages:
        if message.role == "system":
            continue
        if turns and turns[-1].role == message.role:
            turns[-1] = _joined([turns[-1], message])
        else:
            turns.append(message)
    if turns and turns[0].role == "user":
        system.append(turns.pop(0))
    return [_joined(system), *turns] if system else turns


def _joined(messages: Sequence[Message]) -> Message:
    role = messages[-1].role
    text = "\n\n".join(message.content for message in messages)
    return Message("user" if role == "system" else role, text)


def _has_system(text: str, messages: Sequence[Message]) -> bool:
    return all(m.content.strip() in text for m in messages if m.role == "system")


def _apply(tokenizer: Any, messages: Sequence[Message]) -> str | Exception:
    from jinja2 import TemplateError

    dialogue = [{"role": message.role, "content": message.content} for message in messages]
    template = None if getattr(tokenizer, "chat_template", None) else FALLBACK
    try:
        return str(
            tokenizer.apply_chat_template(
                dialogue, chat_template=template, tokenize=False, add_generation_prompt=True
            )
        )
    except (TemplateError, TypeError, ValueError, IndexError) as error:
        return error
