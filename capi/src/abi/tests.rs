//! Every entry point that takes pointers, without C and without ONNX Runtime: for Miri and
//! the sanitizers of rustc, which can look at nothing else. What the numbers are worth, the
//! tests in C say.
//!
//! Memory is as large as it has to be, and set as far as it has to be, so that a look at
//! more is seen.

#![allow(
    clippy::unwrap_used,
    clippy::undocumented_unsafe_blocks,
    reason = "for tests only; all pointers are those of living locals"
)]

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};

use super::*;
use crate::status::{
    CFA_E_BAD_ARGUMENT, CFA_E_BAD_STRUCT_SIZE, CFA_E_BUFFER_TOO_SMALL, CFA_E_BUSY, CFA_E_CANCELLED,
    CFA_E_NULL_ARGUMENT, CFA_E_SELF_TEST, CFA_OK, cfa_status,
};
use crate::types::{
    CFA_MAP_SIZE_MODEL, CFA_MAP_SIZE_PICTURE, CFA_PIXEL_GRAY8, cfa_error, cfa_image, cfa_map,
    cfa_map_size, cfa_model, cfa_options, cfa_session, cfa_str, cfa_verdict,
};

static BUNDLE: &[u8] = include_bytes!("../../../models/tiny/tiny.cfa");
const SIDE: usize = 20;

/// A structure of which only the size is set.
struct Sized<T>(Box<MaybeUninit<T>>);

impl<T> Sized<T> {
    fn new() -> Self {
        let mut memory = Box::new(MaybeUninit::<T>::uninit());
        unsafe {
            memory
                .as_mut_ptr()
                .cast::<u32>()
                .write(size_of::<T>() as u32);
        };
        Self(memory)
    }

    fn pointer(&mut self) -> *mut T {
        self.0.as_mut_ptr()
    }

    /// What the library has filled in.
    fn read(&self) -> T
    where
        T: Copy,
    {
        unsafe { self.0.assume_init_read() }
    }
}

/// The call must answer this, and say so in `err`.
#[track_caller]
fn expect(expected: cfa_status, call: impl FnOnce(*mut cfa_error) -> cfa_status) {
    let mut err = Sized::<cfa_error>::new();
    let status = call(err.pointer());
    let err = err.read();
    let message: Vec<u8> = err.message.iter().map(|&byte| byte as u8).collect();
    let message = std::str::from_utf8(&message[..err.message_len as usize]).unwrap();
    assert_eq!((status, err.status), (expected, expected), "{message}");
    assert_eq!(message.is_empty(), status == CFA_OK);
}

fn text(text: &str) -> cfa_str {
    cfa_str {
        data: text.as_ptr().cast(),
        len: text.len(),
    }
}

fn image(pixels: &[u8]) -> cfa_image {
    cfa_image {
        struct_size: size_of::<cfa_image>() as u32,
        format: CFA_PIXEL_GRAY8,
        width_px: SIDE as u32,
        height_px: (pixels.len() / SIDE) as u32,
        roi_x_px: 0,
        roi_y_px: 0,
        roi_width_px: 0,
        roi_height_px: 0,
        stride_bytes: SIDE,
        data_len: pixels.len(),
        data: pixels.as_ptr(),
    }
}

fn pixels() -> Vec<u8> {
    (0..SIDE * SIDE).map(|i| (i * 7 % 251) as u8).collect()
}

fn map(size: cfa_map_size, values: &mut [MaybeUninit<f32>]) -> cfa_map {
    cfa_map {
        struct_size: size_of::<cfa_map>() as u32,
        size,
        width_px: 0,
        height_px: 0,
        capacity: values.len(),
        data: values.as_mut_ptr().cast(),
    }
}

unsafe extern "C" fn count(userdata: *mut c_void, phase: cfa_str, _fraction: f32) -> i32 {
    let phase = unsafe { std::slice::from_raw_parts(phase.data.cast::<u8>(), phase.len) };
    assert!(std::str::from_utf8(phase).is_ok());
    unsafe { *userdata.cast::<i32>() += 1 };
    1
}

struct Handles {
    options: *mut cfa_options,
    model: *mut cfa_model,
    session: *mut cfa_session,
}

fn opened() -> Handles {
    let mut all = Handles {
        options: null_mut(),
        model: null_mut(),
        session: null_mut(),
    };
    let mut calls = 0_i32;
    unsafe {
        expect(CFA_OK, |err| cfa_options_new(&raw mut all.options, err));
        for (key, value) in [("onnxruntime", "fake-network"), ("threads", "1")] {
            expect(CFA_OK, |err| {
                cfa_options_set(all.options, text(key), text(value), err)
            });
        }
        expect(CFA_OK, |err| {
            let userdata = (&raw mut calls).cast();
            cfa_options_set_progress(all.options, Some(count), userdata, err)
        });
        expect(CFA_OK, |err| {
            let (data, len) = (BUNDLE.as_ptr(), BUNDLE.len());
            cfa_model_open_bytes(data, len, all.options, &raw mut all.model, err)
        });
        expect(CFA_OK, |err| {
            cfa_session_new(all.model, all.options, &raw mut all.session, err)
        });
        assert!(calls >= 4);
    }
    all
}

impl Drop for Handles {
    fn drop(&mut self) {
        unsafe {
            cfa_options_free(self.options);
            cfa_model_free(self.model);
            cfa_session_cancel(self.session);
            cfa_session_free(self.session);
        }
    }
}

/// The two calls that a text takes.
fn told(call: impl Fn(*mut c_char, usize, *mut usize, *mut cfa_error) -> cfa_status) -> String {
    let mut needed = MaybeUninit::uninit();
    expect(CFA_E_BUFFER_TOO_SMALL, |err| {
        call(null_mut(), 0, needed.as_mut_ptr(), err)
    });
    let mut buffer = vec![MaybeUninit::<u8>::uninit(); unsafe { needed.assume_init() }];
    expect(CFA_OK, |err| {
        let start = buffer.as_mut_ptr().cast();
        call(start, buffer.len(), needed.as_mut_ptr(), err)
    });
    let bytes = buffer.iter().map(|byte| unsafe { byte.assume_init() });
    let text = String::from_utf8(bytes.collect()).unwrap();
    text.strip_suffix('\0').unwrap().to_owned()
}

#[test]
fn texts_come_back() {
    let all = opened();
    unsafe {
        let model = told(|buf, capacity, needed, err| {
            cfa_model_info_json(all.model, buf, capacity, needed, err)
        });
        assert!(model.starts_with('{') && model.ends_with('}'), "{model}");
        let session = told(|buf, capacity, needed, err| {
            cfa_session_info_json(all.session, buf, capacity, needed, err)
        });
        assert!(session.contains("\"onnxruntime\":null"), "{session}");
        expect(CFA_OK, |err| cfa_abi_check(cfa_abi_version(), err));
        for text in [cfa_build_info_json(), cfa_status_name(CFA_E_BUSY)] {
            assert_eq!(text.data.add(text.len).read(), 0);
        }
    }
}

#[test]
fn scores_maps_and_colours_come_back() {
    let all = opened();
    let pixels = pixels();
    let image = image(&pixels);
    let (mut width, mut height) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    unsafe {
        expect(CFA_OK, |err| {
            cfa_model_map_size(all.model, width.as_mut_ptr(), height.as_mut_ptr(), err)
        });
        let model_px = (width.assume_init() * height.assume_init()) as usize;
        for (size, len) in [
            (CFA_MAP_SIZE_MODEL, model_px),
            (CFA_MAP_SIZE_PICTURE, pixels.len()),
        ] {
            let mut values = vec![MaybeUninit::uninit(); len];
            let mut verdict = Sized::<cfa_verdict>::new();
            let mut map = map(size, &mut values);
            expect(CFA_OK, |err| {
                let (image, verdict) = (&raw const image, verdict.pointer());
                cfa_session_score(all.session, image, verdict, &raw mut map, err)
            });
            assert_eq!((map.width_px * map.height_px) as usize, len);
            assert!(verdict.read().score > 0.0);
            let mut rgb = vec![MaybeUninit::<u8>::uninit(); 3 * len];
            expect(CFA_OK, |err| {
                let (values, to) = (values.as_ptr().cast(), rgb.as_mut_ptr().cast());
                cfa_model_heatmap_rgb8(all.model, values, len, to, 3 * len, err)
            });
            assert!(rgb.iter().any(|byte| byte.assume_init() > 0));
        }
        expect(CFA_E_SELF_TEST, |err| {
            cfa_session_self_test(all.session, err)
        });
    }
}

/// BMP, 24 bits a pixel.
fn bitmap(side: u32) -> Vec<u8> {
    let len = 54 + side * side * 3;
    let fields = [len, 0, 54, 40, side, side, 1 | 24 << 16];
    let mut file = b"BM".to_vec();
    file.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
    file.resize(54, 0);
    file.extend((54..len).map(|i| (i * 11 % 241) as u8));
    file
}

#[test]
fn files_and_batches_are_inspected() {
    let all = opened();
    let (pixels, file) = (pixels(), bitmap(16));
    let images = [image(&pixels), image(&pixels[..SIDE * SIDE / 2])];
    let images = [&raw const images[0], &raw const images[1]];
    let mut verdicts = [Sized::<cfa_verdict>::new(), Sized::new()];
    let mut values = vec![MaybeUninit::uninit(); SIDE * SIDE];
    let mut map = map(CFA_MAP_SIZE_PICTURE, &mut values);
    let maps = [null_mut(), &raw mut map];
    let mut done = MaybeUninit::uninit();
    unsafe {
        expect(CFA_OK, |err| {
            let to = verdicts[0].pointer();
            cfa_session_score_encoded(all.session, file.as_ptr(), file.len(), to, null_mut(), err)
        });
        assert_eq!(verdicts[0].read().width_px, 16);
        for maps in [maps.as_ptr(), null()] {
            let to = [verdicts[0].pointer(), verdicts[1].pointer()];
            expect(CFA_OK, |err| {
                let (images, to) = (images.as_ptr(), to.as_ptr());
                cfa_session_score_batch(all.session, images, 2, to, maps, done.as_mut_ptr(), err)
            });
            assert_eq!(done.assume_init(), 2);
        }
    }
    assert_eq!(map.height_px as usize, SIDE / 2);
    assert_eq!(verdicts.map(|one| one.read().height_px), [20, 10]);
}

/// Which ends where its size says: there is nothing behind it.
#[test]
fn structures_of_other_sizes_are_not_touched() {
    let all = opened();
    let pixels = pixels();
    let image = image(&pixels);
    let mut verdict = Sized::<cfa_verdict>::new();
    let mut short = Box::new(4_u32);
    let short = &raw mut *short;
    unsafe {
        expect(CFA_E_BAD_STRUCT_SIZE, |err| {
            cfa_session_score(
                all.session,
                short.cast(),
                verdict.pointer(),
                null_mut(),
                err,
            )
        });
        expect(CFA_E_BAD_STRUCT_SIZE, |err| {
            cfa_session_score(all.session, &raw const image, short.cast(), null_mut(), err)
        });
        expect(CFA_E_BAD_STRUCT_SIZE, |err| {
            let image = &raw const image;
            cfa_session_score(all.session, image, verdict.pointer(), short.cast(), err)
        });
        assert_eq!(cfa_abi_check(0, short.cast()), CFA_E_BAD_STRUCT_SIZE);
        assert_eq!(*short, 4);
    }
}

#[test]
fn null_and_misaligned_pointers_are_not_followed() {
    let all = opened();
    let mut verdict = Sized::<cfa_verdict>::new();
    let mut room = [0_u64; 32];
    let odd = room.as_mut_ptr().wrapping_byte_add(1);
    unsafe {
        expect(CFA_E_NULL_ARGUMENT, |err| {
            cfa_session_score(null_mut(), null(), verdict.pointer(), null_mut(), err)
        });
        expect(CFA_E_NULL_ARGUMENT, |err| {
            cfa_session_score(all.session, null(), verdict.pointer(), null_mut(), err)
        });
        expect(CFA_E_BAD_ARGUMENT, |err| {
            cfa_session_score(all.session, odd.cast(), verdict.pointer(), null_mut(), err)
        });
        expect(CFA_E_BAD_ARGUMENT, |err| {
            cfa_model_map_size(all.model, odd.cast(), odd.cast(), err)
        });
        expect(CFA_E_BAD_ARGUMENT, |err| {
            cfa_model_heatmap_rgb8(all.model, odd.cast(), 1, room.as_mut_ptr().cast(), 3, err)
        });
        expect(CFA_E_BAD_ARGUMENT, |err| {
            cfa_session_score_batch(
                all.session,
                odd.cast(),
                1,
                odd.cast(),
                null(),
                null_mut(),
                err,
            )
        });
        assert_eq!(cfa_abi_check(0, odd.cast()), CFA_E_BAD_ARGUMENT);
        let nothing = cfa_str {
            data: null(),
            len: 0,
        };
        expect(CFA_E_BAD_ARGUMENT, |err| {
            cfa_options_set(all.options, nothing, nothing, err)
        });
        cfa_options_free(null_mut());
        cfa_model_free(null_mut());
        cfa_session_free(null_mut());
        cfa_session_cancel(null());
    }
    assert_eq!(room, [0; 32]);
}

/// A handle as the threads of a C program share it.
#[derive(Clone, Copy)]
struct Everywhere(*mut cfa_session);
unsafe impl Send for Everywhere {}

#[test]
fn two_threads_get_results_or_are_told_why_not() {
    let all = opened();
    let session = Everywhere(all.session);
    let score = |session: Everywhere| {
        let session = session.0;
        let pixels = pixels();
        let image = image(&pixels);
        let mut verdict = Sized::<cfa_verdict>::new();
        let (image, to) = (&raw const image, verdict.pointer());
        let status = unsafe { cfa_session_score(session, image, to, null_mut(), null_mut()) };
        let allowed = [CFA_OK, CFA_E_BUSY, CFA_E_CANCELLED];
        assert!(allowed.contains(&status), "{status}");
        unsafe { cfa_session_cancel(session) };
    };
    let other = std::thread::spawn(move || score(session));
    score(session);
    other.join().unwrap();
}
