//! The one way in which long work asks whether it shall stop, and says that it has stopped.

use std::path::{Path, PathBuf};

use cfa_runtime::Cancellation;

/// The work was stopped through its [`Cancellation`].
///
/// Every error type of this crate that can report it has a variant `Interrupted`, whose
/// source is this type. So a program finds it in the chain of causes of any error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Interrupted {
    /// There is nothing to go on from, and no file was changed.
    #[error("interrupted; nothing was changed")]
    Unchanged,
    /// Nothing that was finished is lost.
    #[error("interrupted; the training can be resumed from the checkpoint {}", checkpoint.display())]
    Resumable {
        /// The file that the training goes on from.
        checkpoint: PathBuf,
    },
}

impl Interrupted {
    /// Makes the interruption name the `checkpoint` that holds what was finished before.
    #[must_use]
    pub fn resumable_from(self, checkpoint: &Path) -> Self {
        match self {
            Self::Unchanged => Self::Resumable {
                checkpoint: checkpoint.to_owned(),
            },
            resumable @ Self::Resumable { .. } => resumable,
        }
    }
}

/// Goes on unless the end was asked for.
///
/// # Errors
/// [`Interrupted::Unchanged`] once `cancellation` is cancelled.
pub fn go_on(cancellation: &Cancellation) -> Result<(), Interrupted> {
    if cancellation.is_cancelled() {
        return Err(Interrupted::Unchanged);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_goes_on_until_it_is_cancelled() {
        let cancellation = Cancellation::new();
        assert_eq!(go_on(&cancellation), Ok(()));
        cancellation.cancel();
        assert_eq!(go_on(&cancellation), Err(Interrupted::Unchanged));
    }

    #[test]
    fn the_first_checkpoint_is_the_one_that_is_named() {
        let first = Interrupted::Unchanged.resumable_from(Path::new("first"));
        assert!(first.to_string().contains("first"), "{first}");
        assert_eq!(first.clone().resumable_from(Path::new("second")), first);
    }
}
