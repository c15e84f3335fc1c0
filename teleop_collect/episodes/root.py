"""A dataset root: finding its episodes, and setting one aside.

<root>/episodes/<episode_id>/ holds finished episodes, <root>/discarded/ those set aside.
"""

from pathlib import Path

from teleop_collect.episodes.files import MANIFEST
from teleop_collect.episodes.folder_calls import FolderCalls, move_folder
from teleop_collect.errors import ConfigError, UnreadableError

DEFAULT_ROOT = "~/teleop_collect"
EPISODES, DISCARDED = "episodes", "discarded"
LATEST = "latest"


def episode_folders(root: str | Path) -> list[Path]:
    """Folders of all finished episodes of a root, oldest first.

    Raises:
        UnreadableError: the root holds no `episodes` folder.
    """
    folder = Path(root).expanduser() / EPISODES
    if not folder.is_dir():
        raise UnreadableError(
            f"{folder.parent}: no dataset root, it has no folder `{EPISODES}`; "
            "record something first, or name another root"
        )
    return sorted(f for f in folder.iterdir() if f.is_dir() and not f.name.startswith("."))


def find_episode(name: str, root: str | Path) -> Path:
    """The episode that a person means.

    Args:
        name: a path, an episode id, the unambiguous beginning of one, or `latest`.
        root: where ids are looked up.

    Raises:
        UnreadableError: none or several episodes match.
    """
    path = Path(name).expanduser()
    if path.exists() and (path.is_file() or any(path.glob("*.mcap"))):
        return path
    folders = episode_folders(root)
    if name == LATEST and folders:
        return folders[-1]
    matches = [f for f in folders if f.name == name] or [
        f for f in folders if f.name.startswith(name)
    ]
    if len(matches) == 1:
        return matches[0]
    if matches:
        several = ", ".join(f.name for f in matches[:5])
        raise UnreadableError(f"{name!r} begins {len(matches)} episode ids: {several}")
    raise UnreadableError(
        f"no episode {name!r} in {root} ({len(folders)} episodes); "
        "list them with: teleop-collect episodes list"
    )


def expand(path: str | Path) -> list[Path]:
    """Episodes at a path: all of a root's, or the one that the path is.

    Raises:
        UnreadableError: the path does not exist.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise UnreadableError(f"{path}: no such file or folder")
    return episode_folders(path) if is_root(path) else [path]


def is_root(path: str | Path) -> bool:
    """Whether a path is a dataset root, and no episode."""
    path = Path(path).expanduser()
    return (path / EPISODES).is_dir() and not (path / MANIFEST).exists()


def discard(folder: Path, calls: FolderCalls | None = None) -> Path:
    """Move a finished episode to the root's `discarded` folder; nothing is deleted.

    Args:
        folder: of the episode.
        calls: on folders, the operating system's when None.

    Returns:
        Where it lies now.

    Raises:
        ConfigError: the folder is no finished episode of a root, or its place is taken.
        OSError: it could not be moved; or it was, and a loss of power may bring it back.
    """
    folder = folder.resolve()
    if folder.parent.name != EPISODES or not folder.is_dir():
        raise ConfigError(f"{folder} is not an episode folder below ROOT/{EPISODES}")
    target = folder.parent.parent / DISCARDED / folder.name
    if target.exists():
        raise ConfigError(f"{target} exists already; move it away first")
    move_folder(calls or FolderCalls(), folder, target)
    return target
