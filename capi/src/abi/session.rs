//! Entry points for sessions.

use std::ffi::c_char;
use std::time::Instant;

use super::output::{MapOut, copy_text, reporting};
use super::pointer::{Given, Out, given};
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
///
/// A session belongs to the process that made it: in a process forked later, every call
/// that takes it answers `CFA_E_BAD_ARGUMENT` at once, and `cfa_session_free` frees it. Make
/// another session there; models may be used there, too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_session_new(
    model: *const cfa_model,
    options: *const cfa_options,
    out: *mut *mut cfa_session,
    err: *mut cfa_error,
) -> cfa_status {
    given!(model, options, out, err);
    reporting(&err, || {
        let out = out.handle_out()?;
        let model = model.shared("model")?;
        let defaults = cfa_options::default();
        let options = if options.is_null() {
            &defaults
        } else {
            options.shared("options")?
        };
        out.give(cfa_session::open(model, options)?);
        Ok(())
    })
}

/// Inspects the pictures recorded in the bundle again and compares with the results
/// recorded: `CFA_E_SELF_TEST` when this machine computes something else. Call it once
/// after installation or start. One thread at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_session_self_test(
    session: *mut cfa_session,
    err: *mut cfa_error,
) -> cfa_status {
    given!(session, err);
    reporting(&err, || session.shared("session")?.job()?.self_test())
}

/// Who really computes, with how many threads, the ONNX Runtime in use, the bundle's
/// digest, under `warnings` what ONNX Runtime warned of and what was odd about the depth of
/// pictures (each kind once), and under `damage` what is wrong with the file of the picture
/// inspected last (null: nothing), as a JSON object. Buffers as for
/// `cfa_model_info_json`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_session_info_json(
    session: *const cfa_session,
    buf: *mut c_char,
    capacity: usize,
    needed: *mut usize,
    err: *mut cfa_error,
) -> cfa_status {
    given!(session, buf, needed, err);
    reporting(&err, || {
        let info = session.shared("session")?.info()?.to_string();
        copy_text(&info, &buf, capacity, &needed)
    })
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
    given!(session, image, verdict, map_or_null, err);
    reporting(&err, || {
        let session = session.shared("session")?;
        let one = One::new(&image, &verdict, &map_or_null)?;
        one.score(&mut session.job()?)
    })
}

/// Inspects a picture file in memory: PNG, JPEG, BMP, TIFF or WebP, decoded under the
/// limits of the session's options, and turned by the EXIF or TIFF orientation that it records
/// if the model's rule says so (`preprocessing.orientation` in `cfa_model_info_json`: `exif`,
/// which is what `imread` of `OpenCV` does, or `stored`). So the file and a frame that `OpenCV` made
/// of it score alike. A damaged file is `CFA_E_BAD_PICTURE` unless the option
/// `accept_damaged` is "true"; then `remarks` of the verdict tells of it. The rest is as for
/// `cfa_session_score`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_session_score_encoded(
    session: *mut cfa_session,
    data: *const u8,
    data_len: usize,
    verdict: *mut cfa_verdict,
    map_or_null: *mut cfa_map,
    err: *mut cfa_error,
) -> cfa_status {
    given!(session, data, verdict, map_or_null, err);
    reporting(&err, || {
        let encoded = data.array(data_len, "data")?;
        let session = session.shared("session")?;
        let outputs = Outputs::new(&verdict, &map_or_null)?;
        let mut job = session.job()?;
        let started = Instant::now();
        let picture = job.decode(encoded)?;
        let decode_ns = nanoseconds_since(started);
        let place = Place::whole((picture.width_px(), picture.height_px()));
        check_room(outputs.map.as_ref(), job.map_px(), place.inspected)?;
        outputs.write(&job.inspect(&picture)?, place, decode_ns);
        Ok(())
    })
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
    given!(session, images, verdicts, maps_or_null, done_or_null, err);
    reporting(&err, || {
        let session = session.shared("session")?;
        let done = done_or_null.optional_out("done_or_null")?;
        if let Some(done) = done {
            done.set(0);
        }
        let images = images.pointers(count, "images")?;
        let verdicts = verdicts.pointers(count, "verdicts")?;
        let maps = if maps_or_null.is_null() {
            &[]
        } else {
            maps_or_null.pointers(count, "maps_or_null")?
        };
        let all = batch(images, verdicts, maps)?;
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
    })
}

/// Ends the call that is computing in this session, which then answers
/// `CFA_E_CANCELLED`, or `CFA_OK` when everything was computed already; nothing happens
/// when there is none. The network stops at its next operation. `cfa_session_self_test` is
/// not stopped. NULL is fine. Any thread, also while another one computes in the session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_session_cancel(session: *const cfa_session) {
    given!(session);
    let work = || {
        session.shared("session")?.cancel();
        Ok(())
    };
    // There is nobody to tell.
    let _refused = caught(work);
}

/// Frees a session; NULL is fine. No call may be computing in it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_session_free(session: *mut cfa_session) {
    given!(session);
    session.free();
}

/// Where the results for one picture go.
#[derive(Debug)]
struct Outputs {
    verdict: Out<cfa_verdict>,
    map: Option<MapOut>,
}

impl Outputs {
    fn new(verdict: &Given<*mut cfa_verdict>, map: &Given<*mut cfa_map>) -> Result<Self, Fault> {
        Ok(Self {
            verdict: verdict.sized_out("verdict")?,
            map: MapOut::optional(map)?,
        })
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

impl<'a> One<'a> {
    fn new(
        image: &'a Given<*const cfa_image>,
        verdict: &Given<*mut cfa_verdict>,
        map: &Given<*mut cfa_map>,
    ) -> Result<Self, Fault> {
        let (image, data) = image.image()?;
        let outputs = Outputs::new(verdict, map)?;
        Ok(Self {
            frame: Frame::new(&image, data)?,
            outputs,
        })
    }

    /// What depends on the session.
    fn check(&self, job: &Job<'_>) -> Result<(), Fault> {
        let inspected = self.frame.inspected_size();
        job.check_size(inspected)?;
        check_room(self.outputs.map.as_ref(), job.map_px(), inspected)
    }

    fn score(&self, job: &mut Job<'_>) -> Result<(), Fault> {
        self.check(job)?;
        let started = Instant::now();
        let picture = self.frame.picture()?;
        let decode_ns = nanoseconds_since(started);
        let inspection = job.inspect(&picture)?;
        self.outputs
            .write(&inspection, Place::of_frame(&self.frame), decode_ns);
        Ok(())
    }
}

fn batch<'a>(
    images: &'a [Given<*const cfa_image>],
    verdicts: &[Given<*mut cfa_verdict>],
    maps: &[Given<*mut cfa_map>],
) -> Result<Vec<One<'a>>, Fault> {
    let pictures = images.iter().zip(verdicts).enumerate();
    pictures
        .map(|(index, (image, verdict))| {
            let map = maps.get(index).unwrap_or(&Given::NULL);
            One::new(image, verdict, map).map_err(|fault| of_picture(index, &fault))
        })
        .collect()
}

fn of_picture(index: usize, fault: &Fault) -> Fault {
    Fault::new(
        fault.status,
        format!("picture {index} of the batch: {}", fault.message),
    )
}
