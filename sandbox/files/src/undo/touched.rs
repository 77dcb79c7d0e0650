//! What a journal's changes come to, file by file.

use std::collections::BTreeMap;

use super::UndoLog;
use super::record::{Record, What};
use crate::path::SharePath;
use crate::port::State;

/// What became of a path in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Nothing was there, and something is.
    Made,
    /// Something else is there than before.
    Changed,
    /// What was there is gone.
    Removed,
}

impl UndoLog {
    /// What was changed so far, by path; what came and went again is not among it.
    pub fn touched(&self) -> BTreeMap<SharePath, Touched> {
        let mut touched = BTreeMap::new();
        for record in &self.written().records {
            note(&mut touched, record);
        }
        touched
    }
}

fn note(touched: &mut BTreeMap<SharePath, Touched>, record: &Record) {
    match &record.what {
        What::Create => touch(touched, &record.path, Touched::Made),
        What::Replace | What::Metadata => touch(touched, &record.path, Touched::Changed),
        What::Remove => touch(touched, &record.path, Touched::Removed),
        What::Rename { to, over } => {
            // What is below a folder goes with it.
            // Those stand together, from the folder on.
            let from = touched.range(&record.path..).map(|(path, _)| path);
            let below: Vec<_> = from.take_while(|path| record.path.holds(path)).cloned().collect();
            let moved: Vec<_> = below
                .into_iter()
                .filter_map(|path| Some((path.moved(&record.path, to)?, touched.remove(&path)?)))
                .collect();
            for (path, act) in moved {
                if act != Touched::Removed || path == *to {
                    touched.insert(path, act);
                }
            }
            let was_made = touched.remove(to) == Some(Touched::Made);
            if !was_made {
                touch(touched, &record.path, Touched::Removed);
            }
            let act = if matches!(over, State::Missing) {
                Touched::Made
            } else {
                Touched::Changed
            };
            touched.insert(to.clone(), act);
        }
    }
}

fn touch(touched: &mut BTreeMap<SharePath, Touched>, path: &SharePath, act: Touched) {
    let now = match (touched.get(path), act) {
        (Some(Touched::Made), Touched::Removed) => {
            touched.remove(path);
            return;
        }
        (Some(Touched::Made), _) => Touched::Made,
        (Some(Touched::Removed), Touched::Made) => Touched::Changed,
        _ => act,
    };
    touched.insert(path.clone(), now);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> SharePath {
        SharePath::new(text.split('/').map(Into::into).collect())
    }

    fn record(at: &str, what: What) -> Record {
        Record {
            n: 1,
            path: path(at),
            what,
            pre: State::Missing,
            post: State::Missing,
            content: false,
            may_move: false,
        }
    }

    fn rename(from: &str, to: &str, over: State) -> Record {
        let what = What::Rename { to: path(to), over };
        record(from, what)
    }

    #[test]
    fn what_came_and_went_is_not_told_and_what_was_replaced_is_changed() {
        use Touched::{Changed, Made, Removed};
        let folder = || State::Folder { mode: 0o755 };
        for (records, expected) in [
            (
                vec![record("a", What::Create), record("a", What::Replace)],
                vec![("a", Made)],
            ),
            (vec![record("a", What::Create), record("a", What::Remove)], vec![]),
            (
                vec![record("a", What::Remove), record("a", What::Create)],
                vec![("a", Changed)],
            ),
            (
                vec![record("a", What::Replace), record("a", What::Remove)],
                vec![("a", Removed)],
            ),
            // As programs write: beside it, then over it.
            (
                vec![record("a.tmp", What::Create), rename("a.tmp", "a", folder())],
                vec![("a", Changed)],
            ),
            (
                vec![
                    record("a.tmp", What::Create),
                    rename("a.tmp", "a", State::Missing),
                ],
                vec![("a", Made)],
            ),
            (
                vec![rename("a", "b", State::Missing)],
                vec![("a", Removed), ("b", Made)],
            ),
            (
                vec![record("d/x", What::Create), rename("d", "e", State::Missing)],
                vec![("d", Removed), ("e", Made), ("e/x", Made)],
            ),
        ] {
            let mut touched = BTreeMap::new();
            for one in &records {
                note(&mut touched, one);
            }
            let found: Vec<_> = touched
                .iter()
                .map(|(path, act)| (path.to_string(), *act))
                .collect();
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(path, act)| (path.to_owned(), act))
                .collect();
            assert_eq!(found, expected, "{records:?}");
        }
    }
}
