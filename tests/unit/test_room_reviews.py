"""Every reason for which an entry can be flagged has words, and no words are left over."""

import ast
import inspect

from opendcr.room import decide, intake, rules
from opendcr.room.reviews import REASONS, reason_words


def _refusals() -> set[str]:
    """The codes with which the rules contradict a report."""
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(inspect.getsource(rules)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id == "Refusal" and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip


def _held() -> set[str]:
    """The reasons for which a report is held back as it came."""
    return {
        node.args[2].value
        for node in ast.walk(ast.parse(inspect.getsource(decide)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id == "_held" and isinstance(node.args[2], ast.Constant)
    }  # fmt: skip


def _doubts() -> set[str]:
    """What the functions that doubt a report can say: the only words in them with a low line."""
    trees = [
        ast.parse(inspect.getsource(function))
        for function in (
            decide._doubts,
            decide._clock_doubts,
            decide._breaks,
            decide.by_wrong_clock,
            decide._disputes,
        )
    ]
    words = {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {word for word in words if word.replace("_", "").isalpha()} - {
        "ReviewFlagged", "report", "paper",
    }  # fmt: skip


def test_every_reason_has_words_and_there_are_no_others() -> None:
    assert "unknown_kind" in inspect.getsource(intake)
    found = _refusals() | _held() | _doubts() | {"unknown_kind"}
    assert len(found) > 30
    assert set(REASONS) == found


def test_words_are_sentences_without_codes() -> None:
    for code, words in REASONS.items():
        assert words[0].isupper() and words.endswith("."), code
        assert "_" not in words, code


def test_a_reason_given_by_hand_stands_for_itself() -> None:
    assert reason_words("two_bags") == "Flagged by hand: two bags."
