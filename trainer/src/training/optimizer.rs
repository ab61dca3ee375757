//! `AdamW` with amsgrad whose state can be stored, which libtorch's own wrapper
//! does not offer; an interrupted training resumes with the same numbers.

use tch::{TchError, Tensor, no_grad};

/// β₁, β₂ and ε, `PyTorch`'s defaults (METHOD.md, section 1).
const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Moments of one parameter.
#[derive(Debug)]
pub struct Moments {
    /// Running mean of the gradient.
    pub first: Tensor,
    /// Running mean of its square.
    pub second: Tensor,
    /// Largest `second` so far (amsgrad).
    pub largest_second: Tensor,
}

impl Moments {
    fn zeros_like(parameter: &Tensor) -> Result<Self, TchError> {
        let zeros = || parameter.f_detach()?.f_zeros_like();
        Ok(Self {
            first: zeros()?,
            second: zeros()?,
            largest_second: zeros()?,
        })
    }
}

/// Decoupled weight decay (arXiv 1711.05101) with amsgrad.
#[derive(Debug)]
pub struct AdamW {
    learning_rate: f64,
    weight_decay: f64,
    steps: u64,
    moments: Vec<Moments>,
}

impl AdamW {
    /// A fresh optimiser for `parameters`, whose order is kept for good.
    ///
    /// # Errors
    /// Memory runs out.
    pub fn new(
        parameters: &[&Tensor],
        learning_rate: f64,
        weight_decay: f64,
    ) -> Result<Self, TchError> {
        let moments = parameters
            .iter()
            .map(|p| Moments::zeros_like(p))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            learning_rate,
            weight_decay,
            steps: 0,
            moments,
        })
    }

    /// Steps taken.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The state, in the order of the parameters.
    #[must_use]
    pub fn moments(&self) -> &[Moments] {
        &self.moments
    }

    /// Goes on from a stored state.
    pub fn restore(&mut self, steps: u64, moments: Vec<Moments>) {
        self.steps = steps;
        self.moments = moments;
    }

    /// One step along the gradients of `parameters`, which are cleared.
    ///
    /// # Errors
    /// Memory runs out.
    pub fn step(&mut self, parameters: &[&Tensor]) -> Result<(), TchError> {
        let gradients = gradients(parameters)?;
        self.step_along(parameters, &gradients)
    }

    /// One step along gradients in the order of `parameters`, whose own are cleared. A
    /// parameter with an undefined gradient stays as it is.
    ///
    /// # Errors
    /// Another number of parameters or gradients than at the beginning, or memory runs out.
    pub fn step_along(
        &mut self,
        parameters: &[&Tensor],
        gradients: &[Tensor],
    ) -> Result<(), TchError> {
        let counts = [parameters.len(), gradients.len()];
        if counts != [self.moments.len(); 2] {
            let message = format!(
                "{counts:?} parameters and gradients for {}",
                self.moments.len()
            );
            return Err(TchError::Shape(message));
        }
        self.steps += 1;
        let correction1 = 1.0 - BETA1.powf(self.steps as f64);
        let correction2 = 1.0 - BETA2.powf(self.steps as f64);
        let step_size = self.learning_rate / correction1;
        let keep = 1.0 - self.learning_rate * self.weight_decay;
        no_grad(|| {
            let moments = self.moments.iter_mut();
            for ((parameter, moments), gradient) in parameters.iter().zip(moments).zip(gradients) {
                let mut parameter = parameter.shallow_clone();
                if !gradient.defined() {
                    continue;
                }
                moments.update(gradient)?;
                let root = moments.largest_second.f_sqrt()?;
                let denominator = root
                    .f_div_scalar(correction2.sqrt())?
                    .f_add_scalar(EPSILON)?;
                let step = moments
                    .first
                    .f_div(&denominator)?
                    .f_mul_scalar(-step_size)?;
                let _ = parameter.f_mul_scalar_(keep)?.f_add_(&step)?;
                parameter.zero_grad();
            }
            Ok(())
        })
    }
}

/// The gradients that a backward pass has left at `parameters`.
///
/// # Errors
/// libtorch refuses.
pub fn gradients(parameters: &[&Tensor]) -> Result<Vec<Tensor>, TchError> {
    parameters
        .iter()
        .map(|parameter| parameter.f_grad())
        .collect()
}

impl Moments {
    fn update(&mut self, gradient: &Tensor) -> Result<(), TchError> {
        let scaled = gradient.f_mul_scalar(1.0 - BETA1)?;
        let _ = self.first.f_mul_scalar_(BETA1)?.f_add_(&scaled)?;
        let squared = gradient.f_square()?.f_mul_scalar(1.0 - BETA2)?;
        let _ = self.second.f_mul_scalar_(BETA2)?.f_add_(&squared)?;
        self.largest_second = self.largest_second.f_maximum(&self.second)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
