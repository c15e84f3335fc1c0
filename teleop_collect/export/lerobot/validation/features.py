"""Do names, shapes and values of vectors agree?"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from teleop_collect.export.lerobot.layout import INDEX_COLUMNS, INFO_PATH
from teleop_collect.export.lerobot.tables import read_vector
from teleop_collect.export.lerobot.validation.dataset import DatasetOnDisk


def check_features(dataset: DatasetOnDisk) -> Iterator[str]:
    """Index columns are declared; each vector's names are as many as its shape says."""
    for key, dtype in INDEX_COLUMNS.items():
        declared = dataset.features.get(key, {})
        if declared.get("dtype") != dtype or declared.get("shape") != [1]:
            yield f"{INFO_PATH}: feature {key} must be {dtype} of shape [1], is {declared}"
    for key in (*dataset.vector_keys, *dataset.video_keys):
        feature = dataset.features[key]
        names, shape = feature.get("names"), feature.get("shape")
        video = key in dataset.video_keys
        expected = 3 if video else (shape[0] if shape else None)
        if not isinstance(names, list) or len(names) != expected:
            yield f"{INFO_PATH}: feature {key} has shape {shape} but names {names}"
        if video and (not shape or len(shape) != 3 or shape[2] != 3):
            yield f"{INFO_PATH}: feature {key} has shape {shape}, expected [height, width, 3]"


def check_vectors(dataset: DatasetOnDisk) -> Iterator[str]:
    """Data files hold exactly the declared columns, of the declared widths, finite throughout."""
    expected = {*dataset.vector_keys, *INDEX_COLUMNS}
    for path in dataset.data_files:
        where = path.relative_to(dataset.folder)
        schema = pq.read_schema(path)
        if set(schema.names) != expected:
            yield f"{where}: columns are {sorted(schema.names)}, expected {sorted(expected)}"
            continue
        for key in dataset.vector_keys:
            width = dataset.features[key]["shape"][0]
            kind = schema.field(key).type
            if not pa.types.is_fixed_size_list(kind) or kind.list_size != width:
                yield f"{where}: {key} is {kind}, expected a fixed-size list of {width}"
                continue
            values = read_vector([path], key, width)
            wrong = np.argwhere(~np.isfinite(values))
            if len(wrong):
                row, element = wrong[0]
                name = dataset.features[key]["names"][element]
                yield f"{where} row {row}: {key} {name} is {values[row, element]}"
