//! How many answers are on their way at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::response::Response;
use futures_util::StreamExt as _;

/// Counts answers from their head to the end of their body.
#[derive(Clone, Debug, Default)]
pub(super) struct Open(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// An answer that is counted.
struct Counted(Open);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Open {
    /// The most that there were at one time.
    pub(super) fn most(&self) -> usize {
        self.0.most.load(Ordering::SeqCst)
    }

    /// Counts an answer until its body has come to its end, or was given up.
    pub(super) fn count(&self, response: Response) -> Response {
        let now = self.0.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most.fetch_max(now, Ordering::SeqCst);
        let counted = Counted(self.clone());
        response.map(|body| {
            let pieces = body.into_data_stream();
            Body::from_stream(pieces.inspect(move |_| {
                let _ = &counted;
            }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn answers_count_from_their_head_to_their_end() {
        let open = Open::default();
        let answer = || open.count(Response::new(Body::from("words")));
        let (one, other) = (answer(), answer());
        drop(one);
        let bytes = axum::body::to_bytes(other.into_body(), 100).await;
        assert_eq!(bytes.expect("a body"), "words");
        drop(answer());
        assert_eq!(open.most(), 2);
        assert_eq!(open.0.now.load(Ordering::SeqCst), 0);
    }
}
