//! Native charts: the chart part, its embedded workbook, and reading data back from the caches.
//!
//! Knows DrawingML charts (ECMA-376 part 1, 21.2) and nothing of slides or packages.

pub(crate) mod cells;
pub(crate) mod embedded;
pub(crate) mod place;
pub(crate) mod read;
pub(crate) mod series;
pub(crate) mod update;
mod workbook;
pub(crate) mod write;

use deskhand_operations::{CellValue, ChartKind, ChartSeries, ChartSource};

pub(crate) use workbook::embedded_workbook;

/// Most points that a chart takes, over all series.
const MAX_POINTS: usize = 32_000;

/// Most series that a chart takes; Excel's own limit.
const MAX_SERIES: usize = 255;

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
    #[error(
        "the series '{series}' needs a number on the horizontal axis for each value: as `xValues`, or as categories that \
         are numbers"
    )]
    NoPlace { series: String },
    #[error("the series '{series}' needs a size above 0 for each value")]
    NoSize { series: String },
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
    /// For charts of points: where they stand on the horizontal axis.
    pub(crate) x_values: Vec<Option<f64>>,
    /// For bubbles: how large they are.
    pub(crate) sizes: Vec<Option<f64>>,
}

/// Whether a kind shows points over two value axes.
pub(crate) fn is_of_points(kind: ChartKind) -> bool {
    matches!(
        kind,
        ChartKind::Scatter | ChartKind::ScatterLines | ChartKind::Bubble
    )
}

/// Checks one series.
fn one_series<'a>(
    kind: ChartKind,
    source: &'a ChartSource,
    given: &'a ChartSeries,
) -> Result<PlotSeries<'a>, ChartError> {
    let count = given.values.len();
    if !is_of_points(kind) && count != source.categories.len() {
        return Err(ChartError::Uneven {
            series: given.name.clone(),
            values: count,
            categories: source.categories.len(),
        });
    }
    let mut series = PlotSeries {
        name: &given.name,
        number_format: given.number_format.as_deref(),
        values: numbers(given, &given.values)?,
        x_values: Vec::new(),
        sizes: Vec::new(),
    };
    if is_of_points(kind) {
        series.x_values = if given.x_values.is_empty() {
            let categories = source.categories.iter();
            categories.map(|text| text.trim().parse::<f64>().ok()).collect()
        } else {
            numbers(given, &given.x_values)?
        };
        let whole =
            series.x_values.len() == count && series.x_values.iter().all(|x| x.is_some_and(f64::is_finite));
        if !whole {
            let series = given.name.clone();
            return Err(ChartError::NoPlace { series });
        }
    }
    if kind == ChartKind::Bubble {
        series.sizes = numbers(given, &given.sizes)?;
        let whole = series.sizes.len() == count
            && series
                .sizes
                .iter()
                .all(|size| size.is_some_and(|size| size > 0.0));
        if !whole {
            let series = given.name.clone();
            return Err(ChartError::NoSize { series });
        }
    }
    Ok(series)
}

/// Values as numbers and gaps.
fn numbers(series: &ChartSeries, values: &[CellValue]) -> Result<Vec<Option<f64>>, ChartError> {
    let numbers = values.iter().enumerate().map(|(index, value)| match value {
        CellValue::Number(number) if number.is_finite() => Ok(Some(*number)),
        CellValue::Empty => Ok(None),
        _ => Err(ChartError::NotANumber {
            series: series.name.clone(),
            position: index + 1,
        }),
    });
    numbers.collect()
}

impl<'a> Plot<'a> {
    /// Checks the data.
    pub(crate) fn new(
        kind: ChartKind,
        title: Option<&'a str>,
        source: &'a ChartSource,
    ) -> Result<Self, ChartError> {
        let points: usize = source.series.iter().map(|series| series.values.len()).sum();
        if source.series.is_empty() || points == 0 || (!is_of_points(kind) && source.categories.is_empty()) {
            return Err(ChartError::Empty);
        }
        if source.series.len() > MAX_SERIES || points.max(source.categories.len()) > MAX_POINTS {
            return Err(ChartError::TooLarge);
        }
        if kind == ChartKind::Pie && source.series.len() > 1 {
            return Err(ChartError::PieOfMany(source.series.len()));
        }
        let series = source.series.iter().map(|given| one_series(kind, source, given));
        let series = series.collect::<Result<_, _>>()?;
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
            ChartKind::BarStacked => "Stacked bar chart",
            ChartKind::BarStacked100 => "Bar chart of shares",
            ChartKind::ColumnStacked100 => "Column chart of shares",
            ChartKind::LineMarkers => "Line chart with markers",
            ChartKind::LineStacked => "Stacked line chart",
            ChartKind::AreaStacked => "Stacked area chart",
            ChartKind::Scatter => "Scatter chart",
            ChartKind::ScatterLines => "Scatter chart with lines",
            ChartKind::Bubble => "Bubble chart",
            ChartKind::Radar => "Radar chart",
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
