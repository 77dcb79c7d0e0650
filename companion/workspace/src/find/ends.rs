//! When a search ends although there is more: its time is over, or the one who asked does not wait any longer.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::walk::WalkLimits;

/// Looked at between files and between the pieces that are read of one.
#[derive(Clone, Debug)]
pub(super) struct Ends {
    /// None: so far away that no clock tells it.
    at: Option<Instant>,
    stop: Option<Arc<AtomicBool>>,
}

impl Ends {
    /// Begins to count now.
    pub(super) fn of(limits: &WalkLimits) -> Self {
        Self {
            at: Instant::now().checked_add(limits.time),
            stop: limits.stop.clone(),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        let is_stopped = self
            .stop
            .as_ref()
            .is_some_and(|stop| stop.load(Ordering::Relaxed));
        is_stopped || self.at.is_some_and(|at| Instant::now() >= at)
    }
}

/// A file that cannot be read any further once the search is over.
#[derive(Debug)]
pub(super) struct UntilEnd<'a> {
    pub(super) file: &'a File,
    pub(super) ends: &'a Ends,
}

impl Read for UntilEnd<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ends.is_over() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.file.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, Write as _};
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_file_is_read_no_further_once_somebody_stops_the_search() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"one two").unwrap();
        file.rewind().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let ends = Ends::of(&WalkLimits {
            stop: Some(Arc::clone(&stop)),
            ..WalkLimits::default()
        });
        let mut text = UntilEnd {
            file: &file,
            ends: &ends,
        };
        assert_eq!(text.read(&mut [0; 3]).unwrap(), 3);
        stop.store(true, Ordering::Relaxed);
        assert_eq!(
            text.read(&mut [0; 3]).unwrap_err().kind(),
            io::ErrorKind::TimedOut
        );
    }

    #[test]
    fn time_runs_out_at_once_or_never() {
        let ends = |time| {
            Ends::of(&WalkLimits {
                time,
                ..WalkLimits::default()
            })
        };
        assert!(ends(Duration::ZERO).is_over());
        assert!(!ends(Duration::MAX).is_over());
    }
}
