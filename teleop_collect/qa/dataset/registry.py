"""All checks of a dataset."""

from teleop_collect.qa.dataset import coverage, drift, duplicates, outliers
from teleop_collect.qa.dataset.checks import DatasetCheck

DATASET_CHECKS: tuple[DatasetCheck, ...] = (
    outliers.DURATION,
    outliers.PATH,
    outliers.SMOOTHNESS,
    outliers.LAG,
    outliers.JERK,
    outliers.IDLE,
    outliers.SPIKES,
    outliers.GRIPPER,
    duplicates.CHECK,
    coverage.START_COVERAGE,
    coverage.OBJECT_COVERAGE,
    drift.OPERATOR_DRIFT,
    drift.DAY_DRIFT,
)
