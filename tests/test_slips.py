"""A model's own mistakes as examples: the error is told, the right answer is learned."""

from __future__ import annotations

import pytest

pytest.importorskip("pandas")

from oci_magic.training.score import Trial, trials
from oci_magic.training.slips import lessons

WRONG = '```python\nimport pandas as pd\npd.DataFrame()["nothing of the kind"]\n```'
SILENT = "```python\n1\n```"


def clean(count: int) -> list[Trial]:
    """Trials that take no repair."""
    return [
        t
        for t in trials(count, 20_000, held_out=False)
        if not t.outside and len(t.task.attempts) == 1
    ]


def test_what_failed_is_told_and_what_is_right_is_learned() -> None:
    found = clean(20)
    assert found
    for trial in found:
        trial.take(WRONG)
        (lesson,) = lessons(trial)
        request, said, error, answer = lesson["messages"]
        assert request["content"].endswith(trial.task.request)
        assert (said["content"], said["train"]) == (WRONG, False)
        assert error["role"] == "user" and "KeyError: 'nothing of the kind'" in error["content"]
        assert answer["train"] and answer["content"] == trial.task.attempts[0].text()


def test_a_second_failure_is_a_second_lesson() -> None:
    trial = clean(20)[0]
    trial.take(WRONG)
    trial.take(WRONG.replace("kind", "sort"))
    trial.take(WRONG)
    assert [len(lesson["messages"]) for lesson in lessons(trial)] == [4, 6]


def test_a_wrong_answer_without_an_error_is_asked_again() -> None:
    trial = clean(20)[0]
    trial.take(SILENT)
    (lesson,) = lessons(trial)
    assert [message["role"] for message in lesson["messages"]] == ["user", "assistant"]
    assert lesson["messages"][1]["content"] == trial.task.attempts[0].text()


def test_right_answers_teach_nothing() -> None:
    for trial in trials(12, 20_000, held_out=False):
        for attempt in trial.task.attempts:
            trial.take(attempt.text())
        assert list(lessons(trial)) == []


def test_a_dirty_file_is_repaired_step_by_step() -> None:
    """What the expert would not do about the error that the model sees is not taught."""
    found = [t for t in trials(60, 30_000, held_out=False) if len(t.task.attempts) > 1]
    assert found
    for trial in found:
        trial.take(WRONG)
        assert list(lessons(trial)) == []
