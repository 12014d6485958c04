"""SegNet on the Oxford-IIIT Pet dataset: data, networks, losses, metrics, training, inference."""


class InputError(ValueError):
    """Something a person gave that cannot be used. Its message is one line that names the thing.

    Where the remedy depends on who asks, a command or the app, that one adds it.
    """
