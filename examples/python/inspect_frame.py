"""Inspects a frame that a NumPy array (or anything like it) holds in memory.

    python3 inspect_frame.py LIBCFA LIBONNXRUNTIME BUNDLE PICTURE     # reads PICTURE with Pillow
"""

import ctypes as c
import sys

from inspect_picture import Cfa, Str, Verdict, sized

# Bytes of one pixel and the format, by the type of the samples and their number in a pixel.
FORMATS = {
    ("|u1", 1): (1, 1),  # CFA_PIXEL_GRAY8
    ("|u1", 3): (3, 2),  # CFA_PIXEL_RGB8; OpenCV's order of blue, green, red is 3
    ("|u1", 4): (4, 4),  # CFA_PIXEL_RGBA8
    ("<u2", 1): (2, 6),  # CFA_PIXEL_GRAY16
}


class Image(c.Structure):
    _fields_ = [
        ("struct_size", c.c_uint32),
        ("format", c.c_uint32),
        ("width_px", c.c_uint32),
        ("height_px", c.c_uint32),
        ("roi_x_px", c.c_uint32),
        ("roi_y_px", c.c_uint32),
        ("roi_width_px", c.c_uint32),
        ("roi_height_px", c.c_uint32),
        ("stride_bytes", c.c_size_t),
        ("data_len", c.c_size_t),
        ("data", c.c_void_p),
    ]


def image_of(frame):
    """Describes an array where it lies. Keep the array alive as long as the result.

    Rows may have gaps behind them, such as those of a cut-out. Flipped, rotated and thinned
    out views (`frame[::-1]`, `frame.T`, `frame[:, ::2]`) have to be copied before.
    """
    array = frame.__array_interface__
    height, width = array["shape"][:2]
    samples = array["shape"][2] if len(array["shape"]) == 3 else 1
    if (array["typestr"], samples) not in FORMATS:
        raise ValueError(f"no pixel format for {samples} samples of {array['typestr']}")
    pixel_bytes, pixel_format = FORMATS[array["typestr"], samples]
    sample_bytes = pixel_bytes // samples
    in_a_row = (pixel_bytes, sample_bytes)[: len(array["shape"]) - 1]
    strides = array.get("strides") or (width * pixel_bytes, *in_a_row)
    if tuple(strides[1:]) != in_a_row or strides[0] < width * pixel_bytes:
        raise ValueError(
            f"the array is a view with the strides {tuple(strides)}: "
            "use numpy.ascontiguousarray(frame)"
        )
    image = sized(Image)
    image.format, image.width_px, image.height_px = pixel_format, width, height
    image.stride_bytes = strides[0]
    image.data_len = strides[0] * (height - 1) + width * pixel_bytes
    image.data = array["data"][0]
    return image


def score(cfa, session, frame):
    image, verdict = image_of(frame), sized(Verdict)
    cfa.call("cfa_session_score", session, c.byref(image), c.byref(verdict), None)
    return verdict


def main(libcfa, onnxruntime, bundle, picture):
    import numpy
    from PIL import Image as pillow

    frame = numpy.asarray(pillow.open(picture).convert("RGB"))
    cfa = Cfa(libcfa)
    options, model, session = c.c_void_p(), c.c_void_p(), c.c_void_p()
    try:
        cfa.call("cfa_options_new", c.byref(options))
        cfa.call("cfa_options_set", options, Str.of("onnxruntime"), Str.of(onnxruntime))
        cfa.call("cfa_model_open", Str.of(bundle), options, c.byref(model))
        cfa.call("cfa_session_new", model, options, c.byref(session))
        verdict = score(cfa, session, frame)
        print(f"score {verdict.score:.9g}")
        print(f"peak {verdict.peak_x_px:.17g} {verdict.peak_y_px:.17g}")
    finally:
        cfa.free("cfa_session_free", session)
        cfa.free("cfa_model_free", model)
        cfa.free("cfa_options_free", options)


if __name__ == "__main__":
    main(*sys.argv[1:])
