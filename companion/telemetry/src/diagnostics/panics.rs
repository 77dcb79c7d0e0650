//! Records panics: what kind, where, and a message of which only words of the source are kept.

use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;

use deskhand_protocol::{ErrorCode, Timestamp};

use super::{Diagnostic, Diagnostics, Frame};

/// Messages of Rust's own that are made while running, by their beginnings. What follows may be anything.
const BEGINNINGS: [&str; 12] = [
    "index out of bounds",
    "range start index",
    "range end index",
    "slice index starts at",
    "byte index",
    "called `Result::unwrap()` on an `Err` value",
    "already borrowed",
    "already mutably borrowed",
    "attempt to divide by zero",
    "assertion `left == right` failed",
    "assertion failed",
    "capacity overflow",
];

/// What stands for a message that was made while running.
const MADE: &str = "a message that was made while running";

/// Records every panic from here on, then does what was done before. To be called once.
pub fn record_panics(diagnostics: Diagnostics, now: fn() -> Timestamp) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        diagnostics.record(now(), &told(panic));
        before(panic);
    }));
}

fn told(panic: &PanicHookInfo<'_>) -> Diagnostic {
    let mut frames = Vec::new();
    frames.extend(panic.location().map(|place| Frame {
        function: "panicked here".to_owned(),
        file: Some(place.file().to_owned()),
        line: Some(place.line()),
    }));
    frames.extend(read(&Backtrace::force_capture().to_string()));
    let message = message(panic.payload());
    Diagnostic::Error {
        kind: "panic",
        code: Some(ErrorCode::Internal),
        message,
        frames,
    }
}

/// A message that stands in the source as it is; of one that was made while running, the words that are known.
fn message(payload: &(dyn std::any::Any + Send)) -> &'static str {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        return text;
    }
    let made = payload.downcast_ref::<String>().map_or("", String::as_str);
    BEGINNINGS
        .into_iter()
        .find(|beginning| made.starts_with(beginning))
        .unwrap_or(MADE)
}

/// The frames of a stack as the standard library prints it: `  3: core::turn::handle`, then `at src/turn.rs:12:5`.
fn read(stack: &str) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    for line in stack.lines().map(str::trim) {
        if let Some(place) = line.strip_prefix("at ") {
            let mut parts = place.rsplitn(3, ':');
            let line = parts.nth(1).and_then(|line| line.parse().ok());
            if let Some(frame) = frames.last_mut() {
                frame.file = parts.next().map(str::to_owned);
                frame.line = line;
            }
        } else if let Some((number, function)) = line.split_once(": ")
            && number.parse::<u32>().is_ok()
        {
            frames.push(Frame {
                function: function.to_owned(),
                file: None,
                line: None,
            });
        }
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_the_source_is_kept_and_one_made_while_running_is_not() {
        assert_eq!(message(&"the queue is closed"), "the queue is closed");
        assert_eq!(message(&String::from("salary of Jane")), MADE);
        let unwrapped = String::from("called `Result::unwrap()` on an `Err` value: salary of Jane");
        assert_eq!(message(&unwrapped), "called `Result::unwrap()` on an `Err` value");
        assert_eq!(message(&7), MADE);
    }

    #[test]
    fn frames_have_function_file_and_line() {
        let stack = "   0: std::backtrace::Backtrace::create\n   1: core::turn::handle\n             at ./src/turn.rs:12:5\n";
        let frames = read(stack);
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[1].function, "core::turn::handle");
        assert_eq!(frames[1].file.as_deref(), Some("./src/turn.rs"));
        assert_eq!(frames[1].line, Some(12));
        assert!(read("nonsense\nat nowhere\n: : :").is_empty());
    }
}
