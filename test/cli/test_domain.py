import socket

import pytest

from teleop_collect.cli.domain import claim_free_domain
from teleop_collect.errors import BusyError, ConfigError
from teleop_collect.rig.domain import claim_domain, environment_domain


def test_a_domain_can_be_claimed_once():
    domain, lock = claim_free_domain()
    with lock, pytest.raises(BusyError, match=f"ROS domain {domain} is in use"):
        claim_domain(domain)


def test_rigs_in_different_namespaces_share_a_domain():
    domain, lock = claim_free_domain()
    taken = pytest.raises(BusyError, match=f"ROS domain {domain}/cell_1 is in use")
    with lock, claim_domain(domain, "/cell_1"), taken:
        claim_domain(domain, "cell_1/")


def test_a_released_domain_can_be_claimed_again():
    domain, lock = claim_free_domain()
    lock.close()

    claim_domain(domain).close()


def test_a_domain_is_locked_whatever_the_folder_for_temporary_files_is(monkeypatch, tmp_path):
    domain, lock = claim_free_domain()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with lock, pytest.raises(BusyError):
        claim_domain(domain)


@pytest.mark.parametrize("number", [0, 3], ids=["first", "a later one"])
def test_a_domain_with_a_dds_participant_is_not_free(number):
    domain, lock = claim_free_domain()
    lock.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as participant:
        participant.bind(("", 7410 + 250 * domain + 2 * number))

        other, lock = claim_free_domain()

    lock.close()
    assert other != domain


@pytest.mark.parametrize("text", ["102", "-1", "one"])
def test_an_impossible_domain_is_refused(monkeypatch, text):
    monkeypatch.setenv("ROS_DOMAIN_ID", text)

    with pytest.raises(ConfigError, match=f"ROS_DOMAIN_ID is '{text}'; it must be 0 to 101"):
        environment_domain()
