"""This project's C library through ctypes, in a Python process as the peers are."""

import argparse
import ctypes as c
from pathlib import Path

import numpy as np

from protocol import Answer, serve

RGB8 = 2
MODEL_SIZE = 1
STAGES = ("decode", "preprocess", "network", "neighbors", "map")


class Text(c.Structure):
    """cfa_str."""

    _fields_ = [("data", c.c_char_p), ("len", c.c_size_t)]


class Error(c.Structure):
    """cfa_error."""

    _fields_ = [
        ("struct_size", c.c_uint32),
        ("status", c.c_int32),
        ("message_len", c.c_uint32),
        ("message", c.c_char * 1024),
    ]


class Picture(c.Structure):
    """cfa_image."""

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


class Verdict(c.Structure):
    """cfa_verdict."""

    _fields_ = [
        ("struct_size", c.c_uint32),
        ("decision", c.c_uint32),
        ("width_px", c.c_uint32),
        ("height_px", c.c_uint32),
        ("score", c.c_float),
        ("reserved", c.c_uint32),
        ("p_value", c.c_double),
        ("peak_x_px", c.c_double),
        ("peak_y_px", c.c_double),
        *((f"{stage}_ns", c.c_uint64) for stage in STAGES),
    ]


class Map(c.Structure):
    """cfa_map."""

    _fields_ = [
        ("struct_size", c.c_uint32),
        ("size", c.c_uint32),
        ("width_px", c.c_uint32),
        ("height_px", c.c_uint32),
        ("capacity", c.c_size_t),
        ("data", c.c_void_p),
    ]


def text(value: str) -> Text:
    """A string as the library takes it."""
    data = value.encode()
    return Text(data, len(data))


class Library:
    """A session with one bundle."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.library = c.CDLL(str(asked.library))
        options, model, self.session = c.c_void_p(), c.c_void_p(), c.c_void_p()
        self.call("cfa_abi_check", self.library.cfa_abi_version())
        self.call("cfa_options_new", c.byref(options))
        settings = {"onnxruntime": asked.onnxruntime, "threads": asked.threads, "cache_folder": asked.cache}
        for key, value in settings.items():
            self.call("cfa_options_set", options, text(key), text(str(value)))
        self.call("cfa_model_open", text(str(asked.model)), options, c.byref(model))
        self.call("cfa_session_new", model, options, c.byref(self.session))
        width, height = c.c_uint32(), c.c_uint32()
        self.call("cfa_model_map_size", model, c.byref(width), c.byref(height))
        self.shape = (height.value, width.value)
        # The session keeps what it needs.
        self.library.cfa_model_free(model)

    def call(self, name: str, *values: object) -> None:
        """Calls a function; a failure becomes a RuntimeError."""
        error = Error(c.sizeof(Error))
        status = getattr(self.library, name)(*values, c.byref(error))
        if status != 0:
            raise RuntimeError(f"{name}: error {status}: {error.message.decode()}")

    def engine(self, pixels: np.ndarray) -> Answer:
        """Score and map of a picture in memory."""
        height, width, _ = pixels.shape
        size = (c.sizeof(Picture), RGB8, width, height, 0, 0, 0, 0)
        picture = Picture(*size, 3 * width, pixels.nbytes, pixels.ctypes.data)
        values = np.empty(self.shape, np.float32)
        room = Map(c.sizeof(Map), MODEL_SIZE, 0, 0, values.size, values.ctypes.data)
        verdict = Verdict(c.sizeof(Verdict))
        self.call("cfa_session_score", self.session, c.byref(picture), c.byref(verdict), c.byref(room))
        stages = {stage: getattr(verdict, f"{stage}_ns") / 1e6 for stage in STAGES}
        return Answer(verdict.score, values, {"milliseconds": stages})


def main() -> None:
    """Loads and serves."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--onnxruntime", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    library = Library(parser.parse_args())
    serve(library.engine)


if __name__ == "__main__":
    main()
