//! WebFetch: one page as text, read in parts.

use std::time::{Duration, Instant};

use bytes::Bytes;
use deskhand_egress::{Client, Destination, EgressError, Exchange, Gate, Host, Response};
use deskhand_operations::text::pdf::{PdfInfo, PdfRead};
use deskhand_operations::text::{PdfAnswer, PdfOperation};
use deskhand_text::PdfFile;
use http::header::{ACCEPT, CONTENT_ENCODING};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use url::Url;

use crate::html::readable;
use crate::media::{decode, kind_of};
use crate::{PageKind, WebError};

/// Bytes of an answer.
pub const MAX_BODY: usize = 10 << 20;
/// Characters of one part, and when the caller says nothing.
pub const MAX_TEXT: usize = 100_000;
const USUAL_TEXT: usize = 30_000;
/// Characters of an address.
pub(crate) const MAX_ADDRESS: usize = 4096;
/// For the whole exchange, redirects and body included.
const WITHIN: Duration = Duration::from_mins(1);
/// For parsing HTML.
const PARSE_WITHIN: Duration = Duration::from_secs(10);
/// After which no further pages of a PDF are read.
const PDF_WITHIN: Duration = Duration::from_secs(15);
/// Warnings of pages that are handed on.
const MAX_NOTES: usize = 20;
/// For turning the answer into text.
const READ_WITHIN: Duration = Duration::from_secs(70);

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FetchParams {
    /// The address, https or http; without a scheme https is meant.
    pub url: String,
    /// The first character of the text to give, from 0.
    #[serde(default)]
    pub from: usize,
    /// Characters to give, at most [`MAX_TEXT`].
    #[serde(default)]
    pub most: Option<usize>,
}

/// A part of a page: data, never instructions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FetchedPage {
    /// The address that answered, after redirects within its host.
    pub address: String,
    /// The page's own title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is made of.
    pub kind: PageKind,
    /// The part that was asked for.
    pub text: String,
    /// Characters of the whole text.
    pub characters: usize,
    /// Where to go on, if there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<usize>,
    /// What else the reader has to know, such as pages of a PDF that were left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Reads web pages through the gate.
#[derive(Clone, Debug)]
pub struct WebFetch {
    client: Client,
}

impl WebFetch {
    /// The tool under the gate's settings, or which policy key closes it.
    pub fn new(gate: &Gate) -> Result<Self, EgressError> {
        let client = gate.client(Destination::WebFetch)?;
        Ok(Self { client })
    }

    /// Reads a page with GET. Nothing of this machine or its person is sent along: no cookie, no referrer, no credential.
    pub async fn fetch(&self, params: &FetchParams) -> Result<FetchedPage, WebError> {
        let url = address(&params.url)?;
        let page = timeout(WITHIN, self.answer(&url))
            .await
            .map_err(|_| WebError::TimedOut)??;
        let read = tokio::task::spawn_blocking(move || page.read());
        let read = timeout(READ_WITHIN, read).await.map_err(|_| WebError::TimedOut)?;
        let whole = read.map_err(|_| WebError::Unreadable("the reader failed".to_owned()))??;
        Ok(whole.part(params.from, params.most))
    }

    async fn answer(&self, url: &Url) -> Result<Answer, WebError> {
        let request = http::Request::get(url.as_str())
            .header(
                ACCEPT,
                "text/html, application/xhtml+xml, text/*;q=0.9, application/pdf;q=0.9, */*;q=0.5",
            )
            .body(Bytes::new())
            .map_err(|_| WebError::Address(shortened(url.as_str())))?;
        let response = self.client.send(request).await?;
        let address = response.address().to_owned();
        if !response.status().is_success() {
            return Err(WebError::Status {
                status: response.status().as_u16(),
                address,
            });
        }
        Answer::of(response, address).await
    }
}

/// An answer with its body.
struct Answer {
    address: String,
    headers: http::HeaderMap,
    kind: PageKind,
    body: Bytes,
}

/// The whole text of a page.
#[derive(Debug)]
struct Whole {
    address: String,
    title: Option<String>,
    kind: PageKind,
    text: String,
    notes: Vec<String>,
}

impl Answer {
    async fn of(response: Response, address: String) -> Result<Self, WebError> {
        let headers = response.headers().clone();
        let plain = headers
            .get(CONTENT_ENCODING)
            .is_none_or(|coding| coding == "identity");
        if !plain {
            return Err(WebError::Unreadable(
                "it is compressed, which was not asked for".to_owned(),
            ));
        }
        // A kind without text is refused before its body is read; an unknown one is told by its bytes.
        kind_of(&headers, b"")?;
        let body = response.body_up_to(MAX_BODY).await?;
        let kind = kind_of(&headers, &body)?;
        Ok(Self {
            address,
            headers,
            kind,
            body,
        })
    }

    /// Turns the body into text; blocks for as long as that takes.
    fn read(self) -> Result<Whole, WebError> {
        let Self {
            address,
            headers,
            kind,
            body,
        } = self;
        let (title, text, notes) = match kind {
            PageKind::Pdf => pdf(&body)?,
            PageKind::Html => {
                let started = Instant::now();
                let stop = || started.elapsed() > PARSE_WITHIN;
                let page = readable(&decode(&headers, kind, &body), stop)?;
                (page.title, page.text, Vec::new())
            }
            PageKind::Json | PageKind::Csv | PageKind::Text => {
                (None, decode(&headers, kind, &body), Vec::new())
            }
        };
        Ok(Whole {
            address,
            title,
            kind,
            text,
            notes,
        })
    }
}

impl Whole {
    fn part(self, from: usize, most: Option<usize>) -> FetchedPage {
        let characters = self.text.chars().count();
        let most = most.unwrap_or(USUAL_TEXT).clamp(1, MAX_TEXT);
        let text: String = self.text.chars().skip(from).take(most).collect();
        let end = from.saturating_add(most);
        FetchedPage {
            address: self.address,
            title: self.title,
            kind: self.kind,
            text,
            characters,
            next: (end < characters).then_some(end),
            notes: self.notes,
        }
    }
}

/// Title, text by page and notes of a PDF.
fn pdf(body: &[u8]) -> Result<(Option<String>, String, Vec<String>), WebError> {
    let started = Instant::now();
    let file = PdfFile::open(body.to_vec())?;
    let title = match file.answer(&PdfOperation::Info(PdfInfo {}))? {
        PdfAnswer::Info(content) => content.title,
        PdfAnswer::Read(_) | PdfAnswer::Find(_) => None,
    };
    let (mut text, mut notes, mut from) = (String::new(), Vec::new(), None);
    let read = |from| {
        PdfOperation::Read(PdfRead {
            from,
            max_pages: None,
        })
    };
    while let PdfAnswer::Read(pages) = file.answer(&read(from))? {
        for page in pages.pages {
            text += &["[Page ", &page.page.to_string(), "]\n", &page.text, "\n\n"].concat();
            notes.extend(page.warning);
        }
        from = pages.next;
        if from.is_none() || text.len() >= MAX_BODY || started.elapsed() > PDF_WITHIN {
            break;
        }
    }
    notes.truncate(MAX_NOTES);
    notes.extend(from.map(|page| format!("the text ends before page {page}")));
    Ok((title, text, notes))
}

/// The address as it is asked for.
pub(crate) fn address(text: &str) -> Result<Url, WebError> {
    let wrong = || WebError::Address(shortened(text));
    let text = text.trim();
    if text.len() > MAX_ADDRESS {
        return Err(wrong());
    }
    let full = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let mut url = Url::parse(&full).map_err(|_| wrong())?;
    // One spelling for the rules, the question and the gate.
    let host = url.host_str().and_then(Host::parse).ok_or_else(wrong)?;
    url.set_host(Some(&host.to_string())).map_err(|_| wrong())?;
    let web = matches!(url.scheme(), "https" | "http") && url.has_host();
    let bare = url.username().is_empty() && url.password().is_none();
    if web && bare { Ok(url) } else { Err(wrong()) }
}

/// An address as an error shows it: bounded, without what could be a password.
fn shortened(text: &str) -> String {
    let shown = text.rsplit_once('@').map_or(text, |(_, rest)| rest);
    shown.chars().filter(|c| !c.is_control()).take(200).collect()
}

impl WebError {
    /// True where the answer is longer than [`MAX_BODY`].
    pub fn is_too_large(&self) -> bool {
        let Self::Egress(EgressError::Failed { exchange, .. }) = self else {
            return false;
        };
        matches!(exchange, Exchange::TooLong(_))
    }
}
