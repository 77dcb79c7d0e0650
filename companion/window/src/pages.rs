//! The window's own two pages: waiting, and what is wrong. No script, no network, no picture: they must show when
//! nothing else works. Their buttons are links that the controller takes.

use deskhand_protocol::{ErrorCode, UserError};

use crate::controller::{RETRY, START};

/// What is shown of a detail, in characters.
const DETAIL_CAP: usize = 500;

/// Colours, type and card of the design; the system chooses light or dark.
const STYLE: &str = "\
:root{color-scheme:light dark}\
*{box-sizing:border-box;margin:0}\
body{min-height:100vh;display:grid;place-items:center;padding:24px;\
font:400 14px/20px 'Segoe UI Variable Text','Segoe UI',-apple-system,BlinkMacSystemFont,Inter,'Noto Sans',sans-serif;\
color:light-dark(#242424,#fff);background:light-dark(#fafafa,#1f1f1f)}\
.wait{color:light-dark(#616161,#adadad)}\
main{width:min(480px,100%);padding:16px;border:1px solid light-dark(#e0e0e0,#525252);border-radius:8px;\
background:light-dark(#fff,#292929)}\
h1{display:flex;gap:8px;font-size:16px;line-height:22px;font-weight:600}\
svg{flex:none;width:20px;height:22px;fill:light-dark(#b10e1c,#dc626d)}\
p{margin:8px 0 0 28px;color:light-dark(#424242,#d6d6d6)}\
pre{margin:12px 0 0 28px;padding:8px;border-radius:4px;white-space:pre-wrap;overflow-wrap:anywhere;\
background:light-dark(#f5f5f5,#141414)}\
pre,code{font:400 12px/16px 'Cascadia Mono',Consolas,'SF Mono',Menlo,'DejaVu Sans Mono',monospace}\
nav{display:flex;align-items:center;gap:8px;margin:16px 0 0 28px}\
code{margin-inline-start:auto;color:light-dark(#616161,#adadad);user-select:all}\
a{padding:5px 12px;border:1px solid light-dark(#d1d1d1,#666);border-radius:4px;font-weight:600;text-decoration:none;\
color:inherit}\
a.main{border-color:transparent;background:light-dark(#3a4ca6,#4353b4);color:#fff}\
a:focus-visible{outline:2px solid;outline-offset:1px}\
@media (forced-colors:active){main,a{border-color:ButtonText}a{color:LinkText}}";

/// Said while something is under way.
pub(crate) fn waiting(text: &str) -> String {
    page(&format!(r#"<p class="wait" role="status">{}</p>"#, escaped(text)))
}

/// One sentence each: what happened, what was kept, what to do; one main button; the code. The detail may be what a
/// program wrote before it ended.
pub(crate) fn error(error: &UserError) -> String {
    let [happened, kept, action] = [&error.happened, &error.kept, &error.action].map(|text| escaped(text));
    let detail = error
        .detail
        .as_deref()
        .map(str::trim)
        .filter(|detail| !detail.is_empty());
    let detail = detail
        .map(|detail| format!("<pre>{}</pre>", escaped(&tail(detail))))
        .unwrap_or_default();
    let buttons = if error.code == ErrorCode::ServiceUnavailable {
        format!(r#"<a class="main" href="{START}">Start the service</a><a href="{RETRY}">Try again</a>"#)
    } else {
        format!(r#"<a class="main" href="{RETRY}">Try again</a>"#)
    };
    page(&format!(
        r#"<main role="alert"><h1>{ICON}<span>{happened}</span></h1><p>{kept}</p><p>{action}</p>{detail}<nav>{buttons}<code>{}</code></nav></main>"#,
        error.code.as_str()
    ))
}

/// A circle with an exclamation mark.
const ICON: &str = r#"<svg viewBox="0 0 16 18" aria-hidden="true"><path d="M8 2a7 7 0 1 1 0 14A7 7 0 0 1 8 2m0 9.5A.9.9 0 1 0 8 13.3a.9.9 0 0 0 0-1.8M8 5a.6.6 0 0 0-.6.6v4a.6.6 0 0 0 1.2 0v-4A.6.6 0 0 0 8 5"/></svg>"#;

fn page(body: &str) -> String {
    format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>Deskhand</title><style>{STYLE}</style></head><body>{body}</body></html>"#
    )
}

/// The end of a long text, where a program's reason stands.
pub(crate) fn tail(text: &str) -> String {
    let surplus = text.chars().count().saturating_sub(DETAIL_CAP);
    text.chars().skip(surplus).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_detail(detail: &str) -> String {
        error(&UserError::new(ErrorCode::ServiceUnavailable).detail(detail))
    }

    #[test]
    fn every_error_says_its_three_sentences_and_its_code() {
        for &code in ErrorCode::ALL {
            let page = error(&UserError::new(code));
            for text in code.sentences() {
                assert!(page.contains(&escaped(text)), "{code:?} lacks `{text}`");
            }
            assert!(page.contains(code.as_str()));
        }
    }

    #[test]
    fn a_programs_last_words_are_text_and_not_markup() {
        let page = with_detail("<script>alert(1)</script> & \"more\"");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot;"));
        assert!(!page.contains("<script"));
    }

    #[test]
    fn only_the_end_of_long_last_words_is_shown() {
        let page = with_detail(&tail(&format!("{}the reason", "x".repeat(10_000))));
        assert!(page.contains("xthe reason</pre>"));
        assert!(page.len() < 6_000);
    }

    #[test]
    fn the_pages_load_nothing_and_run_nothing() {
        for page in [waiting("Connecting"), with_detail("said")] {
            assert!(page.contains("default-src 'none'"));
            for sign in ["http:", "https:", "src=", "url(", "<script", "onclick"] {
                assert!(!page.contains(sign), "{sign}");
            }
        }
    }
}
