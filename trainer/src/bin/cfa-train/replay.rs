//! Replays the golden samples of a bundle that was just written.

use std::path::Path;

use anyhow::Result;
use cfa_runtime::inspector::{Inspector, InspectorOptions};

use crate::onnxruntime::OnnxRuntimeArgument;
use crate::progress::Progress;

/// A model that would score differently when deployed is noticed here and now.
pub(crate) fn verify(
    bundle: &Path,
    onnxruntime: &OnnxRuntimeArgument,
    progress: &Progress,
) -> Result<()> {
    let library = match onnxruntime.load() {
        Ok(library) => library,
        Err(error) => {
            progress.say(&format!(
                "not verified: {error:#}; run `cfa-run verify` where it is used"
            ));
            return Ok(());
        }
    };
    let mut inspector = Inspector::open(bundle, &library, &InspectorOptions::default())?;
    let report = cfa_runtime::verify::replay(&mut inspector)?;
    anyhow::ensure!(
        report.ok(),
        "{}: the exported network does not reproduce libtorch's maps: {report:?}; please report this",
        bundle.display()
    );
    progress.say("verified: ONNX Runtime reproduces libtorch's maps from the picture on");
    Ok(())
}
