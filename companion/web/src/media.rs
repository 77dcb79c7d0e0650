//! What an answer is, and its bytes as text.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::Serialize;

use crate::WebError;

/// What a page is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PageKind {
    /// HTML, given as readable text with its links.
    Html,
    /// PDF, given as its text by page.
    Pdf,
    /// JSON, as it came.
    Json,
    /// Delimited text, as it came.
    Csv,
    /// Other text, as it came.
    Text,
}

/// Bytes in which an encoding may be declared (HTML standard, 13.2.3.2).
const DECLARED_WITHIN: usize = 1024;

/// The kind of an answer: what its head says, or, where that says nothing, what its bytes look like.
pub(crate) fn kind_of(headers: &HeaderMap, body: &[u8]) -> Result<PageKind, WebError> {
    let said = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = said
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match essence.as_str() {
        "text/html" | "application/xhtml+xml" => Ok(PageKind::Html),
        "application/pdf" => Ok(PageKind::Pdf),
        "text/csv" | "text/tab-separated-values" => Ok(PageKind::Csv),
        "application/json" | "text/json" => Ok(PageKind::Json),
        "" | "application/octet-stream" | "binary/octet-stream" => looks_like(body),
        "application/xml" | "application/yaml" | "application/javascript" | "application/x-ndjson" => {
            Ok(PageKind::Text)
        }
        other if other.ends_with("+json") => Ok(PageKind::Json),
        other if other.starts_with("text/") || other.ends_with("+xml") && !other.starts_with("image/") => {
            Ok(PageKind::Text)
        }
        other => Err(WebError::Kind(
            other.chars().filter(|c| !c.is_control()).take(80).collect(),
        )),
    }
}

fn looks_like(body: &[u8]) -> Result<PageKind, WebError> {
    let head = body.get(..DECLARED_WITHIN).unwrap_or(body);
    if head.starts_with(b"%PDF-") {
        return Ok(PageKind::Pdf);
    }
    if head.contains(&0) {
        return Err(WebError::Kind("an answer of an unknown kind".to_owned()));
    }
    let text = String::from_utf8_lossy(head).trim_start().to_ascii_lowercase();
    let html = text.starts_with("<!doctype html") || text.starts_with("<html");
    Ok(if html { PageKind::Html } else { PageKind::Text })
}

/// The bytes as text: by their byte order mark, the encoding that the head or the page names, or else the one that fits
/// best.
pub(crate) fn decode(headers: &HeaderMap, kind: PageKind, body: &[u8]) -> String {
    let said = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let declared = label_after(said.as_bytes()).or_else(|| {
        let head = body.get(..DECLARED_WITHIN).unwrap_or(body);
        (kind == PageKind::Html).then(|| label_after(head)).flatten()
    });
    let encoding = declared.unwrap_or_else(|| guess(body));
    encoding.decode(body).0.into_owned()
}

/// The encoding that stands after `charset=`.
fn label_after(text: &[u8]) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let at = lower.windows(8).position(|window| window == b"charset=")?;
    let rest = lower.get(at + 8..)?;
    let label: Vec<u8> = rest
        .iter()
        .skip_while(|byte| matches!(byte, b'"' | b'\'' | b' '))
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_:.".contains(byte))
        .take(40)
        .copied()
        .collect();
    Encoding::for_label(&label)
}

fn guess(body: &[u8]) -> &'static Encoding {
    const FED: usize = 256 << 10;
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let head = body.get(..FED).unwrap_or(body);
    detector.feed(head, head.len() == body.len());
    detector.guess(None, Utf8Detection::Allow)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use pretty_assertions::assert_eq;

    use super::*;

    fn head(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_str(value).expect("a header"))])
    }

    #[test]
    fn tells_kinds_by_head_or_else_by_bytes() {
        let table: [(&str, &[u8], Option<PageKind>); 14] = [
            ("text/html; charset=utf-8", b"", Some(PageKind::Html)),
            ("TEXT/HTML", b"", Some(PageKind::Html)),
            ("application/pdf", b"", Some(PageKind::Pdf)),
            ("application/problem+json", b"", Some(PageKind::Json)),
            ("text/csv", b"", Some(PageKind::Csv)),
            ("text/markdown", b"", Some(PageKind::Text)),
            ("application/rss+xml", b"", Some(PageKind::Text)),
            ("image/svg+xml", b"", None),
            ("image/png", b"", None),
            ("application/zip", b"", None),
            ("application/octet-stream", b"%PDF-1.7", Some(PageKind::Pdf)),
            ("application/octet-stream", b"PK\x03\x04\0\0", None),
            ("", b"  <!DOCTYPE html><p>", Some(PageKind::Html)),
            ("", b"plain", Some(PageKind::Text)),
        ];
        for (said, body, wanted) in table {
            assert_eq!(kind_of(&head(said), body).ok(), wanted, "{said}");
        }
    }

    #[test]
    fn reads_letters_by_mark_head_page_or_likeness() {
        let table: [(&str, &[u8], &str); 6] = [
            ("text/plain", b"\xef\xbb\xbfb\xc3\xbccher", "b\u{fc}cher"),
            ("text/plain; charset=iso-8859-1", b"b\xfccher", "b\u{fc}cher"),
            ("text/plain; charset=\"utf-8\"", b"b\xc3\xbccher", "b\u{fc}cher"),
            (
                "text/html",
                b"<meta charset=windows-1252>b\xfccher",
                "<meta charset=windows-1252>b\u{fc}cher",
            ),
            ("text/plain; charset=nonsense", b"b\xc3\xbccher", "b\u{fc}cher"),
            (
                "text/plain",
                b"Stra\xdfe f\xfcr B\xfccher",
                "Stra\u{df}e f\u{fc}r B\u{fc}cher",
            ),
        ];
        for (said, body, wanted) in table {
            let kind = kind_of(&head(said), body).expect("a kind");
            assert_eq!(decode(&head(said), kind, body), wanted, "{said}");
        }
    }
}
