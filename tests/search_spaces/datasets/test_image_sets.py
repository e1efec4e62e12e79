"""MNIST, Fashion-MNIST and CIFAR-10: from files of every format, tiny and made up, and from a faked download."""

import gzip
import hashlib
import io
import os
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch

from search_spaces.datasets import _mnist_like, cifar10
from search_spaces.datasets._image_sets import channel_statistics, subset
from search_spaces.datasets.cifar10 import Cifar10
from search_spaces.datasets.fashion_mnist import FashionMnist
from search_spaces.datasets.mnist import Mnist

SETS = [Mnist, FashionMnist, Cifar10]


def pictures(count, seed, size=(28, 28)):
    x = np.random.default_rng(seed).integers(0, 256, (count, *size), dtype=np.uint8)
    return x, np.arange(count, dtype=np.uint8) % 10


def write_npz(file, train, test, **others):
    np.savez(file, x_train=train[0], y_train=train[1], x_test=test[0], y_test=test[1], **others)
    return file


def write_idx(file, array):
    content = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()
    file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)


@pytest.fixture
def npz(tmp_path):
    return write_npz(tmp_path / "mnist.npz", pictures(100, 0), pictures(30, 1))


@pytest.fixture
def folder(tmp_path):
    arrays = [*pictures(100, 0), *pictures(30, 1)]
    (tmp_path / "idx").mkdir()
    for name, array in zip(_mnist_like.FILES, arrays, strict=True):
        write_idx(tmp_path / "idx" / name, array)
    return tmp_path / "idx"


def test_archive_and_idx_files_give_the_same_data(npz, folder):
    assert Mnist(file=npz).build().digest == Mnist(file=folder).build().digest


def test_idx_files_may_be_unpacked(folder, npz):
    for file in list(folder.iterdir()):
        (folder / file.stem).write_bytes(gzip.decompress(file.read_bytes()))
        file.unlink()

    assert Mnist(file=folder).build().digest == Mnist(file=npz).build().digest


def test_the_official_test_set_is_the_test_part_whole_and_in_order(npz):
    data = Mnist(file=npz, validation=0.2, samples=50).build()

    x, y = pictures(30, 1)
    assert data.test.y.tolist() == y.tolist()
    scaled = (data.test.x[0] - data.test.x.min()) / (data.test.x.max() - data.test.x.min())
    torch.testing.assert_close(scaled, torch.tensor(x[:1]) / 255)


def test_the_validation_part_is_cut_from_the_training_set_class_by_class(npz):
    data = Mnist(file=npz, validation=0.2).build()

    assert data.train.y.bincount().tolist() == [8] * 10
    assert data.validation.y.bincount().tolist() == [2] * 10
    assert Mnist(file=npz, validation=0.2, split_seed=1).build().digest != data.digest


def test_pixels_are_normalised_by_the_training_part_alone(tmp_path):
    # Training images hold 0 and 255 in equal parts: mean and deviation 1/2. Test images all 255 become 1, whatever
    # their own statistics; another test set leaves the training part as it is.
    x = np.zeros((40, 28, 28), np.uint8)
    x[:, :14] = 255
    y = np.arange(40, dtype=np.uint8) % 10
    bright = np.full((10, 28, 28), 255, np.uint8)

    data = Mnist(file=write_npz(tmp_path / "a.npz", (x, y), (bright, y[:10])), validation=0.25).build()

    assert data.train.x.unique().tolist() == pytest.approx([-1, 1])
    assert data.test.x.unique().tolist() == pytest.approx([1])


def test_statistics_do_not_see_the_validation_part(npz):
    data = Mnist(file=npz, validation=0.3).build()

    assert data.train.x.mean().item() == pytest.approx(0, abs=1e-6)
    assert data.train.x.std(correction=0).item() == pytest.approx(1, abs=1e-5)
    assert abs(data.validation.x.mean().item()) > 1e-4


def test_every_channel_has_its_own_statistics():
    x = torch.zeros(2, 3, 2, 2, dtype=torch.uint8)
    x[1, 0] = 255  # half 0, half 1
    x[:, 1] = 51  # always 0.2: a deviation of 0 would divide by nothing

    mean, deviation = channel_statistics(x)

    assert mean.flatten().tolist() == pytest.approx([0.5, 0.2, 0])
    assert deviation.flatten().tolist() == pytest.approx([0.5, 1, 1])


def test_a_subset_has_each_class_in_its_share():
    y = torch.tensor([0] * 60 + [1] * 30 + [2] * 10)

    chosen = subset(y, 20, seed=0)

    assert y[chosen].bincount().tolist() == [12, 6, 2]
    assert len(chosen.unique()) == 20
    assert chosen.equal(subset(y, 20, seed=0))
    assert not chosen.equal(subset(y, 20, seed=1))
    assert subset(y, None, seed=0).tolist() == list(range(100))


def test_more_samples_than_there_are_is_refused(npz):
    with pytest.raises(ValueError, match="samples must be at most 100, which is all there are, got 101"):
        Mnist(file=npz, samples=101).build()


def test_a_part_that_would_be_empty_is_refused(npz):
    with pytest.raises(ValueError, match="the validation part would be empty; give it a larger share, or use more"):
        Mnist(file=npz, samples=20).build()


@pytest.mark.parametrize("kind", SETS)
def test_examples_have_the_shape_of_the_real_thing(kind, tmp_path):
    data = kind.example(tmp_path).build()

    assert (data.inputs, data.inputs.kind) == ((3, 32, 32) if kind is Cifar10 else (1, 28, 28), "image")
    assert (data.task, data.outputs, len(data.classes)) == ("classification", 10, 10)


def test_cifar_batches_are_read_in_order_colour_by_colour(tmp_path):
    # One record: its label, then 1,024 red, green and blue pixels; red rises, so its order shows.
    record = bytes([7, *(pixel // 4 for pixel in range(1024)), *[10] * 1024, *[20] * 1024])
    file = tmp_path / "cifar.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        for number, name in enumerate((*cifar10.TRAINING, *cifar10.TEST)):
            content = bytes([number]) + record[1:]
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))

    official, test = Cifar10(file=file).read()

    assert official.y.tolist() == [0, 1, 2, 3, 4]
    assert test.y.tolist() == [5]
    assert official.x[0, 0].flatten().tolist() == [pixel // 4 for pixel in range(1024)]
    assert official.x[:, 1].unique().tolist() == [10]
    assert official.x[:, 2].unique().tolist() == [20]


def test_cifar_may_come_as_an_archive_of_arrays(tmp_path):
    x, y = pictures(100, 0, (32, 32, 3))
    file = write_npz(tmp_path / "cifar.npz", (x, y.reshape(-1, 1)), (x[:10], y[:10].reshape(-1, 1)))

    official, _ = Cifar10(file=file).read()

    assert official.x[3, 2].equal(torch.tensor(x[3, :, :, 2]))
    assert official.y.tolist() == y.tolist()


def test_the_pickled_cifar_is_refused_and_not_opened(tmp_path):
    file = tmp_path / "cifar-10-python.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        content = pickle.dumps({})
        entry = tarfile.TarInfo("cifar-10-batches-py/data_batch_1")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))

    with pytest.raises(ValueError, match=r"python.tar.gz must be the binary version, cifar-10-binary.tar.gz, or .npz"):
        Cifar10(file=file).build()


def test_a_file_that_is_not_there_is_named(tmp_path):
    for kind in SETS:
        with pytest.raises(ValueError, match=rf"the {kind.key()} data is not there: .*nothing.npz; check the path"):
            kind(file=tmp_path / "nothing.npz").build()


def test_a_folder_without_one_of_the_files_names_it(folder):
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()

    with pytest.raises(ValueError, match=r"a file of mnist is not there: .*t10k-labels-idx1-ubyte.gz"):
        Mnist(file=folder).build()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda content: content[:-20], "cannot be read as an IDX file"),
        (lambda content: b"not gzip at all", "cannot be read as an IDX file"),
        (lambda content: gzip.compress(gzip.decompress(content)[:-1]), "must be an IDX file of 8-bit numbers, whole"),
        (lambda content: gzip.compress(b"\0\0\x0d\1\0\0\0\1\0\0\0\0"), "must be an IDX file of 8-bit numbers, whole"),
        (lambda content: gzip.compress(b"\0"), "cannot be read as an IDX file"),
    ],
)
def test_a_spoilt_idx_file_is_named(folder, spoil, message):
    file = folder / "train-images-idx3-ubyte.gz"
    file.write_bytes(spoil(file.read_bytes()))

    with pytest.raises(ValueError, match=message) as caught:
        Mnist(file=folder).build()
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_spoilt_archive_is_named(tmp_path, npz):
    broken, empty, single, missing, objects = (tmp_path / f"{name}.npz" for name in "abcde")
    empty.write_bytes(b"")
    with single.open("wb") as stream:
        np.save(stream, np.zeros(3))
    broken.write_bytes(npz.read_bytes()[:500])
    np.savez(missing, x_train=np.zeros(3))
    write_npz(objects, (np.array([{}], dtype=object), np.zeros(1, np.uint8)), pictures(1, 0))

    for file in (broken, empty, single, missing, objects):
        with pytest.raises(
            ValueError, match=r"must be a .npz archive with the arrays x_train, y_train, x_test, y_test"
        ):
            Mnist(file=file).build()


def test_images_without_a_label_each_are_refused(tmp_path):
    x, y = pictures(20, 0)

    with pytest.raises(ValueError, match=r"a whole number for each: got uint8 \[20, 28, 28\] and uint8 \[19\]"):
        Mnist(file=write_npz(tmp_path / "a.npz", (x, y[:-1]), (x, y))).build()
    with pytest.raises(ValueError, match=r"must hold images of 8-bit numbers.* got float64"):
        Mnist(file=write_npz(tmp_path / "b.npz", (x / 255, y), (x, y))).build()


def test_labels_of_no_class_are_refused(tmp_path):
    x, y = pictures(20, 0)

    with pytest.raises(ValueError, match="mnist has labels from 0 to 9, its files hold 10"):
        Mnist(file=write_npz(tmp_path / "a.npz", (x, y), (x, y + 2))).build()


def test_without_a_file_it_is_downloaded_into_the_cache(folder, tmp_path, monkeypatch):
    files = [folder / name for name in _mnist_like.FILES]
    monkeypatch.setenv("TUNER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Mnist, "url", folder.as_uri())
    monkeypatch.setattr(Mnist, "digests", tuple(f"md5:{hashlib.md5(it.read_bytes()).hexdigest()}" for it in files))

    data = Mnist().build()

    assert data.digest == Mnist(file=folder).build().digest
    assert sorted(it.name for it in (tmp_path / "cache" / "mnist").iterdir()) == sorted(_mnist_like.FILES)


def test_a_file_is_absolute_from_the_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert Mnist(file="mnist.npz").describe()["file"] == str(tmp_path / "mnist.npz")
    assert Mnist(file="~/mnist.npz").file == Path.home() / "mnist.npz"


def test_the_real_mnist_has_its_known_statistics():
    file = os.environ.get("MNIST_NPZ")
    if not file:
        pytest.skip("MNIST_NPZ does not say where the real data is")

    official, test = Mnist(file=file).read()

    assert (len(official.y), len(test.y)) == (60000, 10000)
    mean, deviation = channel_statistics(official.x)
    assert (mean.item(), deviation.item()) == pytest.approx((0.1307, 0.3081), abs=1e-4)  # as everyone quotes them
    assert official.y.bincount().tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
