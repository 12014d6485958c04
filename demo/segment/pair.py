"""Two in one picture: the photo's views by two checkpoints, or beside the photo itself."""

from PIL import Image

from demo.segment.session import Session
from demo.segment.views import disagreement, picture

PHOTO = "Photo"  # beside the checkpoints, in the picture that compares two


def pair_choices(session: Session, left: str | None, right: str | None) -> tuple[list[str], str | None, str | None]:
    """What there is to compare, and which two of it: the first two checkpoints, where a choice is no longer there."""
    names = list(session.found())
    sides = [PHOTO, *names] if names else []
    if left not in sides:
        left = next((name for name in (*names, *sides) if name != right), None)
    if right not in sides:
        right = next((name for name in (*names, *sides) if name != left), None)
    return sides, left, right


def pair_pictures(
    session: Session, view: str, left: str | None, right: str | None
) -> tuple[Image.Image, Image.Image] | None:
    """The two pictures of a view; None while there is none."""
    # in this order: another photo takes the answers away with it
    shown, found = session.shown, session.found()
    if shown is None or not found or left not in {PHOTO, *found} or right not in {PHOTO, *found}:
        return None
    differs = disagreement([answer.shown for answer in found.values()])

    def drawn(side: str) -> Image.Image:
        return shown if side == PHOTO else picture(view, shown, found[side].layer(view, differs))

    return drawn(left), drawn(right)
