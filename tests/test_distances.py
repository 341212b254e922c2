import numpy as np
import pytest

from animegan.files import InputError
from animegan.gan.distances import frechet_distance, kernel_distance, nearest, precision_recall, reach


def normal(count, mean=0.0, spread=1.0, width=4, seed=0):
    return np.random.default_rng(seed).normal(mean, spread, (count, width))


def test_a_set_is_at_no_distance_from_itself():
    features = normal(500)
    assert frechet_distance(features, features[::-1]) < 1e-8
    assert abs(kernel_distance(features, features, subsets=5, size=500)[0]) < 0.05
    assert precision_recall(features, features[::-1]) == (1.0, 1.0)


def test_the_frechet_distance_is_that_of_the_normal_distributions():
    # means 3 apart in each of 4 features, standard deviations 1 and 2: 4·(3² + (2 - 1)²)
    assert frechet_distance(normal(200_000), normal(200_000, 3, 2, seed=1)) == pytest.approx(40, rel=0.01)


def test_the_frechet_distance_sees_which_features_go_together():
    features = normal(5_000)
    together = features.copy()
    together[:, 1] = together[:, 0]
    assert frechet_distance(features, together) > 0.5


def test_the_frechet_distance_grows_and_is_symmetric():
    features = normal(2_000)
    near, far = normal(2_000, 0.5, seed=1), normal(2_000, 1, seed=2)
    assert frechet_distance(features, near) < frechet_distance(features, far)
    assert frechet_distance(features, far) == pytest.approx(frechet_distance(far, features))


def test_features_that_never_vary_are_no_obstacle():
    features = np.hstack([normal(100), np.ones((100, 2))])
    assert frechet_distance(features, features + np.eye(6)[4]) == pytest.approx(1, abs=1e-6)


def test_the_kernel_distance_is_unbiased():
    values = [kernel_distance(normal(100, seed=2 * i), normal(100, seed=2 * i + 1), subsets=1)[0] for i in range(300)]
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(len(values))
    assert kernel_distance(normal(300), normal(300, 1, seed=1))[0] > 10 * np.std(values) / np.sqrt(300)


@pytest.mark.parametrize("count", [60, 300])
def test_the_kernel_distance_of_few_pictures_has_an_error(count):
    _, error = kernel_distance(normal(count), normal(count, seed=1))
    assert 1e-3 < error < 0.1


def test_the_kernel_distance_depends_on_its_seed_alone():
    one, other = normal(200), normal(200, 1, seed=1)
    assert kernel_distance(one, other, size=50) == kernel_distance(one, other, size=50)
    assert kernel_distance(one, other, size=50) != kernel_distance(one, other, size=50, seed=1)


def test_collapse_costs_recall_and_strangers_cost_precision():
    real = normal(1_000)
    collapsed = real[np.arange(1_000) % 5] + normal(1_000, spread=0.01, seed=3)
    precision, recall = precision_recall(real, collapsed)
    assert precision > 0.9 and recall < 0.1
    strangers = np.vstack([normal(500, seed=4), normal(500, 20, seed=5)])
    precision, recall = precision_recall(real, strangers)
    assert 0.3 < precision < 0.6 and recall > 0.8


def test_nearest_finds_what_a_full_table_finds():
    points, others = normal(30), normal(2_500, seed=1)
    table = np.linalg.norm(points[:, None] - others, axis=2)
    index, distance = nearest(points, others)
    assert (index == table.argmin(axis=1)).all()
    assert np.allclose(distance, table.min(axis=1))


@pytest.mark.parametrize("measure", [frechet_distance, kernel_distance, precision_recall])
@pytest.mark.parametrize("shapes", [((10, 4), (11, 4)), ((10, 4), (10, 3)), ((1, 4), (1, 4)), ((10,), (10,))])
def test_sets_of_different_size_are_not_compared(measure, shapes):
    with pytest.raises(InputError, match="as many pictures"):
        measure(*(np.zeros(shape) for shape in shapes))


def test_the_reach_of_a_point_is_the_distance_to_its_kth_neighbour():
    points = np.array([[0.0], [1.0], [3.0], [7.0]])
    assert reach(points, 1) == pytest.approx([1, 1, 2, 4])
    assert reach(points, 2) == pytest.approx([3, 2, 3, 6])
