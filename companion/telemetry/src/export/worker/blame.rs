//! Whose fault it is that a request is kept out (401, 403, 404, 405, 415): the settings', or something's in this one request, as
//! where a firewall before the collector dislikes a text.
//!
//! An empty request of the same kind tells. Where that is kept out as well, everything waits until somebody sets it right. Where it
//! is let in, and the request is kept out once more, it goes in halves down to the one record, which is dropped and counted: it
//! would hold up all behind it for ever.

use super::{Part, Sent, Worker};
use crate::export::queue::Loss;
use crate::otlp::{Smaller, Stream, empty, smaller};
use crate::port::Transport;
use crate::wire::Verdict;

/// What is dropped alone, one after the other, while the collector takes nothing of the kind. Then there is a pause: a collector
/// that lets empty requests in and nothing else would else cost everything that waits, in a flood of requests.
const ALONE: u32 = 8;

impl<T: Transport> Worker<T> {
    /// Whether the answer may be about who sends, or how, and not about what is sent.
    pub(super) fn is_kept_out(&self, verdict: &Verdict) -> bool {
        match verdict {
            Verdict::Unauthorized | Verdict::NoPlace => true,
            Verdict::NotCompressed => !self.compress,
            _ => false,
        }
    }

    /// Whether the collector took records when it last got some.
    pub(super) fn takes_records(&self) -> bool {
        self.shared.standing().taken.is_some()
    }

    /// Finds out whose fault it is, and does what follows.
    pub(super) async fn kept_out(&mut self, part: &Part, verdict: Verdict, why: String) -> Sent {
        let stream = part.payload.stream;
        if part.suspect && part.payload.items > 1 {
            return self.blamed(part, &why);
        }
        if !part.suspect && verdict == Verdict::Unauthorized {
            self.world.sources.iter().for_each(|source| source.refused());
        }
        let is_dropped_anyway = stream != Stream::Logs && self.takes_records();
        if is_dropped_anyway || !self.lets_in(stream).await {
            return self.answered(part, &verdict, &why);
        }
        if part.suspect {
            return self.blamed(part, &why);
        }
        // The headers may be others now.
        let (verdict, why) = self.judged(&part.payload).await;
        if self.is_kept_out(&verdict) {
            self.blamed(part, &why)
        } else {
            self.answered(part, &verdict, &why)
        }
    }

    /// Whether an empty request of this kind is taken. It shows nothing else: not that records are.
    async fn lets_in(&self, stream: Stream) -> bool {
        let (verdict, _) = self.judged(&empty(&self.resource, stream)).await;
        matches!(verdict, Verdict::Taken { .. })
    }

    /// Halves what is kept out for something in it, and drops what is alone.
    fn blamed(&mut self, part: &Part, why: &str) -> Sent {
        let payload = &part.payload;
        if payload.items > 1
            && let Smaller::Halves(halves) = smaller(payload)
        {
            return Sent::in_halves(halves, true);
        }
        let alone = &mut self.alone[payload.stream as usize];
        if *alone >= ALONE {
            *alone = 0;
            return self.not_let_in(payload, why);
        }
        *alone += 1;
        self.refused(Loss::Refused, payload, why)
    }
}
