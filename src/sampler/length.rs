//! The trajectory length: a quarter period of the slowest direction, spread by a Halton sequence.

/// Shortest and longest base length, in whitened units.
const RANGE: (f64, f64) = (0.5, 25.0);
/// Most leapfrog steps of one trajectory.
const MAX_STEPS: u32 = 200;

/// Base length for whitened coordinates whose covariance has this largest eigenvalue.
pub(super) fn base_length(largest_eigenvalue: f64) -> f64 {
    (std::f64::consts::FRAC_PI_2 * largest_eigenvalue.max(0.0).sqrt()).clamp(RANGE.0, RANGE.1)
}

/// Leapfrog steps of trajectories `first..first + count`, the same for all chains: lengths are
/// spread evenly over 0.5 to 1.5 times the base length, so that no period resonates.
pub(super) fn steps(base: f64, step_size: f64, first: u32, count: usize) -> Vec<u32> {
    (first..)
        .take(count)
        .map(|trajectory| {
            let length = base * (0.5 + halton2(trajectory + 1));
            ((length / step_size).ceil() as u32).clamp(1, MAX_STEPS)
        })
        .collect()
}

/// Halton's sequence in base 2: the binary digits mirrored behind the point.
fn halton2(index: u32) -> f64 {
    f64::from(index.reverse_bits()) / 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halton_fills_the_unit_interval() {
        let first: Vec<f64> = (1..8).map(halton2).collect();
        assert_eq!(first, [0.5, 0.25, 0.75, 0.125, 0.625, 0.375, 0.875]);
    }

    #[test]
    fn lengths_and_steps() {
        assert!((base_length(4.0) - std::f64::consts::PI).abs() < 1e-15);
        assert_eq!((base_length(0.0), base_length(1e9)), (0.5, 25.0));
        assert_eq!(steps(1.0, 0.25, 0, 3), [4, 3, 5]);
        assert_eq!(steps(1.0, 1e-9, 5, 2), [200, 200]);
        assert_eq!(steps(0.5, 100.0, 5, 1), [1]);
        // A run cut in two asks for the same trajectories.
        assert_eq!(steps(2.0, 0.1, 10, 8)[3..], steps(2.0, 0.1, 13, 5));
    }
}
