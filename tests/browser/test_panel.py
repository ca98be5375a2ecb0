"""The row under a prompt for everyone: by keyboard, read out, in both themes, and when saved."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from nbconvert import HTMLExporter

from .asking import SLOWLY, asks, code, made, picture, press, prompt, row
from .lab import Lab

FAILED, GOOD = code("def f(x):\n    return x / 0\n\nf(1)"), code("def f(x):\n    return x\n\nf(1)")
FOCUS = """() => {
    const { ariaLabel, labels, textContent, role } = document.activeElement;
    return (ariaLabel ?? labels?.[0]?.textContent ?? textContent).trim();
}"""
# The contrast of each visible text with what lies behind it (WCAG 2.2, 1.4.3), where it is low.
TOO_FAINT = """(root) => {
    const parse = color => (color.match(/[\\d.]+/g) ?? []).map(Number);
    const over = ([r, g, b, a = 1], below) =>
        [r, g, b].map((value, at) => a * value + (1 - a) * below[at]);
    const behind = node => {
        const around = node.parentElement ? behind(node.parentElement) : [255, 255, 255];
        return over(parse(getComputedStyle(node).backgroundColor), around);
    };
    const channel = value => value <= 10.31 ? value / 255 / 12.92
        : ((value / 255 + 0.055) / 1.055) ** 2.4;
    const light = color => color.map(channel)
        .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
    const contrast = (color, back) => {
        const [dark, bright] = [light(over(parse(color), back)), light(back)].sort((a, b) => a - b);
        return (bright + 0.05) / (dark + 0.05);
    };
    const texts = [...root.querySelectorAll('*')].filter(node => node.checkVisibility());
    return texts.flatMap(node => {
        const own = [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim());
        const shown = own || node.value ? [[node.value || node.textContent, '']] : [];
        const hint = node.placeholder ? [[node.placeholder, '::placeholder']] : [];
        return [...shown, ...hint].map(([text, part]) =>
            [text.trim(), contrast(getComputedStyle(node, part).color, behind(node))]);
    }).filter(([, ratio]) => ratio < 4.5);
}"""
# What a screen reader is given to say, one entry for each time.
LISTEN = """() => {
    window.said = [];
    const note = () => document.querySelectorAll('.oci-magic-panel [role=status]')
        .forEach(node => window.said.push(node.textContent));
    new MutationObserver(changes => changes.some(({ target }) => {
        const around = target.nodeType === 3 ? target.parentElement : target;
        return around?.closest('[role=status]');
    }) && note()).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


@contextmanager
def theme(lab: Lab, name: str) -> Iterator[None]:
    """JupyterLab in another theme than its light one."""
    change = "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"
    lab.page.evaluate(change, name)
    lab.page.wait_for_timeout(1500)
    try:
        yield
    finally:
        lab.page.evaluate(change, "JupyterLab Light")


def keys(lab: Lab, *names: str) -> list[str]:
    """What has the focus after each of these keys."""
    seen = []
    for name in names:
        lab.page.keyboard.press(name)
        seen.append(lab.page.evaluate(FOCUS))
    return seen


def named(lab: Lab) -> list[str]:
    """Role, name and state of everything in the row, as a screen reader is told."""
    lines = row(lab).aria_snapshot().replace("'", "").replace('"', "'").splitlines()
    return [re.sub(r"^ *- |:( .*)?$", "", line) for line in lines if "- /" not in line]


def test_everything_is_reached_and_done_by_keyboard(lab: Lab) -> None:
    asks(lab, "keyboard", FAILED, GOOD, code("x = 6\nx"))
    lab.run(1)
    row(lab).get_by_role("button", name="Keep").focus()
    order = ["Revert", "Ask again", "Say what to change", "Send", "auto-fix", "2 drafts"]
    assert keys(lab, *["Tab"] * 6) == order
    assert keys(lab, "Enter", "Tab", "ArrowLeft") == ["2 drafts", "draft 2", "draft 1 ✘"]
    assert row(lab).get_by_role("tabpanel", name="draft 1").is_visible()
    assert keys(lab, "ArrowLeft", "Home", "End", "Shift+Tab") == [
        "draft 2", "draft 1 ✘", "draft 2", "2 drafts",
    ]  # fmt: skip
    keys(lab, "Space")
    assert not row(lab).get_by_role("tabpanel").is_visible()
    assert [cell["source"] for cell in lab.cells()[2:]] == ["def f(x):\n    return x\n\nf(1)"]
    row(lab).get_by_role("button", name="Ask again").focus()
    keys(lab, "Space")
    lab.wait_for("x = 6")


def test_the_keyboard_stays_at_the_prompt_when_its_button_is_gone(lab: Lab) -> None:
    asks(lab, "gone", code("import time\nprint('on', flush=True)\ntime.sleep(60)"), code("5"))
    lab.start(1)
    lab.page.get_by_text("on", exact=True).wait_for()
    here = (
        "() => document.activeElement.closest('.jp-Cell')?.contains("
        "document.querySelector('.oci-magic-panel'))"
    )
    row(lab).get_by_role("button", name="Stop").focus()
    keys(lab, "Enter")
    lab.wait()
    assert lab.page.evaluate(here)
    row(lab).get_by_role("button", name="Ask again").focus()
    keys(lab, "Enter")
    lab.page.wait_for_timeout(300)
    assert lab.page.evaluate(here)
    lab.wait()
    row(lab).get_by_role("button", name="Keep").focus()
    assert keys(lab, "Enter", "Enter") == ["More", "Keep"]


def test_everything_has_a_name(lab: Lab) -> None:
    asks(lab, "names", FAILED, GOOD)
    lab.run(1)
    press(lab, "2 drafts")
    assert named(lab) == [
        "group 'What oci does with this prompt'", "status", "button 'Keep'", "button 'Revert'",
        "button 'Ask again'", "textbox 'Say what to change'", "button 'Send'", "text",
        "spinbutton 'auto-fix'", "button '2 drafts' [expanded]", "tablist 'Drafts'",
        "tab 'draft 1 ✘'", "tab 'draft 2' [selected]", "tabpanel 'draft 2'",
    ]  # fmt: skip
    press(lab, "Keep")
    assert named(lab) == ["group 'What oci does with this prompt'", "status", "button 'More'"]


def test_states_are_read_out_once_and_what_counts_up_is_not(lab: Lab) -> None:
    asks(
        lab, "said", code("\n".join(f"x = {n} / 0" for n in range(40))), code("x = 5"), load=SLOWLY
    )
    lab.page.evaluate(LISTEN)
    lab.run(1)
    *said, last = lab.page.evaluate("() => window.said")
    failed = "ZeroDivisionError: division by zero · line 1: x = 0 / 0 · repairing (1/3)"
    assert said == ["writing", "running", failed, "writing", "running"]
    assert last.startswith("✔ worked after 1 repair")


@pytest.mark.parametrize("name", ["JupyterLab Light", "JupyterLab Dark"])
def test_every_text_stands_out(lab: Lab, name: str) -> None:
    asks(lab, "contrast", FAILED, GOOD, options="--check True")
    lab.insert(2, prompt(lab, FAILED, options="-r 0", words="stays"))
    with theme(lab, name):
        lab.run(1)
        lab.run(3)
        row(lab).first.get_by_role("button", name="2 drafts").click()
        rows = row(lab).all()
        assert len(rows) == 2
        assert [text for row in rows for text in row.evaluate(TOO_FAINT)] == []
        picture(lab, f"repaired-{name.split()[1].lower()}")


def test_a_saved_notebook_shows_what_the_row_said(lab: Lab) -> None:
    asks(lab, "saved", FAILED, GOOD)
    lab.run(1)
    lab.save()
    page, _ = HTMLExporter().from_filename(str(lab.notebooks / "saved.ipynb"))
    (lab.notebooks / "saved.html").write_text(page)
    reader = lab.page.context.new_page()
    reader.goto((lab.notebooks / "saved.html").as_uri(), wait_until="domcontentloaded")
    shown = reader.locator("body").inner_text()
    assert "worked after 1 repair" in shown and "vnd.oci_magic" not in shown
    assert reader.get_by_role("button").count() == 0
    reader.get_by_text("draft 1: ZeroDivisionError").click()
    assert reader.get_by_text("return x / 0").first.is_visible()
    if folder := os.environ.get("OCI_PICTURES"):
        reader.screenshot(path=f"{folder}/saved.png")
    reader.close()


def test_code_that_waits_says_so(lab: Lab) -> None:
    asks(lab, "held", code("import os\nos.remove('data.csv')"))
    lab.run(1)
    assert "remove" in row(lab).inner_text()
    assert row(lab).get_by_role("button", name="Run").is_visible()
    breaks = made(lab, 1).locator("pre").first.evaluate("node => getComputedStyle(node).wordBreak")
    assert breaks == "normal"  # between words
    picture(lab, "held")
