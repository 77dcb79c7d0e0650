//! Native charts: the chart part, its embedded workbook, and reading data back from the caches.
//!
//! Knows DrawingML charts (ECMA-376 part 1, 21.2) and nothing of slides or packages.

pub(crate) mod read;
mod series;
mod workbook;
pub(crate) mod write;

use deskhand_operations::{CellValue, ChartKind, ChartSource};

pub(crate) use workbook::embedded_workbook;

/// Most points that a chart takes, over all series.
const MAX_POINTS: usize = 32_000;

/// Most series that a chart takes; Excel's own limit.
const MAX_SERIES: usize = 255;

/// The kinds that are drawn on slides.
const DRAWN: [ChartKind; 7] = [
    ChartKind::BarClustered,
    ChartKind::ColumnClustered,
    ChartKind::ColumnStacked,
    ChartKind::Line,
    ChartKind::Area,
    ChartKind::Pie,
    ChartKind::Doughnut,
];

/// Why a chart cannot be drawn from its data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChartError {
    #[error("a chart needs at least one category and one series")]
    Empty,
    #[error("a chart takes at most {MAX_SERIES} series and {MAX_POINTS} points")]
    TooLarge,
    #[error("the series '{series}' has {values} values for {categories} categories")]
    Uneven {
        series: String,
        values: usize,
        categories: usize,
    },
    #[error("value {position} of the series '{series}' is not a number")]
    NotANumber { series: String, position: usize },
    #[error("a pie takes one series, and {0} were given")]
    PieOfMany(usize),
    #[error("charts of this kind are not drawn on slides")]
    Kind,
}

/// What a chart is made of once it was found to be drawable.
#[derive(Clone, Debug)]
pub(crate) struct Plot<'a> {
    pub(crate) kind: ChartKind,
    pub(crate) title: Option<&'a str>,
    pub(crate) categories: &'a [String],
    pub(crate) series: Vec<PlotSeries<'a>>,
}

/// One series: numbers, or nothing for a gap.
#[derive(Clone, Debug)]
pub(crate) struct PlotSeries<'a> {
    pub(crate) name: &'a str,
    pub(crate) number_format: Option<&'a str>,
    pub(crate) values: Vec<Option<f64>>,
}

impl<'a> Plot<'a> {
    /// Checks the data.
    pub(crate) fn new(
        kind: ChartKind,
        title: Option<&'a str>,
        source: &'a ChartSource,
    ) -> Result<Self, ChartError> {
        if !DRAWN.contains(&kind) {
            return Err(ChartError::Kind);
        }
        if source.categories.is_empty() || source.series.is_empty() {
            return Err(ChartError::Empty);
        }
        if source.series.len() > MAX_SERIES || source.categories.len() * source.series.len() > MAX_POINTS {
            return Err(ChartError::TooLarge);
        }
        if kind == ChartKind::Pie && source.series.len() > 1 {
            return Err(ChartError::PieOfMany(source.series.len()));
        }
        let mut series = Vec::with_capacity(source.series.len());
        for given in &source.series {
            if given.values.len() != source.categories.len() {
                return Err(ChartError::Uneven {
                    series: given.name.clone(),
                    values: given.values.len(),
                    categories: source.categories.len(),
                });
            }
            let values = given.values.iter().enumerate().map(|(index, value)| match value {
                CellValue::Number(number) if number.is_finite() => Ok(Some(*number)),
                CellValue::Empty => Ok(None),
                _ => Err(ChartError::NotANumber {
                    series: given.name.clone(),
                    position: index + 1,
                }),
            });
            series.push(PlotSeries {
                name: &given.name,
                number_format: given.number_format.as_deref(),
                values: values.collect::<Result<_, _>>()?,
            });
        }
        Ok(Self {
            kind,
            title,
            categories: &source.categories,
            series,
        })
    }

    /// Every text that goes into the chart.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let categories = self.categories.iter().map(String::as_str);
        let series = self
            .series
            .iter()
            .flat_map(|series| [Some(series.name), series.number_format]);
        categories.chain(series.flatten()).chain(self.title)
    }

    /// What the chart shows, for people who cannot see it.
    pub(crate) fn description(&self) -> String {
        let kind = match self.kind {
            ChartKind::BarClustered => "Bar chart",
            ChartKind::ColumnClustered => "Column chart",
            ChartKind::ColumnStacked => "Stacked column chart",
            ChartKind::Line => "Line chart",
            ChartKind::Area => "Area chart",
            ChartKind::Pie => "Pie chart",
            ChartKind::Doughnut => "Doughnut chart",
            _ => "Chart",
        };
        let names: Vec<&str> = self
            .series
            .iter()
            .map(|series| series.name)
            .filter(|name| !name.is_empty())
            .collect();
        let subject = self.title.map_or_else(|| names.join(", "), str::to_owned);
        if subject.is_empty() {
            kind.to_owned()
        } else {
            format!("{kind}: {subject}")
        }
    }
}

#[cfg(test)]
mod tests {
    use deskhand_operations::ChartSeries;

    use super::*;

    fn source(series: &[(&str, Vec<CellValue>)]) -> ChartSource {
        ChartSource {
            categories: vec!["a".into(), "b".into()],
            series: series
                .iter()
                .map(|(name, values)| ChartSeries {
                    name: (*name).into(),
                    values: values.clone(),
                    number_format: None,
                    x_values: Vec::new(),
                    sizes: Vec::new(),
                })
                .collect(),
        }
    }

    #[test]
    fn refuses_data_that_no_chart_can_show() {
        let (one, gap, text) = (
            CellValue::Number(1.0),
            CellValue::Empty,
            CellValue::Text("x".into()),
        );
        let cases = [
            (source(&[]), ChartError::Empty),
            (
                source(&[("s", vec![one.clone()])]),
                ChartError::Uneven {
                    series: "s".into(),
                    values: 1,
                    categories: 2,
                },
            ),
            (
                source(&[("s", vec![gap, text])]),
                ChartError::NotANumber {
                    series: "s".into(),
                    position: 2,
                },
            ),
            (
                source(&[
                    ("s", vec![one.clone(), one.clone()]),
                    ("t", vec![one.clone(), one]),
                ]),
                ChartError::PieOfMany(2),
            ),
        ];
        for (source, expected) in cases {
            assert_eq!(Plot::new(ChartKind::Pie, None, &source).unwrap_err(), expected);
        }
    }

    #[test]
    fn refuses_a_chart_above_the_cap() {
        let mut large = source(&[]);
        large.categories = vec![String::new(); MAX_POINTS + 1];
        large.series.push(ChartSeries {
            name: "s".into(),
            values: vec![CellValue::Empty; MAX_POINTS + 1],
            number_format: None,
            x_values: Vec::new(),
            sizes: Vec::new(),
        });
        assert_eq!(
            Plot::new(ChartKind::Line, None, &large).unwrap_err(),
            ChartError::TooLarge
        );
    }
}
