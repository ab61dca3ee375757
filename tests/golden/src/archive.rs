//! Tensors of a case by name.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use safetensors::{Dtype, SafeTensors};

/// A tensor as f32, whatever its stored type.
#[derive(Debug, Clone)]
pub(crate) struct Golden {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f32>,
}

/// All tensors of a file.
#[derive(Debug)]
pub(crate) struct Archive {
    tensors: BTreeMap<String, Golden>,
}

impl Archive {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        let file = SafeTensors::deserialize(&bytes).with_context(|| path.display().to_string())?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.iter() {
            let values = floats(view.dtype(), view.data())?;
            tensors.insert(
                name.to_owned(),
                Golden {
                    shape: view.shape().to_vec(),
                    values,
                },
            );
        }
        Ok(Self { tensors })
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Golden> {
        self.tensors.get(name)
    }

    pub(crate) fn tensor(&self, name: &str) -> Result<&Golden> {
        self.find(name)
            .with_context(|| format!("the tensor '{name}' is missing"))
    }

    /// A tensor that may be stored whole or as `NAME_rows0_N`, its first N rows.
    pub(crate) fn whole_or_first_rows(&self, name: &str) -> Option<&Golden> {
        let rows = format!("{name}_rows0_");
        let mut all = self.tensors.iter();
        all.find(|(key, _)| *key == name || key.starts_with(&rows))
            .map(|(_, tensor)| tensor)
    }
}

fn floats(dtype: Dtype, data: &[u8]) -> Result<Vec<f32>> {
    ensure!(
        data.len().is_multiple_of(4) || dtype == Dtype::U8,
        "a tensor has an odd length"
    );
    Ok(match dtype {
        Dtype::U8 => data.iter().map(|&v| f32::from(v)).collect(),
        Dtype::F32 => data
            .as_chunks()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b))
            .collect(),
        Dtype::F64 => data
            .as_chunks()
            .0
            .iter()
            .map(|b| f64::from_le_bytes(*b) as f32)
            .collect(),
        Dtype::I32 => data
            .as_chunks()
            .0
            .iter()
            .map(|b| i32::from_le_bytes(*b) as f32)
            .collect(),
        Dtype::I64 => data
            .as_chunks()
            .0
            .iter()
            .map(|b| i64::from_le_bytes(*b) as f32)
            .collect(),
        other => bail!("a tensor of type {other:?} is not expected here"),
    })
}
