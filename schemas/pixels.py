"""What the samples of a photo mean, wherever its bytes are decoded: at the crawl and for a vector alike.

Here because those who decode may not import each other; Pillow's own conversion of 16 bits cuts off at 255.
"""

import numpy as np
from PIL import Image


def eight_bits(image: Image.Image) -> Image.Image:
    """Return a picture whose samples have 8 bits: of 16 the upper ones, and a grey that means clear becomes alpha.

    PNG, third edition, 11.3.1.1 (tRNS) and 13.12 (sample depth rescaling).
    """
    if not image.mode.startswith("I"):
        return image
    levels = np.asarray(image).astype(np.int64)
    grey = Image.fromarray(np.clip(levels >> 8, 0, 255).astype(np.uint8))
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        grey.putalpha(Image.fromarray(np.where(levels == clear, 0, 255).astype(np.uint8)))
    return grey


def decoder_words(error: BaseException) -> str:
    """Return a decoder's message without the memory address of the buffer it names."""
    return str(error).partition(" <_io.")[0] or type(error).__name__
