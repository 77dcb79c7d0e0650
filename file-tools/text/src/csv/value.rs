//! What a field is: a number in the file's way of writing them, a date, a truth value or text.

/// How numbers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    /// `.` or `,`, where decimals were seen.
    pub(super) decimal: Option<char>,
    /// What groups thousands, where groups were seen.
    pub(super) thousands: Option<char>,
}

/// What a field is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    Empty,
    Integer(f64),
    Number(f64),
    /// With how it is written.
    Date(DateForm),
    Boolean,
    Text,
}

/// How a date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DateForm {
    /// `2026-11-21`, with or without a time.
    Iso,
    /// `21.11.2026`
    DayDots,
    /// `21/11/2026`: the first number is above 12.
    DaySlashes,
    /// `11/21/2026`: the second number is above 12.
    MonthSlashes,
    /// `05/06/2026`: either.
    EitherSlashes,
}

impl DateForm {
    /// As people write it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Iso => "yyyy-mm-dd",
            Self::DayDots => "dd.mm.yyyy",
            Self::DaySlashes => "dd/mm/yyyy",
            Self::MonthSlashes => "mm/dd/yyyy",
            Self::EitherSlashes => "dd/mm/yyyy or mm/dd/yyyy",
        }
    }
}

/// What a field is.
pub(super) fn of(field: &str, numbers: Numbers) -> Value {
    let text = field.trim();
    if text.is_empty() {
        return Value::Empty;
    }
    if let Some(number) = number(text, numbers) {
        return number;
    }
    if let Some(form) = date(text) {
        return Value::Date(form);
    }
    let truth = ["true", "false", "yes", "no"];
    if truth.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Value::Boolean;
    }
    Value::Text
}

/// A number; codes with leading zeros and numbers of more digits than a double holds are text.
pub(super) fn number(text: &str, numbers: Numbers) -> Option<Value> {
    let decimal = numbers.decimal.unwrap_or('.');
    let (negative, body) = sign(text)?;
    let (body, percent) = body
        .strip_suffix('%')
        .map_or((body, false), |body| (body.trim_end(), true));
    let body = body
        .trim_start_matches(['€', '$', '£'])
        .trim_end_matches(['€', '$', '£'])
        .trim();
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], Some(&body[at + 1..])),
        None => (body, None),
    };
    let (whole, fraction) = match mantissa.split_once(decimal) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let whole = ungrouped(whole, numbers.thousands)?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fraction_ok = fraction.is_none_or(digits);
    let exponent_ok = exponent.is_none_or(|text| {
        let text = text.trim_start_matches(['+', '-']);
        !text.is_empty() && text.len() <= 3 && digits(text)
    });
    let count = whole.len() + fraction.map_or(0, str::len);
    if !digits(&whole) || !fraction_ok || !exponent_ok || count == 0 || whole.is_empty() && fraction.is_none()
    {
        return None;
    }
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if leading_zero || (fraction.is_none() && exponent.is_none() && whole.len() > 15) {
        return None;
    }
    let plain = format!("{whole}.{}e{}", fraction.unwrap_or("0"), exponent.unwrap_or("0"));
    let value: f64 = plain.parse().ok()?;
    let value = if negative { -value } else { value } / if percent { 100.0 } else { 1.0 };
    let integer = fraction.is_none() && exponent.is_none() && !percent;
    Some(if integer {
        Value::Integer(value)
    } else {
        Value::Number(value)
    })
}

/// Sign and rest; brackets around a number make it negative, as accountants write it.
fn sign(text: &str) -> Option<(bool, &str)> {
    if let Some(inside) = text.strip_prefix('(') {
        return Some((true, inside.strip_suffix(')')?));
    }
    for minus in ["-", "\u{2212}"] {
        if let Some(rest) = text.strip_prefix(minus) {
            return Some((true, rest));
        }
        // Some ledgers put it behind.
        if let Some(rest) = text.strip_suffix(minus) {
            return Some((true, rest));
        }
    }
    Some((false, text.strip_prefix('+').unwrap_or(text)))
}

/// Digits without what groups them; `None` where groups are not of three.
fn ungrouped(whole: &str, thousands: Option<char>) -> Option<String> {
    let Some(separator) = thousands.filter(|separator| whole.contains(*separator)) else {
        return Some(whole.to_owned());
    };
    let groups: Vec<&str> = whole.split(separator).collect();
    let first = groups.first()?;
    let sound = (1..=3).contains(&first.len()) && groups[1..].iter().all(|group| group.len() == 3);
    sound.then(|| groups.concat())
}

/// A date with or without a time behind it.
fn date(text: &str) -> Option<DateForm> {
    let day = text
        .split_once(['T', ' '])
        .map_or(Some(text), |(day, time)| is_time(time).then_some(day))?;
    let separator = day.chars().find(|c| !c.is_ascii_digit())?;
    let mut parts = day.split(separator);
    let (one, two, three) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let sound = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        sound.then(|| text.parse::<u32>().ok()).flatten()
    };
    let is_year = |text: &str| number(text, 4..=4).is_some_and(|year| (1_000..=2_999).contains(&year));
    let is_short_year = |text: &str| is_year(text) || number(text, 2..=2).is_some();
    match separator {
        '-' | '/' if is_year(one) => {
            let (month, day) = (number(two, 1..=2)?, number(three, 1..=2)?);
            ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(DateForm::Iso)
        }
        '.' | '-' | '/' if is_short_year(three) => {
            let (first, second) = (number(one, 1..=2)?, number(two, 1..=2)?);
            let day_first = (1..=31).contains(&first) && (1..=12).contains(&second);
            let month_first = (1..=12).contains(&first) && (1..=31).contains(&second);
            match (separator, day_first, month_first) {
                ('.', true, _) => Some(DateForm::DayDots),
                ('.', ..) | (_, false, false) => None,
                (_, true, true) if first == second => Some(DateForm::EitherSlashes),
                (_, true, true) => Some(DateForm::EitherSlashes),
                (_, true, false) => Some(DateForm::DaySlashes),
                (_, false, true) => Some(DateForm::MonthSlashes),
            }
        }
        _ => None,
    }
}

/// `09:30`, `9:30:00.25`, with a zone or `PM` behind it.
fn is_time(text: &str) -> bool {
    let text = text.trim();
    let text = text.strip_suffix('Z').unwrap_or(text);
    let end = text
        .find(['+', ' '])
        .or_else(|| text.rfind('-'))
        .unwrap_or(text.len());
    let mut parts = text[..end].split(':');
    let number = |part: Option<&str>, limit: f64| {
        let part = part?;
        let sound = !part.is_empty()
            && part.len() <= 12
            && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let value = part.parse::<f64>().ok().filter(|_| sound)?;
        (value < limit).then_some(())
    };
    let hours_and_minutes = number(parts.next(), 25.0).is_some() && number(parts.next(), 60.0).is_some();
    let seconds = parts.next();
    hours_and_minutes && (seconds.is_none() || number(seconds, 61.0).is_some()) && parts.next().is_none()
}

/// True for what a spreadsheet program would take for a formula.
pub(super) fn is_formula_like(field: &str, value: Value) -> bool {
    let leads = field.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]);
    leads && matches!(value, Value::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_apart() {
        let english = Numbers {
            decimal: Some('.'),
            thousands: Some(','),
        };
        let german = Numbers {
            decimal: Some(','),
            thousands: Some('.'),
        };
        let cases = [
            ("1,248,300.50", english, Value::Number(1_248_300.5)),
            ("1.248.300,50", german, Value::Number(1_248_300.5)),
            ("12", english, Value::Integer(12.0)),
            ("(1,200)", english, Value::Integer(-1_200.0)),
            ("-3%", english, Value::Number(-0.03)),
            ("1.5e3", english, Value::Number(1_500.0)),
            ("$5", english, Value::Integer(5.0)),
            ("007", english, Value::Text),
            ("12,34", english, Value::Text),
            ("1234567890123456", english, Value::Text),
            ("1e5000", english, Value::Text),
            ("", english, Value::Empty),
            ("2026-11-21", english, Value::Date(DateForm::Iso)),
            ("2026-11-21T09:30:00Z", english, Value::Date(DateForm::Iso)),
            ("21.11.2026", german, Value::Date(DateForm::DayDots)),
            ("13/01/2026", english, Value::Date(DateForm::DaySlashes)),
            ("01/13/2026 9:30", english, Value::Date(DateForm::MonthSlashes)),
            ("05/06/2026", english, Value::Date(DateForm::EitherSlashes)),
            ("45/45/2026", english, Value::Text),
            ("TRUE", english, Value::Boolean),
            ("=1+1", english, Value::Text),
        ];
        for (field, numbers, expected) in cases {
            assert_eq!(of(field, numbers), expected, "{field}");
        }
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_known() {
        let plain = Numbers::default();
        let like = |field: &str| is_formula_like(field, of(field, plain));
        for field in ["=SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1"] {
            assert!(like(field), "{field}");
        }
        for field in ["-5", "+3.5", "a=b", "-1e3"] {
            assert!(!like(field), "{field}");
        }
    }
}
