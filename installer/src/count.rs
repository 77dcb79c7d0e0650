//! Reads how many tests passed and failed off the closing lines of the test runners, so that one line can sum them.

use std::fmt;
use std::ops::{Add, AddAssign};

/// Tests that ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
}

impl Counts {
    pub(crate) const fn passed(passed: u32) -> Self {
        Self { passed, failed: 0 }
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// A test run that failed, with what it had counted.
#[derive(Debug)]
pub(crate) struct TestsFailed {
    pub(crate) counts: Counts,
    pub(crate) command: String,
}

impl fmt::Display for TestsFailed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} tests failed in `{}`",
            self.counts.failed, self.command
        )
    }
}

impl std::error::Error for TestsFailed {}

/// What a failed step adds to the sum: its failed tests, or one where it ran none or failed without counting any.
pub(crate) fn of_error(error: &anyhow::Error) -> Counts {
    let counts = error
        .downcast_ref::<TestsFailed>()
        .map(|failed| failed.counts)
        .unwrap_or_default();
    Counts {
        failed: counts.failed.max(1),
        ..counts
    }
}

/// The counts of a runner's closing line, or none where the line is no such line.
pub(crate) fn closing_line(line: &str) -> Option<Counts> {
    // nextest shows what a failed test wrote moved in, and counts it itself.
    if line.trim_start() != line && line.trim_start().starts_with("test result:") {
        return None;
    }
    let line = line.trim();
    if line.starts_with("test result:") {
        return Some(Counts {
            passed: before(line, "passed")?,
            failed: before(line, "failed")?,
        });
    }
    if line.starts_with("Summary [") {
        // nextest leaves out what is zero.
        return Some(Counts {
            passed: before(line, "passed")?,
            failed: before(line, "failed").unwrap_or(0) + before(line, "timed").unwrap_or(0),
        });
    }
    if let Some(rest) = line.strip_prefix("Tests ") {
        let counts = Counts {
            passed: before(rest, "passed").unwrap_or(0),
            failed: before(rest, "failed").unwrap_or(0),
        };
        return (counts != Counts::default()).then_some(counts);
    }
    if let Some(passed) = after(line, "pass") {
        return Some(Counts::passed(passed));
    }
    if let Some(failed) = after(line, "fail") {
        return Some(Counts { passed: 0, failed });
    }
    plain(line)
}

/// `3 passed, 0 failed`, which our own scripts print.
fn plain(line: &str) -> Option<Counts> {
    let (passed, failed) = line.split_once(", ")?;
    Some(Counts {
        passed: passed.strip_suffix(" passed")?.parse().ok()?,
        failed: failed.strip_suffix(" failed")?.parse().ok()?,
    })
}

/// The number before `word`.
fn before(line: &str, word: &str) -> Option<u32> {
    let mut words = line
        .split(|sign: char| !sign.is_alphanumeric())
        .filter(|part| !part.is_empty());
    let mut last = "";
    words.find_map(|part| {
        let number = (part == word).then(|| last.parse().ok()).flatten();
        last = part;
        number
    })
}

/// The number after `# word` or `ℹ word`, as Node's runner writes it.
fn after(line: &str, word: &str) -> Option<u32> {
    let rest = line.strip_prefix('#').or_else(|| line.strip_prefix('ℹ'))?;
    rest.trim_start()
        .strip_prefix(word)?
        .strip_prefix(' ')?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_closing_line_of_each_runner() {
        let cases = [
            (
                "test result: ok. 9 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
                (9, 0),
            ),
            ("test result: FAILED. 8 passed; 1 failed; 0 ignored", (8, 1)),
            (
                "     Summary [   0.015s] 9 tests run: 9 passed, 0 skipped",
                (9, 0),
            ),
            (
                "     Summary [   0.015s] 9 tests run: 7 passed (1 slow), 2 failed, 3 skipped",
                (7, 2),
            ),
            (
                "     Summary [   9.015s] 3 tests run: 1 passed, 1 failed, 1 timed out, 0 skipped",
                (1, 2),
            ),
            ("      Tests  12 passed (12)", (12, 0)),
            ("      Tests  1 failed | 11 passed (12)", (11, 1)),
            ("# pass 5", (5, 0)),
            ("ℹ fail 2", (0, 2)),
            ("31 passed, 4 failed", (31, 4)),
        ];
        for (line, (passed, failed)) in cases {
            assert_eq!(closing_line(line), Some(Counts { passed, failed }), "{line}");
        }
    }

    #[test]
    fn takes_no_other_line_for_a_closing_line() {
        for line in [
            "",
            "test reads_a_cell ... ok",
            " Test Files  2 passed (2)",
            "Tests are fine",
            "2 passed",
            "    test result: FAILED. 0 passed; 1 failed; 0 ignored",
            "# passing 3",
        ] {
            assert_eq!(closing_line(line), None, "{line}");
        }
    }

    #[test]
    fn a_failure_without_a_count_is_one_failure() {
        assert_eq!(
            of_error(&anyhow::anyhow!("no water")),
            Counts { passed: 0, failed: 1 }
        );
        let counts = Counts { passed: 4, failed: 3 };
        assert_eq!(
            of_error(&anyhow::Error::new(TestsFailed {
                counts,
                command: "x".into()
            })),
            counts
        );
    }
}
