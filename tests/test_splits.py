"""Rare words are spelt by smaller tokens now and then, alike in all of an example."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from oci_magic.training.examples import Example
from oci_magic.training.retrain import MICRO
from oci_magic.training.splits import halves_of, rarer, split
from oci_magic.training.tokenizer import load_tokenizer

TOKENIZER = load_tokenizer(MICRO)
HALVES = halves_of(TOKENIZER)


def encoded(text: str) -> Example:
    ids = TOKENIZER.encode(text, add_special_tokens=False).ids
    return Example(ids, [n % 2 for n in range(len(ids))])


@given(st.text(), st.integers())
def test_the_text_stays_as_it_is(text: str, seed: int) -> None:
    example = encoded(text)
    made = split(example, HALVES, Random(seed))
    assert TOKENIZER.decode(made.ids) == TOKENIZER.decode(example.ids)
    assert len(made.ids) == len(made.said)


def test_a_word_is_spelt_alike_everywhere() -> None:
    ids = encoded("categories categories").ids
    example = Example(ids, [0] * len(ids))
    spelt = {tuple(split(example, HALVES, Random(seed)).ids) for seed in range(40)}
    assert len(spelt) > 2
    for ids in spelt:
        first, _, second = TOKENIZER.decode(list(ids)).partition(" ")
        assert first == second
        blank = ids.index(TOKENIZER.encode(" ").ids[0])
        assert ids[:blank] == ids[blank + 1 :]


def test_what_the_assistant_says_first_stays_whole() -> None:
    word = encoded("categories").ids
    example = Example(word, [1] * len(word))
    assert all(split(example, HALVES, Random(seed)) == example for seed in range(40))


def test_what_is_learned_stays_learned() -> None:
    word = encoded("categories").ids
    example = Example(word * 2, [0] * len(word) + [1] * len(word))
    made = split(example, HALVES, Random(1))
    assert 0 < sum(made.said) < len(made.said)


def test_common_tokens_stay_whole() -> None:
    word = encoded("categories")
    assert set(word.ids) & HALVES.keys()
    assert not set(word.ids) & rarer(HALVES, [word]).keys()
