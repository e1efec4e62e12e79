import pytest
import torch

from search_spaces.architectures.linear import Linear
from search_spaces.shape import Shape

TEXT = Shape((6,), "text", vocabulary=10)
SERIES = Shape((30, 2))


@pytest.mark.parametrize("sizes", [(1, 4, 4), (16,)])
def test_images_and_vectors_go_through_one_layer_over_all_their_numbers(sizes):
    network = Linear().build(Shape(sizes), 3)
    x = torch.randn(5, *sizes)
    torch.testing.assert_close(network(x), x.flatten(1) @ network[1].weight.T + network[1].bias)


def test_a_text_scores_the_mean_of_its_words():
    network = Linear().build(TEXT, 3)
    torch.nn.init.normal_(network.scores.weight)
    with torch.no_grad():
        network.scores.weight[0] = 0
    scores = network.scores.weight
    expected = (scores[4] + scores[7] + scores[4]) / 3 + network.bias
    torch.testing.assert_close(network(torch.tensor([[4, 7, 4, 0, 0, 0]]))[0], expected)


def test_a_series_is_mapped_along_time_by_the_same_layer_for_every_channel():
    network = Linear().build(SERIES, 4 * 2)
    x = torch.randn(5, 30, 2)
    forecast = network(x).unflatten(1, (4, 2))
    for channel in range(2):
        expected = x[:, :, channel] @ network.rest.weight.T + network.rest.bias
        torch.testing.assert_close(forecast[:, :, channel], expected)
    assert sum(weight.numel() for weight in network.parameters()) == 30 * 4 + 4


def test_decomposition_maps_trend_and_rest_by_themselves():
    network = Linear(decomposition=True).build(SERIES, 4 * 2)
    x = torch.randn(3, 30, 2)
    padded = torch.cat([x[:, :1].repeat(1, 12, 1), x, x[:, -1:].repeat(1, 12, 1)], dim=1)
    trend = torch.stack([padded[:, step : step + 25].mean(1) for step in range(30)], dim=1)
    expected = network.trend(trend.transpose(1, 2)) + network.rest((x - trend).transpose(1, 2))
    torch.testing.assert_close(network(x).unflatten(1, (4, 2)), expected.transpose(1, 2), rtol=0, atol=1e-5)


def test_relative_is_the_formula_of_nlinear():
    torch.manual_seed(0)
    network = Linear(relative=True).build(SERIES, 4 * 2)
    torch.manual_seed(0)
    plain = Linear().build(SERIES, 4 * 2)
    x = torch.randn(3, 30, 2)
    last = x[:, -1:, :]
    expected = plain(x - last).unflatten(1, (4, 2)) + last
    torch.testing.assert_close(network(x).unflatten(1, (4, 2)), expected)


def test_a_series_that_is_not_forecast_goes_through_one_layer_over_all_its_numbers():
    assert Linear().build(SERIES, 3)[1].weight.shape == (3, 60)


@pytest.mark.parametrize("setting", ["decomposition", "relative"])
@pytest.mark.parametrize(("inputs", "outputs"), [(TEXT, 2), (SERIES, 3), (Shape((1, 4, 4)), 10)])
def test_what_belongs_to_forecasts_is_refused_elsewhere(setting, inputs, outputs):
    with pytest.raises(ValueError, match=f"{setting} needs a series .*set {setting} to false"):
        Linear(**{setting: True}).build(inputs, outputs)
