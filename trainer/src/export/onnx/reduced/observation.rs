//! The range and the means of one value of a network while it ran on good pictures.

use ndarray::{ArrayD, Axis};

use super::affine::Affine;
use super::error::{ReduceError, odd};

/// Range and channel means of one value, over the pictures added.
#[derive(Debug, Clone)]
pub struct Observation {
    name: String,
    low: f32,
    high: f32,
    channel_sums: Vec<f64>,
    pictures: usize,
}

impl Observation {
    /// Nothing seen yet of the value `name`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            low: 0.0,
            high: 0.0,
            channel_sums: Vec::new(),
            pictures: 0,
        }
    }

    /// Adds what one picture gave: 1×C×H×W.
    ///
    /// # Errors
    /// A number that is not finite, or another number of channels than before.
    pub fn add(&mut self, value: &ArrayD<f32>) -> Result<(), ReduceError> {
        if let Some(&found) = value.iter().find(|number| !number.is_finite()) {
            return Err(ReduceError::NotFinite {
                value: self.name.clone(),
                found,
            });
        }
        self.add_means(value)?;
        self.low = value.iter().copied().fold(self.low, f32::min);
        self.high = value.iter().copied().fold(self.high, f32::max);
        Ok(())
    }

    fn add_means(&mut self, value: &ArrayD<f32>) -> Result<(), ReduceError> {
        let foreign = || odd(&format!("{} has the shape {:?}", self.name, value.shape()));
        let &[_, channels, _, _] = value.shape() else {
            return Err(foreign());
        };
        if self.pictures > 0 && channels != self.channel_sums.len() {
            return Err(foreign());
        }
        self.channel_sums.resize(channels, 0.0);
        for (sum, plane) in self.channel_sums.iter_mut().zip(value.axis_iter(Axis(1))) {
            let total: f64 = plane.iter().map(|&number| f64::from(number)).sum();
            *sum += total / plane.len().max(1) as f64;
        }
        self.pictures += 1;
        Ok(())
    }

    /// Mean of each channel.
    #[must_use]
    pub fn channel_means(&self) -> Vec<f64> {
        let pictures = self.pictures.max(1) as f64;
        self.channel_sums.iter().map(|sum| sum / pictures).collect()
    }

    /// Integers for all that was seen.
    #[must_use]
    pub fn integers(&self) -> Affine {
        Affine::covering(self.low, self.high)
    }
}
