//! What is reported when this code breaks a promise to itself.

/// A promise of this code to itself does not hold. This is a bug and no property of a
/// picture or a model.
///
/// It is an error and never a default value: a map of zeros would pass a defective part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "internal error, nothing was computed: {0}; please report it together with the model and the picture"
)]
pub struct BrokenInvariant(
    /// What should hold and does not.
    pub &'static str,
);
