// Coordinates: from the unconstrained line to the values of a parameter.

const HALF_LN_TAU: f32 = 0.9189385332;

fn plain_value(x: f32) -> Mapped {
    return Mapped(x, x, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0);
}

// A value in a prior-quantile coordinate, whose prior is a standard Normal.
fn quantile_value(z: f32, x: f32, dx: f32) -> Mapped {
    return Mapped(x, x, 0.0, 0.0, 0.0, dx, -0.5 * z * z - HALF_LN_TAU, -z);
}

// The value at u; code and constants are those of `Coordinate::code`.
fn map_coordinate(code: u32, c: vec2f, u: f32) -> Mapped {
    switch code {
        case 1u: { // lower + e^u
            let e = exp_accurate(u);
            return Mapped(e + c.x, e, 0.0, u, 0.0, e, u, 1.0);
        }
        case 2u: { // lower + width / (1 + e^-u)
            let ln_width = ln(c.y);
            let e = exp_accurate(-abs(u));
            let inverse = 1.0 / (1.0 + e);
            let low = select(1.0, e, u < 0.0) * inverse;
            let high = select(e, 1.0, u < 0.0) * inverse;
            let tail = ln_1p(e);
            let ln_low = min(u, 0.0) - tail;
            let ln_high = min(-u, 0.0) - tail;
            return Mapped(
                c.x + c.y * low, c.y * low, c.y * high, ln_width + ln_low, ln_width + ln_high,
                c.y * low * high, ln_width + ln_low + ln_high, high - low,
            );
        }
        case 3u: { // quantile of HalfNormal
            let h = half_normal_quantile(u);
            return quantile_value(u, c.x * h, c.x * half_normal_slope(u, h));
        }
        case 4u: { // quantile of Beta(1, 1/c.x)
            let tail = log_ndtr(-u);
            let scaled = tail.x * c.x;
            return quantile_value(u, -exp_m1(scaled), exp_accurate(scaled) * c.x * tail.y);
        }
        case 5u: { // quantile of Exponential(1/c.x)
            let tail = log_ndtr(-u);
            return quantile_value(u, -tail.x * c.x, tail.y * c.x);
        }
        case 6u: { // quantile of Uniform
            let share = exp_accurate(log_ndtr(u).x);
            let dx = c.y * exp_accurate(-0.5 * u * u - HALF_LN_TAU);
            return quantile_value(u, c.x + c.y * share, dx);
        }
        case 7u: { // upper - e^u
            let e = exp_accurate(u);
            return Mapped(c.x - e, 0.0, e, 0.0, u, -e, u, 1.0);
        }
        default: {
            return plain_value(u);
        }
    }
}
