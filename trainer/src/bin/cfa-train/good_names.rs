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
    use DatasetError::{NoGoodFolder, NoGoodTest, WhichAreGood};
    match error.chain().find_map(of_data) {
        Some(WhichAreGood { .. } | NoGoodFolder { .. }) => {
            anyhow!("{error:#} (with --good-name NAME, once for each)")
        }
        Some(NoGoodTest { .. }) => anyhow!(
            "{error:#} (with --good-name NAME, once for each; `test` takes defective pictures alone by --abnormal-dir)"
        ),
        _ => error,
    }
}

fn of_data<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a DatasetError> {
    match cause.downcast_ref() {
        Some(TrainError::Dataset(error)) => Some(error),
        _ => cause.downcast_ref(),
    }
}
