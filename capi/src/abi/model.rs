//! Entry points for models.

use std::ffi::c_char;

use cfa_runtime::{Bundle, Model, render};

use super::output::{HandleOut, Out, copy_bytes, copy_text, reporting};
use super::pointer::{array, check, free, shared, text};
use crate::fault::Fault;
use crate::options::{cfa_options, report_or_stop};
use crate::session::cfa_model;
use crate::status::{CFA_E_BUFFER_TOO_SMALL, cfa_status};
use crate::types::{cfa_error, cfa_str};

const READING: &str = "reading the bundle";

/// Opens and checks a bundle file, and keeps it in memory. `options` may be NULL.
/// Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_model_open(
    path: cfa_str,
    options: *const cfa_options,
    out: *mut *mut cfa_model,
    err: *mut cfa_error,
) -> cfa_status {
    let open = || {
        // SAFETY: the caller keeps the header's rules for texts.
        let path = unsafe { text(path, "path") }?;
        if path.is_empty() {
            return Err(Fault::argument("path is empty; name a bundle file (.cfa)"));
        }
        Ok(Bundle::open(path.as_ref()).map_err(cfa_runtime::inspector::InspectError::from)?)
    };
    // SAFETY: the caller keeps the header's rules for the other pointers.
    unsafe { reporting(err, || opened(open, options, out)) }
}

/// The same from the bytes of a bundle file; they are copied. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_model_open_bytes(
    data: *const u8,
    data_len: usize,
    options: *const cfa_options,
    out: *mut *mut cfa_model,
    err: *mut cfa_error,
) -> cfa_status {
    let open = || {
        check(data, "data")?;
        // SAFETY: the caller keeps the header's rules for arrays.
        let bytes = unsafe { array(data, data_len, "data") }?;
        Ok(Bundle::from_bytes(bytes).map_err(cfa_runtime::inspector::InspectError::from)?)
    };
    // SAFETY: the caller keeps the header's rules for the other pointers.
    unsafe { reporting(err, || opened(open, options, out)) }
}

unsafe fn opened(
    open: impl FnOnce() -> Result<Bundle, Fault>,
    options: *const cfa_options,
    out: *mut *mut cfa_model,
) -> Result<(), Fault> {
    // SAFETY: as for this function.
    let out = unsafe { HandleOut::new(out) }?;
    let progress = if options.is_null() {
        None
    } else {
        // SAFETY: as for this function.
        unsafe { shared(options, "options") }?.progress
    };
    report_or_stop(progress.as_ref(), READING, 0.0)?;
    let model = Model::from_bundle(open()?)?;
    report_or_stop(progress.as_ref(), READING, 1.0)?;
    out.give(cfa_model { model });
    Ok(())
}

/// SHA-256 of the bundle file and its whole manifest, as a JSON object.
///
/// Writes the text with a final NUL to `buf`, and the bytes it needs with the NUL to
/// `needed`. `buf` may be NULL with `capacity` 0, to ask for the size alone: the answer is
/// `CFA_E_BUFFER_TOO_SMALL`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_model_info_json(
    model: *const cfa_model,
    buf: *mut c_char,
    capacity: usize,
    needed: *mut usize,
    err: *mut cfa_error,
) -> cfa_status {
    let work = || {
        // SAFETY: the caller keeps the header's rules for handles.
        let info = unsafe { shared(model, "model") }?.info().to_string();
        // SAFETY: the caller keeps the header's rules for buffers.
        unsafe { copy_text(&info, buf, capacity, needed) }
    };
    // SAFETY: the caller keeps the header's rules for `err`.
    unsafe { reporting(err, work) }
}

/// Columns and rows of the model's own map, the same for every picture. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_model_map_size(
    model: *const cfa_model,
    width_px: *mut u32,
    height_px: *mut u32,
    err: *mut cfa_error,
) -> cfa_status {
    let work = || {
        // SAFETY: the caller keeps the header's rules for handles and outputs.
        let (model, width_out, height_out) = unsafe {
            (
                shared(model, "model")?,
                Out::new(width_px, "width_px")?,
                Out::new(height_px, "height_px")?,
            )
        };
        let (width, height) = model.map_px();
        width_out.set(width);
        height_out.set(height);
        Ok(())
    };
    // SAFETY: the caller keeps the header's rules for `err`.
    unsafe { reporting(err, work) }
}

/// Colours map values for people, with the range of colours from the bundle: 3 bytes a
/// value, red, green, blue; NaN becomes gray. `rgb_capacity` must be at least 3 * `count`.
/// The same colours as `cfa-run predict --save heatmap` for a map in picture size.
/// Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_model_heatmap_rgb8(
    model: *const cfa_model,
    values: *const f32,
    count: usize,
    rgb: *mut u8,
    rgb_capacity: usize,
    err: *mut cfa_error,
) -> cfa_status {
    let work = || {
        // SAFETY: the caller keeps the header's rules for handles and arrays.
        let (model, values) = unsafe {
            (shared(model, "model")?, {
                check(values, "values")?;
                array(values, count, "values")?
            })
        };
        check(rgb, "rgb")?;
        if rgb_capacity / 3 < values.len() {
            return Err(Fault::new(
                CFA_E_BUFFER_TOO_SMALL,
                format!("{count} values need 3 bytes each in rgb, not {rgb_capacity} in all"),
            ));
        }
        let range = model.model.manifest().heatmap_range;
        let colours = values
            .iter()
            .flat_map(|&value| render::colour(Some(value), range).0);
        // SAFETY: the capacity is checked, and the caller vouches for it.
        unsafe { copy_bytes(colours, rgb, rgb_capacity) };
        Ok(())
    };
    // SAFETY: the caller keeps the header's rules for `err`.
    unsafe { reporting(err, work) }
}

/// Frees a model; NULL is fine. Sessions made from it go on working.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_model_free(model: *mut cfa_model) {
    // SAFETY: the caller keeps the header's rules for handles.
    unsafe { free(model) };
}
