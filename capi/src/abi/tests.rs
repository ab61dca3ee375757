//! A panic behind each entry point is caught.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::undocumented_unsafe_blocks,
    clippy::redundant_closure,
    reason = "for tests only; all pointers are those of living locals"
)]

use std::collections::BTreeSet;
use std::ffi::c_void;
use std::path::Path;
use std::ptr::{null, null_mut};

use super::{
    cfa_abi_check, cfa_abi_version, cfa_build_info_json, cfa_model_free, cfa_model_heatmap_rgb8,
    cfa_model_info_json, cfa_model_map_size, cfa_model_open, cfa_model_open_bytes,
    cfa_options_free, cfa_options_new, cfa_options_set, cfa_options_set_progress,
    cfa_session_cancel, cfa_session_free, cfa_session_info_json, cfa_session_new,
    cfa_session_score, cfa_session_score_batch, cfa_session_score_encoded, cfa_session_self_test,
    cfa_status_name,
};
use crate::boundary::injection;
use crate::status::{CFA_E_PANIC, CFA_OK, cfa_status};
use crate::types::{
    CFA_PIXEL_GRAY8, cfa_error, cfa_image, cfa_model, cfa_options, cfa_session, cfa_str,
    cfa_verdict,
};

fn error() -> cfa_error {
    cfa_error {
        struct_size: size_of::<cfa_error>() as u32,
        status: 0,
        message_len: 0,
        message: [0; 1024],
    }
}

fn text(text: &str) -> cfa_str {
    cfa_str {
        data: text.as_ptr().cast(),
        len: text.len(),
    }
}

fn message(err: &cfa_error) -> String {
    let bytes = err.message.iter().take(err.message_len as usize);
    String::from_utf8(bytes.map(|&byte| byte as u8).collect()).unwrap()
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

struct Handles {
    options: *mut cfa_options,
    model: *mut cfa_model,
    session: *mut cfa_session,
}

/// With the committed bundle of random weights.
fn opened() -> Handles {
    let bundle = repository().join("models/tiny/tiny.cfa");
    let library = std::env::var("ORT_DYLIB_PATH").unwrap();
    let mut all = Handles {
        options: null_mut(),
        model: null_mut(),
        session: null_mut(),
    };
    let mut err = error();
    unsafe {
        assert_eq!(cfa_options_new(&raw mut all.options, &raw mut err), CFA_OK);
        let set = cfa_options_set(
            all.options,
            text("onnxruntime"),
            text(&library),
            &raw mut err,
        );
        assert_eq!(set, CFA_OK);
        let path = text(bundle.to_str().unwrap());
        let opened = cfa_model_open(path, all.options, &raw mut all.model, &raw mut err);
        assert_eq!(opened, CFA_OK, "{}", message(&err));
        let made = cfa_session_new(all.model, all.options, &raw mut all.session, &raw mut err);
        assert_eq!(made, CFA_OK, "{}", message(&err));
    }
    all
}

unsafe extern "C" fn go_on(_userdata: *mut c_void, _phase: cfa_str, _fraction: f32) -> i32 {
    1
}

/// The names that were called, to compare with the header.
#[derive(Default)]
struct Called(BTreeSet<&'static str>);

impl Called {
    /// For a function that answers a status.
    fn panics(&mut self, name: &'static str, call: impl FnOnce(*mut cfa_error) -> cfa_status) {
        let mut err = error();
        injection::arm();
        let status = call(&raw mut err);
        assert!(!injection::is_armed(), "{name} has no boundary");
        assert_eq!((status, err.status), (CFA_E_PANIC, CFA_E_PANIC), "{name}");
        let message = message(&err);
        assert!(
            message.contains("injected") && message.contains("boundary.rs"),
            "{message}"
        );
        self.0.insert(name);
    }

    /// For a function that has no way to tell.
    fn survives<T>(&mut self, name: &'static str, call: impl FnOnce() -> T) -> T {
        injection::arm();
        let answer = call();
        assert!(!injection::is_armed(), "{name} has no boundary");
        self.0.insert(name);
        answer
    }
}

#[test]
fn a_panic_behind_each_entry_point_is_caught() {
    let all = opened();
    let mut called = Called::default();
    let (options, model, session) = (all.options, all.model, all.session);
    let (mut buf, mut needed, mut width, mut height) = ([0; 8], 0_usize, 0_u32, 0_u32);
    let (mut new_options, mut new_model, mut new_session) = (null_mut(), null_mut(), null_mut());
    let key = text("threads");
    unsafe {
        called.panics("cfa_abi_check", |err| cfa_abi_check(1 << 16, err));
        called.panics("cfa_options_new", |err| {
            cfa_options_new(&raw mut new_options, err)
        });
        called.panics("cfa_options_set", |err| {
            cfa_options_set(options, key, key, err)
        });
        called.panics("cfa_options_set_progress", |err| {
            cfa_options_set_progress(options, Some(go_on), null_mut(), err)
        });
        called.panics("cfa_model_open", |err| {
            cfa_model_open(key, options, &raw mut new_model, err)
        });
        called.panics("cfa_model_open_bytes", |err| {
            cfa_model_open_bytes([1].as_ptr(), 1, options, &raw mut new_model, err)
        });
        called.panics("cfa_model_info_json", |err| {
            cfa_model_info_json(model, buf.as_mut_ptr(), 8, &raw mut needed, err)
        });
        called.panics("cfa_model_map_size", |err| {
            cfa_model_map_size(model, &raw mut width, &raw mut height, err)
        });
        called.panics("cfa_model_heatmap_rgb8", |err| {
            cfa_model_heatmap_rgb8(model, [1.0].as_ptr(), 1, [0_u8; 3].as_mut_ptr(), 3, err)
        });
        called.panics("cfa_session_new", |err| {
            cfa_session_new(model, options, &raw mut new_session, err)
        });
        called.panics("cfa_session_self_test", |err| {
            cfa_session_self_test(session, err)
        });
        called.panics("cfa_session_info_json", |err| {
            cfa_session_info_json(session, buf.as_mut_ptr(), 8, &raw mut needed, err)
        });
        called.panics("cfa_session_score", |err| {
            cfa_session_score(session, null(), null_mut(), null_mut(), err)
        });
        called.panics("cfa_session_score_encoded", |err| {
            cfa_session_score_encoded(session, null(), 0, null_mut(), null_mut(), err)
        });
        called.panics("cfa_session_score_batch", |err| {
            cfa_session_score_batch(session, null(), 0, null(), null(), null_mut(), err)
        });
        called.survives("cfa_session_cancel", || cfa_session_cancel(session));
        called.survives("cfa_session_free", || cfa_session_free(session));
        called.survives("cfa_model_free", || cfa_model_free(model));
        called.survives("cfa_options_free", || cfa_options_free(options));
    }
    assert_eq!(called.survives("cfa_abi_version", || cfa_abi_version()), 0);
    assert_eq!(
        called
            .survives("cfa_build_info_json", || cfa_build_info_json())
            .len,
        2
    );
    assert_eq!(
        called
            .survives("cfa_status_name", || cfa_status_name(0))
            .len,
        7
    );

    let header = std::fs::read_to_string(repository().join("capi/include/cfa.h")).unwrap();
    let (_, functions) = header.split_once("extern \"C\" {").unwrap();
    let (functions, _) = functions.split_once("}  // extern \"C\"").unwrap();
    let declared = functions.lines().filter(|line| !line.starts_with("//"));
    let declared = declared.filter_map(|line| line.split_once('(')?.0.rsplit([' ', '*']).next());
    assert_eq!(
        called.0,
        declared.filter(|name| name.starts_with("cfa_")).collect()
    );
}

fn score(session: *mut cfa_session) -> (cfa_status, String) {
    let pixels = [7_u8; 32 * 32];
    let image = cfa_image {
        struct_size: size_of::<cfa_image>() as u32,
        format: CFA_PIXEL_GRAY8,
        width_px: 32,
        height_px: 32,
        roi_x_px: 0,
        roi_y_px: 0,
        roi_width_px: 0,
        roi_height_px: 0,
        stride_bytes: 32,
        data_len: pixels.len(),
        data: pixels.as_ptr(),
    };
    let mut verdict = [0_u64; size_of::<cfa_verdict>() / 8];
    let verdict = verdict.as_mut_ptr().cast::<cfa_verdict>();
    let mut err = error();
    let status = unsafe {
        verdict.cast::<u32>().write(size_of::<cfa_verdict>() as u32);
        cfa_session_score(session, &raw const image, verdict, null_mut(), &raw mut err)
    };
    (status, message(&err))
}

#[test]
fn a_session_that_panicked_while_computing_can_only_be_freed() {
    let all = opened();
    assert_eq!(score(all.session).0, CFA_OK);
    injection::arm_computing();
    let (status, said) = score(all.session);
    assert_eq!(status, CFA_E_PANIC, "{said}");
    let (status, said) = score(all.session);
    assert_eq!(status, CFA_E_PANIC);
    assert!(said.contains("can only be freed"), "{said}");
    let mut err = error();
    let mut another = null_mut();
    unsafe {
        cfa_session_free(all.session);
        let made = cfa_session_new(all.model, all.options, &raw mut another, &raw mut err);
        assert_eq!(made, CFA_OK, "{}", message(&err));
    }
    assert_eq!(score(another).0, CFA_OK);
    unsafe {
        cfa_session_free(another);
        cfa_model_free(all.model);
        cfa_options_free(all.options);
    }
}
