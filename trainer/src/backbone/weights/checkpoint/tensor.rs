use std::rc::Rc;

use super::super::element::Element;
use super::super::{WeightTensor, WeightsProblem};

/// torch itself allows no more axes.
pub(super) const MAX_AXES: usize = 64;

/// Raw values of one kind that lie outside of the pickle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StorageRef {
    pub(super) key: Rc<str>,
    pub(super) element: Element,
    /// Number of values.
    pub(super) count: usize,
}

impl StorageRef {
    pub(super) fn bytes(&self) -> Option<usize> {
        self.count.checked_mul(self.element.bytes())
    }

    pub(super) fn problem(&self, what: &'static str) -> WeightsProblem {
        WeightsProblem::Storage {
            key: self.key.escape_debug().take(100).collect(),
            what,
        }
    }
}

/// A tensor as the pickle describes it: a window on a storage, counted in values.
#[derive(Debug)]
pub(super) struct TensorRef {
    pub(super) storage: Rc<StorageRef>,
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

impl TensorRef {
    /// Number of values, `None` beyond the address space.
    pub(super) fn count(&self) -> Option<usize> {
        if self.shape.contains(&0) {
            return Some(0);
        }
        self.shape
            .iter()
            .try_fold(1_usize, |product, &size| product.checked_mul(size))
    }

    /// Whether it holds what is kept, neither integers nor booleans.
    pub(super) fn is_floating(&self) -> bool {
        !matches!(self.storage.element, Element::NotFloating { .. })
    }

    /// The values in row-major order; for floating-point tensors. `raw` is the content of
    /// the storage.
    pub(super) fn read(&self, name: &str, raw: &[u8]) -> Result<WeightTensor, WeightsProblem> {
        let values = self.gather(raw).ok_or_else(|| WeightsProblem::Tensor {
            name: name.to_owned(),
            what: "it reaches beyond its raw values",
        })?;
        let shape = self.shape.clone();
        Ok(WeightTensor { shape, values })
    }

    fn gather(&self, raw: &[u8]) -> Option<Vec<f32>> {
        let count = self.count()?;
        if self.shape.len() != self.strides.len() {
            return None;
        }
        if count > 0 && self.last_offset()? >= self.storage.count {
            return None;
        }
        let width = self.storage.element.bytes();
        let mut values = Vec::with_capacity(count);
        let mut walk = Walk::over(self);
        for _ in 0..count {
            let at = walk.offset * width;
            values.push(self.storage.element.decode(raw.get(at..at + width)?)?);
            walk.step();
        }
        Some(values)
    }

    /// The place of the last value; only for tensors that have one.
    fn last_offset(&self) -> Option<usize> {
        self.shape
            .iter()
            .zip(&self.strides)
            .try_fold(self.offset, |offset, (&size, &stride)| {
                offset.checked_add((size - 1).checked_mul(stride)?)
            })
    }
}

struct WalkAxis {
    size: usize,
    stride: usize,
    index: usize,
}

/// Steps through a storage in the row-major order of the tensor.
struct Walk {
    offset: usize,
    axes: Vec<WalkAxis>,
}

impl Walk {
    /// Axes of one value never move, and torch gives them any stride: left out.
    fn over(tensor: &TensorRef) -> Self {
        let sizes = tensor.shape.iter().zip(&tensor.strides);
        let axes = sizes.filter(|&(&size, _)| size > 1);
        Self {
            offset: tensor.offset,
            axes: axes
                .map(|(&size, &stride)| WalkAxis {
                    size,
                    stride,
                    index: 0,
                })
                .collect(),
        }
    }

    fn step(&mut self) {
        for axis in self.axes.iter_mut().rev() {
            axis.index += 1;
            self.offset += axis.stride;
            if axis.index < axis.size {
                return;
            }
            self.offset -= axis.stride * axis.size;
            axis.index = 0;
        }
    }
}
