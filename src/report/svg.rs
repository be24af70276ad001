//! Drawing: shapes of an SVG, scales and their ticks. Colours come from the page's style, by class.

use std::fmt::Write;

/// The colours, light and dark; of a drawing on its own the light ones.
pub const PALETTE: &str = include_str!("palette.css");
/// The style of what is drawn.
pub const DRAWING: &str = include_str!("drawing.css");

/// A drawing in units of about a pixel; it scales with its place on the page.
pub struct Svg {
    width: f64,
    height: f64,
    body: String,
}

/// From values to places along one direction.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Values at the ends.
    pub values: [f64; 2],
    /// Places at the ends.
    pub places: [f64; 2],
}

impl Scale {
    /// A scale whose values span all of these, 0 included if `zero`; never empty.
    pub fn spanning(values: impl IntoIterator<Item = f64>, zero: bool, places: [f64; 2]) -> Self {
        let start = if zero { [0.0, 0.0] } else { [f64::INFINITY, f64::NEG_INFINITY] };
        let finite = values.into_iter().filter(|x| x.is_finite());
        let [mut low, mut high] = finite.fold(start, |[low, high], x| [low.min(x), high.max(x)]);
        if low > high {
            [low, high] = [0.0, 1.0];
        }
        if low == high {
            high = low + if low == 0.0 { 1.0 } else { low.abs() };
        }
        Self { values: [low, high], places }
    }

    /// The place of a value.
    pub fn at(&self, value: f64) -> f64 {
        let [low, high] = self.values;
        let [from, to] = self.places;
        from + (value - low) / (high - low) * (to - from)
    }

    /// About so many round values between the ends.
    pub fn ticks(&self, about: usize) -> Vec<f64> {
        let [low, high] = self.values;
        let rough = (high - low) / about.max(1) as f64;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|x| x * power);
        let step = step.into_iter().find(|&step| step >= rough * 0.999).unwrap_or(rough);
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        (first..=last).map(|k| k as f64 * step).collect()
    }
}

/// Where a text stands to its place.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// It lies around it.
    Middle,
    /// It ends there.
    End,
}

impl Svg {
    /// An empty drawing.
    pub fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.body.write_fmt(element);
    }

    /// A line through points; it breaks where one is not finite.
    pub fn line(&mut self, class: &str, points: &[[f64; 2]]) {
        self.add(format_args!("<path class=\"{class}\" d=\"{}\"/>", path(points)));
    }

    /// The area between two lines of as many points.
    pub fn area(&mut self, class: &str, upper: &[[f64; 2]], lower: &[[f64; 2]]) {
        let both = upper
            .iter()
            .zip(lower)
            .filter(|(a, b)| a.iter().chain(b.iter()).all(|x| x.is_finite()));
        let (mut around, back): (Vec<_>, Vec<_>) = both.map(|(a, b)| (*a, *b)).unzip();
        if around.is_empty() {
            return;
        }
        around.extend(back.into_iter().rev());
        self.add(format_args!("<path class=\"{class}\" d=\"{}z\"/>", path(&around)));
    }

    /// A rectangle between two corners, with a text that shows when pointed at.
    pub fn rect(&mut self, class: &str, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2], about: &str) {
        let (x, y) = (round(x1.min(x2)), round(y1.min(y2)));
        let (w, h) = (round((x2 - x1).abs()), round((y2 - y1).abs()));
        self.add(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\">{}</rect>",
            title(about)
        ));
    }

    /// A straight line.
    pub fn segment(&mut self, class: &str, from: [f64; 2], to: [f64; 2]) {
        if from.iter().chain(&to).all(|x| x.is_finite()) {
            self.line(class, &[from, to]);
        }
    }

    /// A disc, with a text that shows when pointed at.
    pub fn disc(&mut self, class: &str, [x, y]: [f64; 2], radius: f64, about: &str) {
        if x.is_finite() && y.is_finite() {
            let (x, y, r) = (round(x), round(y), round(radius));
            self.add(format_args!(
                "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\">{}</circle>",
                title(about)
            ));
        }
    }

    /// A text.
    pub fn text(&mut self, class: &str, [x, y]: [f64; 2], anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let (x, y, text) = (round(x), round(y), escape(text));
        self.add(format_args!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{anchor}>{text}</text>"));
    }

    /// The element; `alt` says in words what it shows.
    pub fn finish(self, alt: &str) -> String {
        let Self { width, height, body } = self;
        format!(
            "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">{body}</svg>",
            escape(alt)
        )
    }
}

/// A finished drawing as a file of its own: with its size, a background, the names of its classes below
/// and its style, colours written out, since few programs that draw SVG know CSS variables.
pub fn standalone(drawing: &str, legend: &[(String, String)]) -> String {
    const LINE: f64 = 20.0;
    let rest = drawing.strip_prefix("<svg viewBox=\"0 0 ").unwrap_or_default();
    let Some((size, rest)) = rest.split_once('"') else { return drawing.to_owned() };
    let Some((size, (open, body))) = size.split_once(' ').zip(rest.split_once('>')) else {
        return drawing.to_owned();
    };
    let [width, mut height] = [size.0, size.1].map(|x| x.parse::<f64>().unwrap_or_default());
    let mut below = Svg::new(width, height);
    let mut x = width;
    for (name, class) in legend {
        let needed = 34.0 + 7.0 * name.chars().count() as f64;
        if x + needed > width {
            (x, height) = (10.0, height + LINE);
        }
        let y = height - 8.0;
        below.rect(class, [x, y - 9.0], [x + 10.0, y + 1.0], "");
        below.text("name", [x + 15.0, y], Anchor::Start, name);
        x += needed;
    }
    let light = PALETTE.split_once('}').map_or("", |(light, _)| light);
    let style = light
        .split(['{', ';'])
        .filter_map(|rule| rule.trim().split_once(':'))
        .fold(format!("svg{{font-family:sans-serif}}{DRAWING}"), |style, (name, value)| {
            style.replace(&format!("var({name})"), value)
        });
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\"{open}><style>{style}</style>\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>{}{body}\n",
        below.body
    )
}

fn title(about: &str) -> String {
    if about.is_empty() { String::new() } else { format!("<title>{}</title>", escape(about)) }
}

/// The commands of a path: absolute first, then relative ones, which are shorter.
fn path(points: &[[f64; 2]]) -> String {
    let mut text = String::with_capacity(8 * points.len());
    let mut last: Option<[f64; 2]> = None;
    for point in points {
        if !point.iter().all(|x| x.is_finite()) {
            last = None;
            continue;
        }
        let point = point.map(|x| (10.0 * x).round());
        let (command, [x, y]) = match last {
            None => ('M', point),
            Some([x, y]) => ('l', [point[0] - x, point[1] - y]),
        };
        last = Some(point);
        let _ = write!(text, "{command}{} {}", x / 10.0, y / 10.0);
    }
    text
}

/// To a tenth of a unit.
fn round(x: f64) -> f64 {
    (10.0 * x).round() / 10.0
}

/// A text as it stands in HTML, in elements and in attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let scale = |low, high| Scale { values: [low, high], places: [0.0, 100.0] };
        assert_eq!(scale(0.0, 1.5).ticks(4), [0.0, 0.5, 1.0, 1.5]);
        assert_eq!(scale(-3.0, 7.0).ticks(5), [-2.0, 0.0, 2.0, 4.0, 6.0]);
        assert_eq!(scale(0.0, 2.4e9).ticks(3), [0.0, 1e9, 2e9]);
        assert_eq!(scale(-3.0, 7.0).at(2.0), 50.0);
        let one = Scale::spanning([5.0, f64::NAN], false, [0.0, 1.0]);
        assert_eq!(one.values, [5.0, 10.0]);
        assert_eq!(Scale::spanning([], false, [0.0, 1.0]).values, [0.0, 1.0]);
    }

    #[test]
    fn paths_break_where_nothing_is_known() {
        let points = [[0.0, 1.0], [1.0, 2.55], [2.0, f64::NAN], [3.0, 1.0], [4.0, 1.0]];
        assert_eq!(path(&points), "M0 1l1 1.6M3 1l1 0");
    }

    #[test]
    fn a_drawing_on_its_own_has_size_and_colours() {
        let mut svg = Svg::new(20.0, 10.0);
        svg.line("line c0", &[[0.0, 1.0], [2.0, 3.0]]);
        let text = standalone(&svg.finish("a line"), &[]);
        let start = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"20\" height=\"10\"";
        assert!(text.starts_with(start), "{text}");
        assert!(text.contains("role=\"img\" aria-label=\"a line\"><style>"), "{text}");
        assert!(text.contains(".c0{fill:#2f6fb3}") && !text.contains("var("), "{text}");
        assert!(text.ends_with("<path class=\"line c0\" d=\"M0 1l2 2\"/></svg>\n"), "{text}");
        let named = [("observed".to_owned(), "sum".to_owned())];
        let text = standalone(&Svg::new(20.0, 10.0).finish(""), &named);
        assert!(text.contains("height=\"30\"") && text.contains(">observed</text>"), "{text}");
    }

    #[test]
    fn texts_are_escaped() {
        let mut svg = Svg::new(10.0, 10.0);
        svg.text("t", [0.0, 0.0], Anchor::Start, "<script>alert('x')</script>");
        svg.disc("d", [1.0, 1.0], 1.0, "a & \"b\"");
        let text = svg.finish("\"><script>");
        assert!(!text.contains("<script>"), "{text}");
        assert!(text.contains("a &amp; &quot;b&quot;"), "{text}");
    }
}
