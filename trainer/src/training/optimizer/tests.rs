#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use tch::Tensor;

use super::{AdamW, Moments};
use crate::tensor::from_values;
use crate::testing::{assert_close, f64_values};

/// So large that the parts of the rule can be told apart.
const LEARNING_RATE: f64 = 0.5;
const WEIGHT_DECAY: f64 = 0.1;
const START: [f32; 2] = [1.5, -2.0];
/// Small ones behind a large one: amsgrad keeps dividing by the large one.
const GRADIENTS: [[f32; 2]; 4] = [[2.0, -1.0], [0.01, 0.5], [-0.02, 0.0], [0.3, 0.001]];

/// The rule for one number, as the papers have it.
fn expected(start: f32, gradients: impl Iterator<Item = f32>) -> f64 {
    let (mut x, mut m, mut v, mut most) = (f64::from(start), 0.0, 0.0, 0.0_f64);
    for (t, g) in gradients.enumerate() {
        let (t, g) = (t as i32 + 1, f64::from(g));
        x -= LEARNING_RATE * WEIGHT_DECAY * x;
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        most = most.max(v);
        let unbiased = m / (1.0 - 0.9_f64.powi(t));
        let denominator = (most / (1.0 - 0.999_f64.powi(t))).sqrt() + 1e-8;
        x -= LEARNING_RATE * unbiased / denominator;
    }
    x
}

fn start() -> Tensor {
    from_values(&START, &[2]).unwrap().set_requires_grad(true)
}

/// Σ gᵢ·xᵢ has the gradient g.
fn give_gradient(parameter: &Tensor, gradient: &[f32]) {
    (parameter * from_values(gradient, &[2]).unwrap())
        .sum(tch::Kind::Float)
        .backward();
}

fn steps(optimizer: &mut AdamW, parameter: &Tensor, gradients: &[[f32; 2]]) {
    for gradient in gradients {
        give_gradient(parameter, gradient);
        optimizer.step(&[parameter]).unwrap();
    }
}

/// Tolerance: four steps in f32 on values below 4.
#[test]
fn steps_follow_the_rule() {
    let parameter = start();
    let mut optimizer = AdamW::new(&[&parameter], LEARNING_RATE, WEIGHT_DECAY).unwrap();
    for done in 1..=GRADIENTS.len() {
        steps(&mut optimizer, &parameter, &GRADIENTS[done - 1..done]);
        let wanted = [0, 1].map(|i| expected(START[i], GRADIENTS[..done].iter().map(|g| g[i])));
        assert_close(&f64_values(&parameter), &wanted, 2e-6);
    }
    assert_eq!(optimizer.steps(), 4);
}

#[test]
fn a_step_clears_the_gradient() {
    let parameter = start();
    let mut optimizer = AdamW::new(&[&parameter], LEARNING_RATE, WEIGHT_DECAY).unwrap();
    steps(&mut optimizer, &parameter, &GRADIENTS[..1]);
    assert_close(&f64_values(&parameter.grad()), &[0.0, 0.0], 0.0);
}

#[test]
fn a_restored_state_goes_on_with_the_same_numbers() {
    let whole = start();
    let mut optimizer = AdamW::new(&[&whole], LEARNING_RATE, WEIGHT_DECAY).unwrap();
    steps(&mut optimizer, &whole, &GRADIENTS);

    let before = start();
    let mut optimizer = AdamW::new(&[&before], LEARNING_RATE, WEIGHT_DECAY).unwrap();
    steps(&mut optimizer, &before, &GRADIENTS[..2]);
    let stored = optimizer.moments().iter().map(|m| Moments {
        first: m.first.copy(),
        second: m.second.copy(),
        largest_second: m.largest_second.copy(),
    });
    let after = before.detach().copy().set_requires_grad(true);
    let mut restored = AdamW::new(&[&after], LEARNING_RATE, WEIGHT_DECAY).unwrap();
    restored.restore(optimizer.steps(), stored.collect());
    steps(&mut restored, &after, &GRADIENTS[2..]);
    assert_close(&f64_values(&after), &f64_values(&whole), 0.0);
    assert_eq!(restored.steps(), 4);
}

#[test]
fn another_number_of_gradients_is_an_error() {
    let (first, second) = (
        Tensor::from_slice(&[1.0_f32]),
        Tensor::from_slice(&[2.0_f32]),
    );
    let parameters = [&first, &second];
    let mut optimizer = AdamW::new(&parameters, 1e-3, 0.0).unwrap();
    let gradient = Tensor::from_slice(&[1.0_f32]);
    assert!(optimizer.step_along(&parameters, &[gradient]).is_err());
    assert_eq!(optimizer.steps(), 0);
    assert_eq!(first.double_value(&[0]).to_bits(), 1.0_f64.to_bits());
}
