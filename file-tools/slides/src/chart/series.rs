//! The series of a chart part: name, look, categories and values, each with its formula and its cache.

use crate::chart::workbook::reference;
use crate::chart::{Plot, PlotSeries};
use crate::markup::Markup;

/// How the points of a series are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Bars and columns.
    Bars,
    /// A line without markers.
    Line,
    /// A filled area.
    Area,
    /// Slices, each in a colour of its own.
    Slices,
}

/// Writes every `c:ser`.
pub(crate) fn write_series(xml: &mut Markup, plot: &Plot<'_>, look: Look) {
    for (index, series) in plot.series.iter().enumerate() {
        xml.element("c:ser", &[], |xml| {
            one_series(xml, plot, index, series, look);
        });
    }
}

fn one_series(xml: &mut Markup, plot: &Plot<'_>, index: usize, series: &PlotSeries<'_>, look: Look) {
    xml.value("c:idx", &index.to_string());
    xml.value("c:order", &index.to_string());
    xml.element("c:tx", &[], |xml| {
        text_reference(xml, &reference(index + 1, 0, 0), std::iter::once(series.name));
    });
    match look {
        Look::Bars | Look::Area => xml.element("c:spPr", &[], |xml| fill(xml, index)),
        Look::Line => xml.element("c:spPr", &[], |xml| {
            xml.element("a:ln", &[("w", "28575"), ("cap", "rnd")], |xml| {
                fill(xml, index);
                xml.empty("a:round", &[]);
            });
        }),
        Look::Slices => {}
    }
    match look {
        Look::Bars => xml.value("c:invertIfNegative", "0"),
        Look::Line => xml.element("c:marker", &[], |xml| xml.value("c:symbol", "none")),
        Look::Area | Look::Slices => {}
    }
    let last_row = plot.categories.len();
    xml.element("c:cat", &[], |xml| {
        text_reference(
            xml,
            &reference(0, 1, last_row),
            plot.categories.iter().map(String::as_str),
        );
    });
    xml.element("c:val", &[], |xml| {
        numbers(xml, &reference(index + 1, 1, last_row), series);
    });
    if look == Look::Line {
        xml.value("c:smooth", "0");
    }
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

fn numbers(xml: &mut Markup, formula: &str, series: &PlotSeries<'_>) {
    xml.element("c:numRef", &[], |xml| {
        xml.text("c:f", formula);
        xml.element("c:numCache", &[], |xml| {
            xml.text("c:formatCode", series.number_format.unwrap_or("General"));
            xml.value("c:ptCount", &series.values.len().to_string());
            for (index, value) in series.values.iter().enumerate() {
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
