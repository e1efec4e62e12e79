import math

import pytest
import torch

from search_spaces.architectures.transformer import Transformer
from search_spaces.layers.attention import EncoderBlock, SelfAttention, positions
from search_spaces.shape import Shape

TEXT = Shape((9,), "text", vocabulary=30)
SERIES = Shape((9, 3))
SMALL = {"width": 8, "heads": 2, "depth": 2, "feedforward": 2}


def test_attention_is_the_papers_formula_head_by_head():
    torch.manual_seed(0)
    attention = SelfAttention(width=6, heads=2, dropout=0.0)
    x, real = torch.randn(2, 5, 6), torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    weights, biases = attention.inward.weight.chunk(3), attention.inward.bias.chunk(3)
    queries, keys, values = (x @ weight.T + bias for weight, bias in zip(weights, biases, strict=True))
    heads = []
    for head in (slice(0, 3), slice(3, 6)):
        scores = queries[..., head] @ keys[..., head].transpose(1, 2) / math.sqrt(3)
        shares = scores.masked_fill(~real[:, None, :], -torch.inf).softmax(-1)
        heads.append(shares @ values[..., head])
    expected = torch.cat(heads, -1) @ attention.outward.weight.T + attention.outward.bias
    torch.testing.assert_close(attention(x, real), expected, rtol=0, atol=1e-6)


def test_positions_are_the_papers_sines_and_cosines():
    # PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i+1) = cos of the same (Vaswani et al., section 3.5).
    found = positions(steps=7, width=6)
    for step, feature in ((0, 0), (3, 2), (6, 5)):
        angle = step / 10_000 ** (feature // 2 * 2 / 6)
        assert found[step, feature] == pytest.approx(math.cos(angle) if feature % 2 else math.sin(angle), abs=1e-6)
    assert positions(4, 5).shape == (4, 5)


@pytest.mark.parametrize("norm_first", [False, True])
def test_a_block_normalises_what_enters_each_branch_or_each_sum(norm_first):
    torch.manual_seed(0)
    block = EncoderBlock(8, 2, 16, 0.0, norm_first, "relu")
    x, real = torch.randn(2, 5, 8), torch.ones(2, 5, dtype=torch.bool)
    first, second = block.norms
    if norm_first:
        middle = x + block.attention(first(x), real)
        expected = middle + block.steps(second(middle))
    else:
        middle = first(x + block.attention(x, real))
        expected = second(middle + block.steps(middle))
    torch.testing.assert_close(block(x, real), expected)


@pytest.mark.parametrize("pooling", ["mean", "max"])
@pytest.mark.parametrize("norm_first", [False, True])
def test_padding_does_not_change_what_comes_out(pooling, norm_first):
    network = Transformer(**SMALL, pooling=pooling, norm_first=norm_first).build(TEXT, 2).eval()
    batch = torch.tensor([[4, 5, 6, 0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8, 9]])
    alone = torch.cat([network(batch[:1, :3]), network(batch[1:])])
    torch.testing.assert_close(network(batch), alone, rtol=0, atol=1e-6)


def test_the_order_of_words_matters():
    network = Transformer(**SMALL).build(TEXT, 2).eval()
    assert not torch.allclose(network(torch.tensor([[3, 4, 5]])), network(torch.tensor([[5, 4, 3]])))


def test_a_text_without_words_still_gives_an_answer():
    network = Transformer(**SMALL).build(TEXT, 2).eval()
    assert network(torch.zeros(2, 9, dtype=torch.long)).isfinite().all()


def test_words_enter_at_the_size_of_the_positions():
    torch.manual_seed(0)
    network = Transformer(**SMALL).build(Shape((9,), "text", vocabulary=5000), 2)
    entering = network.reader.features_of.weight[1:] * network.scale
    assert entering.std().item() == pytest.approx(1, abs=0.05)


def test_a_series_is_mapped_to_the_width_and_forecast():
    network = Transformer(**SMALL, relative=True).build(SERIES, 6).eval()
    x = torch.randn(2, 9, 3)
    assert network(x).shape == (2, 6)
    torch.testing.assert_close(network(x + 100), network(x) + 100, rtol=0, atol=1e-4)


def test_the_width_must_be_a_multiple_of_the_heads():
    with pytest.raises(ValueError, match="width must be a multiple of heads, got width=30, heads=4; set width to 28"):
        Transformer(width=30, heads=4)


def test_every_width_and_heads_of_the_ranges_go_together():
    ranges = Transformer.dimensions()
    for width in ranges["width"].grid(100):
        for heads in ranges["heads"].grid():
            Transformer(width=width, heads=heads)


def test_it_can_be_exported_for_batches_of_any_size():
    network = Transformer(**SMALL).build(TEXT, 2).eval()
    tokens = torch.tensor([[4, 5, 6, 0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8, 9]])
    exported = torch.export.export(network, (tokens,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)).module()
    batch = tokens[[0, 0, 1]]
    torch.testing.assert_close(exported(batch), network(batch), rtol=0, atol=1e-6)
