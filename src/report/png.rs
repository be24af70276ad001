//! Drawings as PNG files, for slides and documents that take no SVG.

use crate::error::{Error, Result};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{FontResolver, Options, Tree};
use std::fmt::Display;
use std::sync::{Arc, LazyLock};

/// Pixels per unit of a drawing.
const SCALE: f32 = 2.0;

/// DejaVu Sans Condensed, plain and bold: Latin, Greek, Cyrillic and symbols. Servers often have no
/// fonts, and a picture should not depend on the machine that drew it.
const FONTS: [&[u8]; 2] = [
    include_bytes!("../../data/font/DejaVuSansCondensed.ttf"),
    include_bytes!("../../data/font/DejaVuSansCondensed-Bold.ttf"),
];

static OWN: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    for font in FONTS {
        fonts.load_font_source(Source::Binary(Arc::new(font)));
    }
    fonts.set_sans_serif_family("DejaVu Sans");
    Arc::new(fonts)
});

/// The own fonts and, behind them, the system's.
static ALL: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::clone(&OWN);
    fonts.load_system_fonts();
    Arc::new(fonts)
});

/// Draws a standalone SVG file as a PNG file, two pixels per unit.
///
/// # Errors
/// It is no SVG of a size that can be drawn: a bug, as all of them are ours.
pub fn png(svg: &str) -> Result<Vec<u8>> {
    let pixmap = draw(svg)?;
    pixmap.encode_png().map_err(|error| bug(&error))
}

fn draw(svg: &str) -> Result<Pixmap> {
    let tree = Tree::from_str(svg, &options()).map_err(|error| bug(&error))?;
    let size = tree.size().to_int_size().scale_by(SCALE);
    let pixmap = size.and_then(|size| Pixmap::new(size.width(), size.height()));
    let mut pixmap = pixmap.ok_or_else(|| bug(&"it has no size"))?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixmap.as_mut());
    Ok(pixmap)
}

fn options() -> Options<'static> {
    let fallback = FontResolver::default_fallback_selector();
    Options {
        fontdb: Arc::clone(&OWN),
        font_resolver: FontResolver {
            // The system's fonts are read only for a character that the own ones lack.
            select_fallback: Box::new(move |character, used, fonts| {
                fallback(character, used, fonts).or_else(|| {
                    *fonts = Arc::clone(&ALL);
                    fallback(character, used, fonts)
                })
            }),
            ..FontResolver::default()
        },
        ..Options::default()
    }
}

fn bug(why: &dyn Display) -> Error {
    Error::bug(format!("a chart cannot be drawn as PNG: {why}"))
}

#[cfg(test)]
mod tests {
    use super::super::svg::{Anchor, Svg, standalone};
    use super::*;

    /// Pixels of a region, in units of the drawing, that are nearer to black than to white.
    fn dark(pixmap: &Pixmap, [x0, y0, x1, y1]: [u32; 4]) -> usize {
        let region = (2 * y0..2 * y1).flat_map(|y| (2 * x0..2 * x1).map(move |x| (x, y)));
        let dark = |(x, y)| pixmap.pixel(x, y).is_some_and(|p| p.red() < 128 && p.green() < 128);
        region.filter(|&place| dark(place)).count()
    }

    fn written(class: &str, text: &str) -> Pixmap {
        let mut svg = Svg::new(100.0, 40.0);
        svg.text(class, [10.0, 25.0], Anchor::Start, text);
        draw(&standalone(&svg.finish("a text"), &[])).expect("drawn")
    }

    #[test]
    fn shapes_have_their_places_and_colours() {
        let mut svg = Svg::new(60.0, 20.0);
        svg.rect("c0", [10.0, 5.0], [30.0, 15.0], "");
        svg.area("band c0", &[[40.0, 5.0], [50.0, 5.0]], &[[40.0, 15.0], [50.0, 15.0]]);
        let file = png(&standalone(&svg.finish("shapes"), &[])).expect("drawn");
        let pixmap = Pixmap::decode_png(&file).expect("a PNG");
        assert_eq!((pixmap.width(), pixmap.height()), (120, 40));
        let at = |x: u32, y: u32| {
            let pixel = pixmap.pixel(2 * x, 2 * y).expect("inside").demultiply();
            [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()]
        };
        assert_eq!(at(5, 10), [255; 4]);
        assert_eq!(at(20, 10), [0x2f, 0x6f, 0xb3, 255]);
        // A band lets 78 % of the paper through.
        assert_eq!(at(45, 10), [209, 223, 238, 255]);
    }

    #[test]
    fn texts_are_drawn_with_the_own_font() {
        let plain = dark(&written("name", "Köln ≥ 3 £"), [0, 0, 100, 40]);
        assert!(plain > 300, "{plain}");
        assert_eq!(dark(&written("name", ""), [0, 0, 100, 40]), 0);
        let bold = dark(&written("head", "Köln ≥ 3 £"), [0, 0, 100, 40]);
        assert!(bold > plain + plain / 10, "{bold} {plain}");
        // The wider the text, the further it reaches.
        let [narrow, wide] = ["iiiiii", "WWWWWW"].map(|text| written("name", text));
        assert_eq!(dark(&narrow, [45, 0, 100, 40]), 0);
        assert!(dark(&wide, [45, 0, 100, 40]) > 50);
        // What no font here may have is no reason to fail.
        written("name", "漢字 🎉");
    }

    #[test]
    fn what_is_no_drawing_is_named() {
        let error = png("<svg").expect_err("no drawing");
        assert!(error.message().starts_with("a chart cannot be drawn as PNG: "), "{error}");
    }
}
