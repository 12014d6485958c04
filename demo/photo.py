"""Opening a photo that somebody hands to the app."""

from pathlib import Path

from PIL import Image

from seg import InputError
from seg.inference import as_rgb

# A photo of this many pixels takes 0.9 GB while its probabilities are upsampled
MAX_PIXELS = 50_000_000


def open_photo(path: str | Path) -> Image.Image:
    """The photo as a person sees it: RGB, its EXIF rotation applied, transparency over white.

    Raises:
        InputError: not there any more, not an image, damaged, or larger than the app takes.
    """
    name = Path(path).name
    try:
        with Image.open(path) as photo:
            if photo.width * photo.height > MAX_PIXELS:
                megapixels = photo.width * photo.height / 1e6
                raise InputError(f"{name} has {megapixels:.0f} megapixels: scale it to at most {MAX_PIXELS // 10**6}")
            photo.load()
            return as_rgb(photo)
    except FileNotFoundError as error:
        raise InputError(f"{name} is gone: choose the photo again") from error
    except Image.DecompressionBombError as error:
        raise InputError(f"{name} is too large: scale it to at most {MAX_PIXELS // 10**6} megapixels") from error
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name} cannot be read as an image: save it as JPEG or PNG and try again") from error
