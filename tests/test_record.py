"""The private log of repairs, conversations as JSONL, and secrets that stay out of them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.error import UsageError
from test_magics import Notebook, code, notebook, one_line_error

from oci_magic.notebook.export import FOR_IPYTHON, _written, export
from oci_magic.prompting.redact import GONE, redacted
from oci_magic.training.examples import messages_of
from oci_magic.types import Cell, Execution, Reply, Turn

__all__ = ["notebook"]  # a fixture


@pytest.mark.parametrize(
    "text",
    [
        "api_key = 'abc123'",
        'config["password"] = "hunter2"',
        "connect(user='me', password='it\\'s mine', port=1)",
        'DB_PASSWD: "x y z"',
        "create_engine('postgresql://me:hunter2@host/db')",
        "headers={'Authorization': 'Bearer abcdefgh12345'}",
        "login('hf_abcdefghijklmnopqrstuvwx')",
        "sk-abcdefghijklmnopqrstuv",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc",
        "digest 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1",
        "PGPASSWORD=hunter2 psql",
        "mysql --password=hunter2",
        "use password: hunter2",
        "my token is: hunter2-quiet; go on",
        'conn = {"pwd":12345678}',
        "Server=x;Pwd=hunter2;",
        "password is 'hunter2'",
        'DB_PASS="hunter2"',
        "export SMTP_PASS=hunter2",
        "[db]\nuser = bob\npassword = hunter22\nport = 1",
        "TOKEN=hunter2xyz789",
        "Token: hunter2xyz789",
        '{"token": "hunter2xyz789"}',
        '{"user": "bob", "pass": "hunter2"}',
        "postgresql://bob:p@hunter2@host/db",
        "npm_hunter2abcdefghijklmnopqrstuvw",
        "SG.hunter2VfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf-09kqeF8t",
        "pypi-hunter2AgEIcHlwaS5vcmcCJDU3",
        "https://hooks.slack.com/services/T0/B0/hunter2",
        "https://x.blob.core.windows.net/a?sv=2020&sig=hunter2%2Fx",
        "don't tell: password: 'hunter2'",
        "print(\"password='hunter2'\")",
    ],
)
def test_secrets_are_taken_out(text: str) -> None:
    shown = redacted(text)
    assert GONE in shown
    for secret in (
        "abc123",
        "hunter2",
        "mine",
        "x y z",
        "abcdefgh",
        "eyJz",
        "9f86",
        "wJal",
        "1234567",
    ):
        assert secret not in shown.replace("redacted", "")


@pytest.mark.parametrize(
    "text",
    [
        'df.sort_values("Umsatz", key=lambda s: s.str.lower())',
        'df.merge(other, on="customer_key", how="left")',
        "a_very_long_name_of_a_column_in_a_table_of_figures_2024",
        "data/2024/exports/monthly/revenue_by_region_and_product.csv",
        "12345678901234567890123456789012345678",
        "token_count = len(tokens)",
        "https://example.org/a/b.csv",
        "=" * 60,
        "KeyError: 'Umsatz'",
        "def f(password: str, pwd: Optional[str] = None): ...",
        "connect(password=password, token=token)",
        "connect(\n    password=cfg.password,\n    secret=cfg.value,\n)",
        '{"password": password, "max_tokens": 4096}',
        "unexpected token: foo",
        "password = getpass()",
        "if password:\n    return",
        "lambda secret: secret+1",
        'print(f"password: {password}")',
        'print("password:", "ok")',
        "print('password: ' + text, 'x')",
        'input("password: ") == "x"',
        'tokenizer = "bert-base-uncased-2024"',
        'CountVectorizer(token_pattern=r"(?u)\\b\\w+\\b")',
        'unrecognized token: "#"',
        'password_col="pw", mask_token="<mask>", secretary="Ann"',
        'df["token"] = "x"',
        'credentials = "path/to.json"',
        "first_pass = clean(df)",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


@given(st.text())
def test_any_text_can_be_redacted_twice(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    return tmp_path / "jupyter" / "oci_magic" / "record.jsonl"


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_nothing_is_recorded_until_it_is_wanted(notebook: Notebook, log: Path) -> None:
    notebook.type(f"%%oci {notebook.replies(code('x = 1'))}\nset x")
    assert not log.exists()


def test_a_repair_is_a_line_that_training_reads(notebook: Notebook, log: Path) -> None:
    notebook.type("%oci record on")
    assert str(log) in notebook.out
    replies = notebook.replies(code("1 / 0"), code("password = 'hunter2'"))
    notebook.type(f"%%oci {replies}\ndivide")
    notebook.type("%oci record off")
    notebook.type(f"%%oci {notebook.replies(code('x = 1'))}\nset x")
    (line,) = read(log)
    assert [m["role"] for m in line["messages"]] == ["user", "assistant", "user", "assistant"]
    assert line["messages"][0]["content"] == "divide"
    assert "ZeroDivisionError" in line["messages"][2]["content"]
    assert (line["outcome"], len(line["id"])) == ("worked", 32)
    assert "hunter2" not in log.read_text(encoding="utf-8")
    assert len(messages_of(json.dumps(line))) == 4
    if sys.platform != "win32":
        assert log.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="files have other rights there")
def test_a_log_that_others_could_read_is_closed_to_them(notebook: Notebook, log: Path) -> None:
    log.parent.mkdir(parents=True)
    log.touch(0o644)
    log.chmod(0o644)
    notebook.type("%oci record on")
    notebook.type(f"%%oci {notebook.replies(code('x = 1'))}\nset x")
    assert log.stat().st_mode & 0o777 == 0o600 and len(read(log)) == 1


def test_a_place_that_cannot_be_written_costs_no_answer(notebook: Notebook, log: Path) -> None:
    log.mkdir(parents=True)
    notebook.type("%oci record on")
    assert notebook.type(f"%%oci {notebook.replies(code('x = 1'))}\nset x").success
    assert notebook["x"] == 1 and "not recorded: " in notebook.out


def test_a_conversation_is_exported_as_one_line(notebook: Notebook, tmp_path: Path) -> None:
    replies = notebook.replies(code("1 / 0"), code("x = 1"), code("y = 2"))
    notebook.type(f"%%oci {replies}\nfirst")
    notebook.type(f"%%oci {replies}\nsecond")
    notebook.type("%oci export talk.jsonl")
    assert "talk.jsonl: 2 prompts" in notebook.out
    (line,) = read(tmp_path / "talk.jsonl")
    assert [m["role"] for m in line["messages"]] == ["user", "assistant"] * 3
    result = notebook.type("%oci export talk.jsonl")
    assert "exists already" in one_line_error(notebook, result, UsageError)


@pytest.mark.parametrize("ending", ["jsonl", "ipynb", "py"])
def test_half_a_letter_in_a_reply_does_not_hinder_an_export(tmp_path: Path, ending: str) -> None:
    source = "t = '\ud83d'"
    turn = Turn("go", Reply(code(source), (Cell(source),)), Execution())
    export([[turn]], str(tmp_path / f"talk.{ending}"))
    assert "t = '?'" in (tmp_path / f"talk.{ending}").read_text(encoding="utf-8")


def test_an_export_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    class Full(io.BytesIO):
        name = str(tmp_path / "a.py")

        def write(self, _: Any) -> int:
            raise OSError(28, "No space left on device")

    (tmp_path / "a.py").touch()
    with pytest.raises(OSError, match="No space"):
        _written(b"x", Full())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("source", ["import asyncio\nawait asyncio.sleep(0)", "%time x = 1"])
def test_a_script_that_python_alone_cannot_run_says_so(
    notebook: Notebook, tmp_path: Path, source: str
) -> None:
    notebook.type(f"%%oci {notebook.replies(code(source))}\ngo")
    notebook.type("%oci export a.py")
    assert "without oci_magic, cell by cell in IPython" in notebook.out
    assert (tmp_path / "a.py").read_text(encoding="utf-8").startswith(FOR_IPYTHON)


def test_another_word_is_a_mistake(notebook: Notebook) -> None:
    result = notebook.type("%oci record maybe")
    assert "%oci record on" in one_line_error(notebook, result, UsageError)
