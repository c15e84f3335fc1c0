"""meta/provenance.json and meta/alignment.parquet: where each row comes from, and how well it fits.

The format itself has no room for either; loaders ignore both files.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from teleop_collect import __version__
from teleop_collect.export.lerobot.cameras import VideoSpan
from teleop_collect.export.lerobot.layout import ALIGNMENT_PATH, PROVENANCE_PATH
from teleop_collect.export.selection import LeftOut
from teleop_collect.export.steps import EpisodeSteps, IntArray

SCHEMA = "teleop_collect.lerobot_provenance/1"
_NS_PER_MS = 1e6


def skew_summary_ms(skew_ns: IntArray) -> dict[str, float]:
    """Median, 95th percentile and largest absolute skew, ms."""
    size_ms = np.abs(skew_ns) / _NS_PER_MS
    p50, p95 = np.quantile(size_ms, [0.5, 0.95])
    return {
        "p50": round(float(p50), 3),
        "p95": round(float(p95), 3),
        "max": round(float(size_ms.max()), 3),
    }


def episode_entry(
    number: int, steps: EpisodeSteps, spans: Mapping[str, VideoSpan]
) -> dict[str, Any]:
    """What is known of one exported episode."""
    source = steps.source
    return {
        "episode_index": number,
        "episode_id": source.episode_id,
        "mcap_sha256": source.mcap_sha256,
        "task_id": source.task_id,
        "instruction": source.instruction,
        "success": source.success,
        "license": source.license,
        "length": steps.length,
        "started_ns": int(steps.t_ns[0]),
        "skew_ms": {topic: skew_summary_ms(skew) for topic, skew in steps.skew_ns.items()},
        "images": {
            camera.topic: {"repeated": camera.repeated, "unused": camera.unused}
            for camera in steps.cameras.values()
        },
        "image_fingerprints": {
            key: {"first": span.fingerprints[0].hex(), "last": span.fingerprints[1].hex()}
            for key, span in spans.items()
        },
    }


def write_provenance(
    folder: Path,
    settings: Mapping[str, Any],
    episodes: Sequence[Mapping[str, Any]],
    left_out: Sequence[LeftOut],
) -> None:
    """Write meta/provenance.json."""
    document = {
        "schema": SCHEMA,
        "software": {"name": "teleop_collect", "version": __version__},
        "settings": dict(settings),
        "episodes": list(episodes),
        "left_out": [{"episode_id": e.episode_id, "reason": e.reason} for e in left_out],
    }
    text = json.dumps(document, indent=1, allow_nan=False)
    (folder / PROVENANCE_PATH).write_text(text, encoding="utf-8")


class AlignmentFile:
    """meta/alignment.parquet: time and measured skew of every row of the dataset.

    Columns: index, episode_index, t_ns (UTC, of the step) and skew_ns/<topic> (time of the sample
    used minus t_ns; null where an episode does not use the topic).
    """

    def __init__(self, folder: Path, topics: Sequence[str]) -> None:
        self._topics = tuple(topics)
        path = folder / ALIGNMENT_PATH
        path.parent.mkdir(parents=True, exist_ok=True)
        names = ("index", "episode_index", "t_ns", *(f"skew_ns/{topic}" for topic in topics))
        self._schema = pa.schema([(name, pa.int64()) for name in names])
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, steps: EpisodeSteps, number: int, first_index: int) -> None:
        """Append the rows of one episode."""
        count = steps.length
        columns = [
            pa.array(np.arange(first_index, first_index + count)),
            pa.array(np.full(count, number)),
            pa.array(steps.t_ns),
        ]
        for topic in self._topics:
            skew = steps.skew_ns.get(topic)
            columns.append(pa.nulls(count, pa.int64()) if skew is None else pa.array(skew))
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()
