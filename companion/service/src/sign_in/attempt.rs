//! One sign-in at a time, whoever asks: who may begin it, join it and end it.

use std::time::{Duration, Instant};

use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::methods::Caller;
use tokio_util::sync::CancellationToken;

/// How long panes wait before one of them may begin another sign-in: each opens a browser or asks for a code.
const PANES: Duration = Duration::from_secs(20);

/// The sign-in that is under way, or was last.
#[derive(Default)]
pub(crate) struct Attempt {
    /// How many have begun so far.
    pub(crate) begun: u64,
    end: CancellationToken,
    /// From its first step until it did its last, whatever is shown meanwhile.
    is_open: bool,
    by: Option<FrontEndKind>,
    pub(crate) page: Option<String>,
    /// When a pane began one last.
    by_pane: Option<Instant>,
}

impl Attempt {
    /// Who began it.
    pub(crate) fn by(&self) -> Option<FrontEndKind> {
        self.by
    }

    /// Asks for a sign-in at `now`: how many have begun so far, or nothing where one is under way that this front end has then; or why
    /// it may not.
    pub(crate) fn ask(&mut self, by: FrontEndKind, now: Instant) -> Result<Option<u64>, String> {
        if self.is_of_another(by) {
            return Ok(None);
        }
        self.admit(by, now).map(|()| Some(self.begun))
    }

    /// Whether who asked after `before` has the one that is there: it is another's, or began meanwhile and `waits` for a person.
    pub(crate) fn joins(&self, by: FrontEndKind, before: u64, waits: bool) -> bool {
        self.is_of_another(by) || (self.begun != before && waits)
    }

    /// Whether this front end may begin one at `now`, or why not. A pane shows pages that others may have made: it may once in a
    /// while.
    fn admit(&mut self, by: FrontEndKind, now: Instant) -> Result<(), String> {
        if Caller::Desktop.admits(by) {
            return Ok(());
        }
        let is_soon = |last| now.saturating_duration_since(last) < PANES;
        if self.by_pane.is_some_and(is_soon) {
            return Err(format!(
                "a pane may begin one every {} seconds; the Deskhand window may at any time",
                PANES.as_secs()
            ));
        }
        self.by_pane = Some(now);
        Ok(())
    }

    /// Takes down that one begins, and gives what ends it.
    pub(crate) fn begin(&mut self, by: FrontEndKind) -> CancellationToken {
        self.end = CancellationToken::new();
        (self.by, self.page, self.is_open) = (Some(by), None, true);
        self.end.clone()
    }

    /// Takes down that it did its last.
    pub(crate) fn close(&mut self) {
        self.is_open = false;
    }

    /// Whether one is under way.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Has the one that is under way end; its task does its last first.
    pub(crate) fn cancel(&self) {
        self.end.cancel();
    }

    /// Has the one that is under way end, if this front end may, or says why not.
    pub(crate) fn cancel_by(&self, by: FrontEndKind) -> Result<(), &'static str> {
        self.admits_end(by)?;
        self.cancel();
        Ok(())
    }

    /// Whether one is under way that this front end may not end.
    fn is_of_another(&self, by: FrontEndKind) -> bool {
        self.is_open && self.admits_end(by).is_err()
    }

    /// Whether this front end may end it, or why not: a pane what a pane began.
    fn admits_end(&self, by: FrontEndKind) -> Result<(), &'static str> {
        if Caller::Desktop.admits(by) || !self.by.is_some_and(|by| Caller::Desktop.admits(by)) {
            Ok(())
        } else {
            Err("it was begun in the Deskhand window or a terminal, and is cancelled there")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pane_may_begin_a_sign_in_once_in_a_while_and_the_window_at_any_time() {
        let (mut attempt, begun) = (Attempt::default(), Instant::now());
        let pane = FrontEndKind::Excel;
        attempt.admit(pane, begun).unwrap();
        for by in [pane, FrontEndKind::Powerpoint] {
            let why = attempt.admit(by, begun + PANES / 2).unwrap_err();
            assert!(why.contains("20 seconds"));
        }
        for by in [FrontEndKind::Window, FrontEndKind::Terminal] {
            attempt.admit(by, begun + PANES / 2).unwrap();
        }
        attempt.admit(pane, begun + PANES).unwrap();
    }

    #[test]
    fn a_pane_ends_what_a_pane_began_and_nothing_else() {
        use FrontEndKind::{Excel, Powerpoint, Terminal, Window};
        for (begun, ends, may) in [
            (Window, Excel, false),
            (Terminal, Powerpoint, false),
            (Powerpoint, Excel, true),
            (Excel, Window, true),
            (Window, Terminal, true),
        ] {
            let mut attempt = Attempt::default();
            attempt.begin(begun);
            assert_eq!(attempt.admits_end(ends).is_ok(), may, "{begun:?} {ends:?}");
            assert_eq!(attempt.is_of_another(ends), !may, "{begun:?} {ends:?}");
        }
        assert!(Attempt::default().admits_end(Excel).is_ok());
    }
}
