"""A small version of `make bench ONLY=predicates`: labels against the simulator's contacts."""

import json

import pytest
from support.simulated_recording import studio

from teleop_collect.devices.sim.pick_and_place import IntendedOutcome as Intended
from teleop_collect.episodes.labels import read_labels, standing
from teleop_collect.episodes.predicates.offline import judge_episode
from teleop_collect.episodes.predicates.tasks_file import load_tasks
from teleop_collect.episodes.reader import open_episode
from teleop_collect.errors import ConfigError
from teleop_collect.provenance.manifest import read_manifest

pytestmark = pytest.mark.timeout(240)

ATTEMPTS = (
    (Intended.SUCCESS, True, (True, True, True)),
    (Intended.GRASP_MISSED, False, (False, False, False)),
    (Intended.DROPPED, False, (True, True, False)),
    (Intended.BIN_MISSED, False, (True, True, False)),
)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp("simulated")
    with studio(root) as made:
        return [made.record(seed, a[0], label=True) for seed, a in enumerate(ATTEMPTS)]


@pytest.mark.parametrize("number", range(len(ATTEMPTS)))
def test_labels_are_the_truth_live_and_from_the_file(recorded, number):
    episode_, (_, success, steps) = recorded[number], ATTEMPTS[number]
    assert (episode_.success, tuple(episode_.steps.values())) == (success, steps)
    by_operator, live = read_labels(episode_.folder)
    assert (live.by, live.success, tuple(live.steps.values())) == ("predicate", success, steps)
    assert tuple(live.steps) == ("grasp", "lift", "place")
    assert (by_operator.by, by_operator.success) == ("operator", True)
    assert episode_.live_events == tuple(n for n, reached in live.steps.items() if reached)
    with open_episode(episode_.folder) as episode:
        found = judge_episode(episode)
    assert found is not None
    assert json.loads(json.dumps(found.evidence)) == live.evidence
    assert {step.name: step.success for step in found.steps} == dict(live.steps)


def test_both_labels_and_their_agreement_are_kept(recorded):
    for episode_, (_, success, steps) in zip(recorded, ATTEMPTS, strict=True):
        outcome = read_manifest(episode_.folder).outcome
        assert (outcome.operator_label, outcome.predicate_label) == (True, success)
        assert outcome.agreement is success
        assert tuple(outcome.steps.values()) == steps
        with open_episode(episode_.folder) as episode:
            found = standing(episode.manifest, episode.labels)
        assert (found.person, found.predicate, found.needs_review) == (True, success, not success)


def test_recorded_episodes_are_judged_by_other_tasks(recorded, tmp_path):
    path = tmp_path / "tasks.yaml"
    head = "tasks:\n  pick_cube:\n    instruction: lift\n    success_when: "
    path.write_text(head + "once (height_above(cube, bin) > 9 cm) and time() < 60 s\n")
    with open_episode(recorded[2].folder) as episode:
        lifted = judge_episode(episode, load_tasks(path))
        path.write_text(head + "rise(ball) > 9 cm\n")
        with pytest.raises(ConfigError, match=r"'ball': no such object \(known: bin, cube\)"):
            judge_episode(episode, load_tasks(path))
    assert lifted is not None
    assert lifted.success is True
    path.write_text("tasks:\n  pick_cube:\n    instruktion: x\n")
    with pytest.raises(ConfigError, match="instruktion: unknown key; did you mean 'instruction'"):
        load_tasks(path)
