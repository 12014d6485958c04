"""SegNet on the Oxford-IIIT Pet dataset: data, networks, losses, metrics, training, inference."""


class InputError(ValueError):
    """Something a person gave that cannot be used. Its message is one line: the thing and the remedy."""
