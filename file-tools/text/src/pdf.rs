//! PDFs (ISO 32000-2): text by page and line, and tables.
//!
//! Owns the caps in front of the interpreter (hayro) and what positions of glyphs mean: words, lines, tables. Reads anew
//! for each question, on a thread with a time. Recognises no text in pictures.

mod glyphs;
mod guard;
mod lines;
mod tables;

use std::sync::Arc;
use std::time::{Duration, Instant};

use deskhand_operations::text::pdf::{
    FoundLine, FoundLines, PdfContent, PdfFind, PdfPage, PdfPages, PdfRead,
};
use deskhand_operations::text::{PdfAnswer, PdfOperation};
use deskhand_operations::{Refusal, RefusalCode};
use hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro_interpret::{InterpreterCache, InterpreterSettings};

use crate::bounded::within;
use crate::refuse;
use glyphs::PageContent;

/// How long one question may take; the reader stops by itself a little earlier.
const TIME: Duration = Duration::from_mins(1);
const READER_TIME: Duration = Duration::from_secs(50);
/// Pages of an answer, and when the caller says nothing.
const MAX_PAGES: u32 = 50;
const USUAL_PAGES: u32 = 10;
/// Pages that `pdf.info` looks at, and `pdf.find`.
const EXAMINED: usize = 200;
const SEARCHED: usize = 2_000;
/// Characters after which an answer ends with the page, in bytes.
const MAX_TEXT: usize = 400_000;
/// Lines that a search finds at the most.
const MAX_FOUND: usize = 200;
/// Pages of a file.
const MAX_FILE_PAGES: usize = 50_000;

/// A PDF, open for reading.
#[derive(Clone, Debug)]
pub struct PdfFile {
    data: Arc<Vec<u8>>,
}

/// The file while one question is answered.
struct Reading<'p> {
    pdf: &'p Pdf,
    cache: InterpreterCache<'p>,
    settings: InterpreterSettings,
    deadline: Instant,
}

impl PdfFile {
    /// Takes a file in, after caps on its size and on what it unpacks to.
    ///
    /// Refused where it is no PDF, needs a password or is above a cap.
    pub fn open(data: Vec<u8>) -> Result<Self, Refusal> {
        let file = Self { data: Arc::new(data) };
        let data = Arc::clone(&file.data);
        within(TIME, "the PDF", move || {
            guard::check(&data)?;
            load(data).map(drop)
        })?;
        Ok(file)
    }

    /// Answers an operation.
    pub fn answer(&self, operation: &PdfOperation) -> Result<PdfAnswer, Refusal> {
        let (data, operation) = (Arc::clone(&self.data), operation.clone());
        within(TIME, "the PDF", move || {
            let encrypted = guard::is_encrypted(&data);
            let pdf = load(data)?;
            let reading = Reading {
                pdf: &pdf,
                cache: InterpreterCache::new(),
                settings: InterpreterSettings::default(),
                deadline: Instant::now() + READER_TIME,
            };
            match &operation {
                PdfOperation::Info(_) => Ok(PdfAnswer::Info(reading.info(encrypted))),
                PdfOperation::Read(read) => reading.read(read).map(PdfAnswer::Read),
                PdfOperation::Find(find) => reading.find(find).map(PdfAnswer::Find),
            }
        })
    }
}

fn load(data: Arc<Vec<u8>>) -> Result<Pdf, Refusal> {
    let pdf = Pdf::new(data).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => {
            Refusal::new(RefusalCode::Encrypted, "the PDF is protected by a password")
        }
        LoadPdfError::Decryption(DecryptionError::UnsupportedAlgorithm) => Refusal::new(
            RefusalCode::Encrypted,
            "the PDF is encrypted in a way that cannot be read here, such as by rights management",
        ),
        LoadPdfError::Decryption(_) => {
            Refusal::new(RefusalCode::Encrypted, "the PDF's encryption is damaged")
        }
        LoadPdfError::Invalid => refuse::corrupt("the PDF is damaged"),
    })?;
    if pdf.pages().len() > MAX_FILE_PAGES {
        return Err(refuse::too_large(format!(
            "the PDF has more than {MAX_FILE_PAGES} pages"
        )));
    }
    Ok(pdf)
}

impl Reading<'_> {
    fn pages(&self) -> usize {
        self.pdf.pages().len()
    }

    /// What stands on a page, from 0.
    fn page(&self, index: usize) -> Option<PageContent> {
        let page = self.pdf.pages().get(index)?;
        Some(glyphs::content(
            page,
            self.pdf,
            &self.cache,
            &self.settings,
            self.deadline,
        ))
    }

    fn is_late(&self) -> bool {
        Instant::now() >= self.deadline
    }

    fn info(&self, encrypted: bool) -> PdfContent {
        let (mut with_text, mut pictures_only, mut examined) = (0, 0, 0);
        for index in 0..self.pages().min(EXAMINED) {
            if self.is_late() {
                break;
            }
            let Some(content) = self.page(index) else { break };
            examined += 1;
            let has_text = content.glyphs.iter().any(|glyph| !glyph.text.trim().is_empty());
            with_text += u32::from(has_text);
            pictures_only += u32::from(!has_text && content.images > 0);
        }
        PdfContent {
            kind: "pdf".to_owned(),
            pages: self.pages() as u32,
            examined,
            with_text,
            scanned: pictures_only > 0
                && pictures_only * 2 > examined - with_text
                && with_text * 4 < examined,
            title: self.pdf.metadata().title.as_deref().and_then(text_string),
            encrypted,
        }
    }

    fn read(&self, read: &PdfRead) -> Result<PdfPages, Refusal> {
        let from = read.from.unwrap_or(1).max(1) as usize;
        if from > self.pages() {
            return Err(refuse::not_found(format!(
                "there is no page {from}: the PDF has {} pages",
                self.pages()
            )));
        }
        let count = read.max_pages.unwrap_or(USUAL_PAGES).clamp(1, MAX_PAGES) as usize;
        let mut answer = PdfPages::default();
        let mut size = 0;
        for number in from..=self.pages() {
            let full = answer.pages.len() >= count || size > MAX_TEXT;
            if full || (self.is_late() && !answer.pages.is_empty()) {
                answer.next = Some(number as u32);
                break;
            }
            let Some(content) = self.page(number - 1) else {
                break;
            };
            let page = answer_page(number as u32, &content);
            size += page.text.len() * 2;
            answer.pages.push(page);
        }
        Ok(answer)
    }

    fn find(&self, find: &PdfFind) -> Result<FoundLines, Refusal> {
        let wanted = find.text.to_lowercase();
        if wanted.trim().is_empty() {
            return Err(refuse::bad_input("there are no words to look for"));
        }
        let mut found = FoundLines {
            more: self.pages() > SEARCHED,
            ..FoundLines::default()
        };
        for index in 0..self.pages().min(SEARCHED) {
            if self.is_late() {
                found.more = true;
                return Ok(found);
            }
            let Some(content) = self.page(index) else { break };
            for line in lines::lines(&content) {
                let text = line.text();
                if !text.to_lowercase().contains(&wanted) {
                    continue;
                }
                if found.lines.len() == MAX_FOUND {
                    found.more = true;
                    return Ok(found);
                }
                found.lines.push(FoundLine {
                    page: index as u32 + 1,
                    text,
                });
            }
        }
        Ok(found)
    }
}

fn answer_page(number: u32, content: &PageContent) -> PdfPage {
    let lines = lines::lines(content);
    let text: Vec<String> = lines.iter().map(lines::Line::text).collect();
    let empty = text.iter().all(|line| line.trim().is_empty());
    let warning = if content.stopped {
        Some("the page is too large or takes too long: not all of it was read")
    } else if empty && content.images > 0 {
        Some("the page holds pictures and no text: it was scanned, and its text would have to be recognised")
    } else if content.unknown * 5 > content.glyphs.len() && content.unknown > 10 {
        Some("the fonts of the page do not say which letters they show: parts of the text are missing")
    } else {
        None
    };
    PdfPage {
        page: number,
        text: text.join("\n"),
        tables: tables::tables(&lines, &content.rules),
        images: content.images,
        warning: warning.map(str::to_owned),
    }
}

/// A text string of a PDF (ISO 32000-2, 7.9.2.2): UTF-16 or UTF-8 with a mark, otherwise near enough to Latin-1.
fn text_string(bytes: &[u8]) -> Option<String> {
    let text = if let Some(wide) = bytes.strip_prefix(&[0xfe, 0xff]) {
        encoding_rs::UTF_16BE
            .decode_without_bom_handling(wide)
            .0
            .into_owned()
    } else if let Some(utf8) = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]) {
        String::from_utf8_lossy(utf8).into_owned()
    } else {
        encoding_rs::WINDOWS_1252
            .decode_without_bom_handling(bytes)
            .0
            .into_owned()
    };
    let text: String = text.trim().chars().take(500).collect();
    (!text.is_empty()).then_some(text)
}
