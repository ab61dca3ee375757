//! Results for the caller's memory, which may hold anything before.

use std::ffi::c_char;

use super::pointer::{Given, Out, Room};
use crate::boundary::{caught, one_line};
use crate::fault::Fault;
use crate::scoring::MapSink;
use crate::status::{CFA_E_BUFFER_TOO_SMALL, CFA_OK, cfa_status};
use crate::types::{
    CFA_MAP_SIZE_MODEL, CFA_MAP_SIZE_PICTURE, CFA_MESSAGE_CAPACITY, cfa_error, cfa_map,
};

/// Runs an entry point that reports to `err`, which may be NULL.
pub(super) fn reporting(
    err: &Given<*mut cfa_error>,
    work: impl FnOnce() -> Result<(), Fault>,
) -> cfa_status {
    let out = if err.is_null() {
        None
    } else {
        match err.sized_out("err") {
            Ok(out) => Some(out),
            Err(fault) => return fault.status,
        }
    };
    let (status, message) = match caught(work) {
        Ok(()) => (CFA_OK, String::new()),
        Err(fault) => (fault.status, one_line(&fault.message, CFA_MESSAGE_CAPACITY)),
    };
    if let Some(out) = out {
        out.set(error(status, &message));
    }
    status
}

/// `one_line` has left room for a NUL.
fn error(status: cfa_status, text: &str) -> cfa_error {
    let mut message = [0; CFA_MESSAGE_CAPACITY];
    for (to, from) in message.iter_mut().zip(characters(text)) {
        *to = from;
    }
    cfa_error {
        struct_size: size_of::<cfa_error>() as u32,
        status,
        message_len: text.len() as u32,
        message,
    }
}

fn characters(text: &str) -> impl Iterator<Item = c_char> {
    text.bytes().map(|byte| c_char::from_ne_bytes([byte]))
}

/// Copies a text with a NUL to the caller's buffer, or says how much room it needs.
pub(super) fn copy_text(
    text: &str,
    buf: &Given<*mut c_char>,
    capacity: usize,
    needed: &Given<*mut usize>,
) -> Result<(), Fault> {
    let needed = needed.out("needed")?;
    let room = buf.room_or_none(capacity, "buf")?;
    needed.set(text.len() + 1);
    if capacity <= text.len() {
        return Err(Fault::new(
            CFA_E_BUFFER_TOO_SMALL,
            format!("the text needs {} bytes, not {capacity}", text.len() + 1),
        ));
    }
    room.fill(characters(text).chain([0]));
    Ok(())
}

/// Where an anomaly map goes.
#[derive(Debug)]
pub(super) struct MapOut {
    asked: cfa_map,
    out: Out<cfa_map>,
    values: Room<f32>,
}

impl MapOut {
    /// `None` for NULL.
    pub(super) fn optional(map: &Given<*mut cfa_map>) -> Result<Option<Self>, Fault> {
        if map.is_null() {
            return Ok(None);
        }
        let (asked, values, out) = map.map()?;
        match asked.size {
            CFA_MAP_SIZE_MODEL | CFA_MAP_SIZE_PICTURE => Ok(Some(Self { asked, out, values })),
            other => Err(Fault::argument(format!(
                "there is no map size {other}; use CFA_MAP_SIZE_MODEL or CFA_MAP_SIZE_PICTURE"
            ))),
        }
    }

    fn tell_size(&self, (width_px, height_px): (u32, u32)) {
        self.out.set(cfa_map {
            width_px,
            height_px,
            ..self.asked
        });
    }
}

impl MapSink for MapOut {
    fn in_picture_size(&self) -> bool {
        self.asked.size == CFA_MAP_SIZE_PICTURE
    }

    fn check_room(&self, (width_px, height_px): (u32, u32)) -> Result<(), Fault> {
        let needed = u64::from(width_px) * u64::from(height_px);
        if needed <= self.asked.capacity as u64 {
            return Ok(());
        }
        self.tell_size((width_px, height_px));
        Err(Fault::new(
            CFA_E_BUFFER_TOO_SMALL,
            format!(
                "the map of {width_px}x{height_px} px needs {needed} floats, not {}",
                self.asked.capacity
            ),
        ))
    }

    fn fill(&self, size: (u32, u32), values: impl Iterator<Item = f32>) {
        self.tell_size(size);
        self.values.fill(values);
    }
}
