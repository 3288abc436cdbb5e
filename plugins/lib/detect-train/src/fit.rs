//! Logistic regression by AdaGrad.

use kt_detect::BITS;

use crate::random::Random;

/// What is learned from: the features of a window.
#[derive(Clone, Copy)]
pub(crate) struct Example<'e> {
    pub(crate) features: &'e [u32],
    /// What the sum of the weights is multiplied by.
    pub(crate) factor: f32,
    pub(crate) attack: bool,
    /// How much an error counts.
    pub(crate) weight: f32,
}

/// Weights before they are rounded.
pub(crate) struct Regression {
    pub(crate) weights: Vec<f32>,
    pub(crate) bias: f32,
}

const RATE: f32 = 0.5;
const DECAY: f32 = 1e-6;

impl Regression {
    pub(crate) fn logit(&self, features: &[u32], factor: f32) -> f32 {
        let sum: f32 = features.iter().map(|f| self.weights[*f as usize]).sum();
        sum * factor + self.bias
    }

    /// Returns the mean of regressions, whose logit is the mean of theirs.
    pub(crate) fn mean(all: &[Self]) -> Self {
        let count = all.len() as f32;
        let mut weights = vec![0.0_f32; 1 << BITS];
        for regression in all {
            for (sum, weight) in weights.iter_mut().zip(&regression.weights) {
                *sum += weight / count;
            }
        }
        let bias = all.iter().map(|regression| regression.bias / count).sum();
        Self { weights, bias }
    }

    /// Fits the examples in `epochs` passes; the result is the mean of the
    /// weights after each pass of the second half.
    pub(crate) fn fit(examples: &[Example<'_>], epochs: usize, seed: u64) -> Self {
        let size = 1 << BITS;
        let mut now = Self {
            weights: vec![0.0; size],
            bias: 0.0,
        };
        let (mut gradients, mut bias_gradient) = (vec![1e-3_f32; size], 1e-3_f32);
        let (mut sum, mut bias_sum, mut count) = (vec![0.0_f32; size], 0.0, 0.0);
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let mut random = Random::new(seed);
        for epoch in 0..epochs {
            random.shuffle(&mut order);
            for index in &order {
                let example = examples[*index];
                let logit = now.logit(example.features, example.factor);
                let target = f32::from(u8::from(example.attack));
                let error = (logistic(logit) - target) * example.weight;
                if error.abs() < 1e-5 {
                    continue;
                }
                let step = error * example.factor;
                for feature in example.features {
                    let feature = *feature as usize;
                    let gradient = step + DECAY * now.weights[feature];
                    gradients[feature] += gradient * gradient;
                    now.weights[feature] -= RATE * gradient / gradients[feature].sqrt();
                }
                bias_gradient += error * error;
                now.bias -= RATE * error / bias_gradient.sqrt();
            }
            if epoch >= epochs / 2 {
                for (sum, weight) in sum.iter_mut().zip(&now.weights) {
                    *sum += weight;
                }
                bias_sum += now.bias;
                count += 1.0;
            }
        }
        Self {
            weights: sum.into_iter().map(|weight| weight / count).collect(),
            bias: bias_sum / count,
        }
    }
}

/// `1 / (1 + e^-x)` from additions, multiplications and one division: the
/// exponential of the standard library is that of the platform.
pub(crate) fn logistic(x: f32) -> f32 {
    let x = x.clamp(-30.0, 30.0);
    // e^-x = 2^n * 2^f with f in [-0.5, 0.5], the latter by its Taylor series.
    let power = -x * std::f32::consts::LOG2_E;
    let whole = power.round();
    let rest = (power - whole) * std::f32::consts::LN_2;
    let mut series = 1.0;
    for divisor in [6.0, 5.0, 4.0, 3.0, 2.0, 1.0] {
        series = 1.0 + series * rest / divisor;
    }
    let exponent = (127 + whole as i32).clamp(1, 254) as u32;
    1.0 / (1.0 + series * f32::from_bits(exponent << 23))
}

#[cfg(test)]
mod tests {
    use super::logistic;

    #[test]
    fn the_logistic_function_is_right() {
        for x in [-29.0_f32, -3.3, -0.5, 0.0, 0.01, 1.0, 7.7, 25.0] {
            let right = 1.0 / (1.0 + (-x).exp());
            assert!((logistic(x) - right).abs() < 1e-6, "{x}");
        }
    }
}
