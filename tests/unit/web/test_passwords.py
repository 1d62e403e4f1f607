"""A password that says one thing again and again is as good as the thing said once."""

import pytest
from django.core.exceptions import ValidationError

from opendcr.web.config.passwords import NothingTwice
from tests.unit.web.test_accounts_commands import PASSWORD


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "Password-password-1",
        "heron heron heron!",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabca",
    ],
)
def test_one_thing_said_again_is_not_taken(password: str) -> None:
    with pytest.raises(ValidationError, match="again and again"):
        NothingTwice().validate(password)


@pytest.mark.parametrize("password", [PASSWORD, "71-oo-93-84-10-55", "heron water heron five"])
def test_other_things_are(password: str) -> None:
    NothingTwice().validate(password)
