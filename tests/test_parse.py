"""A model's reply becomes the right cells, whole or half, whatever the model does to it."""

from __future__ import annotations

import ast
import sys
import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from oci_magic.prompting.parse import parse
from oci_magic.prompting.source import is_code, is_mostly_code, syntax
from oci_magic.types import Cell


def code(text: str) -> list[str]:
    return [cell.source for cell in parse(text) if cell.kind == "code"]


def prose(text: str) -> list[str]:
    return [cell.source for cell in parse(text) if cell.kind == "markdown"]


FENCED = "Load it.\n\n```{tag}\nimport pandas as pd\ndf = pd.read_csv('a.csv')\n```\nDone."


@pytest.mark.parametrize(
    "tag",
    [
        "python", "py", "Python3", "PYTHON", "ipython", " python", "python3.11", "{python}",
        "{code-cell} ipython3", 'python title="x.py"', "python:main.py", "", "tool_code",
        "{.python .numberLines}", "python copy",
    ],
)  # fmt: skip
def test_python_fence_is_one_code_cell_whatever_its_tag(tag: str) -> None:
    assert parse(FENCED.format(tag=tag)) == (
        Cell("Load it.", "markdown"),
        Cell("import pandas as pd\ndf = pd.read_csv('a.csv')"),
        Cell("Done.", "markdown"),
    )


@pytest.mark.parametrize("tag", ["bash", "sh", "text", "json", "output", "sql", "markdown", "r"])
def test_other_fences_are_shown_and_never_run(tag: str) -> None:
    text = f"Look:\n```{tag}\nimport os\nx = 1\n```\nEnd."
    assert parse(text) == (Cell(text, "markdown"),)


@pytest.mark.parametrize(
    "block",
    [
        "0  1\n1  2", "SELECT * FROM t", "pip install pandas", "42", "Traceback (most recent call "
        'last):\n  File "a.py", line 1, in <module>\nKeyError: 1', '{"a": 1, "b": [true, null]}',
        "Answer: yes", "sales.csv\nother.csv", "FOO=1 python x.py", "├── src\n└── a.py",
    ],
)  # fmt: skip
def test_untagged_fence_without_python_is_prose(block: str) -> None:
    assert code(f"It shows\n```\n{block}\n```") == []


def test_untagged_fence_with_broken_python_is_still_code() -> None:
    source = "import pandas as pd\ndf = pd.read_csv('x.csv'\ndf.head()"
    assert code(f"```\n{source}\n```") == [source]


@pytest.mark.parametrize(
    "sentence",
    [
        "", " \n\t", "hello", "Yes", "Done", "this is it", "cats and dogs", "Answer: yes",
        "yes, no", "42", "sales.csv", "I can not do that.", "global warming", "- a\n- b",
        "# Heading", "# Heading\n\nText", "Note: x = 3 is wrong", '"quoted"', "![alt](url.png)",
        "see (below)",
        "[link](url)", "raise hell", "Really?", "import duties are high", "**bold**", "_x_",
        "100% sure", "! Warning", "import os\nThis doesn't work", "x = 1\nThis sets x.",
        "pass", "1. first\n2. second", "%d", "What is `x`?", "this is not code; it is text",
    ],
)  # fmt: skip
def test_sentence_that_happens_to_parse_is_never_code(sentence: str) -> None:
    assert code(sentence) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pandas as pd", "df.head()", "x = 1\nx", "%pip install pandas\nimport pandas",
        "!ls -l", "%%bash\necho it's", "for x in y:\n    print(x)", "await f()", "x = await f()",
        "files = !ls\nlen(files)", "df['a']", "# load\ndf = f()", "%matplotlib inline",
        "!pip install a \\\n  b\nimport a", "print(f'{x:.2f}')", "df?\ndf.head()",
    ],
)  # fmt: skip
def test_bare_code_is_a_code_cell(source: str) -> None:
    assert parse(source) == (Cell(source),)


@pytest.mark.parametrize(
    "half", ["df = pd.read_csv(", "x = 'abc", 'print(f"a{x', "if x > 1:", "s = '''a\nb", "x = [1,"]
)
def test_bare_code_that_is_still_streaming_stays_code(half: str) -> None:
    source = f"import pandas as pd\n{half}"
    assert code(source) == [source]


def test_missing_opening_fence_does_not_lose_the_code() -> None:
    assert parse("import os\nos.getcwd()\n```\nIt shows the folder.") == (
        Cell("import os\nos.getcwd()"),
        Cell("It shows the folder.", "markdown"),
    )


def test_fence_in_list_item_is_dedented() -> None:
    text = "1. Do:\n\n   ```python\n   if x:\n       y = 1\n   ```\n2. Then"
    assert code(text) == ["if x:\n    y = 1"]
    assert code("- ```py\n  x = 1\n  ```") == ["x = 1"]


def test_code_behind_words_on_one_line_is_found() -> None:
    assert parse("Here it is: ```python\nx = 1\n```") == (
        Cell("Here it is:", "markdown"),
        Cell("x = 1"),
    )


def test_four_backticks_hide_the_fence_inside() -> None:
    for tag in ("markdown", "", "text"):
        text = f"````{tag}\nWrite:\n```python\nx = 1\n```\n````"
        assert parse(f"{text}\nEnd.") == (Cell(f"{text}\nEnd.", "markdown"),)


def test_markdown_fence_with_code_fence_inside_is_prose_to_its_end() -> None:
    text = "```markdown\n# Title\n```python\nx = 1\n```\nmore\n```\nafter"
    assert parse(text) == (Cell(text, "markdown"),)


@pytest.mark.parametrize("quote", ['"""', "'''"])
@pytest.mark.parametrize("inner", ["```\nx\n```", "```python\nf(1)\n```", "~~~\nx\n~~~", "```"])
def test_fence_in_a_string_does_not_end_the_code(quote: str, inner: str) -> None:
    source = f"def f():\n    s = {quote}A\n{inner}\n    {quote}\n    return s"
    assert parse(f"Now:\n```python\n{source}\n```\nBye.") == (
        Cell("Now:", "markdown"),
        Cell(source),
        Cell("Bye.", "markdown"),
    )


def test_fence_after_a_string_that_never_ends_closes_the_code() -> None:
    broken = '```python\ns = """abc\n```\nSorry, again.\n'
    assert parse(broken) == (Cell('s = """abc'), Cell("Sorry, again.", "markdown"))
    fixed = '```python\ns = """abc"""\n```\n'
    assert code(broken + fixed) == ['s = """abc', 's = """abc"""']


@pytest.mark.parametrize("line", ["# it's", "%timeit f('''", '!echo "it\'s \\"\\"\\""', r"r'\''"])
def test_quotes_in_comments_and_magics_open_no_string(line: str) -> None:
    assert code(f"```python\n{line}\nx = 1\n```\nProse.") == [f"{line}\nx = 1"]


def test_doctest_prompts_and_output_are_stripped() -> None:
    text = "```python\n>>> x = 1\n>>> for i in x:\n...     print(i)\n...\n1\n2\n\n3\n>>> x\n1\n```"
    assert code(text) == ["x = 1\nfor i in x:\n    print(i)\n\nx"]


def test_ipython_prompts_and_output_are_stripped() -> None:
    text = "```\nIn [3]: import x\n   ...: y = 2\nOut[3]: 5\n\nIn [4]: z = 1\n```"
    assert code(text) == ["import x\ny = 2\nz = 1"]


def test_prompts_in_a_docstring_and_below_code_are_told_apart() -> None:
    source = 'def f(x):\n    """\n    >>> f(1)\n    1\n    """\n    return x'
    assert code(f"```python\n{source}\n```") == [source]
    assert code("```python\ny = 1\n>>> f(y)\n2\n\nz = 3\n```") == ["y = 1\nf(y)\n\nz = 3"]
    assert code("```python\ndef f():\n    ...\n```") == ["def f():\n    ..."]


def test_magics_and_commands_are_kept() -> None:
    source = "%pip install pandas\n!ls -l\nfiles = !ls\nimport pandas"
    assert code(f"```python\n{source}\n```") == [source]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends_become_newlines(end: str) -> None:
    assert code(FENCED.format(tag="py").replace("\n", end)) == code(FENCED.format(tag="py"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("x\u00a0= 1", "x = 1"), ("\u200bx = 1", "x = 1"), ("\ufeffimport os", "import os"),
        ("print(\u201ca\u201d)", 'print("a")'), ("print(\u201cit\u2019s\u201d)", 'print("it\'s")'),
        ("x = \u2018a\u2019", "x = 'a'"), ("s = 'a\u00a0b'; t =\u00a01", "s = 'a\u00a0b'; t = 1"),
        ("print(\u201ca\u201d, '\u201cb\u201d')", "print(\"a\", '\u201cb\u201d')"),
    ],
)  # fmt: skip
def test_odd_characters_are_made_plain_where_that_makes_it_parse(typed: str, meant: str) -> None:
    assert code(f"```python\n{typed}\n```") == [meant]


@pytest.mark.parametrize(
    "source", ["s = '\u201ca\u201d\u00a0\u200b'", "# it\u2019s\nx = 1", "x = (\u201c 1 2"]
)
def test_odd_characters_stay_where_they_do_no_harm_or_do_not_help(source: str) -> None:
    assert code(f"```python\n{source}\n```") == [source]


@pytest.mark.parametrize(
    "end",
    [
        "<|EOT|>", "\n<|im_end|>", "</s>\n", "<|EOT|></s>", "<|EO",
        "<\uff5cend\u2581of\u2581sentence\uff5c>",
    ],
)  # fmt: skip
def test_end_tokens_are_dropped(end: str) -> None:
    assert parse(f"Hi.\n```python\nx = 1\n```{end}") == (Cell("Hi.", "markdown"), Cell("x = 1"))
    assert code(f"```python\nx = 1{end}") == ["x = 1"]
    assert prose(f"Hi.{end}") == ["Hi."]


def test_end_token_inside_a_string_is_kept() -> None:
    source = 'stop = "<|im_end|>"\nt = """<|im_end|>\nuser"""'
    assert code(f"```python\n{source}\n```") == [source]


@pytest.mark.parametrize("tail", ["\n`", "\n``", "\n```", "`", "``", "```", "\n  ``"])
def test_half_a_closing_fence_is_never_code(tail: str) -> None:
    assert code(f"```python\nx = 1{tail}") == ["x = 1"]


@pytest.mark.parametrize("head", ["`", "``", "```", "```p", "```python", "~~", "~~~py"])
def test_half_an_opening_fence_is_not_shown(head: str) -> None:
    assert parse(f"Hi.\n{head}") == (Cell("Hi.", "markdown"),)
    assert parse(f"x = f(1)\n{head}") == (Cell("x = f(1)"),)


def test_unclosed_fence_is_a_code_cell() -> None:
    assert code("```python\nimport os\nfor x in y:\n    pri") == ["import os\nfor x in y:\n    pri"]


def test_repeated_block_is_dropped_and_changed_block_is_not() -> None:
    block = "```python\nx = 1\n```\n"
    assert parse(f"A\n{block}B\n{block}C\n```python\nx = 2\n```") == (
        Cell("A", "markdown"),
        Cell("x = 1"),
        Cell("B", "markdown"),
        Cell("C", "markdown"),
        Cell("x = 2"),
    )


def test_forgotten_closing_fence_does_not_join_two_blocks() -> None:
    assert code("```python\nx = 1\n```python\ny = 2\n```") == ["x = 1", "y = 2"]


WORDS = [
    "the", "data", "is", "in", "a", "table", "and", "not", "ready", "for", "you", ",", ".", ":",
    ";", "it's", "or", "else", "lambda", "(", ")", "value",
]  # fmt: skip
STATEMENTS = [
    "import pandas as pd", "df = pd.read_csv('a.csv')", "df.head()", "for i in range(3):\n    f(i)",
    "def f(x):\n    return x\n", 's = """a\n```\nb\n```"""', "t = '''x\n  ```python\n'''",
    "%pip install a", "!ls", "x = 'it`s'", "# a comment", "if x:\n\n    y = {1: 'ä'}",
    "x = [\n    1,\n]",
]  # fmt: skip
PROSE = [
    "Here is the code.", "This loads it:\n\n- one\n- two", "# Title", "It uses `df`.", "Done!",
    "```text\n0  1\n```", "~~~bash\nls\n~~~", "It's \u201cquoted\u201d.", "| a | b |\n|---|---|",
]  # fmt: skip
CODE = st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=5).map("\n".join).map(str.strip)
FENCE = st.sampled_from(
    [("```", "python"), ("```", "py"), ("````", "Python3"), ("~~~", "python"), ("~~~~", "ipython")]
)
PAIRS = st.lists(
    st.tuples(st.sampled_from(PROSE), CODE, FENCE, st.sampled_from(["", "  ", "   "])),
    min_size=1,
    max_size=5,
    unique_by=lambda pair: pair[1],
)
Pairs = list[tuple[str, str, tuple[str, str], str]]


def rendered(pairs: Pairs) -> str:
    return "\n".join(
        f"{text}\n\n{indent}{mark}{tag}\n{source}\n{indent}{mark}\n"
        for text, source, (mark, tag), indent in pairs
    )


@settings(deadline=None)
@given(PAIRS)
def test_rendered_pairs_come_back(pairs: Pairs) -> None:
    expected = [
        cell for text, source, *_ in pairs for cell in (Cell(text, "markdown"), Cell(source))
    ]
    assert list(parse(rendered(pairs))) == expected


REPLY = st.one_of(
    PAIRS.map(rendered),
    st.text(alphabet=st.sampled_from("`~ \n\"'x=#>.<|1(é"), max_size=80),
    st.lists(
        st.sampled_from([
            "```", "```python", "````", "~~~", "x = 1", "Some prose.", '"""', "'''", ">>> x", "1",
            "```text", "```markdown", "    y = 2", "", "import os", "In [1]: x = 2", "f(",
            "<|EOT|>",
        ]),
        max_size=14,
    ).map("\n".join),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(REPLY, st.integers(0, 400))
@example('x = 1\nSome prose.\n```\n"""\nx = 1\n```\n"""', 37)
@example('```\nx = 1\nx = 1\nSome prose.\n"""\n```\n"""', 37)
def test_growing_reply_never_moves_text_of_a_finished_cell(text: str, end: int) -> None:
    whole = parse(text)
    for early, late in zip(parse(text[:end])[:-1], [*whole, None], strict=False):
        assert late is not None
        assert late.kind == early.kind
        assert late.source.startswith(early.source)


@settings(max_examples=50, deadline=None)
@given(PAIRS)
def test_finished_cells_of_well_formed_replies_never_change(pairs: Pairs) -> None:
    text = rendered([pair for pair in pairs if '"""' not in pair[1] and "'''" not in pair[1]])
    whole = parse(text)
    for end in range(len(text)):
        finished = parse(text[:end])[:-1]
        assert finished == whole[: len(finished)]


@settings(max_examples=500, deadline=None)
@given(st.one_of(REPLY, st.text(max_size=200), st.text(alphabet=st.characters(), max_size=50)))
def test_any_text_gives_nonempty_cells_and_no_fence_in_code(text: str) -> None:
    for cell in parse(text):
        assert cell.source.strip()
        if cell.kind == "code" and '"""' not in cell.source and "'''" not in cell.source:
            fences = [s for s in cell.source.split("\n") if s.strip().startswith(("```", "~~~"))]
            assert fences == []


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS)))
def test_words_without_a_fence_are_never_code(words: list[str]) -> None:
    assert code(" ".join(words)) == []


@pytest.mark.parametrize(
    "text", ["\x00", "(" * 5000, "x = 1\x00", "```python\n\x00\n```", "\ud800", "-" * 50_000 + "1",
             "`" * 50_000, "~" * 20_000 + "`", "<" * 20_000, " " * 50_000 + "x", "{" * 20_000,
             "</s>" * 5_000 + "x", '"""\n```\n' * 2000, "```python\n" * 2000, ">>> \n" * 2000]
)  # fmt: skip
@pytest.mark.timeout(60)  # hours where a pattern backtracks
def test_hostile_text_neither_raises_nor_takes_long(text: str) -> None:
    parse(text)


def test_a_long_reply_takes_no_more_than_its_share() -> None:
    """Ten times the lines take about ten times the calls, not a hundred times."""

    def calls(lines: int) -> int:
        body = "\n".join(
            f"df{i} = pd.read_csv('a{i}.csv', sep=';')  # \u201c{i}\u201d" for i in range(lines)
        )
        seen: list[str] = []
        sys.setprofile(lambda *called: seen.append(called[1]))
        try:
            for text in (body, f"```\n{body}\n```", f"Hi\n```python\n{body}\nx\u00a0= 1"):
                parse(text)
        finally:
            sys.setprofile(None)
        return len(seen)

    assert calls(800) < 12 * calls(80)


def test_judging_code_shows_no_warning_of_its_own() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert syntax("x = '\\d'\nassert (1, 2)") == "complete"


@settings(deadline=None)
@given(st.text(max_size=60))
def test_what_counts_as_clear_code_can_still_parse(text: str) -> None:
    if is_code(text):
        assert syntax(text) != "invalid"
        assert is_mostly_code(text)


def test_code_cells_of_whole_replies_parse() -> None:
    for source in code(FENCED.format(tag="python")):
        assert ast.parse(source).body
