//! The verdict on a fitted model: ok, review or failed, with a reason and an advice for people.

use super::summary::Gate;
use std::fmt;

/// R-hat, nested or plain, must stay below this.
const R_HAT: f64 = 1.01;
/// Above this, chains sit in different places: more draws will not bring them together.
const R_HAT_APART: f64 = 1.1;
/// Up to this many chains the plain R-hat belongs to the gate; with more, and shorter, chains it
/// is biased upward by construction and nested R-hat alone decides.
const PLAIN_CHAINS: usize = 16;
/// E-BFMI below this asks for a review.
const BFMI: f64 = 0.3;
/// From this share of divergent trajectories on the model fails.
const DIVERGENT: f64 = 0.01;
/// Up to this share they are counted but ask for nothing: what counts here as a divergence (an
/// energy error of 50, a twentieth of Stan's threshold) now and then happens to healthy chains, and
/// posteriors with that many agree with long reference runs.
const FEW_DIVERGENT: f64 = 0.005;
/// Above this share of stuck chains a review is needed.
const STUCK: f64 = 0.01;
/// Largest difference between single and double precision log density at a draw: a density that is
/// wrong by a tenth.
const RECHECK: f64 = 0.1;

/// What becomes of a model, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Converged; may be used.
    Ok,
    /// Converged, but a person should look at it.
    Review,
    /// Not to be used.
    Failed,
}

impl Status {
    /// As it stands in tables: `ok`, `review`, `failed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Review => "review",
            Status::Failed => "failed",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The worst value of a diagnostic and whose it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Worst {
    /// The value; NaN if it is undefined for some parameter.
    pub value: f64,
    /// The parameter.
    pub parameter: String,
}

/// The worst of each convergence diagnostic over a model's parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Extremes {
    /// Largest plain R-hat.
    pub r_hat: Worst,
    /// Largest nested R-hat.
    pub r_hat_nested: Worst,
    /// Smallest bulk ESS.
    pub ess_bulk: Worst,
    /// Smallest tail ESS.
    pub ess_tail: Worst,
}

impl Extremes {
    /// Of (parameter, diagnostics). An undefined value is worse than any other; the first of
    /// equals is named; without parameters all are undefined.
    pub fn of<'a>(gates: impl IntoIterator<Item = (&'a str, Gate)>) -> Self {
        let mut largest: [Option<(f64, &str)>; 4] = [None; 4];
        for (parameter, gate) in gates {
            let values = [gate.r_hat, gate.r_hat_nested, -gate.ess_bulk, -gate.ess_tail];
            for (worst, value) in largest.iter_mut().zip(values) {
                let worse = match worst {
                    None => true,
                    Some((old, _)) => !old.is_nan() && (value.is_nan() || value > *old),
                };
                if worse {
                    *worst = Some((value, parameter));
                }
            }
        }
        let worst = |place: usize, sign: f64| {
            let (value, parameter) = largest[place].unwrap_or((f64::NAN, ""));
            Worst { value: sign * value, parameter: parameter.to_owned() }
        };
        Self {
            r_hat: worst(0, 1.0),
            r_hat_nested: worst(1, 1.0),
            ess_bulk: worst(2, -1.0),
            ess_tail: worst(3, -1.0),
        }
    }

    /// The gate at which sampling may stop: nested R-hat < 1.01, plain R-hat < 1.01 with up to 16
    /// chains, bulk and tail ESS at least `ess`. What is undefined does not pass.
    pub fn pass(&self, chains: usize, ess: f64) -> bool {
        self.problems(chains, ess).is_empty()
    }

    /// What keeps the gate shut.
    fn problems(&self, chains: usize, target: f64) -> Vec<Problem> {
        let mut problems = Vec::new();
        let plain = (chains <= PLAIN_CHAINS).then_some(("R-hat", &self.r_hat));
        for (name, Worst { value, parameter }) in
            [("nested R-hat", &self.r_hat_nested)].into_iter().chain(plain)
        {
            if *value < R_HAT {
                continue;
            }
            let (reason, advice) = if !value.is_finite() {
                let what = if value.is_nan() { "not defined" } else { "infinite" };
                (
                    format!("{name} of {parameter} is {what}"),
                    format!("{parameter} stands still or is not finite: check its prior and data"),
                )
            } else {
                // Four digits where three would read as the limit itself.
                let digits = if *value < R_HAT + 5e-4 { 4 } else { 3 };
                let reason = format!("{name} {value:.digits$} of {parameter} is above {R_HAT}");
                let advice = if *value > R_HAT_APART {
                    format!(
                        "the chains disagree: look for collinear channels or two explanations of \
                         the same sales, or give {parameter} a tighter prior"
                    )
                } else {
                    longer(parameter)
                };
                (reason, advice)
            };
            problems.push(Problem { status: Status::Failed, reason, advice });
        }
        for (name, Worst { value, parameter }) in
            [("bulk", &self.ess_bulk), ("tail", &self.ess_tail)]
        {
            if *value >= target {
                continue;
            }
            let reason = if value.is_nan() {
                format!("{name} ESS of {parameter} is not defined")
            } else {
                format!("{name} ESS {:.0} of {parameter} is below {target}", value.floor())
            };
            problems.push(Problem { status: Status::Failed, reason, advice: longer(parameter) });
        }
        problems
    }
}

/// All that the verdict on one model rests on.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Number of chains.
    pub chains: usize,
    /// The worst convergence diagnostics.
    pub extremes: Extremes,
    /// Trajectories after warm-up, of all chains.
    pub trajectories: usize,
    /// How many of them diverged.
    pub divergences: usize,
    /// Chains whose mean acceptance is below 0.2.
    pub stuck: usize,
    /// Chains that never moved.
    pub unmoved: usize,
    /// Smallest E-BFMI.
    pub bfmi: f64,
    /// Largest difference of the log densities in single and in double precision at the draws that
    /// were computed again; 0 if there is nothing to compare.
    pub recheck: f64,
}

/// The verdict on one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What becomes of the model.
    pub status: Status,
    /// Why, in one line; empty if all is well.
    pub reason: String,
    /// What to do about the first reason, in one line; empty if all is well.
    pub advice: String,
}

/// One thing that is wrong.
struct Problem {
    status: Status,
    reason: String,
    advice: String,
}

impl Evidence {
    /// Judges the model, whose parameters must all have this effective sample size.
    ///
    /// Failed: a chain never moved, the recheck is off by 0.1, 1 % of the trajectories diverged,
    /// the gate ([`Extremes::pass`]) is shut. Review: more than half a per cent diverged, more than
    /// 1 % of the chains stuck, E-BFMI below 0.3. The reason names all problems of the decisive kind.
    pub fn judge(&self, ess: f64) -> Verdict {
        let mut problems = self.mechanics();
        problems.extend(self.extremes.problems(self.chains, ess));
        let status = problems.iter().map(|problem| problem.status).max().unwrap_or(Status::Ok);
        problems.retain(|problem| problem.status == status);
        let reasons: Vec<&str> = problems.iter().map(|problem| problem.reason.as_str()).collect();
        Verdict {
            status,
            reason: reasons.join("; "),
            advice: problems.first().map(|problem| problem.advice.clone()).unwrap_or_default(),
        }
    }

    /// Problems of the sampler's mechanics, worst first.
    fn mechanics(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut add = |status, reason: String, advice: &str| {
            problems.push(Problem { status, reason, advice: advice.to_owned() });
        };
        let Self { chains, trajectories, divergences, stuck, unmoved, bfmi, recheck, .. } = *self;
        if unmoved > 0 {
            add(
                Status::Failed,
                format!("{unmoved} of {chains} chains never moved"),
                "fit again with another --seed; if it comes back, give wide priors less room",
            );
        }
        if recheck.is_nan() || recheck > RECHECK {
            add(
                Status::Failed,
                format!("log density in single precision is off by {recheck:.2}"),
                "check the scaling: columns of very large or very small numbers lose precision",
            );
        }
        if divergences as f64 > FEW_DIVERGENT * trajectories as f64 {
            let failed = divergences as f64 >= DIVERGENT * trajectories as f64;
            add(
                if failed { Status::Failed } else { Status::Review },
                format!("{divergences} of {trajectories} trajectories diverged"),
                "give the scale parameters tighter priors and look for outliers in the data",
            );
        }
        if stuck as f64 > STUCK * chains as f64 {
            add(
                Status::Review,
                format!("{stuck} of {chains} chains accept less than 20 % of their moves"),
                "compare with another --seed; tighter priors make the posterior easier to walk",
            );
        }
        if bfmi.is_nan() || bfmi < BFMI {
            add(
                Status::Review,
                format!("E-BFMI {bfmi:.2} is below {BFMI}"),
                "tails may be explored too little: give the scale parameters tighter priors",
            );
        }
        problems
    }
}

/// Advice for a parameter that needs more draws.
fn longer(parameter: &str) -> String {
    format!("run longer: raise sampler.max_gradients, or give {parameter} a tighter prior")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(r_hat: f64, r_hat_nested: f64, ess_bulk: f64, ess_tail: f64) -> Gate {
        Gate { ess_bulk, ess_tail, r_hat, r_hat_nested }
    }

    fn healthy() -> Evidence {
        let gates = [("intercept", gate(1.005, 1.002, 3000.0, 2000.0))];
        Evidence {
            chains: 64,
            extremes: Extremes::of(gates),
            trajectories: 12_800,
            divergences: 0,
            stuck: 0,
            unmoved: 0,
            bfmi: 0.9,
            recheck: 0.002,
        }
    }

    fn with_gate(chains: usize, value: Gate) -> Verdict {
        let extremes = Extremes::of([("saturation_lam[TV]", value)]);
        Evidence { chains, extremes, ..healthy() }.judge(1000.0)
    }

    #[test]
    fn all_well_is_ok() {
        let verdict = healthy().judge(1000.0);
        assert_eq!(verdict.status, Status::Ok);
        assert!(verdict.reason.is_empty() && verdict.advice.is_empty());
    }

    #[test]
    fn extremes_name_the_worst_parameter_of_each() {
        let extremes = Extremes::of([
            ("a", gate(1.001, 1.0, 900.0, 500.0)),
            ("b", gate(1.02, 1.001, 800.0, 700.0)),
            ("c", gate(1.0, 1.03, 850.0, 500.0)),
        ]);
        let worst = |value, name: &str| Worst { value, parameter: name.to_owned() };
        assert_eq!(extremes.r_hat, worst(1.02, "b"));
        assert_eq!(extremes.r_hat_nested, worst(1.03, "c"));
        assert_eq!(extremes.ess_bulk, worst(800.0, "b"));
        assert_eq!(extremes.ess_tail, worst(500.0, "a"));
    }

    #[test]
    fn undefined_is_worse_than_bad() {
        let extremes = Extremes::of([
            ("bad", gate(9.0, f64::INFINITY, 1.0, 1.0)),
            ("undefined", gate(f64::NAN, f64::NAN, f64::NAN, f64::NAN)),
            ("worse", gate(99.0, f64::INFINITY, 0.1, 0.1)),
        ]);
        assert!(extremes.r_hat_nested.value.is_nan() && extremes.ess_tail.value.is_nan());
        assert_eq!(extremes.ess_bulk.parameter, "undefined");
        assert!(!extremes.pass(64, 0.0));
        assert!(!Extremes::of([]).pass(64, 0.0));
    }

    #[test]
    fn r_hat_fails_with_the_words_people_read() {
        let verdict = with_gate(64, gate(1.05, 1.032, 2000.0, 2000.0));
        assert_eq!(verdict.status, Status::Failed);
        assert_eq!(verdict.reason, "nested R-hat 1.032 of saturation_lam[TV] is above 1.01");
        assert_eq!(
            verdict.advice,
            "run longer: raise sampler.max_gradients, or give saturation_lam[TV] a tighter prior"
        );
        let apart = with_gate(64, gate(1.4, 1.3, 2000.0, 2000.0));
        assert!(apart.advice.starts_with("the chains disagree"), "{}", apart.advice);
        let near = with_gate(64, gate(1.0, 1.01002, 2000.0, 2000.0));
        assert!(near.reason.starts_with("nested R-hat 1.0100 of"), "{}", near.reason);
        assert_eq!(with_gate(64, gate(1.0, 1.0099, 2000.0, 2000.0)).status, Status::Ok);
    }

    #[test]
    fn plain_r_hat_counts_with_up_to_16_chains() {
        let value = gate(1.02, 1.004, 2000.0, 2000.0);
        assert_eq!(with_gate(64, value).status, Status::Ok);
        let verdict = with_gate(16, value);
        assert_eq!(verdict.status, Status::Failed);
        assert_eq!(verdict.reason, "R-hat 1.020 of saturation_lam[TV] is above 1.01");
    }

    #[test]
    fn frozen_parameters_fail() {
        for (r_hat, what) in [(f64::NAN, "not defined"), (f64::INFINITY, "infinite")] {
            let verdict = with_gate(64, gate(r_hat, r_hat, 6400.0, 6400.0));
            assert_eq!(verdict.status, Status::Failed);
            assert_eq!(verdict.reason, format!("nested R-hat of saturation_lam[TV] is {what}"));
        }
    }

    #[test]
    fn too_few_effective_draws_fail() {
        let verdict = with_gate(64, gate(1.0, 1.0, 1200.0, 999.9));
        assert_eq!(verdict.status, Status::Failed);
        assert_eq!(verdict.reason, "tail ESS 999 of saturation_lam[TV] is below 1000");
        assert_eq!(with_gate(64, gate(1.0, 1.0, 1000.0, 1000.0)).status, Status::Ok);
        assert_eq!(with_gate(64, gate(1.0, 1.0, f64::NAN, 2000.0)).status, Status::Failed);
    }

    #[test]
    fn divergences_ask_for_a_review_and_fail_from_one_percent() {
        let few = Evidence { divergences: 127, ..healthy() }.judge(1000.0);
        assert_eq!(few.status, Status::Review);
        assert_eq!(few.reason, "127 of 12800 trajectories diverged");
        let many = Evidence { divergences: 128, ..healthy() }.judge(1000.0);
        assert_eq!(many.status, Status::Failed);
    }

    #[test]
    fn each_mechanical_problem_has_its_status() {
        let status = |evidence: Evidence| evidence.judge(1000.0).status;
        assert_eq!(status(Evidence { unmoved: 1, ..healthy() }), Status::Failed);
        assert_eq!(status(Evidence { recheck: 0.2, ..healthy() }), Status::Failed);
        assert_eq!(status(Evidence { recheck: f64::NAN, ..healthy() }), Status::Failed);
        assert_eq!(status(Evidence { bfmi: 0.29, ..healthy() }), Status::Review);
        assert_eq!(status(Evidence { bfmi: f64::NAN, ..healthy() }), Status::Review);
        assert_eq!(status(Evidence { stuck: 1, ..healthy() }), Status::Review);
        assert_eq!(status(Evidence { stuck: 1, chains: 100, ..healthy() }), Status::Ok);
    }

    #[test]
    fn the_decisive_problems_are_named_and_the_first_is_advised_on() {
        let extremes = Extremes::of([("a", gate(1.0, 1.2, 10.0, 2000.0))]);
        let evidence = Evidence { unmoved: 2, bfmi: 0.1, extremes, ..healthy() };
        let verdict = evidence.judge(1000.0);
        assert_eq!(verdict.status, Status::Failed);
        assert_eq!(
            verdict.reason,
            "2 of 64 chains never moved; nested R-hat 1.200 of a is above 1.01; \
             bulk ESS 10 of a is below 1000"
        );
        assert!(verdict.advice.contains("--seed"));
    }
}
