"""R2: the rules file holds names of a closed list, never code."""

import pytest

from streamsync.errors import ConfigError
from streamsync.sync import rules_file

HOSTILE = (
    "__import__('os').system('id')",
    "lambda x: x",
    "eval(1)",
    "trim; drop",
    "{{ 7*7 }}",
    "country(da) | sh",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_r2_a_transform_that_is_not_on_the_list_is_refused_with_its_place(text: str) -> None:
    rules = "\n".join(
        [
            "[organisation]",
            'direction = "two_way"',
            "[[organisation.map]]",
            'id = "mine"',
            'crm = "OrganisationFax"',
            'erp = "mainContact.fax"',
            f'transforms = ["""{text}"""]',
        ]
    )
    with pytest.raises(ExceptionGroup) as refused:
        rules_file.parse(rules, "kunde.rules.toml")
    [problem] = refused.value.exceptions
    assert isinstance(problem, ConfigError)
    assert problem.place.startswith("kunde.rules.toml:")
    assert problem.allowed
