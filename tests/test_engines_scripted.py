"""The scripted engine: order, chunks and what is wrong with a file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oci_magic.engines import open_engine
from oci_magic.engines.scripted import ScriptedEngine
from oci_magic.errors import EngineError
from oci_magic.types import Message

ASK = [Message("user", "load the csv")]


@given(st.lists(st.text()))
def test_replies_come_changed_or_in_another_order(replies):
    engine = ScriptedEngine(replies)
    for reply in replies:
        chunks = list(engine.stream(ASK, draft="x = 1"))
        assert "".join(chunk.text for chunk in chunks) == reply
        assert [chunk.finish_reason for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
        assert chunks[-1].finish_reason == "stop"
        assert chunks[-1].usage.prompt_tokens == engine.count(ASK) == 3


def test_reply_beyond_the_last_gives_a_traceback():
    engine = ScriptedEngine(["one"])
    list(engine.stream(ASK))
    with pytest.raises(EngineError, match="all are used") as error:
        list(engine.stream(ASK))
    assert "\n" not in str(error.value)


def test_long_reply_comes_in_one_chunk():
    assert len(list(ScriptedEngine(["x" * 200]).stream(ASK))) > 10


def test_file_is_not_replayed(tmp_path):
    file = tmp_path / "replies.json"
    file.write_text(json.dumps(["größer", "zwei"]), encoding="utf-8")
    engine = open_engine(f"scripted:{file}")
    assert engine.name == f"scripted:{file}"
    assert "".join(chunk.text for chunk in engine.stream(ASK)) == "größer"


@pytest.mark.parametrize("content", [b"", b"{}", b'"text"', b"[1]", b'["\xff"]', b"\n\n[,"])
def test_wrong_file_gives_a_traceback(tmp_path, content):
    file = tmp_path / "replies.json"
    file.write_bytes(content)
    with pytest.raises(EngineError) as error:
        open_engine(f"scripted:{file}")
    assert "\n" not in str(error.value)
