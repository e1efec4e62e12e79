"""Folders of images, written for each test."""

import pytest
import torch
from PIL import Image

from search_spaces.datasets.image_folder import ImageFolder, fitted, read_image


def paint(file, colour=(0, 0, 0), size=(6, 4)):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(file)


def fill(folder, counts, colour=0):
    for name, count in counts.items():
        for number in range(count):
            paint(folder / name / f"{number}.png", (colour + number, 0, 0))


def test_classes_are_the_folders_in_alphabetical_order(tmp_path):
    fill(tmp_path, {"dog": 10, "cat": 10})

    data = ImageFolder(folder=tmp_path, size=4, validation=0.2, test=0.3).build()

    assert (data.classes, data.outputs, data.inputs, data.inputs.kind) == (("cat", "dog"), 2, (3, 4, 4), "image")
    assert [part.y.bincount().tolist() for part in (data.train, data.validation, data.test)] == [[5, 5], [2, 2], [3, 3]]


def test_all_formats_are_read_and_everything_else_is_left(tmp_path):
    for name, suffixes in {"cat": ("png", "jpg", "JPEG"), "dog": ("PNG", "jpeg", "jpg")}.items():
        for number, suffix in enumerate(suffixes):
            paint(tmp_path / name / f"{number}.{suffix}")
        (tmp_path / name / "notes.txt").write_text("not an image")
        (tmp_path / name / ".hidden.png").write_text("not an image")
    (tmp_path / ".cache").mkdir()

    data = ImageFolder(folder=tmp_path, size=4, validation=0.3, test=0.3).build()

    assert sum(len(part) for part in (data.train, data.validation, data.test)) == 6


def test_parts_have_folders_of_their_own(tmp_path):
    for part, count in (("train", 4), ("val", 3), ("test", 2)):
        fill(tmp_path / part, {"cat": count, "dog": count})

    data = ImageFolder(folder=tmp_path, size=4).build()

    assert [len(part) for part in (data.train, data.validation, data.test)] == [8, 6, 4]


def test_a_part_without_a_folder_is_cut_out_of_the_training_images(tmp_path):
    fill(tmp_path / "train", {"cat": 10, "dog": 10})
    fill(tmp_path / "test", {"cat": 1, "dog": 3})

    data = ImageFolder(folder=tmp_path, size=4, validation=0.2).build()

    assert [len(part) for part in (data.train, data.validation, data.test)] == [16, 4, 4]


def test_a_class_may_be_called_train(tmp_path):
    fill(tmp_path, {"train": 10, "car": 10})

    assert ImageFolder(folder=tmp_path, size=4).build().classes == ("car", "train")


def test_pixels_are_normalised_by_the_training_part_alone(tmp_path):
    # Training: red is 0 or 200 in equal parts, green always 50. The test image's red of 100 lies in the middle.
    for name in ("cat", "dog"):
        for number in range(4):
            paint(tmp_path / "train" / name / f"{number}.png", (200 * (number % 2), 50, 0))
        for part in ("val", "test"):
            paint(tmp_path / part / name / "0.png", (100, 60, 0))

    data = ImageFolder(folder=tmp_path, size=4).build()

    assert data.train.x[:, 0].unique().tolist() == pytest.approx([-1, 1])
    assert data.train.x[:, 1].abs().max() < 1e-6
    assert data.test.x[:, 0].unique().tolist() == pytest.approx([0], abs=1e-6)
    assert data.test.x[:, 1].unique().tolist() == pytest.approx([10 / 255])  # not divided by a deviation of 0


def test_the_shorter_side_is_scaled_and_the_middle_cut_out():
    # 2 x 6: the middle 2 x 2 of it; twice as large, each pixel is four.
    pixels = torch.arange(12, dtype=torch.uint8).view(1, 2, 6)

    assert fitted(pixels, 2).tolist() == [[[2, 3], [8, 9]]]
    assert fitted(torch.full((3, 5, 9), 77, dtype=torch.uint8), 7).unique().tolist() == [77]
    assert fitted(pixels.movedim(1, 2), 4).shape == (1, 4, 4)


def test_shrinking_takes_the_mean_of_what_disappears():
    stripes = torch.tensor([0, 200], dtype=torch.uint8).repeat(1, 8, 4)

    assert fitted(stripes, 2).float().mean().item() == pytest.approx(100, abs=10)


def test_grey_images_have_one_channel(tmp_path):
    fill(tmp_path, {"cat": 10, "dog": 10})

    assert ImageFolder(folder=tmp_path, size=4, colours="grey").build().inputs == (1, 4, 4)


def test_an_image_is_turned_as_its_camera_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # stored on its side: turn it clockwise
    Image.new("RGB", (6, 4)).save(tmp_path / "phone.jpg", exif=exif)

    assert read_image(tmp_path / "phone.jpg", "rgb").shape == (3, 6, 4)


@pytest.mark.parametrize("content", [b"no image", b"", None])
def test_a_corrupt_image_is_named(tmp_path, content):
    fill(tmp_path, {"cat": 10, "dog": 10})
    file = tmp_path / "dog" / "3.png"
    file.write_bytes(file.read_bytes()[:45] if content is None else content)

    with pytest.raises(
        ValueError, match=r"dog/3.png cannot be read as an image \(.*\); repair it or take it"
    ) as caught:
        ImageFolder(folder=tmp_path, size=4).build()
    assert "\n" not in str(caught.value)


def test_an_empty_class_is_refused(tmp_path):
    fill(tmp_path, {"cat": 10})
    (tmp_path / "dog").mkdir()

    with pytest.raises(
        ValueError, match=r"dog holds no images \(.png, .jpg, .jpeg\); add some, or take the folder out"
    ):
        ImageFolder(folder=tmp_path).build()


def test_one_class_is_not_enough(tmp_path):
    fill(tmp_path, {"cat": 10})

    with pytest.raises(ValueError, match=r"must hold a folder for each of at least 2 classes, it holds 1"):
        ImageFolder(folder=tmp_path).build()


def test_a_class_that_training_does_not_know_is_refused(tmp_path):
    fill(tmp_path / "train", {"cats": 4, "dogs": 4})
    fill(tmp_path / "val", {"cats": 4, "dog": 4})

    with pytest.raises(ValueError, match=r"val/dog: no training images are of class 'dog'; did you mean 'dogs'\?"):
        ImageFolder(folder=tmp_path).build()


def test_parts_without_a_training_part_are_refused(tmp_path):
    fill(tmp_path / "val", {"cat": 4, "dog": 4})

    with pytest.raises(ValueError, match=r"has val but no train; add it, or put the classes side by side"):
        ImageFolder(folder=tmp_path).build()


def test_too_few_images_are_refused(tmp_path):
    fill(tmp_path, {"cat": 2, "dog": 2})

    with pytest.raises(ValueError, match="the validation part would be empty"):
        ImageFolder(folder=tmp_path).build()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"the folder of images is not there: .*nowhere; check the path"):
        ImageFolder(folder=tmp_path / "nowhere").build()


def test_shares_must_leave_something_to_train_on(tmp_path):
    with pytest.raises(ValueError, match="must leave something to train on"):
        ImageFolder(folder=tmp_path, validation=0.5, test=0.5)
