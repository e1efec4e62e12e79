"""Augmentations: what each does to a tiny batch, by hand, and that a seed repeats it."""

import math

import pytest
import torch

from search_spaces import plugins
from search_spaces.augmentations import _images, _texts
from search_spaces.augmentations.colour import Colour
from search_spaces.augmentations.crop import Crop
from search_spaces.augmentations.flip import Flip
from search_spaces.augmentations.images import Images
from search_spaces.augmentations.noise import Noise
from search_spaces.augmentations.rotate import Rotate
from search_spaces.augmentations.synonyms import Synonyms
from search_spaces.augmentations.word_dropout import WordDropout

FOLDER = "search_spaces.augmentations"
WORDS = ("<padding>", "<unknown>", "good", "fine", "great", "film", "movie", "bad")
IMAGE = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])


@pytest.fixture
def table(tmp_path):
    file = tmp_path / "synonyms.tsv"
    file.write_text("good\tfine\ngood\tgreat\nfilm\tmovie\n\ngood\tfine\nbad\tatrocious\n", encoding="utf-8")
    return file


def choices(table):
    kinds = [plugins.find(FOLDER, name) for name in plugins.names(FOLDER)]
    return [kind(file=table, share=0.5) if kind is Synonyms else kind() for kind in kinds]


def batch(kind, rows=8):
    generator = torch.Generator().manual_seed(1)
    if kind == "text":
        texts = torch.randint(1, len(WORDS), (rows, 9), generator=generator)
        texts[:, 6:] = 0
        return texts
    sizes = {"image": (3, 6, 8), "series": (12, 2), "vector": (5,)}
    return torch.randn(rows, *sizes[kind], generator=generator)


def images(count, *size):
    return torch.randn(count, *size, generator=torch.Generator().manual_seed(0))


def test_flips_swap_left_and_right_or_top_and_bottom():
    assert Flip(horizontal=1.0).build()(IMAGE).tolist() == [[[[2, 1], [4, 3]]]]
    assert Flip(horizontal=0.0, vertical=1.0).build()(IMAGE).tolist() == [[[[3, 4], [1, 2]]]]
    assert Flip(horizontal=1.0, vertical=1.0).build()(IMAGE).tolist() == [[[[4, 3], [2, 1]]]]


def test_about_half_of_the_images_are_flipped_each_by_its_own_lot():
    torch.manual_seed(0)
    x = images(1000, 1, 2, 2)

    flipped = (Flip().build()(x) != x).flatten(1).any(1)

    assert 440 < flipped.sum() < 560  # four deviations of 15.8 around 500


def test_a_quarter_turn_is_torchs_rot90():
    x = images(3, 2, 5, 5)
    quarter = math.pi / 2

    turned = _images.rotated(x, torch.tensor([quarter, -quarter, 2 * quarter]))

    for index, times in enumerate((1, -1, 2)):
        torch.testing.assert_close(turned[index], x[index].rot90(times, (1, 2)))


def test_images_that_are_not_square_turn_without_being_sheared():
    # A point one to the right of the centre of 3 x 5 goes one up when turned counter-clockwise.
    x = torch.zeros(1, 1, 3, 5)
    x[0, 0, 1, 3] = 1

    turned = _images.rotated(x, torch.tensor([math.pi / 2]))

    assert turned[0, 0, 0, 2].item() == pytest.approx(1, abs=1e-5)
    assert turned.sum().item() == pytest.approx(1, abs=1e-5)


def test_images_are_turned_no_further_than_they_may():
    torch.manual_seed(0)
    x = torch.zeros(200, 1, 21, 21)
    x[:, :, 10, 20] = 1.0
    assert torch.allclose(Rotate(degrees=0.0).build()(x), x, atol=1e-5)

    turned = Rotate(degrees=20.0).build()(x)

    rows = (turned.sum(3)[:, 0] * torch.arange(21.0)).sum(1) / turned.sum((1, 2, 3))
    sideways = (10 - rows) / 10
    assert sideways.abs().max() <= math.sin(math.radians(20)) + 0.05
    assert sideways.max() > 0.25
    assert sideways.min() < -0.25


def test_crops_shift_and_fill_with_nothing():
    x = IMAGE.expand(3, 1, 2, 2)

    moved = _images.cropped(x, 1, torch.tensor([1, 0, 2]), torch.tensor([1, 0, 1]))

    assert moved[0].tolist() == [[[1, 2], [3, 4]]]
    assert moved[1].tolist() == [[[0, 0], [0, 1]]]
    assert moved[2].tolist() == [[[3, 4], [0, 0]]]


def test_crops_shift_every_way_and_keep_channels_apart():
    torch.manual_seed(0)
    x = torch.arange(1.0, 10.0).view(1, 3, 3)
    x = torch.stack([x, 10 * x], 1).expand(300, 2, 3, 3)

    moved = Crop(padding=1).build()(x)

    assert len({tuple(one.flatten().tolist()) for one in moved}) == 9  # 3 x 3 windows
    assert moved[:, 1].equal(10 * moved[:, 0])


def test_colours_by_hand():
    # Channels 1 and 3: grey 2. Saturation 0 makes both 2; half the contrast around the mean 2 changes nothing then.
    x = torch.tensor([1.0, 3.0]).view(1, 2, 1, 1)
    one, half, nothing = torch.tensor([1.0]), torch.tensor([0.5]), torch.tensor([0.0])

    assert _images.coloured(x, nothing, one, nothing).flatten().tolist() == [2, 2]
    assert _images.coloured(x, nothing, half, one).flatten().tolist() == [1.5, 2.5]
    assert _images.coloured(x, half, one, one).flatten().tolist() == [1.5, 3.5]


def test_light_changes_by_no_more_than_it_may():
    torch.manual_seed(0)
    x = images(500, 1, 4, 4)

    shift = (Colour(brightness=0.3, contrast=0.0, saturation=0.0).build()(x) - x).flatten(1)
    torch.testing.assert_close(shift, shift[:, :1].expand_as(shift), atol=1e-5, rtol=0)
    assert 0.28 < shift.abs().max() <= 0.3 + 1e-5
    stretch = Colour(brightness=0.0, contrast=0.5, saturation=0.0).build()(x).flatten(1).std(1) / x.flatten(1).std(1)
    assert 0.5 - 1e-4 <= stretch.min() < 0.52
    assert 1.48 < stretch.max() <= 1.5 + 1e-4


def test_saturation_leaves_grey_images_alone():
    x = images(5, 1, 4, 4)

    torch.testing.assert_close(Colour(brightness=0.0, contrast=0.0, saturation=0.5).build()(x), x)


def test_images_with_everything_at_zero_stay_as_they_are():
    x = images(5, 3, 4, 4)

    assert Images(flip=0.0, rotate=0.0, crop=0, colour=0.0).build()(x).equal(x)


@pytest.mark.parametrize("settings", [{"flip": 1.0}, {"rotate": 30.0}, {"crop": 3}, {"colour": 0.5}])
def test_images_take_each_step_that_is_on(settings):
    torch.manual_seed(0)
    x = images(5, 3, 8, 8)
    off = {"flip": 0.0, "rotate": 0.0, "crop": 0, "colour": 0.0}

    assert not torch.allclose(Images(**off | settings).build()(x), x)


def test_images_take_all_their_steps_in_turn():
    x = images(6, 3, 8, 8)
    torch.manual_seed(3)
    found = Images(flip=0.5, rotate=10.0, crop=2, colour=0.2).build()(x)

    torch.manual_seed(3)
    expected = _images.rotate(_images.flip(x, 0.5, axis=3), 10.0)
    expected = _images.colour(_images.crop(expected, 2), 0.2, 0.2, 0.2)
    assert found.equal(expected)


def test_words_that_are_dropped_leave_no_hole():
    x = torch.tensor([[5, 6, 7, 0], [5, 6, 7, 8]])
    chosen = torch.tensor([[True, False, True, False], [False, True, False, False]])

    assert _texts.without(x, chosen).tolist() == [[6, 0, 0, 0], [5, 7, 8, 0]]


def test_a_text_never_loses_all_its_words():
    x = torch.tensor([[5, 6, 0], [0, 0, 0]])

    assert _texts.without(x, torch.ones(2, 3, dtype=torch.bool)).tolist() == [[5, 6, 0], [0, 0, 0]]


def test_words_are_dropped_as_often_as_asked():
    torch.manual_seed(0)
    x = torch.full((1000, 10), 3)

    kept = (WordDropout(share=0.2).build()(x) != 0).float().mean()

    assert kept.item() == pytest.approx(0.8, abs=0.02)  # five deviations of 0.004


def test_synonyms_replace_words_by_those_of_the_table(table):
    torch.manual_seed(0)
    x = torch.tensor([[2, 5, 7, 3, 1, 0]]).expand(300, -1)

    found = Synonyms(file=table, share=1.0).build(WORDS)(x)

    first = found[:, 0].bincount(minlength=8)
    assert first[3] + first[4] == 300  # good: fine or great
    assert 110 < first[3] < 190  # about half each, though the table has one of them twice
    assert (found[:, 1] == 6).all()  # film: movie
    assert found[:, 2:].equal(x[:, 2:])  # bad has a synonym that the data does not know; the others have none


def test_synonyms_come_as_often_as_asked(table):
    torch.manual_seed(0)
    x = torch.full((2000, 5), 5)

    share = (Synonyms(file=table, share=0.3).build(WORDS)(x) == 6).float().mean().item()

    assert share == pytest.approx(0.3, abs=0.02)


def test_a_line_that_is_no_pair_is_named(tmp_path):
    file = tmp_path / "table.tsv"
    file.write_text("good\tfine\ngood fine\n", encoding="utf-8")

    with pytest.raises(ValueError, match=r"table.tsv, line 2: must be a word, a tab and one synonym, got 'good fine'"):
        Synonyms(file=file).build(WORDS)


def test_a_missing_table_and_missing_words_are_named(tmp_path, table):
    with pytest.raises(ValueError, match=r"the table of synonyms is not there: .*none.tsv; check the path"):
        Synonyms(file=tmp_path / "none.tsv").build(WORDS)
    with pytest.raises(ValueError, match="synonyms needs the word of each token"):
        Synonyms(file=table).build()


def test_noise_has_the_deviation_that_was_asked_for():
    torch.manual_seed(0)
    x = torch.zeros(100, 50, 2)

    assert Noise(deviation=0.3).build()(x).std().item() == pytest.approx(0.3, rel=0.05)


def test_scaling_is_the_same_for_all_steps_of_a_channel():
    torch.manual_seed(0)
    factors = Noise(deviation=0.0, scale=0.2).build()(torch.ones(500, 7, 2))

    assert factors.equal(factors[:, :1].expand_as(factors))
    assert not factors[:, 0, 0].equal(factors[:, 0, 1])
    assert factors[:, 0].std().item() == pytest.approx(0.2, rel=0.15)


def test_every_augmentation_keeps_shape_and_kind_and_leaves_the_batch_it_was_given_alone(table):
    for choice in choices(table):
        for kind in choice.fits:
            x = batch(kind)
            before = x.clone()
            found = choice.build(WORDS)(x)
            assert (found.shape, found.dtype) == (x.shape, x.dtype), choice
            assert x.equal(before), choice
            assert not found.requires_grad


def test_every_augmentation_repeats_itself_under_a_seed_and_only_then(table):
    for choice in choices(table):
        module, x = choice.build(WORDS), batch(choice.fits[0], rows=64)
        runs = []
        for seed in (5, 5, 6):
            torch.manual_seed(seed)
            runs.append(module(x))
        assert runs[0].equal(runs[1]), choice
        assert runs[0].equal(runs[2]) == (choice.key() == "none"), choice


def test_no_augmentation_does_anything_in_evaluation_mode_or_is_kept_in_a_checkpoint(table):
    for choice in choices(table):
        x = batch(choice.fits[0])
        assert choice.build(WORDS).eval()(x).equal(x), choice
        assert not choice.build(WORDS).state_dict(), choice


def test_there_is_an_augmentation_for_every_kind_of_sample(table):
    found = {kind for choice in choices(table) if choice.key() != "none" for kind in choice.fits}

    assert found == {"image", "text", "series", "vector"}
