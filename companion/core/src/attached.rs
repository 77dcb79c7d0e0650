//! Pictures and PDFs that tools give the model beside their text. The log holds what they are and the journal their bytes, which
//! are loaded just before a request: the core itself holds no more than the reference.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use deskhand_protocol::SessionId;
use deskhand_protocol::message::Attachment;

use crate::model::{Capabilities, Content, Message, ModelRequest};
use crate::ports::{BlobId, Journal};

/// Attachments that a request carries at the most: with more pictures, the Messages API takes smaller ones only.
pub const MOST_ATTACHED: usize = 20;
/// Bytes of them. A request may have 32 MB, and base64 takes a third more than what it holds.
pub const MOST_BYTES: u64 = 20 << 20;
/// Pages of PDFs in a request.
pub const MOST_PAGES: u32 = 100;
/// Tokens of a picture, about; the provider makes larger ones smaller.
const PICTURE_TOKENS: u64 = 1_600;
/// Tokens of a page of a PDF, about.
const PAGE_TOKENS: u64 = 3_000;

/// The bytes of the attachments of a request, by their hashes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded(BTreeMap<String, Arc<[u8]>>);

impl Loaded {
    /// The bytes of an attachment; nothing where they are not kept.
    pub fn bytes(&self, attachment: &Attachment) -> Option<&[u8]> {
        self.0.get(&attachment.content).map(AsRef::as_ref)
    }

    /// Takes bytes in.
    pub fn put(&mut self, attachment: &Attachment, bytes: impl Into<Arc<[u8]>>) {
        self.0.insert(attachment.content.clone(), bytes.into());
    }
}

/// Tokens of attachments, about.
pub(crate) fn tokens(attachments: &[Attachment]) -> u64 {
    let each = attachments.iter().map(|one| match one.pages {
        0 => PICTURE_TOKENS,
        pages => u64::from(pages) * PAGE_TOKENS,
    });
    each.sum()
}

/// Results of tools, in their order: their words, and what is shown behind them.
fn results(messages: &mut [Message]) -> impl DoubleEndedIterator<Item = (&mut String, &mut Vec<Attachment>)> {
    let contents = messages.iter_mut().flat_map(|message| message.content.iter_mut());
    contents.filter_map(|content| match content {
        Content::ToolResult {
            text, attachments, ..
        } => Some((text, attachments)),
        _ => None,
    })
}

/// Leaves out all but the newest attachments, and says so where each stood.
pub fn keep_newest(messages: &mut [Message]) {
    let (mut count, mut bytes, mut pages, mut full) = (0, 0_u64, 0_u32, false);
    for (text, attachments) in results(messages).rev() {
        let all = attachments.len();
        let mut kept = Vec::with_capacity(all);
        for attachment in attachments.drain(..) {
            count += 1;
            bytes = bytes.saturating_add(attachment.size);
            pages = pages.saturating_add(attachment.pages);
            // What is older than the first one that finds no room goes, too: what stays is what came last.
            full |= count > MOST_ATTACHED || bytes > MOST_BYTES || pages > MOST_PAGES;
            if !full {
                kept.push(attachment);
            }
        }
        if kept.len() < all {
            text.push_str("\n[what was shown here is left out by now: read it again if it is needed]");
        }
        *attachments = kept;
    }
}

impl ModelRequest {
    /// Loads what the request refers to, out of the journal of its session. Where the provider takes no such thing, or
    /// something is not kept any more, a text says so in its place.
    pub async fn load(&mut self, journal: &dyn Journal, session: &SessionId, capabilities: Capabilities) {
        for (text, attachments) in results(&mut self.messages) {
            let mut kept = Vec::with_capacity(attachments.len());
            for attachment in attachments.drain(..) {
                if !capabilities.attachments {
                    text.push_str("\n[this model takes no pictures and no PDFs: say so to the user]");
                    continue;
                }
                if self.loaded.bytes(&attachment).is_none() {
                    let id = BlobId(attachment.content.clone());
                    match journal.blob(session, &id).await {
                        Ok(Some(bytes)) => self.loaded.put(&attachment, bytes),
                        Ok(None) => {
                            text.push_str("\n[what was shown here is no longer kept]");
                            continue;
                        }
                        // The other words of the conversation go on without it.
                        Err(error) => {
                            let _ = write!(
                                text,
                                "\n[what was shown here cannot be read now: {}]",
                                error.code.as_str()
                            );
                            continue;
                        }
                    }
                }
                kept.push(attachment);
            }
            *attachments = kept;
        }
    }
}
