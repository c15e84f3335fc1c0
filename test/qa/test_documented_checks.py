"""The table in docs/quality.md is the one that the checks themselves state."""

from pathlib import Path

from teleop_collect.qa.dataset.registry import DATASET_CHECKS
from teleop_collect.qa.registry import CHECKS

TEXT = (Path(__file__).parents[2] / "docs" / "quality.md").read_text()


def test_every_check_stands_in_the_documents_with_its_limits_and_source():
    for check in (*CHECKS, *DATASET_CHECKS):
        limits = "; ".join(
            f"{limit.severity}: {limit.what} {limit.value:.4g} {limit.unit}"
            for limit in check.limits
        )
        row = f"| `{check.name}` | {check.version} | {limits or '-'} | {check.source} |"
        assert row in TEXT.splitlines(), check.name


def test_names_are_unique_and_every_check_states_where_it_comes_from():
    names = [check.name for check in (*CHECKS, *DATASET_CHECKS)]
    assert len(set(names)) == len(names)
    assert all(check.source and check.version >= 1 for check in (*CHECKS, *DATASET_CHECKS))
    assert all(limit.unit for check in (*CHECKS, *DATASET_CHECKS) for limit in check.limits)
