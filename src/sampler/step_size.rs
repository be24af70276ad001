//! The step size: a stochastic approximation to a target acceptance, averaged as it goes.

/// Acceptance probabilities below this count as this, so that one rejection in a harmonic mean
/// weighs much, but not everything.
const FLOOR: f64 = 1e-3;

/// ε during warm-up: log ε −= (target − A)/√t after every trajectory.
#[derive(Clone, Debug)]
pub(super) struct StepSize {
    log: f64,
    average: f64,
    t: f64,
    target: f64,
}

impl StepSize {
    /// Starts at 0.5 d^−1/4, the scaling of Hamiltonian Monte Carlo in whitened coordinates.
    pub fn new(dim: usize, target: f64) -> Self {
        let log = (0.5 * (dim as f64).powf(-0.25)).ln();
        Self { log, average: log, t: 0.0, target }
    }

    /// Digests one trajectory, given the acceptance probability of every chain.
    pub fn update(&mut self, acceptance: &[f32]) {
        self.t += 1.0;
        self.log -= (self.target - harmonic_mean(acceptance)) / self.t.sqrt();
        let weight = self.t.powf(-0.6);
        self.average += weight * (self.log - self.average);
    }

    /// Forgets the past after a change of the metric, and goes on from the averaged step size.
    pub fn restart(&mut self) {
        self.t = 0.0;
        self.log = self.average;
    }

    /// Goes on from the averaged step size with small corrections only.
    pub fn resume(&mut self) {
        self.t = 8.0;
        self.log = self.average;
    }

    /// Aims at another acceptance.
    pub fn aim(&mut self, target: f64) {
        self.target = target;
        self.restart();
    }

    /// Trajectories since the last restart.
    pub fn updates(&self) -> usize {
        self.t as usize
    }

    /// The step size to try next.
    pub fn current(&self) -> f64 {
        self.log.exp()
    }

    /// The step size to freeze.
    pub fn averaged(&self) -> f64 {
        self.average.exp()
    }
}

/// Harmonic mean over the chains of one trajectory. An arithmetic mean of 0.8 hides chains that
/// are stuck; this one does not.
pub(super) fn harmonic_mean(acceptance: &[f32]) -> f64 {
    let sum: f64 = acceptance.iter().map(|&a| 1.0 / f64::from(a).max(FLOOR)).sum();
    acceptance.len() as f64 / sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmonic_mean_shows_a_stuck_chain() {
        assert!((harmonic_mean(&[0.5, 1.0]) - 2.0 / 3.0).abs() < 1e-12);
        // 64 / (63 / 0.9 + 1000) by hand: an arithmetic mean would say 0.886.
        let mut acceptance = [0.9_f32; 64];
        acceptance[7] = 0.0;
        assert!((harmonic_mean(&acceptance) - 0.059_813_08).abs() < 1e-6);
        assert!(harmonic_mean(&[f32::NAN, 1.0]).is_finite());
    }

    #[test]
    fn finds_the_step_size_of_the_target() {
        // Acceptance falls with ε as exp(−ε): 0.8 is at ε = −ln 0.8 = 0.2231.
        let mut step = StepSize::new(16, 0.8);
        assert!((step.current() - 0.25).abs() < 1e-12);
        for _ in 0..400 {
            let acceptance = (-step.current()).exp() as f32;
            step.update(&[acceptance; 4]);
        }
        assert!((step.averaged() - 0.2231).abs() < 2e-3, "{}", step.averaged());
        let before = step.averaged();
        step.restart();
        assert_eq!(step.current(), before);
        step.aim(0.95);
        for _ in 0..4000 {
            let acceptance = (-step.current()).exp() as f32;
            step.update(&[acceptance; 4]);
        }
        assert!((step.averaged() + 0.95_f64.ln()).abs() < 2e-3);
    }

    #[test]
    fn collapses_when_nothing_is_accepted() {
        let mut step = StepSize::new(10, 0.8);
        for _ in 0..60 {
            step.update(&[0.0; 16]);
        }
        assert!(step.current() < 1e-5 && step.current() > 0.0);
    }
}
