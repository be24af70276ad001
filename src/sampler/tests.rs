//! The sampler against posteriors whose moments are known.

use super::{targets::*, *};
use crate::math::Key;

fn sampled(outcome: Outcome) -> Sampled {
    match outcome {
        Outcome::Sampled(sampled) => *sampled,
        Outcome::Failed(failure) => panic!("{}", failure.reason),
    }
}

fn report(name: &str, s: &Sampled) {
    let ess = s.worst.ess_bulk.min(s.worst.ess_tail);
    eprintln!(
        "{name:>12} chains {:>4}: gradients/chain {:>4.0} + {:>5.0} + {:>6.0}, draws {:>5}, ESS {:.0}/{:.0}, \
         R {:.4} nested {:.4}, eps {:.3} T {:.2} A {:.2}, gpe {:.1} (all {:.1}), stuck {} div {} repl {} {:?} {:?}",
        s.chains, s.gradients.start, s.gradients.warmup, s.gradients.sampling, s.len(),
        s.worst.ess_bulk, s.worst.ess_tail, s.worst.r_hat, s.worst.r_hat_nested, s.step_size, s.length,
        s.harmonic_acceptance,
        s.gradients.sampling * s.chains as f64 / ess,
        s.gradients.total() * s.chains as f64 / ess,
        s.stuck, s.divergences, s.replaced, s.escalations, s.missed
    );
}

#[test]
fn survey() {
    let t: Vec<(&str, Box<dyn Target>)> = vec![
        ("gauss20", Box::new(Gaussian::new(20))),
        ("gauss55", Box::new(Gaussian::new(55))),
        ("loggamma", Box::new(LogGamma::new(24))),
        ("bananas", Box::new(Bananas { pairs: 4 })),
        ("modes2", Box::new(Modes { dim: 5, distance: 2.0 })),
        ("modes8", Box::new(Modes { dim: 5, distance: 8.0 })),
        ("funnel", Box::new(Funnel { groups: 8 })),
    ];
    for chains in [16, 64, 256] {
        for (name, t) in &t {
            let settings = Settings { chains, max_gradients: 50_000, ..Settings::default() };
            let now = std::time::Instant::now();
            match sample(&[(t.as_ref(), Key::new(1, name))], &settings).remove(0) {
                Outcome::Sampled(s) => report(name, &s),
                Outcome::Failed(f) => eprintln!("{name} FAILED {} {:?}", f.reason, f.gradients),
            }
            eprintln!("  {:?}", now.elapsed());
        }
    }
}
