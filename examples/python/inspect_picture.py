"""Inspects a picture file through ctypes, without any package.

    python3 inspect_picture.py LIBCFA LIBONNXRUNTIME BUNDLE PICTURE
"""

import ctypes as c
import sys

ABI_VERSION = 1 << 16


class Str(c.Structure):
    _fields_ = [("data", c.c_char_p), ("len", c.c_size_t)]

    @classmethod
    def of(cls, text):
        data = text.encode()
        return cls(data, len(data))


class Error(c.Structure):
    _fields_ = [
        ("struct_size", c.c_uint32),
        ("status", c.c_int32),
        ("message_len", c.c_uint32),
        ("message", c.c_char * 1024),
    ]


class Verdict(c.Structure):
    _fields_ = [
        ("struct_size", c.c_uint32),
        ("decision", c.c_uint32),
        ("width_px", c.c_uint32),
        ("height_px", c.c_uint32),
        ("score", c.c_float),
        ("remarks", c.c_uint32),
        ("p_value", c.c_double),
        ("peak_x_px", c.c_double),
        ("peak_y_px", c.c_double),
        ("decode_ns", c.c_uint64),
        ("preprocess_ns", c.c_uint64),
        ("network_ns", c.c_uint64),
        ("neighbors_ns", c.c_uint64),
        ("map_ns", c.c_uint64),
    ]


def sized(structure):
    made = structure()
    made.struct_size = c.sizeof(structure)
    return made


class Cfa:
    """The functions of libcfa; a failure becomes a RuntimeError."""

    def __init__(self, path):
        self.library = c.CDLL(path)
        self.call("cfa_abi_check", c.c_uint32(ABI_VERSION))

    def call(self, name, *arguments):
        err = sized(Error)
        status = getattr(self.library, name)(*arguments, c.byref(err))
        if status != 0:
            raise RuntimeError(f"{name}: error {status}: {err.message.decode()}")

    def free(self, name, handle):
        function = getattr(self.library, name)
        function.restype = None
        function(handle)


def main(libcfa, onnxruntime, bundle, picture):
    cfa = Cfa(libcfa)
    options, model, session = c.c_void_p(), c.c_void_p(), c.c_void_p()
    with open(picture, "rb") as file:
        encoded = file.read()
    try:
        cfa.call("cfa_options_new", c.byref(options))
        cfa.call("cfa_options_set", options, Str.of("onnxruntime"), Str.of(onnxruntime))
        cfa.call("cfa_model_open", Str.of(bundle), options, c.byref(model))
        cfa.call("cfa_session_new", model, options, c.byref(session))
        verdict = sized(Verdict)
        cfa.call(
            "cfa_session_score_encoded",
            session,
            encoded,
            c.c_size_t(len(encoded)),
            c.byref(verdict),
            None,
        )
        print(f"score {verdict.score:.9g}")
        print(f"peak {verdict.peak_x_px:.17g} {verdict.peak_y_px:.17g}")
    finally:
        cfa.free("cfa_session_free", session)
        cfa.free("cfa_model_free", model)
        cfa.free("cfa_options_free", options)


if __name__ == "__main__":
    main(*sys.argv[1:])
