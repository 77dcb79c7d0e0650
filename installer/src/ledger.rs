//! Steps as a person sees them: what is being done, why, how long it took, and whether that was within its budget.
//! Knows nothing of what a step does.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::count::Counts;

/// One piece of work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// A short noun phrase, as it stands in the table.
    pub(crate) name: &'static str,
    /// Why it is done, as half a sentence.
    pub(crate) reason: &'static str,
    /// What it may take on two cores, the first time.
    pub(crate) budget: Duration,
}

impl Step {
    pub(crate) const fn new(name: &'static str, reason: &'static str, minutes: u64) -> Self {
        Self {
            name,
            reason,
            budget: Duration::from_mins(minutes),
        }
    }
}

/// How a step ended when it did not fail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The work was done.
    Done,
    /// There was nothing to do.
    InPlace,
    /// Tests ran, and none failed.
    Tested(Counts),
    /// Not done, for this reason, and that is acceptable on this machine.
    Skipped(String),
}

/// Every step of one run of `cargo xtask`.
#[derive(Debug)]
pub(crate) struct Ledger {
    started: Instant,
    rows: Vec<Row>,
    printed: bool,
}

#[derive(Debug)]
struct Row {
    step: Step,
    took: Duration,
    note: String,
    counts: Counts,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            rows: Vec::new(),
            printed: false,
        }
    }

    /// Does a step that everything after it needs: a failure is written down and handed on.
    pub(crate) fn need(&mut self, step: Step, work: impl FnOnce() -> Result<Outcome>) -> Result<()> {
        println!("\n── {}: {}", step.name, step.reason);
        let started = Instant::now();
        let result = work();
        let (note, counts) = match &result {
            Ok(outcome) => note(outcome),
            Err(error) => ("failed".to_owned(), crate::count::of_error(error)),
        };
        self.rows.push(Row {
            step,
            took: started.elapsed(),
            note,
            counts,
        });
        result.map(|_| ())
    }

    /// Does a step that stands alone: a failure is shown and counted, and the next step follows.
    pub(crate) fn check(&mut self, step: Step, work: impl FnOnce() -> Result<Outcome>) {
        if let Err(error) = self.need(step, work) {
            eprintln!("{}: {error:#}", step.name);
        }
    }

    /// What failed so far: tests, or steps that are no tests.
    pub(crate) fn failures(&self) -> u32 {
        self.total().failed
    }

    /// The sum over all steps; a step that ran no tests counts as one.
    pub(crate) fn total(&self) -> Counts {
        self.rows
            .iter()
            .fold(Counts::default(), |sum, row| sum + row.counts)
    }

    /// Prints the table of steps, once: `run` does so before it opens the window.
    pub(crate) fn print(&mut self) {
        if !self.rows.is_empty() && !self.printed {
            self.printed = true;
            println!("\n{}", self.table(self.started.elapsed()));
        }
    }

    fn table(&self, total: Duration) -> String {
        let width = self
            .rows
            .iter()
            .map(|row| row.step.name.len())
            .max()
            .unwrap_or(0)
            .max("Together".len());
        let mut lines = vec![format!("{:width$}  {:>10}  {:>8}", "Step", "Took", "Budget")];
        for Row { step, took, note, .. } in &self.rows {
            let over = if *took > step.budget { ", over budget" } else { "" };
            let (took, budget) = (spoken(*took), spoken(step.budget));
            lines.push(format!(
                "{:width$}  {took:>10}  {budget:>8}  {note}{over}",
                step.name
            ));
        }
        lines.push(format!("{:width$}  {:>10}", "Together", spoken(total)));
        lines.join("\n")
    }
}

/// What the table says of an outcome, and what it adds to the sum.
fn note(outcome: &Outcome) -> (String, Counts) {
    match outcome {
        Outcome::Done => ("done".to_owned(), Counts::passed(1)),
        Outcome::InPlace => ("in place".to_owned(), Counts::passed(1)),
        Outcome::Tested(counts) => (format!("{} passed", counts.passed), *counts),
        Outcome::Skipped(reason) => (format!("skipped: {reason}"), Counts::default()),
    }
}

/// A duration as a person would say it: tenths of seconds below a minute, else minutes and seconds.
fn spoken(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 60, seconds % 60) {
        (0, _) => format!("{:.1} s", time.as_secs_f64()),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BREW: Step = Step::new("Brew", "someone is thirsty", 1);

    #[test]
    fn says_durations_as_a_person_would() {
        let cases = [
            (0, "0.0 s"),
            (59_949, "59.9 s"),
            (60_000, "1 min"),
            (125_000, "2 min 5 s"),
        ];
        for (milliseconds, text) in cases {
            assert_eq!(spoken(Duration::from_millis(milliseconds)), text);
        }
    }

    #[test]
    fn the_table_flags_a_step_over_its_budget() {
        let row = |took, note: &str| Row {
            step: BREW,
            took: Duration::from_secs(took),
            note: note.to_owned(),
            counts: Counts::default(),
        };
        let ledger = Ledger {
            started: Instant::now(),
            rows: vec![row(3, "in place"), row(61, "done")],
            printed: false,
        };
        let lines = [
            "Step            Took    Budget",
            "Brew           3.0 s     1 min  in place",
            "Brew       1 min 1 s     1 min  done, over budget",
            "Together   1 min 4 s",
        ];
        assert_eq!(ledger.table(Duration::from_secs(64)), lines.join("\n"));
    }

    #[test]
    fn a_needed_step_that_fails_is_counted_and_handed_on() {
        let mut ledger = Ledger::new();
        assert!(ledger.need(BREW, || anyhow::bail!("no water")).is_err());
        ledger.check(BREW, || Ok(Outcome::Tested(Counts { passed: 3, failed: 0 })));
        ledger.check(BREW, || Ok(Outcome::Skipped("no cups".into())));
        assert_eq!(ledger.total(), Counts { passed: 3, failed: 1 });
    }
}
