//! What tools need that work on whole documents, as those that draw and convert them do: files that may be read, and where what
//! is made of them goes.

use std::fmt;

use deskhand_protocol::SessionId;
use deskhand_protocol::message::Attachment;

use crate::ports::BoxFuture;
use crate::tool::{FileSubject, Prepared, ToolFailure, ToolRequest, ToolResult};

/// A file that may be read, as it is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// As rules are asked about it.
    pub subject: FileSubject,
    /// Its name, with its ending.
    pub name: String,
}

/// The documents of sessions.
pub trait Papers: Send + Sync + fmt::Debug {
    /// The file of a path in an attached folder, or of a document that is not open in Office. Refused where it may not be
    /// read.
    fn find<'a>(
        &'a self,
        session: &'a SessionId,
        named: &'a str,
    ) -> BoxFuture<'a, Result<Paper, ToolFailure>>;

    /// The same with its content, of at most `cap` bytes.
    fn content<'a>(
        &'a self,
        session: &'a SessionId,
        named: &'a str,
        cap: u64,
    ) -> BoxFuture<'a, Result<Vec<u8>, ToolFailure>>;

    /// Keeps a picture for the model. It comes from a machine, and is looked at before it is kept.
    fn show<'a>(
        &'a self,
        session: &'a SessionId,
        name: &'a str,
        content: Vec<u8>,
    ) -> BoxFuture<'a, Result<Attachment, ToolFailure>>;

    /// Looks whether a new file with this ending may be made beside one, and what a person is to be asked.
    fn plan<'a>(
        &'a self,
        request: &'a ToolRequest,
        beside: &'a str,
        ending: &'static str,
    ) -> BoxFuture<'a, Result<Prepared, ToolFailure>>;

    /// What a call came to before a restart; `None` where its file is to be made yet.
    fn made_before<'a>(
        &'a self,
        request: &'a ToolRequest,
    ) -> BoxFuture<'a, Result<Option<ToolResult>, ToolFailure>>;

    /// Lends a call that follows what LibreOffice made of its workbook, or why it made nothing; `of` is the file as it was
    /// given to it. The content comes from a machine, and is looked at before it is used.
    fn lend(&self, request: &ToolRequest, of: &[u8], made: Result<Vec<u8>, String>);

    /// Takes back what was lent.
    fn take_back(&self, request: &ToolRequest);

    /// Makes the file that was planned, with the journal first. The content comes from a machine, and is looked at before it is
    /// taken.
    fn make<'a>(
        &'a self,
        request: &'a ToolRequest,
        content: Vec<u8>,
    ) -> BoxFuture<'a, Result<ToolResult, ToolFailure>>;
}
