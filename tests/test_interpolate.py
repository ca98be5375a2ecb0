"""Placeholders in a prompt: what exists is put in, all else stays, nothing raises."""

from __future__ import annotations

import builtins
import threading
import time
from collections.abc import Callable, Iterator, Mapping

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oci_magic.prompting import interpolate as module
from oci_magic.prompting.interpolate import interpolate, shown


def fill(prompt: str, **names: object) -> str:
    return interpolate(prompt, names, ["", "a = 1", "b = 2"], {2: [1, 2]}, {1: "KeyError: 'x'"})


def test_existing_placeholders_are_replaced() -> None:
    assert (
        fill("{x}{y} {In[2]}: {Out[2]}, {Err[1]}", x=1, y="it")
        == "1it b = 2: [1, 2], KeyError: 'x'"
    )


def test_inputs_may_be_a_mapping() -> None:
    assert interpolate("{In[7]} {In[1]}", {}, {7: "z"}, {}, {}) == "z {In[1]}"


@pytest.mark.parametrize(
    "prompt",
    [
        "{y}", "{In[9]}", "{In[0]}", "{In[-1]}", "{In[x]}", "{Out[1]}", "{Err[2]}", "{In}", "{Out}",
        "{x:.2f}", "{x!r}", "{x=}", "{x.real}", "{x[0]}", "{x()}", "{x + 1}", "{ x }", "{}", "{0}",
        '{"k": 1}', "{{x}}", "{{x}", "{x}}", "{{{x}}}", "a {1, 2} b", "{x", "x}", "}x{", "{print}",
        "{list}", "{_x}", "{__name__}", "{class}", "{In[99999999999999999999]}", "{x\n}",
        r"\frac{x}{x}", r"\sqrt[3]{x}", r"\frac{\sqrt{x}}{x}", "a^{x}", "a_{x}", r"\text{see {x} }",
        r"\operatorname*{x}", r"\{x\}", r"\{x}", "f'{x:>{x}}'", "{x:{x}}",
    ],
)  # fmt: skip
def test_other_braces_stay_as_typed(prompt: str) -> None:
    names = {"x": 1, "_x": 2, "__name__": "m", "print": print, "list": list, "In": [], "Out": {}}
    assert interpolate(prompt, names, ["", "i"], {2: 3}, {1: "e"}) == prompt


def test_placeholder_next_to_latex_is_still_replaced() -> None:
    assert fill(r"\frac{x}{x} = {x}, \alpha {x} \unclosed{ {x}", x=1) == (
        r"\frac{x}{x} = 1, \alpha 1 \unclosed{ 1"
    )


@pytest.mark.parametrize(
    ("prompt", "filled"),
    [
        ("report_{x}.csv", "report_1.csv"), ("sales_{x}_{x}.csv", "sales_1_1.csv"),
        ("{x}_{x} _{x}", "1_1 _1"), (r"C:\data\{x}", r"C:\data\1"), (r"C:\{x}", r"C:\1"),
        (r"C:\\d\\{x}", r"C:\\d\\1"), (r"\data\of_{x}.csv", r"\data\of_1.csv"),
        (r"..\{x}\{x}", r"..\1\1"), ('{"a": {x}}', '{"a": 1}'),
        ('{"a": {"b": {x}}}', '{"a": {"b": 1}}'), ("{{x}: 1}", "{1: 1}"),
        ("$5 for sales_{x}, $7", "$5 for sales_1, $7"),
        ("US$5_{x}, US$7", "US$5_1, US$7"), ("$a$ sales_{x} $b$", "$a$ sales_1 $b$"),
    ],
)  # fmt: skip
def test_names_of_files_and_json_are_no_latex(prompt: str, filled: str) -> None:
    assert fill(prompt, x=1) == filled


@pytest.mark.parametrize(
    "prompt",
    [
        r"$\alpha_{x}$", r"$$rate_{x}$$", "$$\nrate_{x}\n$$", r"\(rate^{x}\)", r"\[rate_{x}\]",
        "f(t)_{x}", "a_{x}^{x}", r"\hat{y}_{x}", r"\frac{x}{x}^{x}", r"$5\$ + rate_{x}$",
    ],
)  # fmt: skip
def test_formulas_stay_as_typed(prompt: str) -> None:
    assert fill(prompt, x=1) == prompt


def test_rebound_builtin_is_replaced() -> None:
    assert fill("{list} {sum}", list=[1], sum=builtins.sum) == "[1] {sum}"


@pytest.mark.parametrize("name", ["prompt", "namespace", "inputs", "outputs", "errors", "self"])
def test_variable_named_like_an_argument_works(name: str) -> None:
    assert interpolate(f"{{{name}}}", {name: "ok"}, [], {}, {}) == "ok"


def test_replacement_is_not_scanned_again() -> None:
    assert fill("{a}{b}", a="{b}", b="{a}") == "{b}{a}"


def test_unset_empty_and_none_variables_differ() -> None:
    assert fill("[{e}][{n}][{u}]", e="", n=None) == "[][None][{u}]"


def test_string_is_put_in_verbatim_however_long() -> None:
    text = "{x} \x1b[0m é" * 1000
    assert fill("{t}", t=text) == text


@given(st.text())
@settings(deadline=None)
def test_any_text_with_nothing_defined_comes_back(text: str) -> None:
    assert interpolate(text, {}, [], {}, {}) == text


@given(st.text(alphabet=st.sampled_from("{}x\\^_[]()In1 a:\n$"), max_size=60))
@settings(deadline=None, max_examples=300)
def test_only_whole_placeholders_ever_change(text: str) -> None:
    filled = interpolate(text, {"x": "\0", "a": "\1"}, ["", "\2"], {1: "\3"}, {})
    back = filled
    for mark, placeholder in zip("\0\1\2", ("{x}", "{a}", "{In[1]}"), strict=True):
        back = back.replace(mark, placeholder)
    assert back == text


def test_table_is_shown_by_first_rows_and_shape() -> None:
    table = pd.DataFrame({"a": range(100), "b c": "z"})
    text = fill("Look: {df} {df2}", df=table, df2=table["a"])
    assert table.head(5).to_string() in text
    assert "[100 rows x 2 columns]" in text
    assert "[100 rows]" in text


def test_wide_table_is_cut() -> None:
    table = pd.DataFrame({f"column_{i}": range(3) for i in range(500)})
    assert len(shown(table)) <= module.LIMIT


def test_class_named_like_a_table_elsewhere_is_none() -> None:
    class DataFrame:
        def __repr__(self) -> str:
            return "mine"

    assert shown(DataFrame()) == "mine"


class Raises:
    def __repr__(self) -> str:
        raise ValueError("no")


class Exits:
    def __repr__(self) -> str:
        raise SystemExit


class Interrupts:
    def __repr__(self) -> str:
        raise KeyboardInterrupt


class NotText:
    def __repr__(self) -> str:
        return 3  # type: ignore[return-value]  # the point of the test


class Recurses:
    def __repr__(self) -> str:
        return repr(self)


class NoStr:
    def __str__(self) -> str:
        raise ValueError("no")

    def __repr__(self) -> str:
        return "fine"


class Lies:
    @property
    def __class__(self) -> type:  # type: ignore[override]  # the point of the test
        return str

    def __repr__(self) -> str:
        return "a liar"


class Touchy:
    def __getattribute__(self, name: str) -> object:
        raise RuntimeError(name)

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("eq")

    def __bool__(self) -> bool:
        raise RuntimeError("bool")

    def __len__(self) -> int:
        raise RuntimeError("len")

    def __repr__(self) -> str:
        return "touchy"


class Meta(type):
    def __getattribute__(cls, name: str) -> object:
        raise RuntimeError(name)


class Metaclassed(metaclass=Meta):
    def __repr__(self) -> str:
        return "of a class that answers nothing"


class Text(str):
    def __str__(self) -> str:
        raise ValueError("no")

    def __format__(self, spec: str) -> str:
        raise ValueError("no")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (Raises, "<Raises object>"), (Exits, "<Exits object>"), (NotText, "<NotText object>"),
        (Interrupts, "<Interrupts object>"), (Recurses, "<Recurses object>"),
        (NoStr, "fine"), (Lies, "a liar"), (Touchy, "touchy"),
        (Metaclassed, "of a class that answers nothing"), (lambda: Text("t"), "t"),
        (lambda: [Raises()], "<list object>"), (lambda: 10**5000, "<int object>"),
        (lambda: b"\x00\xff", r"b'\x00\xff'"), (lambda: float("nan"), "nan"),
    ],
    ids=lambda value: value if type(value) is str else "",
)  # fmt: skip
def test_hostile_object_gets_a_name_and_raises_nothing(
    make: Callable[[], object], text: str
) -> None:
    assert fill("{v} {w}", v=make(), w=1) == f"{text} 1"


def test_repr_that_never_ends_is_given_up_and_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        def __repr__(self) -> str:
            while True:
                time.sleep(0.001)

    monkeypatch.setattr(module, "SECONDS", 0.1)
    assert shown(Slow()) == "<Slow object>"
    deadline = time.monotonic() + 5
    while any(t.name == "oci_magic repr" for t in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def nested(levels: int) -> list[object]:
    value: list[object] = [1]
    for _ in range(levels):
        value = [value] * 10
    return value


@pytest.mark.parametrize(
    "value",
    [range(10**9), list(range(10**6)), dict.fromkeys(range(10**5), "x"), ["x" * 10**7],
     b"x" * 10**7, set(range(10**5)), nested(30), pd.Series(["x" * 10**6] * 9)],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
@pytest.mark.timeout(30)
def test_huge_object_is_cut_and_quick(value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 60)
    text = shown(value)
    assert 0 < len(text) <= module.LIMIT
    assert not text.endswith(" object>")


def test_small_containers_keep_their_order_and_whole_repr() -> None:
    value = {"b": list(range(300)), "a": {"c": (1,)}}
    assert shown(value) == repr(value)


def test_long_repr_keeps_head_and_tail() -> None:
    class Long:
        def __repr__(self) -> str:
            return "head" + "." * 100_000 + "tail"

    text = shown(Long())
    assert text.startswith("head") and text.endswith("tail") and len(text) <= module.LIMIT


def test_control_characters_in_a_repr_are_escaped() -> None:
    class Loud:
        def __repr__(self) -> str:
            return "\x1b[31mred\x00\ud800\u202e\n\tnext"

    assert shown(Loud()) == "\\x1b[31mred\\x00\\ud800\\u202e\n\tnext"


def test_namespace_that_raises_leaves_the_prompt_alone() -> None:
    class Broken(Mapping[str, object]):
        def __getitem__(self, key: str) -> object:
            raise RuntimeError(key)

        def __iter__(self) -> Iterator[str]:
            raise RuntimeError

        def __len__(self) -> int:
            raise RuntimeError

    assert interpolate("{x} {Out[1]}", Broken(), [], Broken(), {}) == "{x} {Out[1]}"  # type: ignore[arg-type]  # any mapping


@pytest.mark.parametrize(
    "part", ["{", "}", "{x}", r"\a{", "^{x}", "{{x}}", "\\", "$", "$x", r"\(", "{a::", "$a_{x}$ "]
)
@pytest.mark.timeout(30)
def test_long_prompt_is_quick(part: str) -> None:
    text = part * (100_000 // len(part))
    assert interpolate(text, {}, [], {}, {})
