//! Series as Excel continues them, with values worked out by hand.

use super::{Item, Series, Wish};
use deskhand_operations::workbook::DateUnit;

fn goes_on(line: &[Item], wish: Wish, places: std::ops::Range<i64>) -> Vec<Item> {
    let series = Series::of(line, wish);
    let repeated = |place: i64| line[place.rem_euclid(line.len() as i64) as usize].clone();
    places
        .map(|place| series.at(place).unwrap_or_else(|| repeated(place)))
        .collect()
}

fn texts(line: &[&str]) -> Vec<Item> {
    line.iter().map(|text| Item::Text((*text).to_owned())).collect()
}

fn numbers(line: &[f64]) -> Vec<Item> {
    line.iter().map(|value| Item::Number(*value)).collect()
}

#[test]
fn numbers_go_on_by_their_step() {
    let cases: [(&[f64], &[f64]); 5] = [
        (&[1.0], &[2.0, 3.0]),
        (&[1.0, 3.0], &[5.0, 7.0]),
        (&[0.1, 0.2], &[0.3, 0.4]),
        (&[10.0, 8.0, 6.0], &[4.0, 2.0]),
        // The closest straight line through 1, 2, 4 is 5/6 + 1.5 x.
        (&[1.0, 2.0, 4.0], &[5.333_333_333_333_33, 6.833_333_333_333_33]),
    ];
    for (line, expected) in cases {
        let from = line.len() as i64;
        let found = goes_on(&numbers(line), Wish::default(), from..from + 2);
        assert_eq!(found, numbers(expected), "{line:?}");
    }
    let up = goes_on(&numbers(&[5.0, 7.0]), Wish::default(), -2..0);
    assert_eq!(up, numbers(&[1.0, 3.0]));
    let wish = Wish {
        step: Some(10.0),
        unit: None,
    };
    assert_eq!(goes_on(&numbers(&[5.0]), wish, 1..3), numbers(&[15.0, 25.0]));
}

#[test]
fn texts_count_and_names_of_days_and_months_go_round() {
    let cases: [(&[&str], &[&str]); 9] = [
        (&["Item 1"], &["Item 2", "Item 3"]),
        (&["A008", "A009"], &["A010", "A011"]),
        (&["Q3"], &["Q4", "Q1"]),
        (&["Nov"], &["Dec", "Jan"]),
        (&["JAN", "MAR"], &["MAY", "JUL"]),
        (&["friday"], &["saturday", "sunday"]),
        (&["North", "South"], &["North", "South"]),
        (&["May"], &["Jun", "Jul"]),
        (&["FY2025", "FY2026"], &["FY2027", "FY2028"]),
    ];
    for (line, expected) in cases {
        let from = line.len() as i64;
        let found = goes_on(&texts(line), Wish::default(), from..from + 2);
        assert_eq!(found, texts(expected), "{line:?}");
    }
}

#[test]
fn dates_go_on_by_days_weekdays_months_and_years() {
    // 46053 is Saturday 31 January 2026, 46081 is 28 February, 46112 31 March, 46142 30 April.
    let dates = |line: &[f64]| line.iter().map(|value| Item::Date(*value)).collect::<Vec<_>>();
    let unit = |unit| Wish { step: None, unit };
    let cases: [(&[f64], Option<DateUnit>, &[f64]); 8] = [
        (&[46_053.0], None, &[46_054.0, 46_055.0]),
        (&[46_053.0, 46_060.0], None, &[46_067.0, 46_074.0]),
        (&[46_053.0, 46_081.0], None, &[46_112.0, 46_142.0]),
        (&[46_053.0], Some(DateUnit::Month), &[46_081.0, 46_112.0]),
        // 15 January to 15 April 2026.
        (&[46_037.0, 46_068.0], None, &[46_096.0, 46_127.0]),
        // Friday 30 January: Monday and Tuesday.
        (&[46_052.0], Some(DateUnit::Weekday), &[46_055.0, 46_056.0]),
        // 29 February 2024 ends its month, and so do 28 February 2025 and 2026.
        (&[45_351.0], Some(DateUnit::Year), &[45_716.0, 46_081.0]),
        (&[0.25], None, &[0.291_666_666_666_667, 0.333_333_333_333_333]),
    ];
    for (line, wish, expected) in cases {
        let from = line.len() as i64;
        let found = goes_on(&dates(line), unit(wish), from..from + 2);
        assert_eq!(found, numbers(expected), "{line:?} {wish:?}");
    }
}
