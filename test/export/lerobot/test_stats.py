import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from teleop_collect.export.lerobot.stats import (
    ORDERED_STATS,
    ImageHistogram,
    sampled_steps,
    vector_stats,
)


def test_vector_statistics_are_numpys_own():
    values = np.array([[0.0, 10.0], [1.0, 10.0], [2.0, 10.0], [7.0, 10.0]])
    stats = vector_stats(values)
    assert stats["min"].tolist() == [0.0, 10.0]
    assert stats["max"].tolist() == [7.0, 10.0]
    assert stats["mean"].tolist() == [2.5, 10.0]
    assert stats["std"].tolist() == [np.sqrt(7.25), 0.0]
    assert stats["q50"].tolist() == [1.5, 10.0]
    np.testing.assert_allclose(stats["q99"], [6.85, 10.0])
    assert stats["count"].tolist() == [4]


@settings(max_examples=40, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 4), st.just(5), st.just(6), st.just(3))))
def test_image_statistics_from_counts_equal_those_from_pixels(images):
    histogram = ImageHistogram()
    for image in images:
        histogram.add(image)
    pixels = images.reshape(-1, 3) / 255
    expected = vector_stats(pixels)
    stats = histogram.stats()
    for name in (*ORDERED_STATS, "mean", "std"):
        np.testing.assert_allclose(stats[name], expected[name].reshape(3, 1, 1), atol=1e-12)
    assert stats["count"].tolist() == [len(images)]


def test_merged_histograms_are_one_of_all_images():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    whole, first, second = ImageHistogram(), ImageHistogram(), ImageHistogram()
    for number, image in enumerate(images):
        whole.add(image)
        (first if number < 2 else second).add(image)
    first.merge(second)
    for name, value in whole.stats().items():
        np.testing.assert_array_equal(first.stats()[name], value)


def test_short_episodes_are_sampled_whole_and_long_ones_thinly():
    assert sampled_steps(5).tolist() == [0, 1, 2, 3, 4]
    assert len(sampled_steps(100)) == 100
    assert len(sampled_steps(1000)) == 177
    long = sampled_steps(5000)
    assert len(long) == 594
    assert (long[0], long[-1]) == (0, 4999)
    assert len(set(long.tolist())) == 594


def test_large_images_are_thinned_to_about_150_px():
    histogram = ImageHistogram()
    image = np.zeros((240, 320, 3), dtype=np.uint8)
    image[1::2] = 255  # rows that a stride of 2 leaves out
    histogram.add(image)
    assert histogram.stats()["max"].ravel().tolist() == [0.0, 0.0, 0.0]
