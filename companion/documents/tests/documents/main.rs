//! Documents through the tools as the agent calls them: files on disk, and workbooks behind a pane.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod creating;
mod directory;
mod figures;
mod files;
mod folders;
mod handed;
mod injection;
mod live;
mod opening;
mod others;
mod pictures;
mod stage;
mod undo;
mod writing;
