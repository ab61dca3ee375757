//! Entry points for options.

use std::ffi::c_void;
use std::ops::ControlFlow;

use super::output::reporting;
use super::pointer::given;
use crate::options::cfa_options;
use crate::progress::Progress;
use crate::status::cfa_status;
use crate::types::{cfa_error, cfa_progress_fn, cfa_str};

/// New options with all defaults.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_options_new(
    out: *mut *mut cfa_options,
    err: *mut cfa_error,
) -> cfa_status {
    given!(out, err);
    reporting(&err, || {
        out.handle_out()?.give(cfa_options::default());
        Ok(())
    })
}

/// Sets one option; both key and value are text. Exclusive.
///
/// `onnxruntime`: the file of libonnxruntime; a name without a `/` is sought beside the
/// program and by the system's loader. Default: the one that is loaded already, beside
/// libcfa, in `../lib` beside it, or by the name `libonnxruntime.so`. The first session
/// loads it, and it stays the same until the process ends.
/// `provider`: what computes the network: `cpu` (the default), `openvino`, `cuda`, `tensorrt`,
/// or `auto` for the first usable one of cuda, openvino and cpu. It computes all of the
/// network, or `cfa_session_new` fails with `CFA_E_PROVIDER` and says what is missing;
/// `allow_fallback` (`true` or `false`): the processor computes instead, and
/// `cfa_session_info_json` says so. All but cpu need an ONNX Runtime built with them.
/// `allow_reduced_precision` (`true` or `false`): fewer bits than f32 may be used, which is
/// faster and changes scores. `device`: `CPU`, `GPU`, `GPU.1`, `NPU` of openvino, or the
/// number of the GPU; `cache_folder`: where networks are kept as they were prepared
/// for this machine, else nowhere: the next session is there sooner, and sessions and
/// processes share the memory of the weights.
/// `head`: what computes distances and map: `host` (the default: libcfa, on the processor) or
/// `graph` (the provider, with the network).
/// `threads`: 1 to 1024; default: as many as the machine offers.
/// `core_affinity`: `managed` (the default: waiting threads of libcfa are kept off the core of
/// the calling thread, which is faster in virtual machines) or `untouched` (libcfa sets no
/// affinities, for programs that place their threads themselves).
/// `threshold`: reject pictures with a raw score above it; `review_threshold`: have those
/// above it looked at. Or `false_reject_rate`: reject at most this share of good parts, such
/// as 0.01, by the good scores in the bundle; `review_rate`: reject or have looked at so many
/// in all. Default for these four: the rule in the bundle, if there is one. Whether they fit
/// each other and the bundle, `cfa_session_new` says.
/// `accept_damaged` (`true` or `false`, the default): damaged picture files of which the rest
/// can be decoded are inspected, and `remarks` of the verdict tells of it; else they are
/// refused.
/// `max_side_px` (default 65535), `max_pixels` (default 100000000): pictures beyond are
/// refused, or regions of interest (`CFA_E_LIMIT`). `max_encoded_bytes`: encoded pictures
/// beyond are; default: 8 for each of `max_pixels`, and 1 MiB.
/// `white_level`: the sample of 16-bit pictures that is white, 1 to 65535, such as 4095 for
/// data of 12 bits; default: as the bundle says. Pictures with 8 bits a sample know none.
///
/// A key that is not known is `CFA_E_BAD_ARGUMENT`; a provider that is not there is
/// `CFA_E_PROVIDER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_options_set(
    options: *mut cfa_options,
    key: cfa_str,
    value: cfa_str,
    err: *mut cfa_error,
) -> cfa_status {
    given!(options, key, value, err);
    let mut options = options;
    reporting(&err, || {
        let options = options.exclusive("options")?;
        options.choices.set(key.text("key")?, value.text("value")?)
    })
}

/// Sets the callback that reports how opening goes on, and may stop it. `userdata` is passed on to it.
/// Both must live as long as the options are used. Exclusive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_options_set_progress(
    options: *mut cfa_options,
    function: cfa_progress_fn,
    userdata: *mut c_void,
    err: *mut cfa_error,
) -> cfa_status {
    given!(options, function, userdata, err);
    let mut options = options;
    reporting(&err, || {
        let callback = function.callback(&userdata)?;
        let progress = Progress::new(
            move |phase, fraction| match callback.call(phase, fraction) {
                0 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            },
        );
        options.exclusive("options")?.progress = Some(progress);
        Ok(())
    })
}

/// Frees options; NULL is fine. Models and sessions do not need them any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_options_free(options: *mut cfa_options) {
    given!(options);
    options.free();
}
