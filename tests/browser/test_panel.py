"""The row under a prompt: by keyboard alone, for screen readers, in both themes, and saved."""

from __future__ import annotations

from typing import Any

import pytest

from .lab import Lab, text
from .test_cells import code, prompt

NAMES = """() => [...document.querySelectorAll('.oci-magic-panel button, .oci-magic-panel input')]
    .filter(element => element.offsetParent)
    .map(element => element.getAttribute('aria-label') || element.title || element.textContent
        || element.labels[0].textContent)"""
CONTRASTS = """() => {
    const parse = color => color.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const below = element => {
        for (let e = element; e; e = e.parentElement) {
            const color = parse(getComputedStyle(e).backgroundColor);
            if (color.length < 4 || color[3] > 0) return color;
        }
        return [255, 255, 255];
    };
    const found = {};
    for (const element of document.querySelectorAll('.oci-magic-panel *')) {
        const own = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
        if (!own || !element.offsetParent || element.className === 'oci-magic-said') continue;
        const [a, b] = [light(parse(getComputedStyle(element).color)), light(below(element))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        found[`${element.className} ${element.textContent.trim().slice(0, 30)}`] = ratio;
    }
    return found;
}"""


def repaired(lab: Lab, name: str) -> None:
    replies = (code("x = 1 / 0"), code("x = 5\nx"), code("x = 6\nx"), code("x = 7\nx"))
    lab.open(f"{name}.ipynb", "%load_ext oci_magic", prompt(lab, *replies, words=name))
    lab.run_all()


def focused(lab: Lab) -> str:
    name = "e => e.getAttribute('aria-label') || e.textContent || e.title"
    return str(lab.page.evaluate(f"() => ({name})(document.activeElement)")).strip()


def test_every_control_is_reached_and_works_by_keyboard_alone(lab: Lab) -> None:
    repaired(lab, "keyboard")
    lab.page.get_by_role("button", name="Keep").focus()
    order = [focused(lab)]
    for _ in range(6):
        lab.page.keyboard.press("Tab")
        order.append(focused(lab))
    assert order[:5] == ["Keep", "Revert", "Ask again", "Say what to change", "Send"]
    assert order[6] == "▸ 2 drafts"
    lab.page.keyboard.press("Enter")
    lab.page.keyboard.press("Tab")
    assert focused(lab) == "draft 2"
    lab.page.keyboard.press("ArrowLeft")
    assert focused(lab).startswith("draft 1")
    lab.page.get_by_role("button", name="Ask again").focus()
    lab.page.keyboard.press("Space")
    lab.wait_for("x = 6")
    lab.page.get_by_role("textbox", name="Say what to change").focus()
    lab.page.keyboard.type("seven")
    lab.page.keyboard.press("Enter")
    lab.wait_for("x = 7")


def test_everything_has_a_name_for_screen_readers(lab: Lab) -> None:
    repaired(lab, "names")
    lab.page.get_by_role("button", name="2 drafts").click()
    names = lab.page.evaluate(NAMES)
    assert len(names) >= 9 and all(name.strip() for name in names), names
    row = lab.page.get_by_role("group", name="oci: what this prompt does")
    assert row.get_by_role("spinbutton", name="auto-fix").is_visible()
    assert row.get_by_role("status").inner_text().startswith("worked after 1 repair")


def test_states_are_read_aloud_and_not_every_token(lab: Lab) -> None:
    words = " ".join(map(str, range(3000)))
    lab.open("aloud.ipynb", "%load_ext oci_magic", prompt(lab, words + "\n\n" + code("x = 1\nx")))
    lab.run(0)
    lab.page.evaluate(
        """() => {
        window.heard = [];
        new MutationObserver(() => {
            const said = document.querySelector('.oci-magic-panel [role=status]')?.textContent;
            if (said && said !== window.heard.at(-1)) window.heard.push(said);
        }).observe(document.body, {subtree: true, childList: true, characterData: true});
    }"""
    )
    lab.run(1)
    heard: list[str] = lab.page.evaluate("() => window.heard")
    assert heard[-1].startswith("worked")
    assert set(heard[:-1]) <= {"the model answers", "running"}


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_every_word_is_readable(lab: Lab, theme: str) -> None:
    """WCAG AA: 4.5 to 1."""
    change: Any = "apputils:change-theme"
    lab.page.evaluate(
        "([command, theme]) => window.jupyterapp.commands.execute(command, {theme})",
        [change, theme],
    )
    repaired(lab, f"theme-{theme[-4:].strip()}")
    lab.page.get_by_role("button", name="2 drafts").click()
    lab.page.get_by_role("tab", name="draft 1").click()
    lab.page.wait_for_timeout(1000)
    contrasts = lab.page.evaluate(CONTRASTS)
    lab.page.evaluate(
        "command => window.jupyterapp.commands.execute(command, {theme: 'JupyterLab Light'})",
        change,
    )
    assert len(contrasts) > 8
    assert {what: ratio for what, ratio in contrasts.items() if ratio < 4.5} == {}


def test_a_saved_notebook_shows_how_it_went_without_us(lab: Lab) -> None:
    import nbformat
    from nbconvert import HTMLExporter

    repaired(lab, "saved")
    lab.save()
    notebook = nbformat.read(lab.notebooks / "saved.ipynb", as_version=4)
    nbformat.validate(notebook)
    page, _ = HTMLExporter().from_notebook_node(notebook)
    (lab.notebooks / "saved.html").write_text(page)
    other = lab.page.context.new_page()
    other.goto((lab.notebooks / "saved.html").as_uri())
    assert other.get_by_text("worked after 1 repair").is_visible()
    assert other.get_by_text("draft 1: ZeroDivisionError").is_visible()
    assert other.get_by_role("button").count() == 0
    other.close()
    assert "Stop" not in text(lab.cells()[1]["outputs"])
