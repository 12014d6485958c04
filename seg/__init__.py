"""SegNet on the Oxford-IIIT Pet dataset: data, model, losses, metrics, training, inference."""

# Class indices as the article numbers them; the dataset's trimaps store each one higher.
PET, BACKGROUND, BORDER = 0, 1, 2
CLASS_NAMES = ("pet", "background", "border")


class InputError(ValueError):
    """Something a person gave that cannot be used. Its message is one line: the thing and the remedy."""
