//! New workbooks, decks and Word documents: what a call asks for, and the content that comes of it.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use deskhand_core::instructions::as_data;
use deskhand_core::tool::ToolFailure;
use deskhand_document::{create, kind_of_new, revision_at};
use deskhand_opc::Limits;
use deskhand_protocol::Timestamp;
use deskhand_protocol::operations::deck::{DeckCreate, SlideSize};
use deskhand_protocol::operations::text::document::{DocumentCreate, Paper};
use deskhand_protocol::operations::workbook::{CreatedSheet, WorkbookCreate};
use deskhand_protocol::operations::{
    DeckOperation, DocumentKind, Operation, Refusal, RefusalCode, TextOperation, WordOperation,
    WorkbookOperation,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::Located;
use crate::call::failure;

/// Makes a new workbook (.xlsx), deck (.pptx) or Word document (.docx) in an attached folder, with the folders above it. A file
/// that is there is never replaced. The answer tells the id of the new document: fill it with the tools for its kind, a Word
/// document by document_insert with `tracked` false.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Create {
    /// The whole path of the new file, in one of the attached folders.
    pub(super) path: String,
    /// For a workbook: the names of its sheets in order; one sheet, `Sheet1`, when left out.
    #[serde(default)]
    sheets: Vec<String>,
    /// For a deck: the whole path of a deck or template (.potx, .pptx) in an attached folder, whose masters, layouts and
    /// slide size it takes over.
    pub(super) template: Option<String>,
    /// For a deck with a template: true to take its slides over, too.
    #[serde(default)]
    keep_slides: bool,
    /// For a deck without a template.
    size: Option<SlideSize>,
    /// For a deck or Word document: the title in the file's properties.
    title: Option<String>,
    /// For a Word document: A4 when left out.
    paper: Option<Paper>,
    /// For a Word document: the language as BCP 47, `en-GB` when left out.
    language: Option<String>,
}

pub(crate) fn create_schema() -> Value {
    Value::from(schemars::schema_for!(Create))
}

/// A new document that is asked for.
#[derive(Clone, Debug)]
pub(super) struct New {
    pub(super) path: String,
    pub(super) template: Option<Located>,
    operation: Operation,
    at: Timestamp,
}

impl New {
    /// Understands a call. The template was found in the attached folders.
    pub(super) fn of(asked: Create, template: Option<Located>, at: Timestamp) -> Result<Self, ToolFailure> {
        Ok(Self {
            operation: asked.operation()?,
            path: asked.path,
            template,
            at,
        })
    }

    /// What a person calls it.
    pub(super) fn kind(&self) -> &'static str {
        match self.operation {
            Operation::Workbook(_) => "workbook",
            Operation::Deck(_) => "deck",
            Operation::Text(_) => "Word document",
        }
    }

    /// The file's content.
    pub(super) fn content(&self) -> Result<Vec<u8>, Refusal> {
        let operations = std::slice::from_ref(&self.operation);
        let template = |_: &str| self.template();
        let made = create(operations, &revision_at(self.at), &template).map_err(|stopped| stopped.refusal)?;
        let written = made.document.package().write();
        written.map_err(|error| Refusal::new(RefusalCode::Failed, error.to_string()))
    }

    /// The template in base64, as the operation carries it.
    fn template(&self) -> Result<String, Refusal> {
        let Some(at) = &self.template else {
            return Err(Refusal::new(RefusalCode::NotFound, "There is no template."));
        };
        let (mut file, _) = at.door().open(Limits::default().file_bytes)?;
        let mut content = Vec::new();
        let read = file.read_to_end(&mut content);
        read.map_err(|error| Refusal::new(RefusalCode::Failed, error.to_string()))?;
        Ok(STANDARD.encode(content))
    }
}

impl Create {
    fn operation(&self) -> Result<Operation, ToolFailure> {
        let name = self.path.rsplit(['/', '\\']).next().unwrap_or_default();
        let kind = kind_of_new(name).filter(|_| !name.starts_with(['.', '~']));
        let Some(kind) = kind else {
            return Err(no_such_kind(name));
        };
        self.check_fits(kind)?;
        Ok(match kind {
            DocumentKind::Workbook => Operation::Workbook(WorkbookOperation::Create(self.workbook())),
            DocumentKind::Deck => Operation::Deck(DeckOperation::Create(DeckCreate {
                template: self.template.clone(),
                package: None,
                keep_slides: self.keep_slides,
                size: self.size,
                title: self.title.clone(),
            })),
            _ => {
                let made = WordOperation::Create(DocumentCreate {
                    title: self.title.clone(),
                    paper: self.paper.unwrap_or_default(),
                    language: self.language.clone(),
                    blocks: Vec::new(),
                });
                Operation::Text(TextOperation::Document(made))
            }
        })
    }

    fn workbook(&self) -> WorkbookCreate {
        let named = |name: &String| CreatedSheet {
            name: name.clone(),
            ..CreatedSheet::default()
        };
        let mut sheets: Vec<CreatedSheet> = self.sheets.iter().map(named).collect();
        if sheets.is_empty() {
            sheets.push(named(&"Sheet1".to_owned()));
        }
        WorkbookCreate { sheets }
    }

    /// Refuses what is for another kind of document.
    fn check_fits(&self, kind: DocumentKind) -> Result<(), ToolFailure> {
        use DocumentKind::{Deck, Document, Workbook};
        let given: [(&str, bool, &[DocumentKind]); 7] = [
            ("sheets", !self.sheets.is_empty(), &[Workbook]),
            ("template", self.template.is_some(), &[Deck]),
            ("keep_slides", self.keep_slides, &[Deck]),
            ("size", self.size.is_some(), &[Deck]),
            ("title", self.title.is_some(), &[Deck, Document]),
            ("paper", self.paper.is_some(), &[Document]),
            ("language", self.language.is_some(), &[Document]),
        ];
        let odd = given
            .iter()
            .find(|(_, is_given, kinds)| *is_given && !kinds.contains(&kind));
        match odd {
            None if self.keep_slides && self.template.is_none() => Err(failure(
                "The call was not understood",
                "`keep_slides` goes with a `template`; nothing was made",
            )),
            None => Ok(()),
            Some((name, _, _)) => {
                let reason = format!("`{name}` is for another kind of document; nothing was made");
                Err(failure("The call was not understood", &reason))
            }
        }
    }
}

/// Why there is no new document of a name.
fn no_such_kind(name: &str) -> ToolFailure {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    let reason = match ending.as_deref() {
        Some("xlsm" | "xltm" | "pptm" | "potm" | "docm" | "dotm") => {
            "documents that hold macros are not made here: name it .xlsx, .pptx or .docx; nothing was made"
        }
        Some("xlsx" | "pptx" | "docx") => {
            "a name that begins with `.` or `~` is one of a hidden or passing file; nothing was made"
        }
        Some("txt" | "md" | "json" | "xml" | "csv" | "tsv") => {
            "document_create makes .xlsx, .pptx and .docx: use Write for texts and tables of text; nothing was made"
        }
        _ => "document_create makes .xlsx, .pptx and .docx, and no other files; nothing was made",
    };
    failure("Not a document that can be made", reason)
}

/// A refusal to make it.
pub(super) fn not_made(refusal: &Refusal) -> ToolFailure {
    failure(
        "Not made",
        &as_data("what the document answered", &refusal.message),
    )
}
