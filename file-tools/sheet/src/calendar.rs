//! Days of the calendar as serial numbers of a workbook that counts from 1900 (ECMA-376 part 1, 18.17.4).

/// Days from 1 January 1970 of a serial number; days before March 1900 are one off in Excel too.
fn unix_days(serial: f64) -> i64 {
    let days = serial.floor() as i64;
    let days = if days < 60 { days + 1 } else { days };
    days - 25_569
}

/// Year, month and day of a serial number.
pub(crate) fn civil(serial: f64) -> (i64, i64, i64) {
    // Years that begin in March put the leap day last.
    let days = unix_days(serial) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

fn serial_of(year: i64, month: i64, day: i64) -> f64 {
    let (shifted, from_march) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let serial = days + 25_569;
    (if serial <= 60 { serial - 1 } else { serial }) as f64
}

fn month_length(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// True for the last day of a month.
pub(crate) fn ends_month(serial: f64) -> bool {
    let (year, month, day) = civil(serial);
    day == month_length(year, month)
}

/// Months since the year 0.
pub(crate) fn month_index(serial: f64) -> i64 {
    let (year, month, _) = civil(serial);
    year * 12 + month - 1
}

/// The first day of a month, counted since the year 0.
pub(crate) fn month_start(index: i64) -> f64 {
    serial_of(index.div_euclid(12), index.rem_euclid(12) + 1, 1)
}

/// The same day some months later, or the last one of its month.
pub(crate) fn after_months(serial: f64, months: i64, at_end: bool) -> f64 {
    let index = month_index(serial) + months;
    let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
    let last = month_length(year, month);
    let day = if at_end { last } else { civil(serial).2.min(last) };
    serial_of(year, month, day) + serial.fract()
}

/// A day some days from Monday to Friday later.
pub(crate) fn after_weekdays(serial: f64, days: i64) -> f64 {
    let is_weekday = |serial: f64| !matches!((unix_days(serial) + 3).rem_euclid(7), 5 | 6);
    let (weeks, rest) = (days.div_euclid(5), days.rem_euclid(5));
    let mut day = serial;
    // From a weekend, counting begins on the day that lies before the way ahead.
    while !is_weekday(day) {
        day -= 1.0;
    }
    day += (weeks * 7) as f64;
    for _ in 0..rest {
        day += 1.0;
        while !is_weekday(day) {
            day += 1.0;
        }
    }
    if days == 0 { serial } else { day }
}
