//! The table of the model file: every key with its kind, default and meaning. The reader, the help
//! lines of errors and the JSON schema all come from here.

use super::{
    ControlScale, EventBasis, EventSide, Mode, Period, ScaleMethod,
    kind::{Key, Kind, Rest, Section},
};

const fn key(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key { name, kind, required: false, inherited: false, about }
}

const fn required(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key { name, kind, required: true, inherited: false, about }
}

const fn inherited(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key { name, kind, required: false, inherited: true, about }
}

const fn names<T, const N: usize>(all: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut i = 0;
    while i < N {
        names[i] = all[i].0;
        i += 1;
    }
    names
}

pub(super) const ROOT: Section = Section {
    path: "",
    keys: &[
        required("data", Kind::Table(&DATA), "the table of data and the role of its columns"),
        key("scaling", Kind::Table(&SCALING), "how target, channels and controls are scaled"),
        key("model", Kind::Table(&MODEL), "order of the transforms and seasonality"),
        key("adstock", Kind::Table(&ADSTOCK), "how the effect of spend carries over"),
        key("saturation", Kind::Table(&SATURATION), "how returns diminish"),
        key("priors", Kind::Table(&PRIORS), "priors of intercept, controls and seasonality"),
        key("likelihood", Kind::Table(&LIKELIHOOD), "distribution of the target"),
        key("trend", Kind::Table(&TREND), "a linear trend that bends at change points"),
        key("fourier", Kind::Tables(&FOURIER), "monthly, weekly and further yearly seasonality"),
        key("event", Kind::Tables(&EVENT), "effects around dated events"),
        key(
            "time_varying",
            Kind::Table(&TIME_VARYING),
            "what varies in time, by a Gaussian process",
        ),
        key("lift_test", Kind::Tables(&LIFT_TEST), "what experiments say of a channel's curve"),
        key("roas", Kind::Table(&ROAS), "what is known of the channels' returns on spend"),
        key(
            "cost_per_target",
            Kind::Tables(&COST_PER_TARGET),
            "what a unit of the target is known to cost by a channel",
        ),
        key("sampler", Kind::Table(&SAMPLER), "how long and how wide to sample"),
    ],
    rest: Rest::Nothing,
};

const LIFT_TEST: Section = Section {
    path: "lift_test",
    keys: &[
        key(
            "path",
            Kind::Text,
            "a table of lift tests in place of one: columns as the other keys, those of panels and dims",
        ),
        key("channel", Kind::Text, "the channel whose spend was changed"),
        key("x", Kind::Number, "its spend per period before, in the table's units"),
        key("delta_x", Kind::Number, "by how much it was changed"),
        key("delta_y", Kind::Number, "by how much the target changed per period"),
        key("sigma", Kind::Number, "the standard error of delta_y"),
        key("date", Kind::Date, "the training row on which it was, where media vary in time"),
    ],
    rest: Rest::Labels,
};

const ROAS: Section = Section {
    path: "roas",
    keys: &[key(
        "priors",
        Kind::Table(&ROAS_PRIORS),
        "priors by channel, in place of those of the coefficients that the responses are linear in",
    )],
    rest: Rest::Nothing,
};
const ROAS_PRIORS: Section = Section { path: "roas.priors", keys: &[], rest: Rest::Priors };

const COST_PER_TARGET: Section = Section {
    path: "cost_per_target",
    keys: &[
        required("channel", Kind::Text, "the channel"),
        required(
            "cost_per_target",
            Kind::Positive(None),
            "mean over the training rows of spend over contribution, in the table's units",
        ),
        required("sigma", Kind::Positive(None), "how far from that the model may be"),
    ],
    rest: Rest::Labels,
};

const BASES: [&str; 3] = names(&EventBasis::ALL);
const MODES_OF_EVENTS: [&str; 2] = names(&EventSide::MODES);
const SIDES: [&str; 3] = names(&EventSide::ALL);
const EVENT: Section = Section {
    path: "event",
    keys: &[
        required(
            "name",
            Kind::Text,
            "letters, digits and _: its parameters are {name}_effect_size …",
        ),
        key("basis", Kind::Choice(&BASES), "the shape of its effect over the days from it"),
        key("mode", Kind::Choice(&MODES_OF_EVENTS), "the side of a half_gaussian"),
        key(
            "include_event",
            Kind::Flag(true),
            "whether a half_gaussian has its effect on the event's own days, too",
        ),
        key(
            "event_in",
            Kind::Choice(&SIDES),
            "the side to which an asymmetric_gaussian counts the event's own days",
        ),
        required("dates", Kind::Tables(&EVENT_DATES), "when it takes place, at least once"),
        key(
            "priors",
            Kind::Table(&EVENT_PRIORS),
            "priors of the basis' parameters and effect_size",
        ),
    ],
    rest: Rest::Nothing,
};
const EVENT_DATES: Section = Section {
    path: "event.dates",
    keys: &[
        required("name", Kind::Text, "a name of its own, such as \"2024\""),
        required("start", Kind::Date, "the first day"),
        required("end", Kind::Date, "the last day"),
    ],
    rest: Rest::Nothing,
};
const EVENT_PRIORS: Section = Section { path: "event.priors", keys: &[], rest: Rest::Priors };

const TIME_VARYING: Section = Section {
    path: "time_varying",
    keys: &[
        key("intercept", Kind::Table(&TIME_VARYING_INTERCEPT), "the intercept"),
        key("media", Kind::Table(&TIME_VARYING_MEDIA), "the effect of all media, by one factor"),
    ],
    rest: Rest::Nothing,
};
const BASIS_FUNCTIONS: Key = key(
    "m",
    Kind::Count { default: 20, min: 1, max: 500, step: 1 },
    "number of basis functions: the more, the faster it may vary",
);
const DIMS_OF_PROCESS: Key = key(
    "dims",
    Kind::Texts,
    "the dims along which series have curves of their own; left out, all; []: one for all series",
);
const PRIORS_OF_PROCESS: &str =
    "priors of `eta`, the amplitude, and `ls`, the length scale in rows";
const TIME_VARYING_INTERCEPT: Section = Section {
    path: "time_varying.intercept",
    keys: &[
        BASIS_FUNCTIONS,
        DIMS_OF_PROCESS,
        key("priors", Kind::Table(&INTERCEPT_PRIORS), PRIORS_OF_PROCESS),
    ],
    rest: Rest::Nothing,
};
const INTERCEPT_PRIORS: Section =
    Section { path: "time_varying.intercept.priors", keys: &[], rest: Rest::Priors };
const TIME_VARYING_MEDIA: Section = Section {
    path: "time_varying.media",
    keys: &[
        BASIS_FUNCTIONS,
        DIMS_OF_PROCESS,
        key("priors", Kind::Table(&MEDIA_PRIORS), PRIORS_OF_PROCESS),
    ],
    rest: Rest::Nothing,
};
const MEDIA_PRIORS: Section =
    Section { path: "time_varying.media.priors", keys: &[], rest: Rest::Priors };

const TREND: Section = Section {
    path: "trend",
    keys: &[
        key(
            "changepoints",
            Kind::Count { default: 10, min: 1, max: 1000, step: 1 },
            "number of points, evenly spaced over the training rows, where the slope may change",
        ),
        key(
            "priors",
            Kind::Table(&TREND_PRIORS),
            "priors of `delta`, the changes, and of `k`, a constant that there is if it has one",
        ),
    ],
    rest: Rest::Nothing,
};
const TREND_PRIORS: Section = Section { path: "trend.priors", keys: &[], rest: Rest::Priors };

const PERIODS: [&str; 3] = names(&Period::ALL);
const FOURIER: Section = Section {
    path: "fourier",
    keys: &[
        required("name", Kind::Text, "letters, digits and _: its coefficients are {name}_beta"),
        required("period", Kind::Choice(&PERIODS), "what repeats itself"),
        key(
            "order",
            Kind::Count { default: 1, min: 1, max: 182, step: 1 },
            "number of sines, and of cosines",
        ),
        key("priors", Kind::Table(&FOURIER_PRIORS), "the prior of `beta`"),
    ],
    rest: Rest::Nothing,
};
const FOURIER_PRIORS: Section = Section { path: "fourier.priors", keys: &[], rest: Rest::Priors };

const DATA: Section = Section {
    path: "data",
    keys: &[
        required(
            "path",
            Kind::Text,
            "the CSV or Parquet file, or a glob of several; relative to the model file",
        ),
        required("date", Kind::Text, "the column of dates"),
        required("target", Kind::Text, "the column to explain, such as sales"),
        required(
            "channels",
            Kind::Texts,
            "the columns of spend, globs allowed, such as [\"tv\", \"mdsp_*\"]",
        ),
        key("controls", Kind::Texts, "further columns that explain the target, globs allowed"),
        key(
            "panel",
            Kind::Texts,
            "columns such as brand and region: one independent model per combination",
        ),
        key(
            "dims",
            Kind::Texts,
            "columns such as geo: the series of their combinations are pooled inside one model",
        ),
        key("train_until", Kind::Date, "last date to learn from; later rows are the test set"),
        key(
            "rename",
            Kind::Renames,
            "new names of columns, old = \"new\"; applied first: every other key uses the new names",
        ),
        key(
            "truth",
            Kind::Text,
            "the true parameters of simulated data, shown beside the estimates",
        ),
    ],
    rest: Rest::Nothing,
};

const SCALING: Section = Section {
    path: "scaling",
    keys: &[
        key("target", Kind::Table(&SCALING_TARGET), "how the target is scaled"),
        key("channel", Kind::Table(&SCALING_CHANNEL), "how each channel's spend is scaled"),
        key("controls", Kind::Table(&SCALING_CONTROLS), "how each control is scaled"),
    ],
    rest: Rest::Nothing,
};

const SCALE_METHODS: [&str; 3] = names(&ScaleMethod::ALL);
const SCALE: [Key; 2] = [
    key(
        "method",
        Kind::Choice(&SCALE_METHODS),
        "what a column is divided by, learned on the training rows",
    ),
    key(
        "over",
        Kind::Texts,
        "the dims whose series share a scale; left out, all; []: each series has its own",
    ),
];
const SCALING_TARGET: Section =
    Section { path: "scaling.target", keys: &SCALE, rest: Rest::Nothing };
const SCALING_CHANNEL: Section =
    Section { path: "scaling.channel", keys: &SCALE, rest: Rest::Nothing };

const CONTROL_SCALES: [&str; 3] = names(&ControlScale::ALL);
const SCALING_CONTROLS: Section = Section {
    path: "scaling.controls",
    keys: &[key(
        "method",
        Kind::Choice(&CONTROL_SCALES),
        "how each control is scaled, learned on the training rows",
    )],
    rest: Rest::Nothing,
};

const MODEL: Section = Section {
    path: "model",
    keys: &[
        key("adstock_first", Kind::Flag(true), "adstock before saturation, or after it"),
        key(
            "yearly_seasonality",
            Kind::Count { default: 0, min: 0, max: 182, step: 1 },
            "number of yearly Fourier modes; 0 for none",
        ),
    ],
    rest: Rest::Nothing,
};

const MODES: [&str; 3] = names(&Mode::ALL);
const L_MAX: Kind = Kind::Count { default: 8, min: 1, max: 1000, step: 1 };
const ADSTOCK: Section = Section {
    path: "adstock",
    keys: &[
        key("family", Kind::Name(Some("geometric")), "the family of the adstock"),
        key("l_max", L_MAX, "number of periods over which spend acts, its own included"),
        key("normalize", Kind::Flag(true), "whether the weights are divided by their sum"),
        key(
            "mode",
            Kind::Choice(&MODES),
            "whether spend acts after its own period, before it, or around it",
        ),
        key("priors", Kind::Table(&ADSTOCK_PRIORS), "priors of the family's parameters"),
        key("channel", Kind::Tables(&ADSTOCK_CHANNEL), "channels with an adstock of their own"),
    ],
    rest: Rest::Nothing,
};
const ADSTOCK_PRIORS: Section = Section { path: "adstock.priors", keys: &[], rest: Rest::Priors };
const ADSTOCK_CHANNEL: Section = Section {
    path: "adstock.channel",
    keys: &[
        required("channels", Kind::Texts, "the channels this table is about"),
        inherited(
            "family",
            Kind::Name(Some("geometric")),
            "the family; left out, that of [adstock]",
        ),
        inherited("l_max", L_MAX, "as in [adstock], whose value it is if left out"),
        inherited("normalize", Kind::Flag(true), "as in [adstock], whose value it is if left out"),
        inherited("mode", Kind::Choice(&MODES), "as in [adstock], whose value it is if left out"),
        key(
            "priors",
            Kind::Table(&ADSTOCK_CHANNEL_PRIORS),
            "priors of the family's parameters; those of [adstock.priors] are not used",
        ),
    ],
    rest: Rest::Nothing,
};
const ADSTOCK_CHANNEL_PRIORS: Section =
    Section { path: "adstock.channel.priors", keys: &[], rest: Rest::Priors };

const SATURATION: Section = Section {
    path: "saturation",
    keys: &[
        key("family", Kind::Name(Some("logistic")), "the family of the saturation"),
        key("priors", Kind::Table(&SATURATION_PRIORS), "priors of the family's parameters"),
        key(
            "channel",
            Kind::Tables(&SATURATION_CHANNEL),
            "channels with a saturation of their own",
        ),
    ],
    rest: Rest::Nothing,
};
const SATURATION_PRIORS: Section =
    Section { path: "saturation.priors", keys: &[], rest: Rest::Priors };
const SATURATION_CHANNEL: Section = Section {
    path: "saturation.channel",
    keys: &[
        required("channels", Kind::Texts, "the channels this table is about"),
        inherited(
            "family",
            Kind::Name(Some("logistic")),
            "the family; left out, that of [saturation]",
        ),
        key(
            "priors",
            Kind::Table(&SATURATION_CHANNEL_PRIORS),
            "priors of the family's parameters; those of [saturation.priors] are not used",
        ),
    ],
    rest: Rest::Nothing,
};
const SATURATION_CHANNEL_PRIORS: Section =
    Section { path: "saturation.channel.priors", keys: &[], rest: Rest::Priors };

const PRIORS: Section = Section { path: "priors", keys: &[], rest: Rest::Priors };

const LIKELIHOOD: Section = Section {
    path: "likelihood",
    keys: &[
        key("distribution", Kind::Name(Some("Normal")), "distribution of the target"),
        key(
            "lower",
            Kind::Number,
            "lower bound of a truncated distribution, on the target's scale",
        ),
    ],
    rest: Rest::Priors,
};

const SAMPLER: Section = Section {
    path: "sampler",
    keys: &[
        key(
            "chains",
            Kind::Count { default: 64, min: 16, max: 4096, step: 16 },
            "number of chains per model",
        ),
        key(
            "ess",
            Kind::Positive(Some(1000.0)),
            "sampling stops when every parameter has this effective sample size, bulk and tail",
        ),
        key(
            "max_gradients",
            Kind::Count { default: 200_000, min: 1, max: usize::MAX, step: 1 },
            "gradients after which a chain stops in any case",
        ),
    ],
    rest: Rest::Nothing,
};

/// A prior, wherever it stands.
pub(super) const PRIOR: Section = Section {
    path: "prior",
    keys: &[
        required(
            "distribution",
            Kind::Name(None),
            "the distribution, such as \"Normal\" or \"HalfNormal\"",
        ),
        key(
            "dims",
            Kind::Texts,
            "the dimensions over which the parameter varies, such as [\"channel\"]; none: one value",
        ),
        key("centered", Kind::Flag(true), "centered parameterisation of a hierarchy"),
    ],
    rest: Rest::Args,
};
