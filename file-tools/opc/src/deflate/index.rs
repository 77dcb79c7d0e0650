//! The places in a deflate stream at which decoding can begin, and how content and stream stand to each other there.

use std::sync::Arc;

/// Marks lie at least this many bytes of content apart: a stream of tiny blocks must not make an index larger than itself.
const APART: u64 = 4 << 10;
/// Windows lie at least this many bytes of content apart.
const WINDOWS_APART: u64 = 1 << 20;
/// At most about this many windows of 32 KiB are kept.
const WINDOWS: u64 = 64;

/// The beginning of a block.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// Content before it, in bytes.
    pub(crate) content: u64,
    /// Where it stands in the stream, in bits.
    pub(crate) first: u64,
    /// Where the last block begins that has the same content before it, in bits: blocks may be empty.
    pub(crate) last: u64,
    /// CRC-32 of the content before it.
    pub(crate) checksum: u32,
    /// The content just before it, at some marks.
    pub(crate) window: Option<Arc<[u8]>>,
}

/// What is known of a stream that was decoded to its end, and found to be as its archive declares.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// In order; the first one is the start of the stream. None for content that is not deflated.
    pub(crate) marks: Vec<Mark>,
}

impl Index {
    /// The last mark from which content at a place can be decoded.
    pub(crate) fn before(&self, content: u64) -> Option<&Mark> {
        let end = self.marks.partition_point(|mark| mark.content <= content);
        self.marks[..end].iter().rev().find(|mark| mark.window.is_some())
    }
}

/// Writes down the beginnings of blocks while a stream is decoded.
#[derive(Debug)]
pub(crate) enum Recorder {
    /// For an index.
    Index {
        /// The marks so far.
        index: Index,
        /// Content before the last window.
        window: u64,
        /// Content between windows.
        apart: u64,
    },
    /// Where the last block begins that has this much content before it: places in order, each with its bit once it is
    /// found.
    Places(Vec<(u64, Option<u64>)>),
}

impl Recorder {
    /// For an index of a stream whose content has about `size` bytes.
    pub(crate) fn index(size: u64) -> Self {
        Self::Index {
            index: Index::default(),
            window: 0,
            apart: WINDOWS_APART.max(size / WINDOWS),
        }
    }

    /// True when this beginning is a new mark. Notes it where it belongs to a mark that is there.
    pub(crate) fn wants(&mut self, bit: u64, content: u64) -> bool {
        match self {
            Self::Index { index, .. } => match index.marks.last_mut() {
                Some(mark) if mark.content == content => {
                    mark.last = bit;
                    false
                }
                Some(mark) => content >= mark.content + APART,
                None => true,
            },
            Self::Places(places) => {
                if let Ok(at) = places.binary_search_by_key(&content, |place| place.0) {
                    places[at].1 = Some(bit);
                }
                false
            }
        }
    }

    /// Adds a mark; `before` is the content just before it.
    pub(crate) fn add(&mut self, bit: u64, content: u64, checksum: u32, before: &[u8]) {
        let Self::Index { index, window, apart } = self else {
            return;
        };
        let keeps = index.marks.is_empty() || content >= *window + *apart;
        if keeps {
            *window = content;
        }
        index.marks.push(Mark {
            content,
            first: bit,
            last: bit,
            checksum,
            window: keeps.then(|| before.into()),
        });
    }
}
