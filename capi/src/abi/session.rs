//! Entry points for sessions.

use std::ffi::c_char;
use std::time::Instant;

use super::MapOut;
use super::output::{HandleOut, Out, copy_text, reporting};
use super::pointer::{array, check, free, shared, sized};
use crate::boundary::caught;
use crate::fault::Fault;
use crate::frame::Frame;
use crate::options::cfa_options;
use crate::scoring::{Place, check_room, fill, nanoseconds_since, verdict};
use crate::session::{Job, cfa_model, cfa_session};
use crate::status::cfa_status;
use crate::types::{cfa_error, cfa_image, cfa_map, cfa_verdict};

/// Loads ONNX Runtime if that has not been done, and opens the model's network.
/// `options` may be NULL. The memory bank is shared with the model. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_session_new(
    model: *const cfa_model,
    options: *const cfa_options,
    out: *mut *mut cfa_session,
    err: *mut cfa_error,
) -> cfa_status {
    let work = || {
        // SAFETY: the caller keeps the header's rules for handles and outputs.
        let (out, model) = unsafe { (HandleOut::new(out)?, shared(model, "model")?) };
        let defaults = cfa_options::default();
        let options = if options.is_null() {
            &defaults
        } else {
            // SAFETY: the caller keeps the header's rules for handles.
            unsafe { shared(options, "options") }?
        };
        out.give(cfa_session::open(model, options)?);
        Ok(())
    };
    // SAFETY: the caller keeps the header's rules for `err`.
    unsafe { reporting(err, work) }
}

/// Inspects the pictures recorded in the bundle again and compares with the results
/// recorded: `CFA_E_SELF_TEST` when this machine computes something else. Call it once
/// after installation or start. One thread at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_session_self_test(
    session: *mut cfa_session,
    err: *mut cfa_error,
) -> cfa_status {
    // SAFETY: the caller keeps the header's rules for handles.
    let work = || unsafe { shared(session, "session") }?.job()?.self_test();
    // SAFETY: the caller keeps the header's rules for `err`.
    unsafe { reporting(err, work) }
}

/// Who really computes, with how many threads, the ONNX Runtime in use, the bundle's
/// digest, and what ONNX Runtime warned of, as a JSON object. Buffers as for
/// `cfa_model_info_json`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_session_info_json(
    session: *const cfa_session,
    buf: *mut c_char,
    capacity: usize,
    needed: *mut usize,
    err: *mut cfa_error,
) -> cfa_status {
    let work = || {
        // SAFETY: the caller keeps the header's rules for handles.
        let info = unsafe { shared(session, "session") }?.info().to_string();
        // SAFETY: the caller keeps the header's rules for buffers.
        unsafe { copy_text(&info, buf, capacity, needed) }
    };
    // SAFETY: the caller keeps the header's rules for `err`.
    unsafe { reporting(err, work) }
}

/// Inspects one picture in memory. `map_or_null` receives the anomaly map.
/// One thread at a time; another one meanwhile gets `CFA_E_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_session_score(
    session: *mut cfa_session,
    image: *const cfa_image,
    verdict: *mut cfa_verdict,
    map_or_null: *mut cfa_map,
    err: *mut cfa_error,
) -> cfa_status {
    let work = || {
        // SAFETY: the caller keeps the header's rules for handles and structures.
        let (session, one) = unsafe {
            (
                shared(session, "session")?,
                One::new(image, verdict, map_or_null)?,
            )
        };
        one.score(&mut session.job()?)
    };
    // SAFETY: the caller keeps the header's rules for `err`.
    unsafe { reporting(err, work) }
}

/// Inspects a picture file in memory: PNG, JPEG, BMP, TIFF or WebP, decoded under the
/// limits of the session's options. The rest is as for `cfa_session_score`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_session_score_encoded(
    session: *mut cfa_session,
    data: *const u8,
    data_len: usize,
    verdict: *mut cfa_verdict,
    map_or_null: *mut cfa_map,
    err: *mut cfa_error,
) -> cfa_status {
    let work = || {
        check(data, "data")?;
        // SAFETY: the caller keeps the header's rules for handles, arrays, structures.
        let (session, encoded, outputs) = unsafe {
            (
                shared(session, "session")?,
                array(data, data_len, "data")?,
                Outputs::new(verdict, map_or_null)?,
            )
        };
        let mut job = session.job()?;
        let started = Instant::now();
        let picture = job.decode(encoded)?;
        let decode_ns = nanoseconds_since(started);
        let place = Place::whole((picture.width_px(), picture.height_px()));
        check_room(outputs.map, job.map_px(), place.inspected)?;
        outputs.write(&job.inspect(&picture)?, place, decode_ns);
        Ok(())
    };
    // SAFETY: the caller keeps the header's rules for `err`.
    unsafe { reporting(err, work) }
}

/// Inspects `count` pictures, one after the other: the same numbers as one call each,
/// and one `cfa_session_cancel` stops them all.
///
/// `images`, `verdicts` and, unless NULL, `maps_or_null` are arrays of `count` pointers; a
/// map may be NULL. Everything is checked before the first picture is inspected. When one
/// fails, the batch ends: `done_or_null` tells how many verdicts have been written, and
/// the message which picture it was. One thread at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_session_score_batch(
    session: *mut cfa_session,
    images: *const *const cfa_image,
    count: usize,
    verdicts: *const *mut cfa_verdict,
    maps_or_null: *const *mut cfa_map,
    done_or_null: *mut usize,
    err: *mut cfa_error,
) -> cfa_status {
    let work = || {
        // SAFETY: the caller keeps the header's rules for handles and outputs.
        let (session, done) = unsafe {
            (
                shared(session, "session")?,
                Out::optional(done_or_null, "done_or_null")?,
            )
        };
        if let Some(done) = done {
            done.set(0);
        }
        // SAFETY: the caller keeps the header's rules for arrays and structures.
        let all = unsafe { batch(images, count, verdicts, maps_or_null) }?;
        let mut job = session.job()?;
        for (index, one) in all.iter().enumerate() {
            one.check(&job).map_err(|fault| of_picture(index, &fault))?;
        }
        for (index, one) in all.iter().enumerate() {
            one.score(&mut job)
                .map_err(|fault| of_picture(index, &fault))?;
            if let Some(done) = done {
                done.set(index + 1);
            }
        }
        Ok(())
    };
    // SAFETY: the caller keeps the header's rules for `err`.
    unsafe { reporting(err, work) }
}

/// Ends the call that is computing in this session, which then answers
/// `CFA_E_CANCELLED`, or `CFA_OK` when everything was computed already; nothing happens
/// when there is none. The network stops at its next operation. `cfa_session_self_test` is
/// not stopped. NULL is fine. Any thread, also while another one computes in the session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_session_cancel(session: *const cfa_session) {
    let work = || {
        // SAFETY: the caller keeps the header's rules for handles.
        unsafe { shared(session, "session") }?.cancel();
        Ok(())
    };
    // There is nobody to tell.
    let _refused = caught(work);
}

/// Frees a session; NULL is fine. No call may be computing in it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_session_free(session: *mut cfa_session) {
    // SAFETY: the caller keeps the header's rules for handles.
    unsafe { free(session) };
}

/// Where the results for one picture go.
#[derive(Debug, Clone, Copy)]
struct Outputs {
    verdict: Out<cfa_verdict>,
    map: Option<MapOut>,
}

impl Outputs {
    unsafe fn new(verdict: *mut cfa_verdict, map: *mut cfa_map) -> Result<Self, Fault> {
        // SAFETY: as for this function.
        unsafe {
            Ok(Self {
                verdict: Out::sized(verdict, "verdict")?,
                map: MapOut::optional(map)?,
            })
        }
    }

    fn write(&self, inspection: &cfa_runtime::Inspection, place: Place, decode_ns: u64) {
        self.verdict.set(verdict(inspection, place, decode_ns));
        if let Some(map) = &self.map {
            fill(map, inspection);
        }
    }
}

/// One picture in memory with its outputs.
#[derive(Debug)]
struct One<'a> {
    frame: Frame<'a>,
    outputs: Outputs,
}

impl One<'_> {
    unsafe fn new(
        image: *const cfa_image,
        verdict: *mut cfa_verdict,
        map: *mut cfa_map,
    ) -> Result<Self, Fault> {
        // SAFETY: as for this function.
        let (image, outputs) = unsafe { (sized(image, "image")?, Outputs::new(verdict, map)?) };
        check(image.data, "image->data")?;
        // SAFETY: as for this function.
        let data = unsafe { array(image.data, image.data_len, "image->data") }?;
        Ok(Self {
            frame: Frame::new(&image, data)?,
            outputs,
        })
    }

    /// What depends on the session.
    fn check(&self, job: &Job<'_>) -> Result<(), Fault> {
        let inspected = self.frame.inspected_size();
        job.check_size(inspected)?;
        check_room(self.outputs.map, job.map_px(), inspected)
    }

    fn score(&self, job: &mut Job<'_>) -> Result<(), Fault> {
        self.check(job)?;
        let started = Instant::now();
        let picture = self.frame.picture()?;
        let decode_ns = nanoseconds_since(started);
        let inspection = job.inspect(&picture)?;
        self.outputs
            .write(&inspection, Place::of(&self.frame), decode_ns);
        Ok(())
    }
}

unsafe fn batch<'a>(
    images: *const *const cfa_image,
    count: usize,
    verdicts: *const *mut cfa_verdict,
    maps: *const *mut cfa_map,
) -> Result<Vec<One<'a>>, Fault> {
    check(images, "images")?;
    check(verdicts, "verdicts")?;
    // SAFETY: as for this function.
    let (images, verdicts) = unsafe {
        (
            array(images, count, "images")?,
            array(verdicts, count, "verdicts")?,
        )
    };
    let maps = if maps.is_null() {
        &[]
    } else {
        // SAFETY: as for this function.
        unsafe { array(maps, count, "maps_or_null") }?
    };
    let map = |index: usize| maps.get(index).copied().unwrap_or(std::ptr::null_mut());
    images
        .iter()
        .zip(verdicts)
        .enumerate()
        .map(|(index, (&image, &verdict))| {
            // SAFETY: as for this function.
            unsafe { One::new(image, verdict, map(index)) }
                .map_err(|fault| of_picture(index, &fault))
        })
        .collect()
}

fn of_picture(index: usize, fault: &Fault) -> Fault {
    Fault::new(
        fault.status,
        format!("picture {index} of the batch: {}", fault.message),
    )
}
