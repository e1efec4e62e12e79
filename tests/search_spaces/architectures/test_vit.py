import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from search_spaces.architectures.vit import Patches, Vit
from search_spaces.datasets.digits import Digits
from search_spaces.layers.attention import SelfAttention
from search_spaces.shape import Shape


@pytest.fixture(autouse=True)
def one_seed():
    torch.manual_seed(0)


def test_attention_is_the_formula_of_the_paper():
    # softmax(q k^T / sqrt(width of a head)) v, head by head (Vaswani et al., NIPS 2017, equation 1).
    attention, x = SelfAttention(width=12, heads=3), torch.randn(2, 5, 12)
    queries, keys, values = attention.inward(x).split(12, dim=-1)
    seen = []
    for head in (slice(0, 4), slice(4, 8), slice(8, 12)):
        scores = queries[..., head] @ keys[..., head].transpose(1, 2) / math.sqrt(4)
        seen.append((scores.exp() / scores.exp().sum(-1, keepdim=True)) @ values[..., head])
    assert torch.allclose(attention(x), attention.outward(torch.cat(seen, -1)), rtol=0, atol=1e-6)


def test_a_block_is_torchs_own_encoder_layer():
    ours = nn.Sequential(*Vit(width=32, heads=4, expansion=4, dropout=0.0)._block(32, 4))
    theirs = nn.TransformerEncoderLayer(32, 4, 128, 0.0, activation="gelu", batch_first=True, norm_first=True)
    # Both name their weights in the same order: but for the norms, which torch keeps behind the layers.
    norms = [key for key, _ in theirs.named_parameters() if key.startswith("norm")]
    layers = [key for key, _ in theirs.named_parameters() if not key.startswith("norm")]
    order = [*norms[:2], *layers[:4], *norms[2:], *layers[4:]]
    theirs.load_state_dict(dict(zip(order, ours.state_dict().values(), strict=True)))
    x = torch.randn(2, 5, 32)
    assert torch.allclose(ours(x), theirs(x), rtol=0, atol=1e-6)


def test_patches_are_read_row_by_row_behind_the_class_token():
    patches = Patches(Shape((1, 4, 6)), patch=2, width=4)
    nn.init.zeros_(patches.positions)
    nn.init.constant_(patches.token, 7)
    nn.init.dirac_(patches.embed.weight.view(4, 4, 1))  # the four pixels of a patch, as they are
    nn.init.zeros_(patches.embed.bias)
    x = torch.arange(24.0).reshape(1, 1, 4, 6)
    rows = [[7, 7, 7, 7], [0, 1, 6, 7], [2, 3, 8, 9], [4, 5, 10, 11], [12, 13, 18, 19], [14, 15, 20, 21]]
    assert patches(x)[0].tolist() == [*rows, [16, 17, 22, 23]]


def test_moving_the_patches_changes_the_outputs():
    network, x = Vit().build(Shape((1, 8, 8)), 10).eval(), torch.randn(1, 1, 8, 8)
    assert not torch.allclose(network(x), network(x.roll(4, dims=-1)), atol=1e-3)


def test_a_size_stands_for_width_depth_heads_and_expansion():
    with torch.device("meta"):
        given = Vit(size="tiny", width=32, depth=1, heads=1, expansion=1).build(Shape((3, 32, 32)), 10)
        spelt = Vit(width=192, depth=12, heads=3, expansion=4).build(Shape((3, 32, 32)), 10)
    assert [p.shape for p in given.parameters()] == [p.shape for p in spelt.parameters()]


@pytest.mark.slow  # ten seconds on one thread
def test_digits_are_read_with_95_percent_accuracy():
    data = Digits().build()
    network = Vit().build(data.inputs, data.outputs)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
    for _ in range(20):
        for batch in torch.randperm(len(data.train)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(network(data.train.x[batch]), data.train.y[batch]).backward()
            optimizer.step()
    network.eval()
    assert (network(data.test.x).argmax(1) == data.test.y).float().mean() >= 0.95
