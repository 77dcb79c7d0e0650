//! Lists of areas as attributes hold them (`sqref`, ECMA-376 part 1, 18.18.76), and taking an area out of them.

use deskhand_operations::Area;

/// The areas of a list; what is no area is passed over.
pub(crate) fn parse(text: &str) -> Vec<Area> {
    text.split_ascii_whitespace()
        .filter_map(|area| Area::parse(area).ok())
        .collect()
}

/// The list as an attribute holds it.
pub(crate) fn written(areas: &[Area]) -> String {
    let texts: Vec<String> = areas.iter().map(Area::to_string).collect();
    texts.join(" ")
}

/// What is left of an area without another: at most four areas, from top to bottom.
pub(crate) fn without(area: Area, gone: Area) -> Vec<Area> {
    let Some(cut) = area.intersection(&gone) else {
        return vec![area];
    };
    let mut left = Vec::new();
    if cut.top > area.top {
        left.push(Area {
            bottom: cut.top - 1,
            ..area
        });
    }
    let middle = Area {
        top: cut.top,
        bottom: cut.bottom,
        ..area
    };
    if cut.left > area.left {
        left.push(Area {
            right: cut.left - 1,
            ..middle
        });
    }
    if cut.right < area.right {
        left.push(Area {
            left: cut.right + 1,
            ..middle
        });
    }
    if cut.bottom < area.bottom {
        left.push(Area {
            top: cut.bottom + 1,
            ..area
        });
    }
    left
}

/// The same cells in fewer areas, from top to bottom: neighbours become one. Areas do not overlap.
pub(crate) fn joined(mut areas: Vec<Area>) -> Vec<Area> {
    let mut merge = |key: fn(&Area) -> (u32, u32, u32), meets: fn(&Area, &Area) -> bool| {
        areas.sort_by_key(key);
        areas.dedup_by(|next, held| {
            let one = meets(held, next);
            if one {
                held.bottom = next.bottom;
                held.right = next.right;
            }
            one
        });
    };
    merge(
        |area| (area.left, area.right, area.top),
        |held, next| (held.left, held.right, held.bottom + 1) == (next.left, next.right, next.top),
    );
    merge(
        |area| (area.top, area.bottom, area.left),
        |held, next| (held.top, held.bottom, held.right + 1) == (next.top, next.bottom, next.left),
    );
    areas.sort_by_key(|area| (area.top, area.left));
    areas
}

/// The top left corner of the smallest area around all: what formulas of rules are relative to.
pub(crate) fn corner(areas: &[Area]) -> (u32, u32) {
    let top = areas.iter().map(|area| area.top).min().unwrap_or_default();
    let left = areas.iter().map(|area| area.left).min().unwrap_or_default();
    (top, left)
}

/// An area moved; `None` beyond the ends of the sheet.
pub(crate) fn moved(area: Area, rows: i64, columns: i64) -> Option<Area> {
    let row = u32::try_from(i64::from(area.top) + rows).ok()?;
    let column = u32::try_from(i64::from(area.left) + columns).ok()?;
    Area::of_size(row, column, area.rows(), area.columns())
}

#[cfg(test)]
mod tests {
    use super::{joined, parse, without, written};

    #[test]
    fn neighbours_become_one_area() {
        let cases = [
            ("A2 A3 A4", "A2:A4"),
            ("A2:B2 A4:B4 A3:B3", "A2:B4"),
            ("A1 B1 C1 A3", "A1:C1 A3"),
            ("A1:A2 B1:B2 C1", "A1:B2 C1"),
            ("", ""),
        ];
        for (areas, expected) in cases {
            assert_eq!(written(&joined(parse(areas))), expected, "{areas}");
        }
    }

    #[test]
    fn an_area_is_taken_out_of_another() {
        let cases = [
            ("A1:C9", "B2:B3", "A1:C1 A2:A3 C2:C3 A4:C9"),
            ("A1:C9", "A1:C4", "A5:C9"),
            ("A1:C9", "B1:D9", "A1:A9"),
            ("A1:C9", "A1:C9", ""),
            ("A1:C9", "E5", "A1:C9"),
            ("A:A", "A5", "A1:A4 A6:A1048576"),
        ];
        for (area, gone, expected) in cases {
            let left = without(parse(area)[0], parse(gone)[0]);
            assert_eq!(written(&left), expected, "{area} without {gone}");
        }
    }
}
