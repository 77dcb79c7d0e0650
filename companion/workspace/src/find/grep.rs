//! Lines of files that hold words or match an expression.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use grep_matcher::LineTerminator;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{
    BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkContextKind, SinkFinish, SinkMatch,
};

use super::ends::{Ends, UntilEnd};
use super::glob::Names;
use super::walk::{Met, Walk, WalkLimits};
use crate::error::WorkspaceError;
use crate::folder::Folder;
use crate::relative::RelativePath;

/// The longest expression, in bytes.
const LONGEST: usize = 4_000;
/// What a compiled expression may take, in bytes.
const COMPILED: usize = 8 << 20;
/// What one file may take at once, in bytes: a line, or a whole file where lines are matched together.
const HEAP: usize = 32 << 20;
/// Characters of a line that are told.
const LINE: usize = 500;
/// Lines around a match at the most.
const AROUND: usize = 20;
/// Matches of one file that are told; all are counted.
const LINES: usize = 200;
/// Files that are handed to a thread at once, and how many such batches wait.
const BATCH: usize = 64;
const WAITING: usize = 8;

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// A regular expression as ripgrep takes it, or words as they stand.
    pub pattern: String,
    /// True where the pattern is words as they stand.
    pub literal: bool,
    /// True where `a` finds `A`.
    pub ignore_case: bool,
    /// True where an expression may go on in the next line.
    pub multiline: bool,
    /// Only in files of these names: see [`Folder::glob`].
    pub files: Option<String>,
    /// Lines before and after each match, at most 20.
    pub before: usize,
    /// See `before`.
    pub after: usize,
    /// Files with matches that are told; `next` of the answer says where to go on.
    pub most: usize,
    /// Begins behind this file, in the order of paths.
    pub behind: Option<RelativePath>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    /// Files with matches, in the order of paths.
    pub files: Vec<FileLines>,
    /// Files that were read.
    pub searched: u64,
    /// Files that are no text, so that there are no lines in them; documents are among them.
    pub binary: u64,
    /// Files that could not be read, are in a cloud, or hold a line that is too long.
    pub unread: u64,
    /// True where more files may have matches: ask again behind the last one.
    pub more: bool,
    /// True where a limit left some unseen.
    pub cut: bool,
}

/// The matches of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLines {
    /// Its path below the attached folder.
    pub path: RelativePath,
    /// Lines with matches.
    pub matches: u64,
    /// The first of them, and those around.
    pub lines: Vec<Line>,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: u64,
    /// False for lines around a match.
    pub is_match: bool,
    /// Without its end, cut after 500 characters with `…`.
    pub text: String,
}

impl Folder {
    /// Searches the files of the folder. Files that are left out by `.gitignore` and hidden ones are not searched. Where its
    /// time is over or it is stopped, the answer goes up to a file in the order of paths, and says that it is cut.
    pub fn grep(&self, search: &Search, limits: WalkLimits) -> Result<Searched, WorkspaceError> {
        let looking = Looking::new(search, Ends::of(&limits))?;
        let names = search.files.as_deref().map(Names::parse).transpose()?;
        let hidden = names.as_ref().is_some_and(|names| names.hidden);
        let mut walk = Walk::new(self, None, hidden, limits)?;
        let is_wanted = |met: &Met| {
            let is_behind = search
                .behind
                .as_ref()
                .is_none_or(|behind| after(&met.path, behind));
            is_behind && names.as_ref().is_none_or(|names| names.match_path(&met.path))
        };
        let stop = AtomicBool::new(false);
        let threads = thread::available_parallelism()
            .map_or(1, NonZeroUsize::get)
            .min(8);
        let mut answer = Searched::default();
        let (batches, waiting) = sync_channel(WAITING);
        let waiting = Mutex::new(waiting);
        let (found, results) = channel();
        let walked = thread::scope(|scope| {
            for _ in 0..threads {
                let found = found.clone();
                let (looking, waiting, stop) = (&looking, &waiting, &stop);
                scope.spawn(move || work(looking, waiting, stop, |batch| found.send(batch).is_ok()));
            }
            drop(found);
            let collecting = scope.spawn(|| collect(results, search.most.max(1), &stop));
            let walked = hand_out(&mut walk, is_wanted, &batches, &stop);
            drop(batches);
            answer = collecting.join().unwrap_or_default();
            walked
        });
        walked?;
        answer.cut |= walk.is_cut;
        Ok(answer)
    }
}

/// True for a path behind another in the order of a walk: name by name.
fn after(path: &RelativePath, other: &RelativePath) -> bool {
    path.as_str().split('/').gt(other.as_str().split('/'))
}

/// An expression, ready to be looked for.
#[derive(Debug)]
struct Looking {
    matcher: RegexMatcher,
    searcher: SearcherBuilder,
    ends: Ends,
}

impl Looking {
    fn new(search: &Search, ends: Ends) -> Result<Self, WorkspaceError> {
        let refused = |reason: String| WorkspaceError::Pattern {
            pattern: search.pattern.chars().take(100).collect(),
            reason,
        };
        if search.pattern.is_empty() || search.pattern.len() > LONGEST {
            return Err(refused(format!("it has to have 1 to {LONGEST} bytes")));
        }
        let mut builder = RegexMatcherBuilder::new();
        builder
            .fixed_strings(search.literal)
            .case_insensitive(search.ignore_case)
            .size_limit(COMPILED)
            .dfa_size_limit(COMPILED)
            .multi_line(true)
            .crlf(true);
        if search.multiline {
            builder.dot_matches_new_line(true).line_terminator(None);
        }
        let matcher = builder.build(&search.pattern).map_err(|error| {
            let mut reason = error.to_string();
            reason.truncate(reason.floor_char_boundary(300));
            refused(reason)
        })?;
        let mut searcher = SearcherBuilder::new();
        searcher
            .binary_detection(BinaryDetection::quit(0))
            .heap_limit(Some(HEAP))
            .multi_line(search.multiline)
            .before_context(search.before.min(AROUND))
            .after_context(search.after.min(AROUND))
            .line_terminator(LineTerminator::crlf());
        Ok(Self {
            matcher,
            searcher,
            ends,
        })
    }
}

/// Files for one thread, numbered in the order of the walk.
#[derive(Debug)]
struct Batch {
    number: usize,
    files: Vec<Met>,
}

/// What one thread saw of a batch.
#[derive(Debug, Default)]
struct Seen {
    number: usize,
    files: Vec<FileLines>,
    searched: u64,
    binary: u64,
    unread: u64,
    /// True where the end came before all were seen.
    cut: bool,
}

fn hand_out(
    walk: &mut Walk<'_>,
    is_wanted: impl Fn(&Met) -> bool,
    batches: &SyncSender<Batch>,
    stop: &AtomicBool,
) -> Result<(), WorkspaceError> {
    let mut batch = Batch {
        number: 0,
        files: Vec::new(),
    };
    while !stop.load(Ordering::Relaxed) {
        let Some(met) = walk.next()? else { break };
        if !is_wanted(&met) {
            continue;
        }
        batch.files.push(met);
        if batch.files.len() == BATCH {
            let next = Batch {
                number: batch.number + 1,
                files: Vec::new(),
            };
            if batches.send(std::mem::replace(&mut batch, next)).is_err() {
                return Ok(());
            }
        }
    }
    let _ = batches.send(batch);
    Ok(())
}

fn work(looking: &Looking, waiting: &Mutex<Receiver<Batch>>, stop: &AtomicBool, give: impl Fn(Seen) -> bool) {
    let mut searcher = looking.searcher.build();
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = next else { return };
        let mut seen = Seen {
            number: batch.number,
            ..Seen::default()
        };
        for met in batch.files {
            // What waits is taken all the same, so that the walk does not wait for ever.
            if !seen.cut && !stop.load(Ordering::Relaxed) {
                search(looking, &mut searcher, met, &mut seen);
            }
        }
        if !give(seen) {
            return;
        }
    }
}

fn search(looking: &Looking, searcher: &mut Searcher, met: Met, seen: &mut Seen) {
    let Some(file) = met.open() else {
        seen.unread += 1;
        return;
    };
    let mut lines = Lines::of(&looking.ends);
    let text = UntilEnd {
        file: &file,
        ends: &looking.ends,
    };
    let searched = searcher.search_reader(&looking.matcher, text, &mut lines);
    if lines.is_cut || searched.is_err() && looking.ends.is_over() {
        seen.cut = true;
        return;
    }
    if searched.is_err() {
        seen.unread += 1;
        return;
    }
    if lines.is_binary {
        seen.binary += 1;
        return;
    }
    seen.searched += 1;
    if lines.matches > 0 {
        seen.files.push(FileLines {
            path: met.path,
            matches: lines.matches,
            lines: lines.told,
        });
    }
}

/// Puts together what the threads saw, in the order of the walk, and stops them when there is enough.
fn collect(results: Receiver<Seen>, most: usize, stop: &AtomicBool) -> Searched {
    let mut answer = Searched::default();
    let mut early: BTreeMap<usize, Seen> = BTreeMap::new();
    let mut next = 0;
    for seen in results {
        early.insert(seen.number, seen);
        while let Some(seen) = early.remove(&next) {
            next += 1;
            // Behind a gap nothing is told, so that the next search can go on behind the last file.
            if answer.more || answer.cut {
                continue;
            }
            answer.cut = seen.cut;
            answer.searched += seen.searched;
            answer.binary += seen.binary;
            answer.unread += seen.unread;
            answer.files.extend(seen.files);
            if answer.files.len() > most {
                answer.files.truncate(most);
                answer.more = true;
                stop.store(true, Ordering::Relaxed);
            }
        }
    }
    answer
}

/// Collects the lines of one file.
#[derive(Debug)]
struct Lines<'a> {
    matches: u64,
    told: Vec<Line>,
    is_binary: bool,
    /// True once the search was over before the file was.
    is_cut: bool,
    ends: &'a Ends,
}

impl<'a> Lines<'a> {
    fn of(ends: &'a Ends) -> Self {
        Self {
            matches: 0,
            told: Vec::new(),
            is_binary: false,
            is_cut: false,
            ends,
        }
    }

    fn add(&mut self, number: Option<u64>, is_match: bool, bytes: &[u8]) {
        if self.told.len() < LINES {
            self.told.push(Line {
                number: number.unwrap_or_default(),
                is_match,
                text: shown(bytes),
            });
        }
    }
}

/// A line as it is told.
fn shown(bytes: &[u8]) -> String {
    // A character has at most four bytes; what is cut in the middle would be no text.
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LINE * 4 + 4)]);
    let text = text.trim_end_matches(['\r', '\n']);
    match text.char_indices().nth(LINE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Sink for Lines<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> io::Result<bool> {
        for (number, line) in (found.line_number().unwrap_or_default()..).zip(found.lines()) {
            self.matches += 1;
            self.add(Some(number), true, line);
        }
        // A file that is matched as a whole is not read any more.
        self.is_cut = self.ends.is_over();
        Ok(!self.is_cut)
    }

    fn context(&mut self, _: &Searcher, around: &SinkContext<'_>) -> io::Result<bool> {
        if *around.kind() != SinkContextKind::Other {
            self.add(around.line_number(), false, around.bytes());
        }
        Ok(true)
    }

    fn finish(&mut self, _: &Searcher, finish: &SinkFinish) -> io::Result<()> {
        self.is_binary = finish.binary_byte_offset().is_some();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pretty_assertions::assert_eq;

    use super::*;

    fn file(path: &str) -> FileLines {
        FileLines {
            path: RelativePath::parse(path).unwrap(),
            matches: 1,
            lines: Vec::new(),
        }
    }

    #[test]
    fn nothing_is_told_from_behind_a_gap() {
        let (found, results) = channel();
        for (number, path, cut) in [(1, "c", false), (0, "a", true), (2, "d", false)] {
            let seen = Seen {
                number,
                files: vec![file(path)],
                cut,
                ..Seen::default()
            };
            found.send(seen).unwrap();
        }
        drop(found);
        let answer = collect(results, 100, &AtomicBool::new(false));
        assert_eq!((answer.files, answer.cut), (vec![file("a")], true));
    }

    #[test]
    fn a_file_that_is_in_memory_already_is_searched_no_further_either() {
        let ends = Ends::of(&WalkLimits {
            stop: Some(Arc::new(AtomicBool::new(true))),
            ..WalkLimits::default()
        });
        let search = Search {
            pattern: "word".to_owned(),
            ..Search::default()
        };
        let looking = Looking::new(&search, ends.clone()).unwrap();
        let mut lines = Lines::of(&ends);
        let mut searcher = looking.searcher.build();
        searcher
            .search_slice(&looking.matcher, b"word\nword\n", &mut lines)
            .unwrap();
        assert_eq!((lines.matches, lines.is_cut), (1, true));
    }
}
