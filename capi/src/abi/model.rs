//! Entry points for models.

use std::ffi::c_char;

use cfa_runtime::inspector::OpenError;
use cfa_runtime::{Bundle, Model, render};

use super::output::{copy_text, reporting};
use super::pointer::{Given, given};
use crate::fault::Fault;
use crate::options::cfa_options;
use crate::progress::report_or_stop;
use crate::session::cfa_model;
use crate::status::{CFA_E_BUFFER_TOO_SMALL, cfa_status};
use crate::types::{cfa_error, cfa_str};

const READING: &str = "reading the bundle";

/// Opens and checks a bundle file. `options` may be NULL. Any thread.
///
/// The file stays open, for sessions read the network from it unless they find it in the
/// cache. It may be replaced or removed; written into, it makes new sessions fail.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_model_open(
    path: cfa_str,
    options: *const cfa_options,
    out: *mut *mut cfa_model,
    err: *mut cfa_error,
) -> cfa_status {
    given!(path, options, out, err);
    let open = || {
        let path = path.text("path")?;
        if path.is_empty() {
            return Err(Fault::argument("path is empty; name a bundle file (.cfa)"));
        }
        Ok(Model::open(path.as_ref())?)
    };
    reporting(&err, || opened(open, &options, &out))
}

/// Opens a model from the bytes of a bundle file, which are copied. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_model_open_bytes(
    data: *const u8,
    data_len: usize,
    options: *const cfa_options,
    out: *mut *mut cfa_model,
    err: *mut cfa_error,
) -> cfa_status {
    given!(data, options, out, err);
    let open = || {
        let bytes = data.array(data_len, "data")?;
        let bundle = Bundle::from_bytes(bytes).map_err(OpenError::from)?;
        Ok(Model::from_bundle(bundle)?)
    };
    reporting(&err, || opened(open, &options, &out))
}

fn opened(
    open: impl FnOnce() -> Result<Model, Fault>,
    options: &Given<*const cfa_options>,
    out: &Given<*mut *mut cfa_model>,
) -> Result<(), Fault> {
    let out = out.handle_out()?;
    let progress = if options.is_null() {
        None
    } else {
        options.shared("options")?.progress.as_ref()
    };
    report_or_stop(progress, READING, 0.0)?;
    let model = open()?;
    report_or_stop(progress, READING, 1.0)?;
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
    given!(model, buf, needed, err);
    reporting(&err, || {
        let info = model.shared("model")?.info().to_string();
        copy_text(&info, &buf, capacity, &needed)
    })
}

/// Columns and rows of the model's own map, the same for every picture. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_model_map_size(
    model: *const cfa_model,
    width_px: *mut u32,
    height_px: *mut u32,
    err: *mut cfa_error,
) -> cfa_status {
    given!(model, width_px, height_px, err);
    reporting(&err, || {
        let (width, height) = model.shared("model")?.map_px();
        let (width_px, height_px) = (width_px.out("width_px")?, height_px.out("height_px")?);
        width_px.set(width);
        height_px.set(height);
        Ok(())
    })
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
    given!(model, values, rgb, err);
    reporting(&err, || {
        let model = model.shared("model")?;
        let values = values.array(count, "values")?;
        let rgb = rgb.room(rgb_capacity, "rgb")?;
        if rgb_capacity / 3 < values.len() {
            return Err(Fault::new(
                CFA_E_BUFFER_TOO_SMALL,
                format!("{count} values need 3 bytes each in rgb, not {rgb_capacity} in all"),
            ));
        }
        let range = model.model.manifest().heatmap_range;
        let colour = |&value: &f32| render::colour(Some(value), range).0;
        rgb.fill(values.iter().flat_map(colour));
        Ok(())
    })
}

/// Frees a model; NULL is fine. Sessions made from it go on working.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_model_free(model: *mut cfa_model) {
    given!(model);
    model.free();
}
