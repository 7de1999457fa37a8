"""Pictures of the tea house's goods, drawn: a cup with its tea, in the colour of the tea."""

import base64
import io
import math

from PIL import Image, ImageDraw

SIDE = 640
# Drawn larger, then reduced: Pillow draws no smooth edges.
SCALE = 2
PORCELAIN, SHADE, LEAF = "#fdfbf6", "#e6dfd0", "#4f7a4d"


def cup(liquor, ground):
    """Return the picture of a cup as Odoo stores pictures.

    :param str liquor: colour of the tea; None is an empty cup
    :param str ground: colour behind it
    """
    image = Image.new("RGB", (SIDE * SCALE, SIDE * SCALE), ground)
    draw = ImageDraw.Draw(image)

    def ellipse(left, top, right, bottom, fill):
        draw.ellipse([side * SCALE for side in (left, top, right, bottom)], fill=fill)

    ellipse(100, 440, 540, 540, SHADE)
    ellipse(115, 435, 525, 525, PORCELAIN)
    ellipse(250, 430, 390, 490, SHADE)
    draw.pieslice([side * SCALE for side in (150, 70, 490, 470)], 0, 180, fill=PORCELAIN)
    ellipse(150, 215, 490, 325, SHADE)
    ellipse(162, 223, 478, 317, liquor or PORCELAIN)
    if liquor:
        leaf(draw, 268, 262)
        leaf(draw, 330, 284)
    image = image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue())


def leaf(draw, left, top):
    """Draw a tea leaf that floats."""
    steps = range(17)
    upper = [(left + 4 * step, top - 15 * math.sin(math.pi * step / 16)) for step in steps]
    lower = [(left + 4 * step, top + 9 * math.sin(math.pi * step / 16)) for step in reversed(steps)]
    draw.polygon([(x * SCALE, y * SCALE) for x, y in upper + lower], fill=LEAF)
