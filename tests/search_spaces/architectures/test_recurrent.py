import pytest
import torch
from torch import nn

from search_spaces.architectures.gru import Gru
from search_spaces.architectures.lstm import Lstm
from search_spaces.architectures.rnn import Rnn
from search_spaces.layers.recurrent import RecurrentLayer
from search_spaces.shape import Shape

TEXT = Shape((9,), "text", vocabulary=30)
SERIES = Shape((9, 3))
KINDS = (Rnn, Lstm, Gru)
GATES = {Rnn: 1, Lstm: 4, Gru: 3}


def texts(*lengths: int, width: int = 9) -> torch.Tensor:
    tokens = torch.zeros(len(lengths), width, dtype=torch.long)
    for row, length in zip(tokens, lengths, strict=True):
        row[:length] = torch.randint(1, 30, (length,))
    return tokens


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_has_a_weight_for_each_gate_input_and_unit_and_two_biases(kind):
    # Each gate has h * (h + i) weights and, as torch keeps one bias for the step and one for the state, 2 * h biases.
    h, i = 5, 3
    layer = RecurrentLayer(kind(hidden=h, bidirectional=False), i)
    assert sum(weight.numel() for weight in layer.parameters()) == GATES[kind] * (h * (h + i) + 2 * h)


def test_an_lstm_over_words_has_the_weights_of_its_three_parts():
    network = Lstm(hidden=5, embedding=4, bidirectional=True).build(TEXT, 2)
    words, layer, head = 30 * 4, 2 * 4 * (5 * (5 + 4) + 2 * 5), 2 * 5 * 2 + 2
    assert sum(weight.numel() for weight in network.parameters()) == words + layer + head


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
def test_padding_does_not_change_what_comes_out(kind, pooling):
    network = kind(hidden=4, embedding=4, layers=2, pooling=pooling).build(TEXT, 2).eval()
    batch = texts(3, 9, 1, 6)
    alone = [network(row[:length][None]) for row, length in zip(batch, (3, 9, 1, 6), strict=True)]
    torch.testing.assert_close(network(batch), torch.cat(alone), rtol=0, atol=1e-6)
    torch.testing.assert_close(network(batch[[0, 2]]), torch.cat([alone[0], alone[2]]), rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_no_gradient_reaches_the_padding(kind):
    network = kind(hidden=4, embedding=4, layers=2, pooling="max").build(TEXT, 2)
    network(texts(3, 9, 1, 6)).sum().backward()
    gradients = network.reader.features_of.weight.grad
    assert gradients[0].abs().sum() == 0 < gradients.abs().sum()


def test_reading_both_ways_is_torchs_bidirectional_lstm_on_packed_sequences():
    torch.manual_seed(0)
    layer = RecurrentLayer(Lstm(hidden=4), 3)
    expected = nn.LSTM(3, 4, batch_first=True, bidirectional=True)
    named = {f"{name}{end}": weight for cell, end in ((layer.ahead, ""), (layer.back, "_reverse"))
             for name, weight in cell.state_dict().items()}  # fmt: skip
    expected.load_state_dict(named)
    x, lengths = torch.randn(3, 6, 3), torch.tensor([4, 6, 1])
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    states, _ = nn.utils.rnn.pad_packed_sequence(expected(packed)[0], batch_first=True)
    real = (torch.arange(6) < lengths[:, None])[:, :, None]
    torch.testing.assert_close(layer(x, lengths) * real, states, rtol=0, atol=1e-6)


def test_the_last_states_are_those_with_which_torch_ends():
    torch.manual_seed(0)
    network = Gru(hidden=4, bidirectional=True, dropout=0).build(SERIES, 2)
    x = torch.randn(2, 9, 3)
    _, ahead = network.layers[0].ahead(x)
    _, back = network.layers[0].back(x.flip(1))
    torch.testing.assert_close(network(x), network.head(torch.cat([ahead[0], back[0]], dim=1)))


def test_one_direction_does_not_see_what_comes_later():
    layer = RecurrentLayer(Gru(hidden=4, bidirectional=False), 3)
    x, lengths = torch.randn(1, 6, 3), torch.tensor([6])
    changed = x.clone()
    changed[:, 4:] = 7
    assert torch.equal(layer(x, lengths)[:, :4], layer(changed, lengths)[:, :4])


def test_mean_and_max_pooling_are_those_of_the_real_states():
    x = texts(3, 9)
    for pooling, pool in (("mean", lambda it: it.mean(1)), ("max", lambda it: it.amax(1))):
        network = Gru(hidden=4, embedding=4, pooling=pooling).build(TEXT, 2).eval()
        short = x[:1, :3]
        states = network.layers[0](network.reader.features_of(short), torch.tensor([3]))
        torch.testing.assert_close(network(x)[:1], network.head(pool(states)), rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_without_words_still_gives_an_answer(kind):
    network = kind(pooling="max").build(TEXT, 2).eval()
    assert network(texts(0, 4)).isfinite().all()


def test_dropout_acts_on_words_between_layers_and_before_the_head():
    network = Gru(hidden=64, layers=2, embedding=64, dropout=0.5).build(TEXT, 2)
    seen = []
    network.dropout.register_forward_hook(lambda module, given, result: seen.append((result == 0).float().mean()))
    network(texts(9, 9, 9, 9))
    assert len(seen) == 3
    assert all(0.35 < share < 0.65 for share in seen)


def test_a_series_is_read_without_dropping_its_channels():
    network = Gru(hidden=4, dropout=0.9).build(SERIES, 2)
    seen = []
    network.layers[0].register_forward_hook(lambda module, given, result: seen.append(given[0]))
    network(x := torch.randn(2, 9, 3))
    assert torch.equal(seen[0], x)


def test_relative_forecasts_follow_the_level_of_the_series():
    network = Gru(hidden=4, relative=True).build(SERIES, 6).eval()
    x = torch.randn(2, 9, 3)
    torch.testing.assert_close(network(x + 100), network(x) + 100, rtol=0, atol=1e-4)


@pytest.mark.parametrize(("inputs", "outputs"), [(TEXT, 3), (SERIES, 4)])
def test_relative_is_refused_where_nothing_is_forecast(inputs, outputs):
    with pytest.raises(
        ValueError, match=r"relative needs a series whose channels are all forecast, got .*set relative"
    ):
        Gru(relative=True).build(inputs, outputs)


@pytest.mark.filterwarnings("ignore:The tensor attributes:UserWarning")  # torch's own, of its recurrent layers
@pytest.mark.parametrize("pooling", ["last", "max"])
def test_it_can_be_exported_for_batches_of_any_size(pooling):
    network = Lstm(hidden=4, embedding=4, pooling=pooling).build(TEXT, 2).eval()
    sizes = ({0: torch.export.Dim.DYNAMIC},)
    exported = torch.export.export(network, (texts(3, 9),), dynamic_shapes=sizes).module()
    torch.testing.assert_close(exported(batch := texts(2, 5, 1)), network(batch), rtol=0, atol=1e-6)
