"""Index records wait in bounded memory, and come back as they were."""

import errno
import os
from pathlib import Path

import pytest
from support.faulty_file_system import FaultyFileSystem

from teleop_collect.recording.index_store import BLOCK_BYTES, IndexStore

RECORDS = [os.urandom(1000) for _ in range(3 * BLOCK_BYTES // 1000)]


def kept(store: IndexStore) -> bytes:
    for record in RECORDS:
        store.add(record)
    return b"".join(store.blocks())


def test_what_does_not_fit_waits_in_a_file_that_goes_with_the_store(tmp_path: Path) -> None:
    path = tmp_path / "index"
    store = IndexStore(path)

    assert kept(store) == b"".join(RECORDS)
    assert path.stat().st_size >= 2 * BLOCK_BYTES
    assert store.size == sum(map(len, RECORDS))
    store.close()
    store.close()
    assert not path.exists()


def test_without_a_file_all_stays_in_memory() -> None:
    assert kept(IndexStore()) == b"".join(RECORDS)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_disk_that_refuses_the_file_costs_nothing_but_memory(tmp_path: Path, at: int) -> None:
    disk = FaultyFileSystem(at, errno.ENOSPC, calls=["create", "writev"], persistent=True)
    store = IndexStore(tmp_path / "index", disk)

    assert kept(store) == b"".join(RECORDS)
    store.close()
