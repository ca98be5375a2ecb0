"""No sequence of changes ever removes a cell of the person's: random ones, checked step by step.

A person writes, edits, moves, copies and deletes cells, runs prompts, takes answers back and loads
the notebook anew, in any order, in mid-run too. What must then stand in it is worked out here from
what was done.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from frontend import KEY, Notebook, text
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from kernels import Kernel, code

MOST_PROMPTS = 3
PLACES = st.integers(0, 30)
BUTTONS = st.sampled_from(["", "", "feedback", "retry", "fix"])
FAILING, WORKS = st.lists(st.integers(1, 3), max_size=2), st.integers(0, 3)
"""Numbers of cells: of each reply that fails, and of the one after them; 0 if none follows."""
MEDDLING = st.tuples(st.integers(0, 12), st.sampled_from(["edit", "write", "move", "delete"]))
MARKS = st.sampled_from(
    [None, "x", 7, [1], {}, {"hash": [1]}, {"feedback": 7}, {"rounds": "x", "feedback": None},
     {"owner": "PROMPT"}, {"owner": "PROMPT", "cell": "CELL"},
     {"owner": "PROMPT", "cell": "CELL", "code": ["x"]}]
)  # fmt: skip


@dataclass
class Answer:
    """What can be taken back of a prompt: sources of cells by id, and what had been kept.

    `before` are all cells that had stood below it, those that were edited too, in their order.
    """

    prompt: str
    made: dict[str, str]
    before: list[str]
    replaced: dict[str, str]
    kept: str
    window: str


class Changes(RuleBasedStateMachine):
    def __init__(self, kernel: Kernel) -> None:
        super().__init__()
        self.kernel, self.book, self.numbers = kernel, Notebook(kernel), count(1)
        self.mine: dict[str, str] = {}  # sources: what was typed or copied, or edited since
        self.made: dict[str, str] = {}  # the prompt of each generated cell that was not edited
        self.kept: dict[str, str] = {}  # of each prompt: the source under which it was answered
        self.open: list[Answer] = []  # what can be taken back, oldest first
        self.restart()
        self.write(0, True)

    @rule(at=PLACES, prompt=st.booleans())
    def write(self, at: int, prompt: bool = False) -> None:
        prompt = prompt and len(self.kept) < MOST_PROMPTS
        source = self.words() if prompt else self.line()
        cell = self.book.add(source, at % (len(self.book.cells) + 1))
        self.mine[cell] = source
        if prompt:
            self.kept[cell] = ""

    @rule(at=PLACES)
    @precondition(lambda self: self.book.cells)
    def edit(self, at: int) -> None:
        cell = self.cell(at)
        cell["source"] = self.words() if cell["id"] in self.kept else self.line()
        self.is_mine(cell)

    @rule(at=PLACES, to=PLACES)
    @precondition(lambda self: self.book.cells)
    def move(self, at: int, to: int = 0) -> None:
        self.book.move(self.cell(at)["id"], to % len(self.book.cells))

    @rule(at=PLACES)
    @precondition(lambda self: self.book.cells)
    def delete(self, at: int) -> None:
        id_ = self.cell(at)["id"]
        self.book.delete(id_)
        for known in (self.mine, self.made, self.kept):
            known.pop(id_, None)

    @rule(at=PLACES, to=PLACES)
    @precondition(lambda self: self.book.cells)
    def copy(self, at: int, to: int) -> None:
        id_ = self.cell(at)["id"]
        if id_ in self.kept and len(self.kept) == MOST_PROMPTS:
            return
        copied = self.book.copy(id_, to % (len(self.book.cells) + 1))
        self.is_mine(self.book[copied])
        if id_ in self.kept:
            self.kept[copied] = self.kept[id_]

    @rule(at=PLACES, to=PLACES)
    @precondition(lambda self: self.book.deleted)
    def bring_back(self, at: int, to: int) -> None:
        """Ctrl-Z after the kernel has deleted a cell."""
        id_, cell = list(self.book.deleted.items())[at % len(self.book.deleted)]
        if id_ not in self.book:
            self.book.cells.insert(to % (len(self.book.cells) + 1), deepcopy(cell))
            self.made[id_] = cell["metadata"][KEY]["owner"]

    @rule(at=PLACES, mark=MARKS)
    @precondition(lambda self: self.book.cells)
    def spoil(self, at: int, mark: Any) -> None:
        """A file comes back from elsewhere with a mark that we never wrote: the cell is theirs."""
        cell = self.cell(at)
        named = json.dumps(mark).replace("CELL", cell["id"])
        cell["metadata"][KEY] = json.loads(named.replace("PROMPT", next(iter(self.kept), "")))
        self.is_mine(cell)
        if cell["id"] in self.kept:
            self.kept[cell["id"]] = ""
        self.load_anew(restarted=True)

    @rule(at=PLACES)
    @precondition(lambda self: self.kept)
    def press_keep(self, at: int) -> None:
        record = self.book[self.prompt(at)]["metadata"].get(KEY)
        if isinstance(record, dict):
            record["folded"] = True

    @rule(restarted=st.booleans())
    def load_anew(self, restarted: bool) -> None:
        if restarted:
            self.restart()
        self.book.load_anew(deepcopy(self.book.cells))

    def restart(self) -> None:
        self.kernel.run("%reset -f")
        self.kernel.run("%reload_ext oci_magic\nran = []")
        self.book.deletions, self.open = 0, []

    @rule(at=PLACES, changed=st.booleans(), button=BUTTONS, failing=FAILING, works=WORKS)
    @precondition(lambda self: self.kept)
    def ask(self, at: int, changed: bool, button: str, failing: list[int], works: int) -> None:
        prompt, before = self.prompt(at), self.book.ids()
        if changed:
            self.edit(before.index(prompt))
        asks, stood = bool(button) or not self.is_kept(prompt), self.below(prompt)
        accepted = self.replies(failing, works) if asks else []
        replaced = self.made_by(prompt) if accepted else {}
        self.book.run(prompt, button, "more")
        assert self.tokens(before) == put_below(prompt, before, replaced, accepted)
        assert asks or "kept: " in text(self.book[prompt])
        assert not accepted or not self.mine.keys() & {c["id"] for c in self.book.below(prompt)}
        if accepted:
            kept = self.book[prompt]["source"] if works else ""
            self.answered(prompt, stood, replaced, kept)

    @rule(at=PLACES, meddling=st.lists(st.tuples(MEDDLING, PLACES), max_size=3),
          failing=FAILING, works=WORKS)  # fmt: skip
    @precondition(lambda self: self.kept)
    def ask_and_meddle(
        self, at: int, meddling: list[tuple[tuple[int, str], int]], failing: list[int], works: int
    ) -> None:
        """What the person touches while the prompt is at work is theirs."""
        prompt, steps = self.prompt(at), count()
        self.edit(self.book.ids().index(prompt))
        accepted, source = self.replies(failing, works), self.book[prompt]["source"]
        replaced, stood = self.made_by(prompt) if accepted else {}, self.below(prompt)

        def meddle(_: str) -> None:
            step = next(steps)
            for (when, what), where in meddling:
                if when == step and self.book.cells:
                    getattr(self, what)(where)

        self.book.meddle = meddle
        self.book.run(prompt)
        self.book.meddle = lambda _: None
        if accepted:
            self.answered(prompt, stood, replaced, source if works else "")

    @rule(works=st.integers(1, 3))
    def run_all(self, works: int) -> None:
        """Cells that a prompt replaces do not run, although their requests are in the queue."""
        before = self.book.ids()
        asking = [id_ for id_ in before if id_ in self.kept and not self.is_kept(id_)]
        accepted = {prompt: [self.line() for _ in range(works)] for prompt in asking}
        replaced = {prompt: self.made_by(prompt) for prompt in asking}
        stood = {prompt: self.below(prompt) for prompt in asking}
        self.offer([code("\n```\n```python\n".join(accepted[prompt])) for prompt in asking])
        self.kernel.run("ran = []")
        ran, tokens, gone = list[str](), before, set[str]()
        for id_ in before:
            if id_ in asking:
                tokens = put_below(id_, tokens, replaced[id_], accepted[id_])
                gone |= set(replaced[id_])
            if id_ not in {*gone, *self.kept} or id_ in asking:
                ran += accepted.get(id_) or [self.book[id_]["source"]]
        self.book.run_all()
        assert self.tokens(before) == tokens
        assert self.value("ran") == [int(re.findall(r"\d+", source)[0]) for source in ran]
        for prompt in asking:
            self.answered(prompt, stood[prompt], replaced[prompt], self.book[prompt]["source"])

    @rule(at=PLACES, button=st.booleans())
    @precondition(lambda self: self.book.cells)
    def undo(self, at: int, button: bool) -> None:
        cell, ids = self.cell(at)["id"], self.book.ids()
        reply = self.book.command(cell, "%oci undo", "undo" if button else "")
        answers = [answer for answer in self.open if not button or answer.prompt == cell]
        if not answers:
            assert self.book.ids() == ids
            return
        last = answers[-1]
        if "in another window" in reply.get("evalue", ""):  # nor does a new one say what it was
            marks = [cell["metadata"].get(KEY) for cell in self.book.cells]
            stands = {mark.get("cell") for mark in marks if isinstance(mark, dict)}
            assert last.window != self.book.client and not stands & last.made.keys()
            assert self.book.ids() == ids
            return
        self.open.remove(last)
        after = [last.prompt]
        ids = [id_ for id_ in ids if id_ not in last.made or id_ in self.mine]
        if last.prompt not in ids:  # where it stood is known by what it had made, if that is there
            new = [id_ for id_ in self.book.ids() if id_ not in ids]
            assert set(new) <= last.replaced.keys()
            assert [id_ for id_ in self.book.ids() if id_ in ids] == ids
            self.made |= dict.fromkeys(new, last.prompt)
            ids = self.book.ids()
        for id_ in last.before:
            there = next((other for other in after if other in ids), None)
            if there and id_ not in ids and id_ in last.replaced:
                ids.insert(ids.index(there) + 1, id_)
                self.made[id_] = last.prompt
            after = [id_, *after]
        assert self.book.ids() == ids
        self.made = {id_: prompt for id_, prompt in self.made.items() if id_ in ids}
        if last.prompt in self.kept:
            self.kept[last.prompt] = last.kept if last.before else ""

    @invariant()
    def every_cell_is_accounted_for(self) -> None:
        ids = self.book.ids()
        assert sorted(ids) == sorted({*self.mine, *self.made})
        assert {id_: self.book[id_]["source"] for id_ in self.mine} == self.mine

    def answered(self, prompt: str, stood: list[str], replaced: dict[str, str], kept: str) -> None:
        """What is there now and nobody else's was made by this prompt."""
        for id_ in replaced:
            self.made.pop(id_, None)
        new = [c for c in self.book.below(prompt) if c["id"] not in {*self.mine, *self.made}]
        self.made |= {cell["id"]: prompt for cell in new}
        made = {cell["id"]: cell["source"] for cell in new}
        before = self.kept.get(prompt, "")
        answer = Answer(prompt, made, stood, replaced, before, self.book.client)
        self.open = [answer] if kept else [*self.open, answer]  # one that worked closes the others
        if prompt in self.kept and (new or replaced):
            self.kept[prompt] = kept

    def replies(self, failing: list[int], works: int) -> list[str]:
        """Offer replies with so many cells; gives the cells of the one that will be left."""
        drafts = [[*(self.line() for _ in range(n - 1)), f"{self.line()}\n1 / 0"] for n in failing]
        drafts += [[self.line() for _ in range(works)]] if works else []
        self.offer(code("\n```\n```python\n".join(draft)) for draft in drafts)
        return drafts[-1] if drafts else []

    def offer(self, replies: Iterable[str]) -> None:
        """The model's next replies."""
        file = self.kernel.folder / "replies.json"
        file.write_text(json.dumps(list(replies)), encoding="utf-8")
        self.kernel.run("%oci unload")  # it is opened anew, and reads the file again

    def is_mine(self, cell: dict[str, Any]) -> None:
        self.mine[cell["id"]] = cell["source"]
        self.made.pop(cell["id"], None)

    def is_kept(self, prompt: str) -> bool:
        """Answered as it is now, by all that stands below: none came back from an older answer."""
        record = self.book[prompt]["metadata"].get(KEY)
        marks = [cell["metadata"][KEY] for cell in self.book.below(prompt, left=True)]
        if not marks or not isinstance(record, dict):
            return False
        same = all(mark.get("hash", "") == record.get("hash") for mark in marks)
        return same and self.kept[prompt] == self.mine[prompt]

    def below(self, prompt: str) -> list[str]:
        return [cell["id"] for cell in self.book.below(prompt, left=True)]

    def made_by(self, prompt: str) -> dict[str, str]:
        """In the order in which they stand."""
        cells = self.book.cells
        return {c["id"]: c["source"] for c in cells if self.made.get(c["id"]) == prompt}

    def cell(self, at: int) -> dict[str, Any]:
        return self.book.cells[at % len(self.book.cells)]

    def prompt(self, at: int) -> str:
        return list(self.kept)[at % len(self.kept)]

    def line(self) -> str:
        return f"ran = [*ran, {next(self.numbers)}]"

    def words(self) -> str:
        return f"%%oci -m scripted:replies.json\ngo {next(self.numbers)}"

    def tokens(self, before: list[str]) -> list[str]:
        """Every cell: its id if it was there before, else its source."""
        return [c["id"] if c["id"] in before else c["source"] for c in self.book.cells]

    def value(self, name: str) -> Any:
        _, shown = self.kernel.run(name)
        return next(json.loads(m["data"]["text/plain"]) for m in shown if "data" in m)


def put_below(prompt: str, ids: list[str], gone: Iterable[str], new: list[str]) -> list[str]:
    left = [id_ for id_ in ids if id_ not in gone]
    at = left.index(prompt) + 1
    return [*left[:at], *new, *left[at:]]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    started = Kernel(tmp_path_factory.mktemp("notebook"))
    yield started
    started.close()


def test_no_sequence_of_changes_ever_removes_a_cell_of_the_persons(kernel: Kernel) -> None:
    quick = [Phase.explicit, Phase.reuse, Phase.generate]  # each step asks a kernel: no shrinking
    few = settings(max_examples=25, stateful_step_count=25, deadline=None, phases=quick)
    run_state_machine_as_test(lambda: Changes(kernel), settings=few)
