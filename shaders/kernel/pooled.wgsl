// Pooled elements: twin of src/model/pooled.rs, which has the formulas.

// An element's value at a point of its coordinate, and the log prior with the Jacobian; the derivatives of
// both in the two operands and in the point.
struct Moved {
    x: f32,
    logp: f32,
    dx: vec3f,
    dlogp: vec3f,
}

// -2 ln p of x up to a constant, and half its slope; laws are the Normal, Laplace's, Student's t.
fn deviance(law: u32, nu: f32, x: f32) -> vec2f {
    switch law {
        case 1u: {
            let sign = select(1.0, -1.0, x < 0.0);
            return vec2f(x * (sign + sign), sign);
        }
        case 2u: {
            let square = x * x;
            return (nu + 1.0) * vec2f(ln_1p(square / nu), x / (square + nu));
        }
        default: {
            return vec2f(x * x, x);
        }
    }
}

// The element at u; the code is six times the law, twice the scale (linear, logarithm by mu and tau, by
// moments), and one for offsets.
fn move_pooled(place: Place, element: Element, code: u32, u: f32) -> Moved {
    var a = element.p.xy;
    for (var k = 0; k < 2; k++) {
        if element.parents[k] != NUMBER {
            a[k] = state[at(place, VALUE, element.parents[k])];
        }
    }
    let scale = (code % 6u) >> 1u;
    let is_offset = (code & 1u) == 1u;
    var m = vec4f(a, 0.0, 0.0);
    if scale == 2u {
        m = log_normal_moments(a.x, a.y);
    }
    let mu = m.x;
    let tau = m.y;
    let pull = element.known.x * tau;
    let score = element.known.y;
    let coupling = element.known.z;
    let strength = pull * tau;
    let share = 1.0 / (strength + 1.0);
    let root = sqrt(share);
    let level = 1.0 / (coupling * tau * tau + 1.0);
    let away = level * coupling * (element.known.w - mu);
    let x = fma(root, u, tau * fma(share, score, away));
    let twice = share + share - 1.0;
    let dx_tau = share * (score * twice - pull * root * u) + away * (level + level - 1.0);
    let dx = vec3f(-(coupling * tau * level), dx_tau, root);
    let law = deviance(code / 6u, element.c.x, x);
    let logp = -0.5 * (law.x + ln_1p(strength)) - element.c.y;
    var dlogp = -law.y * dx;
    dlogp.y -= pull * share;
    var value = x;
    var dvalue = dx;
    if !is_offset {
        value = fma(tau, x, mu);
        dvalue = vec3f(level, fma(tau, dx_tau, x), tau * root);
        if scale != 0u {
            value = exp_accurate(value);
            dvalue *= value;
        }
    }
    if scale == 2u {
        dvalue = vec3f(log_normal_moments_back(a.x, m, dvalue.x, dvalue.y), dvalue.z);
        dlogp = vec3f(log_normal_moments_back(a.x, m, dlogp.x, dlogp.y), dlogp.z);
    }
    return Moved(value, logp, dvalue, dlogp);
}

// Carries what flowed back to a pooled element, in units of its value, to its operands and its point.
fn pooled_back(place: Place, element: Element, code: u32, i: u32) {
    let moved = move_pooled(place, element, code, state[at(place, CANDIDATE, i)]);
    let g = at(place, CANDIDATE_GRADIENT, i);
    let slopes = fma(vec3f(state[g]), moved.dx, moved.dlogp);
    for (var k = 0; k < 2; k++) {
        if element.parents[k] != NUMBER {
            add_gradient(place, element.parents[k], slopes[k]);
        }
    }
    state[g] = slopes.z;
}
