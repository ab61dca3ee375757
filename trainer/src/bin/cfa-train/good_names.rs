//! Which folders hold good pictures.

use anyhow::{Error, anyhow};
use cfa_train::dataset::{DatasetError, GoodNames};
use cfa_train::error::TrainError;
use clap::Args;

#[derive(Args)]
pub(crate) struct GoodNameArgument {
    /// Folders of this name hold good pictures, and no others do; may be repeated [default:
    /// good, ok, normal, pass, io, gut, defect-free and the like, in any case]
    #[arg(long = "good-name", value_name = "NAME")]
    names: Vec<String>,
}

impl GoodNameArgument {
    pub(crate) fn names(&self) -> GoodNames {
        GoodNames::only(self.names.clone())
    }
}

/// Adds the option that settles which pictures are good, where that is the question.
pub(crate) fn with_remedy(error: Error) -> Error {
    let of_data = error.chain().find_map(|cause| {
        let of_training = match cause.downcast_ref() {
            Some(TrainError::Dataset(error)) => Some(error),
            _ => None,
        };
        of_training.or_else(|| cause.downcast_ref::<DatasetError>())
    });
    match of_data {
        Some(
            DatasetError::WhichAreGood { .. }
            | DatasetError::NoGoodFolder { .. }
            | DatasetError::NoGoodTest { .. },
        ) => anyhow!(
            "{error:#} (--good-name NAME, once for each; folders of defective pictures alone: --abnormal-dir of `test`)"
        ),
        _ => error,
    }
}
