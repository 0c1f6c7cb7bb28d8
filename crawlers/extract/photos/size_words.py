"""The words with which shops name the sizes of a photo, and about how many pixels they mean."""

UNSIZED = 100_000  # pixels of a file whose address names no size: the one that the others were made from
WORDS = {
    **dict.fromkeys(("pico", "icon", "tiny"), 32),
    **dict.fromkeys(("thumb", "thumbs", "thumbnail", "thumbnails", "tn", "xs"), 100),
    **dict.fromkeys(("small", "mini", "compact", "preview"), 200),
    **dict.fromkeys(("medium", "mid", "normal"), 500),
    **dict.fromkeys(("grande", "scaled"), 2_000),
    **dict.fromkeys(("large", "big", "xl", "xxl"), UNSIZED + 1),
    **dict.fromkeys(
        ("zoom", "full", "fullsize", "hires", "highres", "original", "orig", "master"), UNSIZED + 2
    ),
}
