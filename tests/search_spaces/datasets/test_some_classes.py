import pytest
import torch
from pydantic import ValidationError

from search_spaces.datasets.digits import Digits
from search_spaces.datasets.mnist import Mnist


def test_the_taken_classes_are_labelled_in_the_order_in_which_they_are_given():
    data, whole = Digits(classes="9, 5").build(), Digits().build()
    assert (data.classes, data.outputs) == (("9", "5"), 2)
    counts = [sum(int((part.y == label).sum()) for part in parts(whole)) for label in (9, 5)]
    assert [sum(int((part.y == label).sum()) for part in parts(data)) for label in (0, 1)] == counts


def parts(data):
    return data.train, data.validation, data.test


def test_a_list_of_classes_is_read_as_their_names():
    assert Digits(classes=[5, 6]).taken == ("5", "6")


def test_few_samples_a_class_are_of_the_training_part_alone():
    few, all_of_them = Digits(classes="5,6,7", per_class=4).build(), Digits(classes="5,6,7").build()
    assert few.train.y.bincount().tolist() == [4, 4, 4]
    assert torch.equal(few.validation.y, all_of_them.validation.y)
    assert torch.equal(few.test.y, all_of_them.test.y)


def test_the_seed_of_the_split_says_which_samples_are_taken():
    first, again, other = (Digits(per_class=2, split_seed=seed).build().digest for seed in (0, 0, 1))
    assert first == again != other


def test_more_samples_than_a_class_has_are_refused_with_the_class():
    with pytest.raises(ValueError, match="per_class must be at most what every class has, got 1000, but class 5 has"):
        Digits(classes="5,6", per_class=1000).build()


def test_an_unknown_class_is_refused():
    with pytest.raises(ValidationError, match="'11' is not one of the classes of digits; did you mean '1'"):
        Digits(classes="1,11")


@pytest.mark.parametrize("classes", ["5", "5,5"])
def test_one_class_alone_is_refused(classes):
    with pytest.raises(ValidationError, match="must be two or more different ones"):
        Digits(classes=classes)


def test_sets_of_images_take_classes_too(tmp_path):
    # the example has 10 training images of a class, 2 of them for validation, and 2 to test
    example = Mnist.example(tmp_path)
    data = Mnist(file=example.file, validation=0.2, classes="3,8", per_class=5).build()
    assert [part.y.bincount().tolist() for part in parts(data)] == [[5, 5], [2, 2], [2, 2]]
