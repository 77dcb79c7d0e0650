//! Dates and times as people write them (ISO 8601) and as cells hold them (serial numbers; ECMA-376 part 1, 18.17.4).

use crate::cell::DateInput;

/// Days from 1 March of the year 0 to the day before serial number 1.
const BEFORE_1900: i64 = 693_900;
/// What serial numbers of workbooks that count from 1904 are smaller by.
const SHIFT_1904: f64 = 1_462.0;

impl DateInput {
    /// The serial number: days since the end of 1899 (`1904`: since the start of 1904) with the time as fraction. `None`
    /// for what is no date of the calendar, or lies outside of what a workbook can hold.
    pub fn serial(&self, is_1904: bool) -> Option<f64> {
        let text = self.date.trim();
        let (date, time) = match text.split_once(['T', ' ']) {
            Some((date, time)) => (Some(date), Some(time)),
            None if text.contains(':') => (None, Some(text)),
            None => (Some(text), None),
        };
        let fraction = time.map_or(Some(0.0), fraction)?;
        let Some(date) = date else { return Some(fraction) };
        let days = days(date)? as f64;
        let days = if is_1904 { days - SHIFT_1904 } else { days };
        (days >= if is_1904 { 0.0 } else { 1.0 }).then_some(days + fraction)
    }

    /// A number format that shows what was given, for a cell that shows no dates yet.
    pub fn fitting_format(&self) -> &'static str {
        match (self.date.contains('-'), self.date.contains(':')) {
            (true, true) => "yyyy-mm-dd hh:mm:ss",
            (false, true) => "hh:mm:ss",
            _ => "yyyy-mm-dd",
        }
    }
}

/// The serial number of a day in a workbook that counts from 1900. Such a workbook takes 1900 for a leap year, so days
/// from March 1900 on are one more than they should be.
fn days(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-');
    let mut part = |digits: usize| {
        let part = parts.next()?;
        let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| part.parse::<i64>().ok())?
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1900..=9999).contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin in March put the leap day last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let since_march = (153 * month + 2) / 5 + day - 1;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + since_march - BEFORE_1900;
    Some(if days >= 60 { days + 1 } else { days })
}

/// The share of a day: `14:30`, `14:30:05` or `14:30:05.25`.
fn fraction(time: &str) -> Option<f64> {
    let mut parts = time.split(':');
    let mut number = |below: f64| {
        let part = parts.next()?;
        let plain = part.len() >= 2 && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let value = plain.then(|| part.parse::<f64>().ok())??;
        (value < below).then_some(value)
    };
    let (hours, minutes) = (number(24.0)?, number(60.0)?);
    let seconds = if time.matches(':').count() == 2 {
        number(60.0)?
    } else {
        0.0
    };
    let whole = hours.fract() == 0.0 && minutes.fract() == 0.0 && parts.next().is_none();
    whole.then_some((hours * 3600.0 + minutes * 60.0 + seconds) / 86_400.0)
}

#[cfg(test)]
mod tests {
    use crate::cell::DateInput;

    fn serial(date: &str, is_1904: bool) -> Option<f64> {
        DateInput {
            date: date.to_owned(),
            format: None,
        }
        .serial(is_1904)
    }

    #[test]
    fn dates_have_the_serial_numbers_of_excel() {
        for (date, expected) in [
            ("1900-01-01", 1.0),
            ("1900-02-28", 59.0),
            ("1900-03-01", 61.0),
            ("1970-01-01", 25_569.0),
            ("2000-02-29", 36_585.0),
            ("2026-03-31", 46_112.0),
            ("9999-12-31", 2_958_465.0),
            ("2026-03-31T12:00", 46_112.5),
            ("18:00:00", 0.75),
        ] {
            assert_eq!(serial(date, false), Some(expected), "{date}");
        }
        assert_eq!(serial("1904-01-01", true), Some(0.0));
        assert_eq!(serial("2026-03-31", true), Some(44_650.0));
    }

    #[test]
    fn refuses_what_is_no_date_of_the_calendar() {
        for date in [
            "2026-02-29",
            "2026-13-01",
            "1899-12-31",
            "31.3.2026",
            "2026-3-31",
            "25:00",
            "10000-01-01",
            "",
            "2026-03-31T",
        ] {
            assert_eq!(serial(date, false), None, "{date}");
        }
        assert_eq!(serial("1903-12-31", true), None);
    }
}
