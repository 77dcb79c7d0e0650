//! The series of a chart part: name, look, categories and values, each with its formula and its cache.

use deskhand_operations::ChartKind;

use crate::chart::cells::Cells;
use crate::chart::{Plot, PlotSeries};
use crate::markup::Markup;

/// How the points of a series are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Bars and columns.
    Bars,
    /// A line without markers.
    Line,
    /// A line with a marker at each value.
    Markers,
    /// A filled area.
    Area,
    /// Slices, each in a colour of its own.
    Slices,
    /// Points over two value axes.
    Points,
    /// Points over two value axes, joined by lines.
    JoinedPoints,
    /// Bubbles.
    Bubbles,
    /// A line around a centre.
    Radar,
}

impl Look {
    /// How a kind of chart draws its series.
    pub(crate) fn of(kind: ChartKind) -> Self {
        match kind {
            ChartKind::BarClustered
            | ChartKind::BarStacked
            | ChartKind::BarStacked100
            | ChartKind::ColumnClustered
            | ChartKind::ColumnStacked
            | ChartKind::ColumnStacked100 => Self::Bars,
            ChartKind::Line | ChartKind::LineStacked => Self::Line,
            ChartKind::LineMarkers => Self::Markers,
            ChartKind::Area | ChartKind::AreaStacked => Self::Area,
            ChartKind::Pie | ChartKind::Doughnut => Self::Slices,
            ChartKind::Scatter => Self::Points,
            ChartKind::ScatterLines => Self::JoinedPoints,
            ChartKind::Bubble => Self::Bubbles,
            ChartKind::Radar => Self::Radar,
        }
    }
}

/// Writes every `c:ser`.
pub(crate) fn write_series(xml: &mut Markup, plot: &Plot<'_>, cells: &Cells) {
    let look = Look::of(plot.kind);
    for (index, series) in plot.series.iter().enumerate() {
        xml.element("c:ser", &[], |xml| {
            xml.value("c:idx", &index.to_string());
            xml.value("c:order", &index.to_string());
            name(xml, series, &cells.name(index));
            properties(xml, index, look);
            match look {
                Look::Bars | Look::Bubbles => xml.value("c:invertIfNegative", "0"),
                Look::Line | Look::Radar => {
                    xml.element("c:marker", &[], |xml| xml.value("c:symbol", "none"));
                }
                Look::Markers | Look::Points | Look::JoinedPoints => marker(xml, index),
                Look::Area | Look::Slices => {}
            }
            data(xml, plot, index, cells);
            match look {
                Look::Line | Look::Markers | Look::Points | Look::JoinedPoints => xml.value("c:smooth", "0"),
                Look::Bubbles => xml.value("c:bubble3D", "0"),
                _ => {}
            }
        });
    }
}

/// Writes the name of a series.
pub(crate) fn name(xml: &mut Markup, series: &PlotSeries<'_>, formula: &str) {
    xml.element("c:tx", &[], |xml| {
        text_reference(xml, formula, std::iter::once(series.name));
    });
}

/// Writes categories and values, or the places and sizes of points.
fn data(xml: &mut Markup, plot: &Plot<'_>, index: usize, cells: &Cells) {
    for (_, piece) in data_pieces(plot, index, cells) {
        xml.raw(&piece);
    }
}

/// Categories and values, or the places and sizes of points, by the local names of their elements.
pub(crate) fn data_pieces(plot: &Plot<'_>, index: usize, cells: &Cells) -> Vec<(&'static str, String)> {
    let (Some(series), Some(columns)) = (plot.series.get(index), cells.series.get(index)) else {
        return Vec::new();
    };
    let piece = |local: &'static str, write: &dyn Fn(&mut Markup)| {
        let mut xml = Markup::default();
        xml.element(&format!("c:{local}"), &[], |xml| write(xml));
        (local, xml.finish())
    };
    let figures = |column: usize, count: usize| cells.figures(column, count);
    let format = series.number_format.unwrap_or("General");
    let count = series.values.len();
    let values = figures(columns.values, count);
    if series.x_values.is_empty() {
        let along = figures(columns.along, plot.categories.len());
        return vec![
            piece("cat", &|xml| {
                text_reference(xml, &along, plot.categories.iter().map(String::as_str));
            }),
            piece("val", &|xml| numbers(xml, &values, format, &series.values)),
        ];
    }
    let along = figures(columns.along, count);
    let mut pieces = vec![
        piece("xVal", &|xml| numbers(xml, &along, "General", &series.x_values)),
        piece("yVal", &|xml| numbers(xml, &values, format, &series.values)),
    ];
    if let Some(column) = columns.sizes {
        let sizes = figures(column, count);
        pieces.push(piece("bubbleSize", &|xml| {
            numbers(xml, &sizes, "General", &series.sizes);
        }));
    }
    pieces
}

/// Writes outline and fill of a series in the theme's colour for it.
pub(crate) fn properties(xml: &mut Markup, index: usize, look: Look) {
    let line = |xml: &mut Markup| {
        xml.element("a:ln", &[("w", "28575"), ("cap", "rnd")], |xml| {
            fill(xml, index);
            xml.empty("a:round", &[]);
        });
    };
    match look {
        Look::Bars | Look::Area | Look::Bubbles => xml.element("c:spPr", &[], |xml| fill(xml, index)),
        Look::Line | Look::Markers | Look::JoinedPoints | Look::Radar => xml.element("c:spPr", &[], line),
        Look::Points => xml.element("c:spPr", &[], |xml| {
            xml.element("a:ln", &[("w", "19050")], |xml| xml.empty("a:noFill", &[]));
        }),
        Look::Slices => {}
    }
}

fn marker(xml: &mut Markup, index: usize) {
    xml.element("c:marker", &[], |xml| {
        xml.value("c:symbol", "circle");
        xml.value("c:size", "6");
        xml.element("c:spPr", &[], |xml| {
            fill(xml, index);
            xml.element("a:ln", &[("w", "9525")], |xml| fill(xml, index));
        });
    });
}

fn text_reference<'a>(xml: &mut Markup, formula: &str, texts: impl ExactSizeIterator<Item = &'a str>) {
    xml.element("c:strRef", &[], |xml| {
        xml.text("c:f", formula);
        xml.element("c:strCache", &[], |xml| {
            xml.value("c:ptCount", &texts.len().to_string());
            for (index, text) in texts.enumerate() {
                xml.element("c:pt", &[("idx", &index.to_string())], |xml| {
                    xml.text("c:v", text);
                });
            }
        });
    });
}

fn numbers(xml: &mut Markup, formula: &str, format: &str, values: &[Option<f64>]) {
    xml.element("c:numRef", &[], |xml| {
        xml.text("c:f", formula);
        xml.element("c:numCache", &[], |xml| {
            xml.text("c:formatCode", format);
            xml.value("c:ptCount", &values.len().to_string());
            for (index, value) in values.iter().enumerate() {
                if let Some(number) = value {
                    xml.element("c:pt", &[("idx", &index.to_string())], |xml| {
                        xml.text("c:v", &number.to_string());
                    });
                }
            }
        });
    });
}

/// The theme's six accents in turn; from the seventh series on in the shades that PowerPoint takes.
fn fill(xml: &mut Markup, index: usize) {
    let shades: &[(&str, u32)] = match index / 6 % 5 {
        0 => &[],
        1 => &[("a:lumMod", 60)],
        2 => &[("a:lumMod", 80), ("a:lumOff", 20)],
        3 => &[("a:lumMod", 80)],
        _ => &[("a:lumMod", 60), ("a:lumOff", 40)],
    };
    xml.element("a:solidFill", &[], |xml| {
        xml.element(
            "a:schemeClr",
            &[("val", &format!("accent{}", index % 6 + 1))],
            |xml| {
                for (shade, percent) in shades {
                    xml.value(shade, &(percent * 1000).to_string());
                }
            },
        );
    });
}
