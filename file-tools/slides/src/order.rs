//! Reading order: the order in which a person would read places on a slide (recursive X-Y cut).
//!
//! Where a horizontal line crosses no place, what is above comes first; else where a vertical line crosses none, what
//! is left comes first; else the order of the file stays. Knows places only.

use crate::geometry::EmuFrame;

/// Deeper cuts than this keep the order of the file: real slides need fewer than ten.
const DEEPEST: u32 = 48;

/// The indices of `places` in reading order. Places that nobody knows come last, in the order given.
pub(crate) fn reading_order(places: &[Option<EmuFrame>]) -> Vec<usize> {
    let (known, unknown): (Vec<usize>, Vec<usize>) =
        (0..places.len()).partition(|&index| places[index].is_some());
    let known = known
        .into_iter()
        .filter_map(|index| Some((index, places[index]?)))
        .collect();
    let mut order = Vec::with_capacity(places.len());
    cut(known, DEEPEST, &mut order);
    order.extend(unknown);
    order
}

fn cut(group: Vec<(usize, EmuFrame)>, depth: u32, order: &mut Vec<usize>) {
    if group.len() > 1 && depth > 0 {
        for extent in [vertical_extent, horizontal_extent] {
            let bands = split(&group, extent);
            if bands.len() > 1 {
                for band in bands {
                    cut(band, depth - 1, order);
                }
                return;
            }
        }
    }
    order.extend(group.into_iter().map(|(index, _)| index));
}

fn vertical_extent(frame: EmuFrame) -> (i64, i64) {
    extent(frame.top, frame.height)
}

fn horizontal_extent(frame: EmuFrame) -> (i64, i64) {
    extent(frame.left, frame.width)
}

/// A side without a twentieth at each end: places that touch or overlap a little are still apart.
fn extent(from: i64, size: i64) -> (i64, i64) {
    let margin = size.max(0) / 20;
    (
        from.saturating_add(margin),
        from.saturating_add(size.max(0) - margin),
    )
}

/// Splits where a line crosses nothing. Inside a band the order of the file stays.
fn split(group: &[(usize, EmuFrame)], extent: fn(EmuFrame) -> (i64, i64)) -> Vec<Vec<(usize, EmuFrame)>> {
    let mut sorted = group.to_vec();
    sorted.sort_by_key(|&(index, frame)| (extent(frame), index));
    let mut bands: Vec<Vec<(usize, EmuFrame)>> = Vec::new();
    let mut reach = i64::MIN;
    for (index, frame) in sorted {
        let (from, to) = extent(frame);
        match bands.last_mut() {
            Some(band) if from < reach => band.push((index, frame)),
            _ => bands.push(vec![(index, frame)]),
        }
        reach = reach.max(to);
    }
    for band in &mut bands {
        band.sort_by_key(|&(index, _)| index);
    }
    bands
}

#[cfg(test)]
mod tests {
    use super::*;

    type Case<'a> = (&'a str, &'a [Option<EmuFrame>], &'a [usize]);

    const fn frame(left: i64, top: i64, width: i64, height: i64) -> EmuFrame {
        EmuFrame {
            left,
            top,
            width,
            height,
        }
    }

    #[test]
    fn reads_from_top_to_bottom_and_left_to_right() {
        let cases: [Case<'_>; 6] = [
            (
                "title last in the file",
                &[
                    Some(frame(0, 30, 40, 50)),
                    Some(frame(50, 30, 40, 50)),
                    Some(frame(0, 0, 90, 20)),
                ],
                &[2, 0, 1],
            ),
            (
                "two columns of uneven height",
                &[
                    Some(frame(50, 55, 40, 40)),
                    Some(frame(50, 10, 40, 40)),
                    Some(frame(0, 10, 40, 85)),
                ],
                &[2, 1, 0],
            ),
            (
                "overlapping places keep the order of the file",
                &[Some(frame(10, 10, 50, 50)), Some(frame(0, 0, 50, 50))],
                &[0, 1],
            ),
            (
                "a little overlap is none",
                &[Some(frame(0, 19, 90, 50)), Some(frame(0, 0, 90, 20))],
                &[1, 0],
            ),
            (
                "unknown places come last",
                &[None, Some(frame(0, 0, 1, 1))],
                &[1, 0],
            ),
            ("nothing", &[], &[]),
        ];
        for (what, places, expected) in cases {
            assert_eq!(reading_order(places), expected, "{what}");
        }
    }

    #[test]
    fn a_staircase_of_thousands_ends() {
        let places: Vec<_> = (0..5_000).map(|step| Some(frame(step, step, 2, 2))).collect();
        assert_eq!(reading_order(&places).len(), 5_000);
    }
}
