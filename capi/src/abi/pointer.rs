//! From the caller's pointers to references and values, and results back to them: all
//! code of this library that follows pointers from C, or calls what one leads to.
//!
//! A pointer is checked for NULL, for its alignment and, where the structure says its
//! size, for that. That it leads to memory which lives and is not written meanwhile is
//! what the header asks of the caller, and what making a [`Given`] vouches for; what can
//! be done with one is safe.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::slice;

use crate::boundary::caught;
use crate::fault::Fault;
use crate::status::CFA_E_BAD_STRUCT_SIZE;
use crate::types::{
    cfa_image, cfa_map, cfa_model, cfa_options, cfa_progress_fn, cfa_session, cfa_str,
};

/// An argument as C handed it over: a pointer, or a structure with one.
///
/// What it leads to lives as long as the call, so it is borrowed from the argument, which
/// is not copied for that reason.
#[derive(Debug)]
#[repr(transparent)]
pub(super) struct Given<P>(P);

/// Takes over pointer arguments of an exported function, each under its own name. For
/// nothing but the first statement of one: it is unsafe to call, and its caller keeps the
/// header's rules for all of its arguments.
macro_rules! given {
    ($($argument:ident),+) => {$(
        let $argument = {
            let argument = $argument;
            // SAFETY: it comes from C, whose side keeps the header's rules.
            unsafe { $crate::abi::pointer::Given::new(argument) }
        };
    )+};
}
pub(super) use given;

impl<P> Given<P> {
    /// The caller vouches that what the argument leads to is as the header says, until the
    /// entry point returns.
    pub(super) unsafe fn new(argument: P) -> Self {
        Self(argument)
    }
}

/// What lies behind a handle: made and freed here, and opaque to C. All else that C's
/// pointers lead to can be copied, so that the two are never taken for each other.
pub(super) trait Handle {}
impl Handle for cfa_options {}
impl Handle for cfa_model {}
impl Handle for cfa_session {}

impl<T> Given<*const T> {
    pub(super) fn is_null(&self) -> bool {
        self.0.is_null()
    }
}

impl<T: Handle> Given<*const T> {
    /// A handle that is only looked at.
    pub(super) fn shared(&self, name: &str) -> Result<&T, Fault> {
        check(self.0, name)?;
        // SAFETY: checked, and the maker vouched for a living handle.
        Ok(unsafe { &*self.0 })
    }
}

impl<T: Copy> Given<*const T> {
    /// `len` values; NULL is not allowed.
    pub(super) fn array(&self, len: usize, name: &str) -> Result<&[T], Fault> {
        check(self.0, name)?;
        // SAFETY: the maker vouched for `len` values.
        unsafe { array(self.0, len, name) }
    }

    /// A structure, copied after a look at its size.
    fn sized(&self, name: &str) -> Result<T, Fault> {
        // SAFETY: the maker vouched for a structure that begins with its size.
        unsafe { check_size(self.0, name) }?;
        // SAFETY: checked, and the maker vouched that the structure is filled in.
        Ok(unsafe { self.0.read() })
    }
}

impl<P: Copy> Given<*const P> {
    /// `len` pointers, each an argument of its own; NULL is not allowed.
    pub(super) fn pointers(&self, len: usize, name: &str) -> Result<&[Given<P>], Fault> {
        check(self.0, name)?;
        // SAFETY: the maker vouched for `len` pointers and for what they lead to, and a
        // `Given` is laid out as what it holds.
        unsafe { array(self.0.cast(), len, name) }
    }
}

impl Given<*const cfa_image> {
    /// A picture's description, and the bytes it names.
    pub(super) fn image(&self) -> Result<(cfa_image, &[u8]), Fault> {
        let image = self.sized("image")?;
        check(image.data, "image->data")?;
        // SAFETY: the maker vouched for what the structure says.
        let data = unsafe { array(image.data, image.data_len, "image->data") }?;
        Ok((image, data))
    }
}

impl<T> Given<*mut T> {
    pub(super) const NULL: Self = Self(ptr::null_mut());

    pub(super) fn is_null(&self) -> bool {
        self.0.is_null()
    }
}

impl<T: Handle> Given<*mut T> {
    /// A handle that is only looked at.
    pub(super) fn shared(&self, name: &str) -> Result<&T, Fault> {
        check(self.0, name)?;
        // SAFETY: checked, and the maker vouched for a living handle.
        Ok(unsafe { &*self.0 })
    }

    /// A handle that is changed; no other thread uses it, as the header asks.
    pub(super) fn exclusive(&mut self, name: &str) -> Result<&mut T, Fault> {
        check(self.0, name)?;
        // SAFETY: checked, and the maker vouched for a living handle that only this call
        // uses.
        Ok(unsafe { &mut *self.0 })
    }

    /// Frees a handle; NULL is fine.
    pub(super) fn free(self) {
        if self.is_null() {
            return;
        }
        // SAFETY: the maker vouched that it came from `HandleOut::give` and is freed once.
        let handle = unsafe { Box::from_raw(self.0) };
        let dropping = || {
            drop(handle);
            Ok(())
        };
        // There is nobody to tell.
        let _panicked = caught(dropping);
    }
}

impl<T: Copy> Given<*mut T> {
    /// Where one value goes.
    pub(super) fn out(&self, name: &str) -> Result<Out<T>, Fault> {
        check(self.0, name)?;
        Ok(Out(self.0))
    }

    /// Takes a pointer that may be NULL, which gives `None`.
    pub(super) fn optional_out(&self, name: &str) -> Result<Option<Out<T>>, Fault> {
        if self.is_null() {
            return Ok(None);
        }
        self.out(name).map(Some)
    }

    /// Takes a pointer to a structure that says its size.
    pub(super) fn sized_out(&self, name: &str) -> Result<Out<T>, Fault> {
        // SAFETY: the maker vouched for a structure that begins with its size.
        unsafe { check_size(self.0, name) }?;
        Ok(Out(self.0))
    }

    /// Where `capacity` values go; NULL is not allowed.
    pub(super) fn room(&self, capacity: usize, name: &str) -> Result<Room<T>, Fault> {
        check(self.0, name)?;
        Ok(Room {
            data: self.0,
            capacity,
        })
    }

    /// Takes a pointer that may be NULL where there is nothing.
    pub(super) fn room_or_none(&self, capacity: usize, name: &str) -> Result<Room<T>, Fault> {
        if capacity > 0 {
            check(self.0, name)?;
        }
        Ok(Room {
            data: self.0,
            capacity,
        })
    }
}

impl Given<*mut cfa_map> {
    /// A map as the caller has filled it in, where its values go, and where it lies itself.
    pub(super) fn map(&self) -> Result<(cfa_map, Room<f32>, Out<cfa_map>), Fault> {
        let map = Given(self.0.cast_const()).sized("map")?;
        let values = Given(map.data).room_or_none(map.capacity, "map->data")?;
        Ok((map, values, Out(self.0)))
    }
}

impl<T: Handle> Given<*mut *mut T> {
    /// Where a new handle goes; NULL until it is given.
    pub(super) fn handle_out(&self) -> Result<HandleOut<T>, Fault> {
        let out = self.out("out")?;
        out.set(ptr::null_mut());
        Ok(HandleOut(out))
    }
}

impl Given<cfa_str> {
    /// UTF-8 text without a NUL.
    pub(super) fn text(&self, name: &str) -> Result<&str, Fault> {
        let cfa_str { data, len } = self.0;
        // SAFETY: the maker vouched for what the structure says; any byte is a valid `u8`.
        let bytes = unsafe { array(data.cast::<u8>(), len, name) }?;
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Fault::argument(format!("{name} is not UTF-8: {error}")))?;
        if text.contains('\0') {
            return Err(Fault::argument(format!(
                "{name} holds a NUL; its len must not count the one at the end"
            )));
        }
        Ok(text)
    }
}

/// Where one value goes, for the time of the call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Out<T>(*mut T);

impl<T> Out<T> {
    pub(super) fn set(self, value: T) {
        // SAFETY: not NULL, aligned, and the maker vouched for room for the call's time.
        unsafe { self.0.write(value) };
    }
}

/// Where a new handle goes.
#[derive(Debug)]
pub(super) struct HandleOut<T>(Out<*mut T>);

impl<T> HandleOut<T> {
    pub(super) fn give(self, handle: T) {
        self.0.set(Box::into_raw(Box::new(handle)));
    }
}

/// Where values go, one after the other, for the time of the call.
#[derive(Debug)]
pub(super) struct Room<T> {
    data: *mut T,
    capacity: usize,
}

impl<T> Room<T> {
    /// Values beyond the room are left out.
    pub(super) fn fill(&self, values: impl Iterator<Item = T>) {
        for (index, value) in values.take(self.capacity).enumerate() {
            // SAFETY: `index` is below the capacity, for which the maker vouched.
            unsafe { self.data.add(index).write(value) };
        }
    }
}

/// A callback with the caller's pointer for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Callback {
    function: unsafe extern "C" fn(*mut c_void, cfa_str, f32) -> i32,
    userdata: *mut c_void,
}

// SAFETY: the header says that options which several threads use call the function from each
// of them, so what the two lead to is fit for that.
unsafe impl Send for Callback {}
// SAFETY: the same.
unsafe impl Sync for Callback {}

impl Given<cfa_progress_fn> {
    /// Together with what is to be handed to it. Unlike all other arguments, both outlive
    /// the call: the header asks for as long as the options are used.
    pub(super) fn callback(&self, userdata: &Given<*mut c_void>) -> Result<Callback, Fault> {
        let function = self.0.ok_or_else(|| Fault::null("function"))?;
        Ok(Callback {
            function,
            userdata: userdata.0,
        })
    }
}

impl Callback {
    pub(super) fn call(&self, phase: &str, fraction: f32) -> i32 {
        let phase = cfa_str {
            data: phase.as_ptr().cast(),
            len: phase.len(),
        };
        // SAFETY: the maker vouched for the function, and the text outlives the call.
        unsafe { (self.function)(self.userdata, phase, fraction) }
    }
}

/// A text of this library that lives as long as the process; it ends with a NUL.
pub(super) fn static_text(text: &'static str) -> cfa_str {
    cfa_str {
        data: text.as_ptr().cast::<c_char>(),
        len: text.len().saturating_sub(1),
    }
}

/// Refuses NULL and misaligned pointers.
fn check<T>(pointer: *const T, name: &str) -> Result<(), Fault> {
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
/// their size as `uint32_t`, which the caller vouches for.
unsafe fn check_size<T>(pointer: *const T, name: &str) -> Result<(), Fault> {
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

/// `len` values, which the caller vouches for; NULL is fine for none.
unsafe fn array<'a, T>(data: *const T, len: usize, name: &str) -> Result<&'a [T], Fault> {
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
