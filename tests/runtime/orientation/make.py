"""Writes `<value>.<ending>` with each EXIF orientation, and `<value>_upright.png`.

The upright pictures are what Pillow's `ImageOps.exif_transpose` makes of the files; OpenCV's
`imread` is asserted to show the same. Recorded with Pillow 13.0.0 and OpenCV 5.0.0.
"""

from pathlib import Path

import cv2
import numpy
from PIL import Image, ImageOps

HERE = Path(__file__).parent
ORIENTATION = 0x0112
# Flat blocks of 8x8 pixels, which JPEG keeps to within a few levels.
BLOCKS = numpy.array(
    [
        [[200, 30, 40], [30, 160, 60], [40, 60, 210]],
        [[220, 210, 40], [120, 120, 120], [30, 30, 30]],
    ],
    dtype=numpy.uint8,
)
PICTURE = Image.fromarray(BLOCKS.repeat(8, axis=0).repeat(8, axis=1))


def save(path: Path, value: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = value
    options = {"jpg": {"quality": 95, "subsampling": 0}, "webp": {"lossless": True}}
    kind = path.suffix[1:]
    if kind == "tif":
        PICTURE.save(path, tiffinfo={ORIENTATION: value})
    else:
        PICTURE.save(path, exif=exif, **options.get(kind, {}))


def main() -> None:
    for value in range(1, 9):
        for kind in ("jpg", "png", "webp", "tif"):
            path = HERE / f"{value}.{kind}"
            save(path, value)
            upright = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
            # OpenCV 5.0.0 fails on TIFF files that change the sides.
            if kind != "tif" or value < 5:
                seen = cv2.imread(str(path))[:, :, ::-1]
                assert numpy.array_equal(seen, numpy.asarray(upright)), path.name
            if kind == "png":
                upright.save(HERE / f"{value}_upright.png")


main()
