"""Repairs that only hide the error beside honest ones that look like them, on real failures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_guards import turn

from oci_magic.guards import hiding
from oci_magic.running.evidence import failure_of
from oci_magic.types import Execution, Turn


def failing(code: str, line: str, error: BaseException) -> Turn:
    """A round that ended with `error` in `line`, told as a kernel tells it."""
    failure = failure_of(error, code, {})
    failure = replace(failure, facts=replace(failure.facts, line=line, lineno=1))
    return replace(turn(code), execution=Execution(failure=failure))


def hides(failed: str, repair: str, error: BaseException, line: str = "") -> str:
    return hiding.hidden(failing(failed, line or failed, error), turn(repair))


class IntCastingNaNError(ValueError):
    pass


def test_an_except_takes_the_errors_of_its_classes_too() -> None:
    line = "n = df['a'].astype(int)"
    for handler in ("pass", "print('bad')", "n = None"):
        repair = f"try:\n    {line}\nexcept ValueError:\n    {handler}"
        assert "does nothing" in hides(line, repair, IntCastingNaNError())


LINE = "m = df['zz'].mean()"


@pytest.mark.parametrize(
    "handler",
    [
        "KeyError:\n    import traceback\n    traceback.print_exc()",
        "KeyError as e:\n    warnings.warn(str(e))",
        "Exception as e:\n    m = str(e)",
        "KeyError as e:\n    m = f'none: {e}'",
        "KeyError as e:\n    m = e.args[0]",
        "KeyError:\n    m = 'n/a'",
        "KeyError:\n    m = -1",
        "KeyError:\n    m = m",
        "KeyError:\n    if m:\n        print(m)\n    else:\n        m = 0",
        "Exception as e:\n    print(e)\n    m = float('nan')",
    ],
)
def test_to_tell_of_the_error_or_to_bind_a_constant_is_no_repair(handler: str) -> None:
    assert hides(LINE, f"try:\n    {LINE}\nexcept {handler}", KeyError("zz"))


@pytest.mark.parametrize(
    "repair",
    [
        "try:\n    m = df['zz'].mean(skipna=True)\nexcept KeyError:\n    pass",
        "import contextlib\nwith contextlib.suppress(KeyError):\n    m = df.zz.mean()",
        f"def f():\n    try:\n        {LINE}\n    except KeyError:\n        return None\n"
        "    return m\nm = f()",
        "def f(df):\n    try:\n        return df['zz'].mean()\n    except Exception:\n"
        "        return None\nm = f(df)",
        f"'''\n{LINE}\n'''\nprint('done')",
        f"while False:\n    {LINE}\nprint('done')",
        f"for i in range(5):\n    try:\n        {LINE}\n    except KeyError:\n        break",
    ],
)
def test_the_failed_line_may_not_be_put_away(repair: str) -> None:
    assert hides(LINE, repair, KeyError("zz"))


HONEST = [
    (ValueError(), "    try:\n        return float(x)\n    except (ValueError, TypeError):\n"
     "        return np.nan"),
    (ValueError(), "    try:\n        return float(x)\n    except Exception:\n"
     "        return np.nan"),
    (ValueError(), "    try:\n        v = float(x)\n    except (ValueError, TypeError):\n"
     "        v = np.nan\n    return v"),
    (TypeError(), "    try:\n        return float(x)\n    except TypeError:\n        return None"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "body"), HONEST)
def test_a_function_for_many_values_may_give_a_missing_one(error: Exception, body: str) -> None:
    failed = "def num(x):\n    return float(x)\ndf['p'] = df['price'].map(num)"
    repair = f"def num(x):\n{body}\ndf['p'] = df['price'].map(num)"
    assert not hides(failed, repair, error, "    return float(x)")
    assert not hides("df['p'] = df['price'].astype(float)", repair, error)
    looped = repair.replace("df['price'].map(num)", "[num(v) for v in df['price']]")
    assert not hides(failed, looped, error, "    return float(x)")
    assert not hides("x = num('5x')", f"def num(x):\n{body}\nxs = [num(v) for v in t]", error)


@pytest.mark.parametrize(
    ("line", "error", "repair"),
    [
        ("import nosuchlib", ModuleNotFoundError(),
         "try:\n    import nosuchlib\nexcept ImportError:\n    nosuchlib = None\nx = 1"),
        ("v = flaky()", TimeoutError(),
         "for i in range(5):\n    try:\n        v = flaky()\n        break\n"
         "    except OSError:\n        continue"),
        ("t = read('l.csv')", UnicodeDecodeError("utf-8", b"", 0, 1, ""),
         "for enc in ('utf-8', 'latin-1'):\n    try:\n        t = read('l.csv', enc)\n"
         "        break\n    except Exception:\n        continue"),
        ("t = next(rows)", StopIteration(),
         "while True:\n    try:\n        t = next(rows)\n    except StopIteration:\n        break"),
        ("t = read('l.csv')", ValueError(),
         "try:\n    t = read('l.csv')\nexcept ValueError:\n    try:\n"
         "        t = read('l.csv', 'a')\n    except ValueError:\n        t = read('l.csv', 'b')"),
        ("out = [float(x) for x in xs]", ValueError(),
         "out = []\nfor x in xs:\n    try:\n        out.append(float(x))\n"
         "    except ValueError:\n        out.append(None)"),
        ("d[k] = float(v)", ValueError(),
         "for k, v in xs:\n    try:\n        d[k] = float(v)\n    except Exception:\n"
         "        d[k] = None"),
        ("t = read('l.csv')", ValueError(),
         "try:\n    t = read('l.csv')\nexcept Exception as e:\n    print(e)\n"
         "    t = read('l.csv', sep=';')"),
        ("return read(p)", ValueError(),
         "def load(p):\n    try:\n        return read(p)\n    except Exception:\n"
         "        return read(p, sep=';')\nt = load('l.csv')"),
    ],
)  # fmt: skip
def test_another_way_to_the_value_is_a_repair(line: str, error: Exception, repair: str) -> None:
    assert not hides(line, repair, error)


@pytest.mark.parametrize(
    "repair",
    [
        "np.seterr(all='ignore')\n{}",
        "with np.errstate(divide='ignore'):\n    {}",
        "warnings.simplefilter(action='ignore')\n{}",
        "warnings.filterwarnings(action='ignore', category=RuntimeWarning)\n{}",
        "warnings.simplefilter('default')\n{}",
        "warnings.resetwarnings()\n{}",
        "with warnings.catch_warnings(record=True):\n    {}",
        "with warnings.catch_warnings(action='ignore'):\n    {}",
    ],
)
def test_a_warning_is_switched_off_in_many_ways(repair: str) -> None:
    line = "r = a / b"
    assert "switched off" in hides(line, repair.format(line), RuntimeWarning())
    assert not hides(line, repair.format(line), ZeroDivisionError())


@pytest.mark.parametrize(
    "repair",
    [
        "r = np.divide(a, b, out=np.full_like(a, np.nan), where=b != 0)",
        "warnings.simplefilter('error')\nr = a / b.clip(1)",
        "with np.errstate(divide='raise'):\n    r = a / b",
        "with np.errstate(divide='ignore'):\n    r = np.where(b != 0, a / b, 0)",
    ],
)
def test_what_a_warning_says_can_be_repaired(repair: str) -> None:
    assert not hides("r = a / b", repair, RuntimeWarning())


def test_words_of_data_are_no_wish_to_end_the_program() -> None:
    failed, ends = failing(LINE, LINE, KeyError("zz")), "import sys\nsys.exit()"
    assert "ends the program" in hiding.hidden(failed, turn(ends, request="plot the exit rate"))
    assert not hiding.hidden(failed, turn(f"{ends}\n{LINE}", request="exit if there is none"))


@pytest.mark.parametrize(
    ("line", "rest", "error"),
    [
        ("df = df.set_index('date')", "m = df['sales'].resample('ME').sum()", KeyError("date")),
        ("df = df.drop(columns='id')", "m = df['sales'].mean()", KeyError("id")),
        ("df.drop(columns='id', inplace=True)", "print(df.shape)", KeyError("id")),
        ("df['price'] = df['price'].astype(int)", "m = df['sales'].mean()", ValueError()),
        ("p = p.str.strip()", "m = p.mean()",
         AttributeError("Can only use .str accessor with string values")),
        ("del tmp", "m = df['sales'].mean()", NameError()),
        ("conn.close()", "m = 1", NameError()),
        ("xs.remove(3)", "m = len(xs)", ValueError()),
        ("plt.colorbar()", "plt.plot(x)", RuntimeError()),
        ("# plt.colorbar()", "plt.plot(x)", RuntimeError()),
    ],
)  # fmt: skip
def test_what_only_prepares_or_tidies_up_may_go(line: str, rest: str, error: Exception) -> None:
    failed = line.removeprefix("# ")
    repair = rest if failed == line else f"{rest}\n{line}"
    assert not hides(f"{failed}\n{rest}", repair, error, failed)


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("m = df['zz'].mean()", "print('done')"),
        ("m = df['zz'].mean()", "n = df['v'].sum()"),
        ("df['n'] = df['a'].astype(int)", "print(df.shape)"),
        ("df['go'] = df['go'].astype(int)", "m = df['sales'].mean()"),
        ("df['p'] = df['p'].astype(int)", "m = df['p'].sum()"),
        ("df = pd.read_csv('new.csv')", "print(df.shape)"),
        ("df = df.set_index('date')", "pass"),
    ],
)
def test_what_was_to_be_made_may_not_go(line: str, rest: str) -> None:
    assert "gone" in hides(f"{line}\n{rest}", rest, KeyError("zz"), line)


def test_a_mistyped_label_is_to_be_corrected() -> None:
    line, rest = "df = df.drop(columns='amuont')", "m = df['sales'].mean()"
    failed = failing(f"{line}\n{rest}", line, KeyError("amuont"))
    failure = failed.execution.failure if failed.execution else None
    assert failure
    facts = replace(failure.facts, near=(("'amuont'", ("'amount'",)),))
    typed = replace(failed, execution=Execution(failure=replace(failure, facts=facts)))
    assert hiding.hidden(typed, turn(rest)) and not hiding.hidden(failed, turn(rest))


def test_a_check_of_its_own_may_go_when_the_data_are_mended() -> None:
    line = "assert df['amount'].notna().all()"
    failed = failing(f"{line}\nt = df['amount'].sum()", line, AssertionError())
    mended = "t = df['amount'].fillna(0).sum()"
    assert not hiding.hidden(failed, turn(mended))
    assert "check" in hiding.hidden(failed, turn(mended, request="the amounts must be complete"))
    assert "check" in hiding.hidden(failed, turn("t = df['amount'].sum()\nprint(df['amount'])"))
