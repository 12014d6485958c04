"""Pictures as the page takes them: as text."""

import base64
import io

from PIL import Image


def data_uri(image: Image.Image, kind: str, **options: object) -> str:
    """The picture itself as a `data:` URI, so that the page fetches nothing.

    Args:
        kind: "PNG" or "JPEG".
        options: what Pillow takes for files of that kind, such as `quality`.
    """
    file = io.BytesIO()
    image.save(file, kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"


def picture_in(uri: str) -> Image.Image:
    """The picture that `data_uri` has made text of."""
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
