//! The inverted index: for each word the documents that have it. Knows nothing of tables or keys.

use std::cmp::Reverse;
use std::collections::HashMap;

use uuid::Uuid;

use super::words::{Query, words};

/// Bytes the index may take, about.
const CAP: usize = 96 << 20;
/// What a word costs beside its letters: its place in the table and an allocation for each half.
const WORD_COST: usize = 96;
/// What a document costs beside its words.
const DOCUMENT_COST: usize = 40;

#[derive(Clone, Copy, Debug)]
struct Document {
    session: Uuid,
    seq: u64,
    at: i64,
}

/// The index. Document numbers are positions in `documents`; the lists of `words` are ascending.
#[derive(Debug)]
pub(super) struct Index {
    words: HashMap<Box<str>, Vec<u32>>,
    documents: Vec<Document>,
    read_to: HashMap<Uuid, u64>,
    bytes: usize,
    cap: usize,
    complete: bool,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            words: HashMap::new(),
            documents: Vec::new(),
            read_to: HashMap::new(),
            bytes: 0,
            cap: CAP,
            complete: true,
        }
    }
}

impl Index {
    pub(super) fn add(&mut self, session: Uuid, seq: u64, at: i64, text: &str) {
        let Ok(number) = u32::try_from(self.documents.len()) else {
            return;
        };
        self.documents.push(Document { session, seq, at });
        self.bytes += DOCUMENT_COST;
        for (word, _) in words(text) {
            if let Some(list) = self.words.get_mut(word.as_str()) {
                if list.last() != Some(&number) {
                    list.push(number);
                    self.bytes += size_of::<u32>();
                }
            } else {
                self.bytes += word.len() + WORD_COST;
                self.words.insert(word.into_boxed_str(), vec![number]);
            }
        }
        if self.bytes > self.cap {
            self.drop_older_half();
        }
    }

    /// The last number of a session that was read.
    pub(super) fn read_to(&self, session: Uuid) -> u64 {
        self.read_to.get(&session).copied().unwrap_or(0)
    }

    pub(super) fn set_read_to(&mut self, session: Uuid, seq: u64) {
        self.read_to.insert(session, seq);
    }

    /// False when older documents were left out.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Forgets deleted sessions, their words too.
    pub(super) fn remove(&mut self, sessions: &[Uuid]) {
        if sessions.is_empty() {
            return;
        }
        for session in sessions {
            self.read_to.remove(session);
        }
        self.keep(|document| !sessions.contains(&document.session));
    }

    /// Session and number of the documents that have all words, latest first.
    pub(super) fn candidates(&self, query: &Query, within: Option<Uuid>) -> Vec<(Uuid, u64)> {
        let mut matching: Option<Vec<bool>> = None;
        let mut narrow = |having: Vec<bool>| {
            matching = Some(match matching.take() {
                None => having,
                Some(before) => before
                    .iter()
                    .zip(having)
                    .map(|(one, other)| *one && other)
                    .collect(),
            });
        };
        for word in &query.whole {
            narrow(self.having(self.words.get(word.as_str()).into_iter()));
        }
        if let Some(beginning) = &query.beginning {
            // A walk over all words costs less than keeping them in order while the index is built.
            #[expect(clippy::disallowed_methods, reason = "what is gathered has no order")]
            let begin = self
                .words
                .iter()
                .filter(|(word, _)| word.starts_with(beginning.as_str()));
            narrow(self.having(begin.map(|(_, list)| list)));
        }
        let mut found: Vec<&Document> = self
            .documents
            .iter()
            .zip(matching.unwrap_or_default())
            .filter(|(document, matches)| {
                *matches && within.is_none_or(|session| session == document.session)
            })
            .map(|(document, _)| document)
            .collect();
        found.sort_unstable_by_key(|document| Reverse((document.at, document.session, document.seq)));
        let mut found: Vec<_> = found
            .into_iter()
            .map(|document| (document.session, document.seq))
            .collect();
        found.dedup();
        found
    }

    fn having<'a>(&self, lists: impl Iterator<Item = &'a Vec<u32>>) -> Vec<bool> {
        let mut having = vec![false; self.documents.len()];
        lists.flatten().for_each(|number| having[*number as usize] = true);
        having
    }

    fn drop_older_half(&mut self) {
        let mut times: Vec<i64> = self.documents.iter().map(|document| document.at).collect();
        let middle = times.len() / 2;
        let (_, &mut median, _) = times.select_nth_unstable(middle);
        let mut same = times.len() / 2;
        // Documents of one and the same moment must not all stay.
        self.keep(|document| {
            let stays = document.at > median || (document.at == median && same % 2 == 1);
            same += usize::from(document.at == median);
            stays
        });
        self.complete = false;
    }

    /// Keeps some documents, and renumbers.
    fn keep(&mut self, mut stays: impl FnMut(&Document) -> bool) {
        let mut renumbered = Vec::with_capacity(self.documents.len());
        let mut next = 0;
        self.documents.retain(|document| {
            let kept = stays(document);
            renumbered.push(kept.then_some(next));
            next += u32::from(kept);
            kept
        });
        self.bytes = self.documents.len() * DOCUMENT_COST;
        self.words.retain(|word, list| {
            *list = list
                .iter()
                .filter_map(|number| renumbered[*number as usize])
                .collect();
            self.bytes += word.len() + WORD_COST + list.len() * size_of::<u32>();
            !list.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(index: &Index, query: &str) -> Vec<u64> {
        index
            .candidates(&Query::new(query), None)
            .into_iter()
            .map(|(_, seq)| seq)
            .collect()
    }

    #[test]
    fn finds_documents_with_all_words_latest_first() {
        let mut index = Index::default();
        let session = Uuid::from_u128(1);
        index.add(session, 1, 10, "revenue by region");
        index.add(session, 2, 30, "revenue by product, revenue by region");
        index.add(session, 3, 20, "cost by region");
        assert_eq!(found(&index, "region"), [2, 3, 1]);
        assert_eq!(found(&index, "revenue region "), [2, 1]);
        assert_eq!(found(&index, "by pro"), [2]);
        assert!(found(&index, "pro ").is_empty());
        assert!(found(&index, "").is_empty());
        assert_eq!(
            index.candidates(&Query::new("region"), Some(Uuid::from_u128(2))),
            []
        );
    }

    #[test]
    fn keeps_within_its_memory_by_dropping_the_oldest() {
        let mut index = Index {
            cap: 20_000,
            ..Index::default()
        };
        for seq in 1..=1_000_u64 {
            index.add(Uuid::nil(), seq, seq.cast_signed(), &format!("common only{seq}"));
            assert!(index.bytes <= 20_000);
        }
        assert!(!index.is_complete());
        assert_eq!(found(&index, "only1000 "), [1000]);
        assert!(found(&index, "only1 ").is_empty());
        assert!(found(&index, "common").len() < 500);
    }

    #[test]
    fn keeps_within_its_memory_when_all_is_of_one_moment() {
        let mut index = Index {
            cap: 20_000,
            ..Index::default()
        };
        for seq in 1..=1_000_u64 {
            index.add(Uuid::nil(), seq, 7, &format!("only{seq}"));
            assert!(index.bytes <= 20_000);
        }
    }

    #[test]
    fn forgets_the_words_of_a_removed_session() {
        let mut index = Index::default();
        index.add(Uuid::from_u128(1), 1, 1, "alpha shared");
        index.add(Uuid::from_u128(2), 1, 2, "beta shared");
        index.remove(&[Uuid::from_u128(1)]);
        assert!(!index.words.contains_key("alpha"));
        assert_eq!(
            index.candidates(&Query::new("shared"), None),
            [(Uuid::from_u128(2), 1)]
        );
    }
}
