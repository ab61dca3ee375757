//! Results written to the caller's memory, which may hold anything before.

use std::ffi::c_char;
use std::ptr;

use super::pointer::{check, check_size, sized};
use crate::boundary::{caught, one_line};
use crate::fault::Fault;
use crate::status::{CFA_E_BUFFER_TOO_SMALL, CFA_OK, cfa_status};
use crate::types::{
    CFA_MAP_SIZE_MODEL, CFA_MAP_SIZE_PICTURE, CFA_MESSAGE_CAPACITY, cfa_error, cfa_map,
};

/// Runs an entry point that reports to `err`, which may be NULL.
pub(super) unsafe fn reporting(
    err: *mut cfa_error,
    work: impl FnOnce() -> Result<(), Fault>,
) -> cfa_status {
    if !err.is_null()
        // SAFETY: the caller vouches for the memory behind a pointer that is not NULL.
        && let Err(fault) = unsafe { check_size(err, "err") }
    {
        return fault.status;
    }
    let (status, message) = match caught(work) {
        Ok(()) => (CFA_OK, String::new()),
        Err(fault) => (fault.status, one_line(&fault.message, CFA_MESSAGE_CAPACITY)),
    };
    if !err.is_null() {
        // SAFETY: just checked; `one_line` leaves room for the NUL.
        unsafe { write_error(err, status, &message) };
    }
    status
}

unsafe fn write_error(err: *mut cfa_error, status: cfa_status, message: &str) {
    // SAFETY: the caller of this function has checked pointer and length.
    unsafe {
        (&raw mut (*err).status).write(status);
        (&raw mut (*err).message_len).write(message.len() as u32);
        write_text((&raw mut (*err).message).cast(), message);
    }
}

/// Writes `text.len() + 1` bytes.
unsafe fn write_text(to: *mut c_char, text: &str) {
    // SAFETY: the caller of this function vouches for the room.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr(), to.cast::<u8>(), text.len());
        to.add(text.len()).write(0);
    }
}

/// Where one value goes. Made by functions that are unsafe, so that writing is not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Out<T>(*mut T);

impl<T> Out<T> {
    pub(super) unsafe fn new(pointer: *mut T, name: &str) -> Result<Self, Fault> {
        check(pointer, name)?;
        Ok(Self(pointer))
    }

    /// For a structure that says its size.
    pub(super) unsafe fn sized(pointer: *mut T, name: &str) -> Result<Self, Fault> {
        // SAFETY: as for this function.
        unsafe { check_size(pointer, name) }?;
        Ok(Self(pointer))
    }

    /// `None` for NULL.
    pub(super) unsafe fn optional(pointer: *mut T, name: &str) -> Result<Option<Self>, Fault> {
        if pointer.is_null() {
            return Ok(None);
        }
        // SAFETY: as for this function.
        unsafe { Self::new(pointer, name) }.map(Some)
    }

    pub(super) fn set(self, value: T) {
        // SAFETY: not NULL, aligned, and the maker vouched for room for the call's time.
        unsafe { self.0.write(value) };
    }
}

/// Where a new handle goes; NULL until it is given.
#[derive(Debug)]
pub(super) struct HandleOut<T>(Out<*mut T>);

impl<T> HandleOut<T> {
    pub(super) unsafe fn new(pointer: *mut *mut T) -> Result<Self, Fault> {
        // SAFETY: as for this function.
        let out = unsafe { Out::new(pointer, "out") }?;
        out.set(ptr::null_mut());
        Ok(Self(out))
    }

    pub(super) fn give(self, handle: T) {
        self.0.set(Box::into_raw(Box::new(handle)));
    }
}

/// Copies a text with a NUL to the caller's buffer, or says how much room it needs.
pub(super) unsafe fn copy_text(
    text: &str,
    buf: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> Result<(), Fault> {
    // SAFETY: as for this function.
    let needed = unsafe { Out::new(needed, "needed") }?;
    if capacity > 0 {
        check(buf, "buf")?;
    }
    needed.set(text.len() + 1);
    if capacity <= text.len() {
        return Err(Fault::new(
            CFA_E_BUFFER_TOO_SMALL,
            format!("the text needs {} bytes, not {capacity}", text.len() + 1),
        ));
    }
    // SAFETY: checked, and the caller vouches for `capacity` bytes.
    unsafe { write_text(buf, text) };
    Ok(())
}

/// Copies bytes to a caller's buffer that has been checked to have room for all of them.
pub(super) unsafe fn copy_bytes(bytes: impl Iterator<Item = u8>, to: *mut u8, capacity: usize) {
    for (index, byte) in bytes.take(capacity).enumerate() {
        // SAFETY: `index` is below `capacity`, for which the caller vouches.
        unsafe { to.add(index).write(byte) };
    }
}

/// Where an anomaly map goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MapOut {
    map: *mut cfa_map,
    in_picture_size: bool,
    capacity: usize,
    data: *mut f32,
}

impl MapOut {
    /// `None` for NULL.
    pub(super) unsafe fn optional(map: *mut cfa_map) -> Result<Option<Self>, Fault> {
        if map.is_null() {
            return Ok(None);
        }
        // SAFETY: as for this function.
        let asked = unsafe { sized(map, "map") }?;
        let in_picture_size = match asked.size {
            CFA_MAP_SIZE_MODEL => false,
            CFA_MAP_SIZE_PICTURE => true,
            other => {
                return Err(Fault::argument(format!(
                    "there is no map size {other}; use CFA_MAP_SIZE_MODEL or CFA_MAP_SIZE_PICTURE"
                )));
            }
        };
        if asked.capacity > 0 {
            check(asked.data, "map->data")?;
        }
        Ok(Some(Self {
            map,
            in_picture_size,
            capacity: asked.capacity,
            data: asked.data,
        }))
    }

    pub(crate) fn in_picture_size(&self) -> bool {
        self.in_picture_size
    }

    /// Refuses a map with too little room, and tells its size.
    pub(crate) fn check_room(&self, (width_px, height_px): (u32, u32)) -> Result<(), Fault> {
        let needed = u64::from(width_px) * u64::from(height_px);
        if needed <= self.capacity as u64 {
            return Ok(());
        }
        self.tell_size((width_px, height_px));
        Err(Fault::new(
            CFA_E_BUFFER_TOO_SMALL,
            format!(
                "the map of {width_px}x{height_px} px needs {needed} floats, not {}",
                self.capacity
            ),
        ))
    }

    /// Writes size and values; values beyond the room would be left out.
    pub(crate) fn fill(&self, size: (u32, u32), values: impl Iterator<Item = f32>) {
        self.tell_size(size);
        for (index, value) in values.take(self.capacity).enumerate() {
            // SAFETY: `index` is below the capacity, for which the maker vouched.
            unsafe { self.data.add(index).write(value) };
        }
    }

    fn tell_size(&self, (width_px, height_px): (u32, u32)) {
        // SAFETY: checked when made, and the maker vouched for the call's time.
        unsafe {
            (&raw mut (*self.map).width_px).write(width_px);
            (&raw mut (*self.map).height_px).write(height_px);
        }
    }
}
