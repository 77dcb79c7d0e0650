//! HTML as readable text: the main content with headings, lists, tables and links, without what is decoration or code.

use std::rc::Rc;

use html2text::config::{self, Config};
use html2text::render::PlainDecorator;
use html2text::{Handle, RcDom};
use html5ever::tendril::{StrTendril, TendrilSink as _};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{ParseOpts, parse_document};

use crate::WebError;

/// Bytes that are parsed between two questions whether to stop.
const PIECE: usize = 8 << 10;
/// Columns of a line; longer paragraphs are wrapped.
const WIDTH: usize = 160;
/// How deep elements may lie in each other. Browsers stop at about this depth, too.
const MAX_DEPTH: usize = 400;
/// Cells that one cell of a table may span.
const MAX_SPAN: usize = 50;
/// Characters that the main content must have to stand for the page.
const MIN_MAIN: usize = 200;
/// Characters of a title.
const MAX_TITLE: usize = 300;

/// Elements without anything to read, or around what is.
const LEFT_OUT: [&str; 16] = [
    "aside", "audio", "button", "canvas", "embed", "footer", "iframe", "nav", "noscript", "object", "script",
    "select", "style", "svg", "template", "video",
];

/// A page in words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Readable {
    pub(crate) title: Option<String>,
    pub(crate) text: String,
}

/// Reads a page on a thread for blocking work. Elements within elements cost the parser the square of their depth, so
/// `stop` is asked again and again whether it has taken too long.
pub(crate) fn readable(html: &str, stop: impl Fn() -> bool) -> Result<Readable, WebError> {
    let config = config::plain().no_link_wrapping().allow_width_overflow();
    let dom = parsed(html, stop)?;
    let parts = prune(&dom.document);
    let Some(body) = parts.body else {
        let text = rendered(&config, &dom)?;
        return Ok(Readable { title: None, text });
    };
    // A part is rendered by standing in for the whole body.
    let alone = |part: Vec<Handle>| {
        let whole = body.children.replace(part);
        let text = rendered(&config, &dom);
        body.children.replace(whole);
        text
    };
    let title = parts
        .title
        .map(|title| alone(title.children.borrow().clone()))
        .transpose()?;
    let title = title
        .map(|title| one_line(&title))
        .filter(|title| !title.is_empty());
    let main = parts.main.map(|main| alone(vec![main])).transpose()?;
    let enough = |text: &String| text.trim().chars().count() >= MIN_MAIN;
    let text = match main.filter(enough) {
        Some(text) => text,
        None => rendered(&config, &dom)?,
    };
    Ok(Readable { title, text })
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(MAX_TITLE).collect()
}

fn parsed(html: &str, stop: impl Fn() -> bool) -> Result<RcDom, WebError> {
    let options = ParseOpts {
        tree_builder: TreeBuilderOpts {
            scripting_enabled: false,
            ..TreeBuilderOpts::default()
        },
        ..ParseOpts::default()
    };
    let mut parser = parse_document(RcDom::default(), options);
    let mut rest = html;
    while !rest.is_empty() {
        if stop() {
            return Err(WebError::Unreadable(
                "its elements lie too deep in each other".to_owned(),
            ));
        }
        let (piece, after) = rest.split_at(rest.ceil_char_boundary(PIECE));
        parser.process(StrTendril::from(piece));
        rest = after;
    }
    Ok(parser.finish())
}

fn rendered(config: &Config<PlainDecorator>, dom: &RcDom) -> Result<String, WebError> {
    let tree = config.dom_to_render_tree(dom).map_err(|error| broken(&error))?;
    config
        .render_to_string(tree, WIDTH)
        .map_err(|error| broken(&error))
}

fn broken(error: &html2text::Error) -> WebError {
    WebError::Unreadable(error.to_string())
}

/// The parts of a page that mean something of their own.
#[derive(Default)]
struct Parts {
    title: Option<Handle>,
    main: Option<Handle>,
    body: Option<Handle>,
}

/// Takes out what nobody reads and what only costs time, and finds the parts. Without recursion: the page decides how deep
/// it is.
fn prune(document: &Handle) -> Parts {
    let mut parts = Parts::default();
    let mut open = vec![(Rc::clone(document), 0)];
    while let Some((node, depth)) = open.pop() {
        let mut children = node.children.borrow_mut();
        if depth >= MAX_DEPTH {
            children.clear();
            continue;
        }
        children.retain(|child| !name_of(child).is_some_and(|name| LEFT_OUT.contains(&name)));
        for child in children.iter() {
            limit_spans(child);
            let part = match name_of(child) {
                Some("title") => &mut parts.title,
                Some("main") => &mut parts.main,
                Some("body") => &mut parts.body,
                _ => &mut None,
            };
            part.get_or_insert_with(|| Rc::clone(child));
            open.push((Rc::clone(child), depth + 1));
        }
    }
    parts
}

fn name_of(node: &Handle) -> Option<&str> {
    match &node.data {
        html2text::Element { name, .. } => Some(name.local.as_ref()),
        _ => None,
    }
}

/// A table cell that spans a billion columns would cost as much memory.
fn limit_spans(node: &Handle) {
    let html2text::Element { attrs, .. } = &node.data else {
        return;
    };
    attrs.borrow_mut().retain(|attribute| {
        let spans = matches!(attribute.name.local.as_ref(), "colspan" | "rowspan" | "start");
        let small = || {
            attribute
                .value
                .parse::<usize>()
                .is_ok_and(|cells| (1..=MAX_SPAN).contains(&cells))
        };
        !spans || small()
    });
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn read(html: &str) -> Readable {
        readable(html, || false).expect("a page")
    }

    #[test]
    fn gives_title_headings_lists_tables_and_links_in_words() {
        let page = read(
            "<html><head><title> A &amp;\n B </title><style>p{}</style></head><body><nav>Home</nav><h1>Head</h1>\
             <p>First <a href='https://example.com/x'>link</a>.</p><ul><li>one<li>two</ul>\
             <table><tr><th>Year<th>Sum<tr><td>2025<td>7</table><script>evil()</script><footer>Imprint</footer>",
        );
        assert_eq!(page.title.as_deref(), Some("A & B"));
        for part in [
            "# Head",
            "First [link]",
            "https://example.com/x",
            "* one",
            "2025",
            "Sum",
        ] {
            assert!(page.text.contains(part), "{part}: {}", page.text);
        }
        for part in ["Home", "Imprint", "evil", "p{}"] {
            assert!(!page.text.contains(part), "{part}: {}", page.text);
        }
    }

    #[test]
    fn gives_the_main_content_alone_where_the_page_marks_it() {
        let long = "word ".repeat(100);
        let page = read(&format!(
            "<title>T</title><div>around</div><main><p>{long}</p></main>"
        ));
        assert!(!page.text.contains("around"), "{}", page.text);
        let page = read("<div>around</div><main><p>short</p></main>");
        assert!(
            page.text.contains("around") && page.text.contains("short"),
            "{}",
            page.text
        );
    }

    #[test]
    fn pages_made_to_hurt_cost_neither_stack_nor_memory() {
        let hostile = [
            "<div>".repeat(2_000),
            "<b><i><a>".repeat(300),
            "<table><tr><td>".repeat(500),
            "<ul><li>".repeat(1_000),
            "<blockquote>".repeat(2_000),
            "<table><tr><td colspan=4000000000>a<td colspan=999999999999999999999>b</table>".to_owned(),
            "<table><tr><td rowspan=4000000000>a</table>".to_owned(),
            "<ol start=9223372036854775807><li>a<li>b</ol>".to_owned(),
            "<!--".repeat(10_000),
            "&amp".repeat(10_000),
            format!("<p {}>x", "a=1 ".repeat(10_000)),
        ];
        for html in hostile {
            let page = readable(&html, || false).map(|page| page.text.len());
            assert!(
                page.as_ref().map_or(true, |length| *length < 20 << 20),
                "{} {page:?}",
                &html[..20]
            );
        }
    }

    #[test]
    fn a_page_that_takes_too_long_is_given_up_in_the_middle() {
        let asked = std::cell::Cell::new(0);
        let stop = || asked.replace(asked.get() + 1) == 3;
        let page = readable(&"<p>a".repeat(1 << 20), stop);
        assert!(matches!(page, Err(WebError::Unreadable(_))), "{page:?}");
        assert_eq!(asked.get(), 4);
    }

    proptest! {
        #[test]
        fn any_text_is_a_page(html in "([<>/a-z =\"'&;!-]|<table>|<td>|<li>|<a href=x>|</p>|\\PC){0,200}") {
            prop_assert!(readable(&html, || false).is_ok());
        }
    }
}
