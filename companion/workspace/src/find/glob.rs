//! Files by their names.

use globset::{GlobBuilder, GlobMatcher};

use super::walk::{Met, Walk, WalkLimits};
use crate::error::WorkspaceError;
use crate::folder::{Folder, modified_at};
use crate::relative::RelativePath;

/// The longest pattern, in bytes.
const LONGEST: usize = 1_000;
/// Files that are held until the newest of them are known.
const HELD: usize = 200_000;

/// Files that have a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The newest first; of one time by path.
    pub files: Vec<FoundFile>,
    /// How many there are in all, where no limit was met.
    pub total: usize,
    /// True where a limit left some unseen.
    pub cut: bool,
}

/// A file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Its path below the attached folder.
    pub path: RelativePath,
    /// Bytes.
    pub size: u64,
    /// When it was last written, in Unix milliseconds; 0 where the system does not tell.
    pub modified_at: i64,
}

impl Folder {
    /// The newest `most` files whose path below the folder matches a pattern (`*.xlsx`, `reports/**/2026-*.{csv,tsv}`). One
    /// without `/` is about the name alone, anywhere in the folder; case does not count. Hidden files are found where the
    /// pattern names them.
    pub fn glob(&self, pattern: &str, most: usize, limits: WalkLimits) -> Result<Found, WorkspaceError> {
        let names = Names::parse(pattern)?;
        let mut walk = Walk::new(self, None, names.hidden, limits)?;
        let mut found = Found::default();
        while let Some(met) = walk.next()? {
            if !names.match_path(&met.path) {
                continue;
            }
            found.total += 1;
            if found.files.len() == HELD {
                found.cut = true;
                continue;
            }
            found.files.extend(FoundFile::of(met));
        }
        found.cut |= walk.is_cut;
        found
            .files
            .sort_by(|one, other| (other.modified_at, &one.path).cmp(&(one.modified_at, &other.path)));
        found.files.truncate(most);
        Ok(found)
    }
}

impl Folder {
    /// How many files there are of which this is true, and whether a limit left some unseen. Hidden files are left out.
    pub fn count(
        &self,
        is_meant: impl Fn(&RelativePath) -> bool,
        limits: WalkLimits,
    ) -> Result<(usize, bool), WorkspaceError> {
        let mut walk = Walk::new(self, None, false, limits)?;
        let mut count = 0;
        while let Some(met) = walk.next()? {
            count += usize::from(is_meant(&met.path));
        }
        Ok((count, walk.is_cut))
    }
}

impl FoundFile {
    fn of(met: Met) -> Option<Self> {
        let metadata = met.metadata()?;
        Some(Self {
            path: met.path,
            size: metadata.len(),
            modified_at: modified_at(&metadata),
        })
    }
}

/// A pattern of names.
#[derive(Debug)]
pub(super) struct Names {
    matcher: GlobMatcher,
    /// True where only the last name counts.
    alone: bool,
    /// True where the pattern names something hidden.
    pub(super) hidden: bool,
}

impl Names {
    pub(super) fn parse(pattern: &str) -> Result<Self, WorkspaceError> {
        let refused = |reason: String| WorkspaceError::Pattern {
            pattern: pattern.chars().take(100).collect(),
            reason,
        };
        let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
        if pattern.is_empty() || pattern.len() > LONGEST {
            return Err(refused(format!("it has to have 1 to {LONGEST} bytes")));
        }
        if pattern.starts_with('/') || pattern.split('/').any(|name| name == "..") {
            return Err(refused("it has to stay below the folder".to_owned()));
        }
        let glob = GlobBuilder::new(pattern)
            .literal_separator(true)
            .case_insensitive(true)
            .build();
        let glob = glob.map_err(|error| refused(error.kind().to_string()))?;
        Ok(Self {
            matcher: glob.compile_matcher(),
            alone: !pattern.contains('/'),
            hidden: pattern.split(['/', '{', ',']).any(|name| name.starts_with('.')),
        })
    }

    pub(super) fn match_path(&self, path: &RelativePath) -> bool {
        let shown = if self.alone { path.name() } else { path.as_str() };
        self.matcher.is_match(shown)
    }
}
