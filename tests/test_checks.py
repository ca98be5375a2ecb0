"""What an answer must satisfy: how checks are written, tried and told."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from test_magics import Notebook, code, notebook, one_line_error

from oci_magic.errors import Unrepaired
from oci_magic.notebook.arguments import Options, checks_of, kept_hash
from oci_magic.prompting.feedback import failure_text
from oci_magic.running.checks import failed_check
from oci_magic.types import Failure

__all__ = ["notebook"]  # a fixture


def failed(check: str, **names: Any) -> Failure:
    failure = failed_check([check], names)
    assert failure is not None
    return failure


def test_what_holds_is_no_failure() -> None:
    names: dict[str, object] = {"x": 2}
    assert failed_check(["assert x > 1", "y = x + 1", "assert y == 3"], names) is None
    assert names == {"x": 2}


def test_the_first_that_fails_is_told_with_its_values() -> None:
    import pandas as pd

    df = pd.DataFrame({"a": [1, 2]})
    failure = failed("assert len(df) > 2", df=df)
    assert (failure.name, failure.message) == ("CheckFailed", "len(df) > 2")
    assert failure.facts.parts == (("len(df)", "2"), ("df", "DataFrame 2x1"))
    assert failure_text(failure).splitlines()[-2:] == ["len(df) is 2", "df is DataFrame 2x1"]
    assert failed("assert df.a.sum() == 4", df=df).facts.parts[0] == ("df.a.sum()", "3")


def test_a_secret_is_not_told_as_a_part() -> None:
    failure = failed("assert len(f'login {password}') == 1, password", password="hunter2!")
    assert "hunter" not in failure_text(failure)


def test_a_message_of_the_persons_is_told() -> None:
    assert failed("assert x, 'there must be one'", x=0).message == "there must be one: x"


def test_what_cannot_be_tried_is_a_failure_of_that_name() -> None:
    failure = failed("assert absent > 1")
    assert failure.name == "NameError" and failure.facts.line == "assert absent > 1"


def test_no_repr_of_the_persons_runs() -> None:
    class Loud:
        def __repr__(self) -> str:
            raise RuntimeError("never")

        def __bool__(self) -> bool:
            return False

    assert failed("assert thing or 0", thing=Loud()).facts.parts == (("thing", "Loud"),)


def test_names_in_a_comprehension_do_no_harm() -> None:
    parts = dict(
        failed("assert all(n > limit for n in numbers)", numbers=[1, 2], limit=1).facts.parts
    )
    assert parts["numbers"] == "list 2" and parts["limit"] == "1"


def test_asserts_below_the_last_line_are_no_words_of_the_prompt() -> None:
    prompt = "load it\n---\nand then\n---\ntotal = df.x.sum()\nassert total > 0, 'none'"
    words, checks = checks_of(Options(check=("len(df) > 0",)), prompt)
    assert words == "load it\n---\nand then"
    assert checks == ("assert len(df) > 0", "total = df.x.sum()", "assert total > 0, 'none'")


@pytest.mark.parametrize(
    "below",
    [
        "for c in df:\n    assert c, c",
        "if n:\n    assert n == 2\nelse:\n    raise ValueError",
        "try:\n    assert n\nexcept ValueError:\n    pass",
        "with f:\n    assert n",
        "  assert n == 2",
        "try:\n    f(0)\nexcept ValueError:\n    pass\nelse:\n    raise AssertionError('none')",
        "  x = 1\n  for c in x:\n      assert c",
    ],
)
def test_asserts_within_other_statements_are_checks(below: str) -> None:
    words, checks = checks_of(Options(), f"go\n---\n{below}")
    assert words == "go" and re.search("assert", checks[-1], re.IGNORECASE)


def test_a_check_within_a_loop_is_told_with_the_values_that_it_had() -> None:
    check = "for c in [1, 0]:\n    assert n\n    assert c + n > 1, c"
    failure = failed(check, n=1)
    assert failure.message == "0: c + n > 1"
    assert {"c + n": "1", "c": "0", "n": "1"}.items() <= dict(failure.facts.parts).items()


def test_asserts_of_a_function_are_tried_when_it_is_called() -> None:
    names: dict[str, object] = {}
    assert failed_check(["def ok(x):\n    assert x", "assert ok(1) is None"], names) is None


@pytest.mark.parametrize(
    "prompt",
    ["a\n---\nb", "---\ndef f(x):\n    assert x", "a", "---\nx", "a -- b\n assert it\n---"],
)
def test_a_line_without_asserts_below_belongs_to_the_words(prompt: str) -> None:
    assert checks_of(Options(), prompt) == (prompt, ())


@pytest.mark.parametrize(
    ("options", "prompt", "said"),
    [
        (Options(check=("len(df >",)), "go", "--check len(df >"),
        (Options(), "go\n---\nassert x >", "below ---"),
        (Options(check=("(n > 0, 'msg')",)), "go", "a tuple, which always holds"),
        (Options(), "go\n---\nassert (n > 0, 'msg')", "a tuple, which always holds"),
        (Options(check=("await f() == 3",)), "go", "--check await f() == 3: 'await' outside"),
        (Options(), "---\nassert x > 1", "the prompt is empty"),
        (Options(), "go\n---\nx == 2\nlen(x) > 1", "begins with assert: assert x == 2"),
    ],
)
def test_mistakes_are_told_in_one_line(options: Options, prompt: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        checks_of(options, prompt)
    assert "\n" not in str(caught.value)


def test_checks_belong_to_what_was_asked_and_new_options_leave_old_hashes_alone() -> None:
    plain = kept_hash(Options(), "go", "m")
    assert kept_hash(Options(check=("x",)), "go", "m") != plain
    assert kept_hash(Options(rounds=None, warnings=False), "go", "m") == plain


# In a notebook


def test_an_answer_is_repaired_until_it_holds(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"), code("x = 5"))
    assert notebook.type(f'%%oci {replies} --check "x > 1" --check "x < 9"\nset x').success
    assert notebook["x"] == 5
    assert "CheckFailed: x > 1 · repairing (1/3)" in notebook.out
    assert "worked after 1 repair · ✔ x > 1 · ✔ x < 9 · " in notebook.out


def test_an_answer_that_never_holds_leaves_the_names_as_they_were(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"))
    result = notebook.type(f"%%oci {replies} -r 0\nset x\n---\nassert x > 1")
    assert one_line_error(notebook, result, Unrepaired).startswith("CheckFailed: x > 1")
    assert "x" not in notebook.shell.user_ns


def test_asking_again_and_fixing_keep_to_the_checks(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"), code("x = 0"), code("x = 3"))
    notebook.type(f'%%oci {replies} -r 0 --check "x > 1"\nset x')
    assert notebook.type("%oci fix").success
    assert notebook["x"] == 3 and "✔ x > 1" in notebook.out


def test_a_quote_within_quotes_can_be_escaped(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = {'a': 'b'}"))
    notebook.type(f'%%oci {replies} --check "x[\\"a\\"] == \\"b\\"" --check "len(x) == 1"\nset x')
    assert '✔ x["a"] == "b" · ✔ len(x) == 1' in notebook.out


def test_a_fix_of_another_cell_is_not_checked(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 2"), code("y = len(str(0))"))
    notebook.type(f'%%oci {replies} --check "x > 1"\nset x')
    notebook.type("1 / 0")
    assert notebook.type("%oci fix").success
    assert "✔" not in notebook.out.split("worked")[-1]


def test_a_warning_can_be_a_failure(notebook: Notebook) -> None:
    warns = "import warnings\nwarnings.warn('old')\nx = 1"
    replies = notebook.replies(code(warns), code("x = 2"))
    assert notebook.type(f"%%oci --warnings {replies}\nset x").success
    assert notebook["x"] == 2
    assert "UserWarning: old · line 2" in notebook.out


WEAK = """import warnings
class ConvergenceWarning(UserWarning): pass
def fit(): warnings.warn("did not converge", ConvergenceWarning)
def tells_its_author(kind): warnings.warn("old", kind)
def tells_its_caller(kind): warnings.warn("old", kind, stacklevel=2)
"""


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("np.log(pd.Series([0.0, 1.0]))", "RuntimeWarning"),
        ("np.mean([])", "RuntimeWarning"),
        ("np.std([1.0], ddof=1)", "RuntimeWarning"),
        ("weak.fit()", "ConvergenceWarning"),
        ("weak.tells_its_caller(DeprecationWarning)", "DeprecationWarning"),
        ("weak.tells_its_author(DeprecationWarning)", ""),
        ("weak.tells_its_author(FutureWarning)", ""),
        ("weak.tells_its_author(ResourceWarning)", ""),
    ],
)
def test_a_warning_of_a_library_for_the_cells_call_is_a_failure(
    notebook: Notebook, tmp_path: Path, line: str, told: str
) -> None:
    (tmp_path / "weak.py").write_text(WEAK)
    notebook.type(f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport weak\n"
                  "import numpy as np, pandas as pd\nsys.path.pop(0)")  # fmt: skip
    replies = notebook.replies(code(f"{line}\nx = 1"), code("x = 2"))
    assert notebook.type(f"%%oci --warnings {replies}\nset x").success
    assert notebook["x"] == (2 if told else 1) and told in notebook.out
    notebook.type("sys.modules.pop('weak')")


def test_filters_that_accepted_code_sets_stay(notebook: Notebook) -> None:
    sets = "import warnings\nwarnings.filterwarnings('ignore', message='zzz')"
    replies = notebook.replies(code("x = 1"), code(sets))
    before = list(warnings.filters)
    notebook.type(f"%%oci --warnings {replies}\nset x")
    assert warnings.filters == before
    with warnings.catch_warnings():
        notebook.type(f"%%oci --warnings {replies}\nbe silent on zzz")
        added = [each for each in warnings.filters if each not in before]
        assert "zzz" in str(added[0][1]) and warnings.filters == [*added, *before]


def test_nothing_is_computed_a_second_time() -> None:
    stack, numbers = [1, 2, 3], iter(range(9))
    failure = failed("assert stack.pop() == next(numbers) and stack", stack=stack, numbers=numbers)
    values = {"stack": "list 2", "stack.pop()": "3", "next(numbers)": "0"}
    assert values.items() <= dict(failure.facts.parts).items()
    assert stack == [1, 2] and next(numbers) == 1


@pytest.mark.parametrize(
    ("check", "parts"),
    [
        ("a[0:1] == [2]", {"a[0:1]": "list 1", "a": "list 3", "[2]": "list 1"}),
        ("f'{a[0]:>{w}}' == ''", {"a[0]": "1", "w": "3", "f'{a[0]:>{w}}'": "'  1'"}),
        ("max(*a) > 9", {"max(*a)": "3", "a": "list 3"}),
        ("(n := len(a)) > w and n", {"(n := len(a))": "3", "len(a)": "3", "w": "3"}),
        ("max(a, key=lambda v: v - w) > w", {"max(a, key=lambda v: v - w)": "3", "w": "3"}),
        ("any([v > w for v in a])", {"w": "3", "a": "list 3", "[v > w for v in a]": "list 3"}),
        ("w in {k: k for k in a if k < 2}", {"a": "list 3"}),
        ("not w", {"w": "3"}),
        ("w < 3 or [x for x in a] == 1", {"w < 3": "False", "w": "3"}),
        ("grid[1:, ...].sum() == 3 == w", {"grid[1:, ...].sum()": "0.0", "grid": "ndarray 2x2"}),
    ],
)
def test_checks_of_every_form_are_told_with_their_values(check: str, parts: dict[str, str]) -> None:
    import numpy as np

    failure = failed(f"assert {check}", a=[1, 2, 3], w=3, grid=np.zeros((2, 2)))
    assert (failure.name, failure.message) == ("CheckFailed", check)
    assert parts.items() <= dict(failure.facts.parts).items()


def test_a_program_that_ends_itself_in_a_check_has_not_held() -> None:
    import sys

    failure = failed("assert validate()", validate=lambda: sys.exit("bad"))
    assert (failure.name, failure.message) == ("SystemExit", "bad")


def test_what_a_failed_check_has_changed_is_put_back(notebook: Notebook) -> None:
    notebook.type("stack = [1, 2, 99]")
    replies = notebook.replies(code("x = 1"), code("x = 2"))
    notebook.type(f'%%oci -r 1 {replies} --check "stack.pop() == 98"\nset x')
    assert "CheckFailed: stack.pop() == 98" in notebook.out
    assert notebook["stack"] == [1, 2, 99] and "x" not in notebook.shell.user_ns


def test_a_check_that_ends_the_program_is_repaired(notebook: Notebook) -> None:
    notebook.type("def validate():\n    import sys\n    return x == 2 or sys.exit('bad')")
    replies = notebook.replies(code("x = 1"), code("x = 2"))
    assert notebook.type(f'%%oci {replies} --check "validate()"\nset x').success
    assert "SystemExit: bad · " in notebook.out and notebook["x"] == 2


def test_waiting_code_is_protected_from_the_checks_too(notebook: Notebook) -> None:
    notebook.type("stack = [1, 2, 99]")
    replies = notebook.replies(code("x = 1"))
    notebook.type(f'%%oci --confirm {replies} --check "stack.pop() == 98"\nset x')
    notebook.type(str(notebook.next_input))
    assert notebook["stack"] == [1, 2, 99] and "x" not in notebook.shell.user_ns


def test_a_check_that_does_not_end_is_stopped_by_the_time_limit(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 1"))
    forever = "all(True for _ in iter(int, 1))"
    result = notebook.type(f'%%oci {replies} -r 0 --timeout 0.3 --check "{forever}"\nset x')
    assert one_line_error(notebook, result, Unrepaired).startswith("TimeoutError")


def test_a_check_that_fails_when_waiting_code_is_run_is_told(notebook: Notebook) -> None:
    replies = notebook.replies(code("x = 5"))
    notebook.type(f'%%oci {replies} --confirm --check "x > 6"\nset x')
    notebook.type("x = 5")
    assert "CheckFailed: x > 6; your variables are as before this cell" in notebook.out
    assert "x" not in notebook.shell.user_ns


def test_a_warning_of_the_compiler_is_a_failure_and_filters_like_ours_stay(
    notebook: Notebook,
) -> None:
    replies = notebook.replies(code("y = 5\ny is 5"), code("y = 6"))
    assert notebook.type(f"%%oci --warnings {replies}\nset y").success
    assert notebook["y"] == 6
    with warnings.catch_warnings():
        sets = code("import warnings\nwarnings.simplefilter('error')")
        notebook.type(f"%%oci --warnings {notebook.replies(sets, name='all.json')}\nbe strict")
        assert warnings.filters[0][:3] == ("error", None, Warning)
