//! From the caller's pointers to references and values.
//!
//! A pointer is checked for NULL, for its alignment and, where the structure says its
//! size, for that. That it leads to memory which lives and is not written meanwhile is
//! what the header asks of the caller; the functions are unsafe for that alone.

use std::ffi::c_char;
use std::slice;

use crate::fault::Fault;
use crate::status::CFA_E_BAD_STRUCT_SIZE;
use crate::types::cfa_str;

/// Refuses NULL and misaligned pointers.
pub(super) fn check<T>(pointer: *const T, name: &str) -> Result<(), Fault> {
    if pointer.is_null() {
        return Err(Fault::null(name));
    }
    if pointer.is_aligned() {
        return Ok(());
    }
    Err(Fault::argument(format!(
        "{name} is not aligned to {} bytes",
        align_of::<T>()
    )))
}

/// Refuses structures of other sizes than this library knows. All of them begin with
/// their size as `uint32_t`.
pub(super) unsafe fn check_size<T>(pointer: *const T, name: &str) -> Result<(), Fault> {
    check(pointer, name)?;
    // SAFETY: the caller vouches for at least these four bytes, and `check` for the
    // alignment, which is no smaller for the whole structure.
    let found = unsafe { pointer.cast::<u32>().read() };
    if found as usize == size_of::<T>() {
        return Ok(());
    }
    Err(Fault::new(
        CFA_E_BAD_STRUCT_SIZE,
        format!(
            "{name}->struct_size is {found}, where {} is known; set it to the sizeof, and call \
             cfa_abi_check",
            size_of::<T>()
        ),
    ))
}

/// A structure, copied after a look at its size.
pub(super) unsafe fn sized<T: Copy>(pointer: *const T, name: &str) -> Result<T, Fault> {
    // SAFETY: as for this function.
    unsafe { check_size(pointer, name) }?;
    // SAFETY: checked, and the caller vouches that the structure is filled in.
    Ok(unsafe { pointer.read() })
}

/// A handle that is only looked at.
pub(super) unsafe fn shared<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, Fault> {
    check(pointer, name)?;
    // SAFETY: checked, and the caller vouches for a living handle.
    Ok(unsafe { &*pointer })
}

/// A handle that is changed; the caller vouches that no other thread uses it.
pub(super) unsafe fn exclusive<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T, Fault> {
    check(pointer, name)?;
    // SAFETY: checked, and the caller vouches for a living handle of its own.
    Ok(unsafe { &mut *pointer })
}

/// `len` values; NULL is fine for none.
pub(super) unsafe fn array<'a, T>(
    data: *const T,
    len: usize,
    name: &str,
) -> Result<&'a [T], Fault> {
    if len == 0 {
        return Ok(&[]);
    }
    check(data, name)?;
    if len > isize::MAX as usize / size_of::<T>() {
        return Err(Fault::argument(format!(
            "{name}: {len} is more than any memory holds"
        )));
    }
    // SAFETY: checked, and the caller vouches for `len` values.
    Ok(unsafe { slice::from_raw_parts(data, len) })
}

/// UTF-8 text without a NUL.
pub(super) unsafe fn text<'a>(text: cfa_str, name: &str) -> Result<&'a str, Fault> {
    // SAFETY: as for this function; any byte is a valid `u8`.
    let bytes = unsafe { array(text.data.cast::<u8>(), text.len, name) }?;
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Fault::argument(format!("{name} is not UTF-8: {error}")))?;
    if text.contains('\0') {
        return Err(Fault::argument(format!(
            "{name} holds a NUL; its len must not count the one at the end"
        )));
    }
    Ok(text)
}

/// A text of this library that lives as long as the process; it ends with a NUL.
pub(super) fn static_text(text: &'static str) -> cfa_str {
    cfa_str {
        data: text.as_ptr().cast::<c_char>(),
        len: text.len().saturating_sub(1),
    }
}

/// Frees a handle; NULL is fine.
pub(super) unsafe fn free<T>(handle: *mut T) {
    if handle.is_null() {
        return;
    }
    // SAFETY: the caller vouches that it came from `HandleOut::give` and is freed once.
    let handle = unsafe { Box::from_raw(handle) };
    let dropping = || {
        drop(handle);
        Ok(())
    };
    // There is nobody to tell.
    let _panicked = crate::boundary::caught(dropping);
}
