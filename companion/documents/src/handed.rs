//! Files on disk for what works on whole ones, as the sandbox does: handed out under the same rules as every reading, and taken
//! back as new files with the same journal as every making (Invariants 6 and 8).

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use deskhand_core::papers::{Paper, Papers};
use deskhand_core::ports::BoxFuture;
use deskhand_core::tool::{
    Ask, AskReason, FileSubject, FolderTool, Prepared, ToolFailure, ToolRequest, ToolResult,
};
use deskhand_protocol::document::DocumentKind;
use deskhand_protocol::message::Attachment;
use deskhand_protocol::operations::Effect;
use deskhand_protocol::{DocumentId, SessionId};
use deskhand_workspace::{Access, Folder, RelativePath, WorkspaceError};

use crate::active;
use crate::attach::kind_of;
use crate::call::{failure, refused as not_opened};
use crate::door::Door;
use crate::files_changed::{Act, FileRecord, Kept, Located, trouble, with_note};
use crate::folder_tools::{refused, subject};
use crate::journal::{Records, Stage};
use crate::lent::Lent;
use crate::shown::picture_of;
use crate::tools::DocumentTools;

/// Names that are tried for a new file: `plan.xlsx`, `plan (2).xlsx`.
const NAMES: u32 = 100;

/// A file that may be read, and the way to it.
#[derive(Clone, Debug)]
struct Handed {
    door: Door,
    subject: FileSubject,
}

impl Handed {
    /// The file's name.
    fn name(&self) -> &str {
        self.door.name()
    }

    /// What its label is looked for as: what is no document of today holds its label where nobody looks, and is one whose label
    /// cannot be read.
    fn kind(&self) -> DocumentKind {
        let kind = kind_of(self.name()).filter(|kind| *kind != DocumentKind::Legacy);
        kind.unwrap_or(DocumentKind::Document)
    }

    /// All of it, at most `cap` bytes.
    async fn content(&self, cap: u64) -> Result<Vec<u8>, ToolFailure> {
        let door = self.door.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let file = door.stream().map_err(|refusal| not_opened(&refusal))?;
            let mut content = Vec::new();
            let read = file.take(cap.saturating_add(1)).read_to_end(&mut content);
            read.map_err(|error| failure("Not read", &error.to_string()))?;
            if content.len() as u64 > cap {
                let reason = format!("the file is larger than {} MB", cap >> 20);
                return Err(failure("Too large", &reason));
            }
            Ok(content)
        });
        let read = reading.await;
        read.map_err(|error| failure("Not read", &error.to_string()))?
    }
}

impl DocumentTools {
    /// The file of a path in an attached folder, or of a document's id. One that is open in Office is on disk as it was saved
    /// last, which is not what the person sees: it is handed out by its path only, where that is what is wanted.
    async fn hand(&self, session: &SessionId, named: &str) -> Result<Handed, ToolFailure> {
        let handed = self.way_to(session, named)?;
        self.check_label_at(session, handed.kind(), handed.door.clone())
            .await?;
        let door = handed.door.clone();
        let opening = tokio::task::spawn_blocking(move || door.stream().map(drop));
        let opened = opening.await;
        opened
            .map_err(|error| failure("Not opened", &error.to_string()))?
            .map_err(|refusal| not_opened(&refusal))?;
        Ok(handed)
    }

    fn way_to(&self, session: &SessionId, named: &str) -> Result<Handed, ToolFailure> {
        let Some(document) = self.registry.of_session(session, &DocumentId::from_text(named)) else {
            let at = self.locate(session, named).map_err(|error| refused(&error))?;
            return Ok(Handed {
                subject: subject(&at.folder, &at.below),
                door: at.door(),
            });
        };
        if self.backends.is_live(&document) {
            return Err(failure(
                "Open in Office",
                "this document is open in Office, and only its file could be taken, as it was saved last: give the path of \
                 the file where that is wanted",
            ));
        }
        let found = self.file_of(session, &document);
        match (self.registry.door(session, &document.id), found) {
            (Some(door), Some(subject)) => Ok(Handed { door, subject }),
            _ => Err(failure(
                "Not found",
                "the file of this document is not on this computer",
            )),
        }
    }

    /// Looks whether a new file may be made beside one that was handed out, under a name that is free, and writes down which
    /// one. `ending` is `xlsx`, `pptx` or `docx`.
    async fn plan_made(
        &self,
        request: &ToolRequest,
        of: &Handed,
        ending: &'static str,
    ) -> Result<Prepared, ToolFailure> {
        self.has_room().await?;
        let known = self.records.file_of_call(request).await;
        let known = known.map_err(|error| trouble(&error))?;
        if let Some(record) = known.filter(|record| record.stage != Stage::Prepared) {
            // It was begun before a restart, and the question was answered then.
            let at = self.locate(&request.session, &record.path);
            let at = at.map_err(|error| refused(&error))?;
            return Ok(adds(subject(&at.folder, &at.below), None));
        }
        let from = self.locate(&request.session, &of.subject.path);
        let from = from.map_err(|_| {
            failure(
                "Not in an attached folder",
                "a new file is made beside the old one, and that was attached without its folder: the user can attach the folder",
            )
        })?;
        let note = self.may_take(&request.session, Some(from.clone())).await?;
        let finding = tokio::task::spawn_blocking(move || free(&from, ending));
        let found = finding.await;
        let at = found.map_err(|error| failure("Not looked at", &error.to_string()))??;
        let record = FileRecord {
            stage: Stage::Prepared,
            path: at.path(),
            act: Act::Created,
            before: None,
            after: None,
            lines: 1,
            made: Vec::new(),
            change_set: self.new_change_set(),
            result: None,
            undone: false,
            document: None,
            replaced: Vec::new(),
        };
        let put = self.records.put_file(request, &record).await;
        put.map_err(|error| trouble(&error))?;
        let ask = Ask {
            reason: AskReason::Creates,
            question: format!("Make {} out of {}?", at.below.name(), of.name()),
            scope: format!("It is made beside {}, which stays as it is.", of.subject.path),
            rows: Vec::new(),
            total: 1,
            risks: Vec::new(),
        };
        let subject = subject(&at.folder, &at.below);
        Ok(adds(subject, Some(with_note(ask, note))))
    }

    /// What came of a call whose file is in the journal already, from before a restart. `None` where there is none yet.
    async fn made_already(&self, request: &ToolRequest) -> Result<Option<ToolResult>, ToolFailure> {
        let record = self.records.file_of_call(request).await;
        let record = record.map_err(|error| trouble(&error))?;
        match record {
            Some(record) if record.stage != Stage::Prepared => self
                .place_file(FolderTool::Create, request, record)
                .await
                .map(Some),
            _ => Ok(None),
        }
    }

    /// Makes the file that was planned. The content comes from a place that is not trusted: it is a document of its kind, in a
    /// package within every limit and without macros, or it is not taken.
    async fn put_made(&self, request: &ToolRequest, content: Vec<u8>) -> Result<ToolResult, ToolFailure> {
        let record = self.records.file_of_call(request).await;
        let record = record.map_err(|error| trouble(&error))?;
        let Some(mut record) = record else {
            return Err(failure("Not done", "the call was not prepared"));
        };
        if record.stage != Stage::Prepared {
            return self.place_file(FolderTool::Create, request, record).await;
        }
        let path = record.path.clone();
        let checking =
            tokio::task::spawn_blocking(move || Ok((is_a_document(&path, content.clone())?, content)));
        let checked = checking.await;
        let (elsewhere, content) = checked.map_err(|error| failure("Not done", &error.to_string()))??;
        let mark = deskhand_workspace::Fingerprint::of(&content).to_string();
        let put = self.records.0.put_blob(&request.session, content).await;
        record.after = Some(Kept {
            mark,
            blob: Some(put.map_err(|error| trouble(&error))?),
        });
        record.stage = Stage::Intended;
        let put = self.records.put_file(request, &record).await;
        put.map_err(|error| trouble(&error))?;
        let mut result = self.place_file(FolderTool::Create, request, record).await?;
        if elsewhere > 0 {
            let places = format!(
                " As the old file it names things elsewhere ({elsewhere}), which Office may ask about."
            );
            result.output.push_str(&places);
        }
        Ok(result)
    }
}

impl Papers for DocumentTools {
    fn find<'a>(
        &'a self,
        session: &'a SessionId,
        named: &'a str,
    ) -> BoxFuture<'a, Result<Paper, ToolFailure>> {
        Box::pin(async move {
            let handed = self.hand(session, named).await?;
            Ok(Paper {
                name: handed.name().to_owned(),
                subject: handed.subject,
            })
        })
    }

    fn content<'a>(
        &'a self,
        session: &'a SessionId,
        named: &'a str,
        cap: u64,
    ) -> BoxFuture<'a, Result<Vec<u8>, ToolFailure>> {
        Box::pin(async move {
            let handed = self.hand(session, named).await?;
            let content = handed.content(cap).await?;
            // Of the bytes that are given away: the file may have been another one when its label was looked at.
            self.check_label_in(session, handed.kind(), content).await
        })
    }

    fn show<'a>(
        &'a self,
        session: &'a SessionId,
        name: &'a str,
        content: Vec<u8>,
    ) -> BoxFuture<'a, Result<Attachment, ToolFailure>> {
        Box::pin(async move { self.attach_shown(session, picture_of(content, name)?).await })
    }

    fn plan<'a>(
        &'a self,
        request: &'a ToolRequest,
        beside: &'a str,
        ending: &'static str,
    ) -> BoxFuture<'a, Result<Prepared, ToolFailure>> {
        Box::pin(async move {
            let of = self.hand(&request.session, beside).await?;
            self.plan_made(request, &of, ending).await
        })
    }

    fn made_before<'a>(
        &'a self,
        request: &'a ToolRequest,
    ) -> BoxFuture<'a, Result<Option<ToolResult>, ToolFailure>> {
        Box::pin(self.made_already(request))
    }

    fn lend(&self, request: &ToolRequest, of: &[u8], made: Result<Vec<u8>, String>) {
        let key = Records::call_key(request);
        self.loans.put(&request.session, key, Lent::new(of, made));
    }

    fn take_back(&self, request: &ToolRequest) {
        self.loans.remove(&request.session, Records::call_key(request));
    }

    fn make<'a>(
        &'a self,
        request: &'a ToolRequest,
        content: Vec<u8>,
    ) -> BoxFuture<'a, Result<ToolResult, ToolFailure>> {
        Box::pin(self.put_made(request, content))
    }
}

fn adds(file: FileSubject, ask: Option<Ask>) -> Prepared {
    Prepared {
        effect: Effect::Add,
        document: None,
        file: Some(file),
        ask,
        directory: None,
        web: None,
        command: None,
    }
}

/// A name beside a file that nothing has.
fn free(from: &Located, ending: &str) -> Result<Located, ToolFailure> {
    if from.folder.access() == Access::ReadOnly {
        return Err(refused(&WorkspaceError::ReadOnly));
    }
    let below = from.below.as_path();
    let stem = below
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or("document");
    let folder: &Arc<Folder> = &from.folder;
    for number in 1..=NAMES {
        let name = match number {
            1 => format!("{stem}.{ending}"),
            _ => format!("{stem} ({number}).{ending}"),
        };
        let path = below.parent().unwrap_or(Path::new("")).join(name);
        let path = RelativePath::from_path(&path).map_err(|fault| refused(&fault.into()))?;
        let taken = folder.fingerprint(&path).map_err(|error| refused(&error))?;
        if taken.is_none() {
            return Ok(Located {
                folder: Arc::clone(folder),
                below: path,
            });
        }
    }
    Err(failure(
        "No name is free",
        "a hundred files of this name are there already",
    ))
}

/// Refuses what is no document of its kind, or acts by itself; answers how many places elsewhere it names.
fn is_a_document(path: &str, content: Vec<u8>) -> Result<usize, ToolFailure> {
    let refuse = |why: &str| failure("Not taken", why);
    let (package, elsewhere) = active::inert(content).map_err(|refused| refuse(&refused.told()))?;
    let main = match path.rsplit('.').next() {
        Some("xlsx") => "xl/workbook.xml",
        Some("pptx") => "ppt/presentation.xml",
        _ => "word/document.xml",
    };
    let named = |part: &str, name: &str| part.trim_start_matches('/').eq_ignore_ascii_case(name);
    if !package.parts().any(|part| named(part, main)) {
        return Err(refuse("it is no document of the kind that was asked for"));
    }
    Ok(elsewhere)
}
