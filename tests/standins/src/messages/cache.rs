//! A prompt cache as the Messages API describes its own: what stands before a marker is kept, and a later request that
//! begins the same reads it again. From each marker the cache looks back over twenty blocks.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::script::Usage;

/// Blocks before a marker at which a kept beginning is found.
const LOOKS_BACK: usize = 20;

/// About four characters a token.
pub(super) fn tokens(bytes: u64) -> u64 {
    bytes.div_ceil(4)
}

/// Beginnings that are kept, by their hash.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<HashSet<u64>>);

impl Cache {
    /// The tokens of a request by what they cost, and keeps its beginnings.
    pub(super) fn count(&self, body: &Value) -> Usage {
        let prefixes = prefixes(body);
        let all = prefixes.last().map_or(0, |prefix| prefix.bytes);
        let marked: Vec<usize> = (0..prefixes.len()).filter(|at| prefixes[*at].is_marked).collect();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut read = 0;
        for marker in &marked {
            let near = &prefixes[marker.saturating_sub(LOOKS_BACK)..=*marker];
            let found = near.iter().rev().find(|prefix| kept.contains(&prefix.hash));
            read = read.max(found.map_or(0, |prefix| prefix.bytes));
        }
        let written = marked
            .last()
            .map_or(0, |last| prefixes[*last].bytes.saturating_sub(read));
        kept.extend(marked.iter().map(|at| prefixes[*at].hash));
        Usage {
            input: tokens(all - read - written),
            output: 0,
            cache_read: tokens(read),
            cache_write: tokens(written),
        }
    }
}

/// A request up to the end of one block.
struct Prefix {
    hash: u64,
    bytes: u64,
    is_marked: bool,
}

/// Tools, instructions and messages, block by block, in the order in which the cache sees them.
fn prefixes(body: &Value) -> Vec<Prefix> {
    let list = |of: &Value| of.as_array().cloned().unwrap_or_default();
    let messages = list(&body["messages"]).into_iter().flat_map(|message| {
        let role = message["role"].clone();
        list(&message["content"])
            .into_iter()
            .map(move |block| (role.clone(), block))
    });
    let blocks = list(&body["tools"]).into_iter().chain(list(&body["system"]));
    let blocks = blocks.map(|block| (Value::Null, block)).chain(messages);
    let (mut hasher, mut bytes) = (DefaultHasher::new(), 0);
    let mut all = Vec::new();
    for (role, mut block) in blocks {
        let marker = block
            .as_object_mut()
            .and_then(|block| block.remove("cache_control"));
        let text = format!("{role}{block}");
        text.hash(&mut hasher);
        bytes += text.len() as u64;
        all.push(Prefix {
            hash: hasher.finish(),
            bytes,
            is_marked: marker.is_some(),
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(blocks: &[(&str, bool)]) -> Value {
        let content: Vec<Value> = blocks
            .iter()
            .map(|(text, marked)| {
                let mut block = json!({ "type": "text", "text": text });
                if *marked {
                    block["cache_control"] = json!({ "type": "ephemeral" });
                }
                block
            })
            .collect();
        json!({ "messages": [{ "role": "user", "content": content }] })
    }

    #[test]
    fn what_was_marked_before_is_read_again_and_the_rest_is_not() {
        let long = "x".repeat(4_000);
        let cache = Cache::default();
        let first = cache.count(&request(&[(&long, true), ("a", false)]));
        assert_eq!((first.cache_read, first.cache_write / 100), (0, 10));
        let second = cache.count(&request(&[(&long, false), ("b", true)]));
        assert_eq!(
            second.cache_read / 100,
            10,
            "also where the marker stands elsewhere now"
        );
        assert_eq!(second.input, 0);
        let other = cache.count(&request(&[("y", false), (&long, true)]));
        assert_eq!(other.cache_read, 0, "another beginning");
        let unmarked = cache.count(&request(&[(&long, false), ("b", false)]));
        assert_eq!((unmarked.cache_read, unmarked.cache_write), (0, 0));
    }

    #[test]
    fn a_marker_sees_no_more_than_twenty_blocks_back() {
        for (between, is_found) in [(19, true), (20, true), (21, false)] {
            let cache = Cache::default();
            cache.count(&request(&[("begins here, and it is long enough to count", true)]));
            let mut blocks = vec![("begins here, and it is long enough to count", false)];
            blocks.extend((1..between).map(|_| ("more", false)));
            blocks.push(("more", true));
            assert_eq!(
                cache.count(&request(&blocks)).cache_read > 0,
                is_found,
                "{between}"
            );
        }
    }
}
