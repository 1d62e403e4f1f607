"""What a password may not be, beside short, common or the account's own name."""

import string
from typing import Any

from django.core.exceptions import ValidationError

_BETWEEN = string.digits + string.punctuation + string.whitespace


class NothingTwice:
    """Refuses one word said again and again: it is as easily guessed as the word."""

    def validate(self, password: str, user: Any = None) -> None:
        words = "".join(char for char in password.casefold() if char not in _BETWEEN)
        if len(words) > len(password) / 2 and _repeats(words):
            raise ValidationError(self.get_help_text(), code="password_repeats")

    def get_help_text(self) -> str:
        return "This password says one thing again and again."


def _repeats(text: str) -> bool:
    """Whether a text is its own beginning, said at least twice."""
    return any(text[some:] == text[:-some] for some in range(1, len(text) // 2 + 1))
