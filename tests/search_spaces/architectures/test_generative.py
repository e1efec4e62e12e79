import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

from search_spaces.architectures.autoencoder import Autoencoder
from search_spaces.architectures.gan import Adversaries, Gan
from search_spaces.architectures.vae import Vae, Variational, divergence
from search_spaces.shape import Shape


@pytest.fixture(autouse=True)
def one_seed() -> None:
    torch.manual_seed(0)


def widths(network: nn.Module) -> list[int]:
    return [layer.out_features for layer in network.modules() if isinstance(layer, nn.Linear)]


def variational(inputs: Shape) -> Variational:
    network = Vae().build(inputs, 10)
    assert isinstance(network, Variational)
    return network


def adversaries(inputs: Shape, **fields: float) -> Adversaries:
    network = Gan.model_validate(fields).build(inputs, 10)
    assert isinstance(network, Adversaries)
    return network


@pytest.mark.parametrize("inputs", [Shape((1, 8, 8)), Shape((3, 10, 7)), Shape((16,)), Shape((24, 3))])
def test_a_reconstruction_has_the_samples_shape(inputs: Shape) -> None:
    x = torch.randn(4, *inputs)
    assert Autoencoder().build(inputs, 10)(x).shape == x.shape


def test_the_decoder_mirrors_the_encoder() -> None:
    # the network of the paper's digits: 784-1000-500-250-30 and back
    network = Autoencoder(width=1000, depth=3, latents=30).build(Shape((1, 28, 28)), 10)
    assert widths(network) == [1000, 500, 250, 30, 250, 500, 1000, 784]


def test_noise_hides_its_share_from_the_encoder_in_training_only() -> None:
    network = Autoencoder(noise=0.3).build(Shape((100,)), 10)
    seen = []
    network.encoder.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    x = torch.ones(200, 100)
    network(x)
    network.eval()(x)
    assert (seen[0] == 0).float().mean().item() == pytest.approx(0.3, abs=0.02)
    assert seen[0].unique().tolist() == [0, 1]  # what is left is not scaled up
    assert torch.equal(seen[1], x)


def test_a_vae_encodes_to_two_numbers_a_latent_and_decodes_to_images() -> None:
    network, x = variational(Shape((1, 8, 8))), torch.rand(4, 1, 8, 8)
    mean, log_variance = network.encode(x)
    assert mean.shape == log_variance.shape == (4, 20)
    assert network.decode(mean).shape == x.shape
    assert torch.equal(network(x), network.decode(mean).sigmoid())


def test_the_divergence_of_the_standard_normal_is_zero() -> None:
    assert divergence(torch.zeros(3, 5), torch.zeros(3, 5)).tolist() == [0, 0, 0]


def test_the_divergence_is_that_of_torch_distributions() -> None:
    mean, log_variance = torch.randn(2, 6, 4, dtype=torch.float64)
    standard = Normal(torch.zeros(()).double(), torch.ones(()).double())
    expected = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), standard).sum(1)
    torch.testing.assert_close(divergence(mean, log_variance), expected)


@pytest.mark.parametrize("sides", [(2, 2), (4, 4), (7, 7), (8, 8), (9, 14), (28, 28), (32, 32), (64, 64)])
def test_generator_and_discriminator_fit_images_of_any_size(sides: tuple[int, int]) -> None:
    network = adversaries(Shape((3, *sides)), channels=4)
    images = network(torch.randn(5, 64))
    assert images.shape == (5, 3, *sides)
    assert images.abs().max() <= 1
    assert network.discriminator(images).shape == (5,)


def test_the_generator_grows_from_4_to_7_pixels() -> None:
    grown = {}
    for side in (8, 28, 64):
        network = adversaries(Shape((1, side, side)), channels=4)
        grown[side] = [layer.unflattened_size[-1] for layer in network.modules() if isinstance(layer, nn.Unflatten)]
    assert grown == {8: [4], 28: [7], 64: [4]}


def test_weights_start_as_in_the_dcgan_paper() -> None:
    # normal with deviation 0.02 (section 4 of Radford et al.)
    network = adversaries(Shape((1, 28, 28)))
    kinds = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
    weights = torch.cat([layer.weight.flatten() for layer in network.modules() if isinstance(layer, kinds)])
    assert weights.std().item() == pytest.approx(0.02, rel=0.02)
    assert weights.mean().item() == pytest.approx(0, abs=1e-3)


def test_too_small_an_image_is_refused() -> None:
    with pytest.raises(ValueError, match="gan needs images of at least 2 x 2 pixels, got 1 x 1"):
        adversaries(Shape((1, 1, 1)))
