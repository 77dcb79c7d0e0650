//! What stands in a paragraph: pieces of text with their places, and what hangs on them.

use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::text::TrackedKind;

use super::names::value;

/// A line break inside a paragraph.
pub(super) const LINE_BREAK: char = '\u{b}';
/// How deep fields nest at the most.
const MAX_OPEN_FIELDS: usize = 32;
/// A page or column break.
const PAGE_BREAK: char = '\u{c}';

/// A tracked change that covers pieces.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) kind: TrackedKind,
    pub(super) author: String,
    pub(super) date: Option<String>,
    pub(super) text: String,
}

/// A piece of text.
#[derive(Clone, Debug)]
pub(super) struct Piece<'t, 'a> {
    pub(super) text: String,
    /// The run that holds it.
    pub(super) run: Node<'t, 'a>,
    /// The element in the run: `t`, `tab`, `br`.
    pub(super) item: Node<'t, 'a>,
    /// The insertion that it is part of, by its place among the marks.
    pub(super) inserted: Option<usize>,
    /// The deletion that it is part of.
    pub(super) deleted: Option<usize>,
    /// The link that it is part of, by its place among the links.
    pub(super) link: Option<usize>,
    /// True where a field shows it: Word writes it anew when the field is updated.
    pub(super) in_field: bool,
    /// True where it stands in a content control that must not change, or that follows data elsewhere in the file.
    pub(super) locked: bool,
    /// False where the text cannot be taken apart here: formulas, ruby.
    pub(super) editable: bool,
}

/// What stands in a paragraph.
#[derive(Clone, Debug, Default)]
pub(super) struct Inline<'t, 'a> {
    pub(super) pieces: Vec<Piece<'t, 'a>>,
    pub(super) marks: Vec<Mark>,
    /// Links: the element, and where it leads as the file has it.
    pub(super) links: Vec<Link>,
    /// Kind and id.
    pub(super) notes: Vec<(&'static str, String)>,
    pub(super) drawings: Vec<Node<'t, 'a>>,
    /// Instruction or name, whether it is a control, and the shown text.
    pub(super) fields: Vec<Field>,
}

/// A hyperlink's target.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// A relationship's id.
    pub(super) relationship: Option<String>,
    /// A bookmark.
    pub(super) anchor: Option<String>,
    pub(super) text: String,
}

/// A field or content control.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) control: bool,
    pub(super) name: String,
    pub(super) text: String,
}

/// What is in force where a node stands.
#[derive(Clone, Copy, Debug, Default)]
struct Scope {
    inserted: Option<usize>,
    deleted: Option<usize>,
    link: Option<usize>,
    locked: bool,
    fixed: bool,
}

/// A complex field that is open.
#[derive(Debug)]
struct OpenField {
    index: usize,
    in_result: bool,
}

/// Reads one paragraph.
#[derive(Debug, Default)]
struct Walk<'t, 'a> {
    inline: Inline<'t, 'a>,
    open: Vec<OpenField>,
    controls: Vec<usize>,
}

/// What stands in a paragraph.
pub(super) fn inline<'t, 'a>(paragraph: Node<'t, 'a>) -> Inline<'t, 'a> {
    let mut walk = Walk::default();
    if let Some(properties) = paragraph.child("pPr") {
        walk.properties(properties);
    }
    walk.children(paragraph, Scope::default());
    walk.inline
}

impl<'t, 'a> Walk<'t, 'a> {
    /// Changes to the paragraph's end and formatting.
    fn properties(&mut self, properties: Node<'t, 'a>) {
        for node in properties.child("rPr").iter().flat_map(Node::children) {
            match node.local() {
                "ins" => drop(self.mark(node, TrackedKind::Inserted)),
                "del" => drop(self.mark(node, TrackedKind::Deleted)),
                "moveFrom" => drop(self.mark(node, TrackedKind::MovedFrom)),
                "moveTo" => drop(self.mark(node, TrackedKind::MovedTo)),
                "rPrChange" => drop(self.mark(node, TrackedKind::Formatted)),
                _ => {}
            }
        }
        if let Some(change) = properties.child("pPrChange") {
            self.mark(change, TrackedKind::Formatted);
        }
    }

    fn mark(&mut self, node: Node<'t, 'a>, kind: TrackedKind) -> usize {
        self.inline.marks.push(Mark {
            kind,
            author: node.prefixed("author").unwrap_or_default().into_owned(),
            date: node.prefixed("date").map(std::borrow::Cow::into_owned),
            text: String::new(),
        });
        self.inline.marks.len() - 1
    }

    fn children(&mut self, node: Node<'t, 'a>, scope: Scope) {
        for child in node.children() {
            self.node(child, scope);
        }
    }

    fn node(&mut self, node: Node<'t, 'a>, mut scope: Scope) {
        match (node.tag().ns, node.local()) {
            (Ns::Word, "r") => self.run(node, scope),
            (Ns::Word, "ins" | "moveTo") => {
                let kind = if node.local() == "ins" {
                    TrackedKind::Inserted
                } else {
                    TrackedKind::MovedTo
                };
                scope.inserted = Some(self.mark(node, kind));
                self.children(node, scope);
            }
            (Ns::Word, "del" | "moveFrom") => {
                let kind = if node.local() == "del" {
                    TrackedKind::Deleted
                } else {
                    TrackedKind::MovedFrom
                };
                scope.deleted = Some(self.mark(node, kind));
                self.children(node, scope);
            }
            (Ns::Word, "hyperlink") => {
                scope.link = Some(self.inline.links.len());
                self.inline.links.push(Link {
                    relationship: node.prefixed("id").map(std::borrow::Cow::into_owned),
                    anchor: node.prefixed("anchor").map(std::borrow::Cow::into_owned),
                    text: String::new(),
                });
                self.children(node, scope);
            }
            (Ns::Word, "fldSimple") => {
                let index = self.field(false, node.prefixed("instr").unwrap_or_default().trim());
                self.open.push(OpenField {
                    index,
                    in_result: true,
                });
                self.children(node, scope);
                self.open.pop();
            }
            (Ns::Word, "sdt") => self.control(node, scope),
            (Ns::Word, "smartTag" | "customXml" | "dir" | "bdo") => self.children(node, scope),
            (Ns::Markup, "AlternateContent") => {
                let choice = node.children().find(|child| child.is(Ns::Markup, "Choice"));
                scope.fixed = true;
                if let Some(choice) = choice {
                    self.children(choice, scope);
                }
            }
            (Ns::Other, "oMath" | "oMathPara") => self.formula(node, scope),
            _ => {}
        }
    }

    fn field(&mut self, control: bool, name: &str) -> usize {
        self.inline.fields.push(Field {
            control,
            name: name.to_owned(),
            text: String::new(),
        });
        self.inline.fields.len() - 1
    }

    fn control(&mut self, node: Node<'t, 'a>, mut scope: Scope) {
        let (name, locked) = node.child("sdtPr").map(control_properties).unwrap_or_default();
        scope.locked |= locked;
        let index = self.field(true, &name);
        self.controls.push(index);
        if let Some(content) = node.child("sdtContent") {
            self.children(content, scope);
        }
        self.controls.pop();
    }

    /// The letters of a formula, in the order of the file.
    fn formula(&mut self, node: Node<'t, 'a>, mut scope: Scope) {
        scope.fixed = true;
        let texts = node.descendants();
        for text in texts.filter(|inner| inner.tag().ns == Ns::Other && inner.local() == "t") {
            self.piece(text.own_text().to_owned(), node, text, scope);
        }
    }

    fn run(&mut self, run: Node<'t, 'a>, scope: Scope) {
        if let Some(change) = run
            .child("rPr")
            .and_then(|properties| properties.child("rPrChange"))
        {
            let index = self.mark(change, TrackedKind::Formatted);
            let text: String = run
                .children()
                .filter(|node| node.local() == "t")
                .map(|node| node.own_text())
                .collect();
            self.inline.marks[index].text = text;
        }
        for item in run.children() {
            self.item(run, item, scope);
        }
    }

    fn item(&mut self, run: Node<'t, 'a>, item: Node<'t, 'a>, mut scope: Scope) {
        let text = match (item.tag().ns, item.local()) {
            (Ns::Word, "t" | "delText") => item.own_text().to_owned(),
            (Ns::Word, "tab" | "ptab") => "\t".to_owned(),
            (Ns::Word, "br") => {
                let page = item.prefixed("type").is_some_and(|kind| kind != "textWrapping");
                String::from(if page { PAGE_BREAK } else { LINE_BREAK })
            }
            (Ns::Word, "cr") => String::from(LINE_BREAK),
            (Ns::Word, "noBreakHyphen") => "\u{2011}".to_owned(),
            (Ns::Word, "softHyphen") => "\u{ad}".to_owned(),
            (Ns::Word, "sym") => symbol(item),
            (Ns::Word, "ruby") => {
                scope.fixed = true;
                let base = item
                    .child("rubyBase")
                    .into_iter()
                    .flat_map(|base| base.descendants());
                base.filter(|node| node.is(Ns::Word, "t"))
                    .map(|node| node.own_text())
                    .collect()
            }
            (Ns::Markup, "AlternateContent") => {
                let choice = item.children().find(|child| child.is(Ns::Markup, "Choice"));
                scope.fixed = true;
                for inner in choice.iter().flat_map(Node::children) {
                    self.item(run, inner, scope);
                }
                return;
            }
            _ => return self.hanging(item),
        };
        self.piece(text, run, item, scope);
    }

    /// What is no text: notes, drawings, parts of fields.
    fn hanging(&mut self, item: Node<'t, 'a>) {
        let id = || item.prefixed("id").unwrap_or_default().into_owned();
        match (item.tag().ns, item.local()) {
            (Ns::Word, "footnoteReference") => self.inline.notes.push(("footnote", id())),
            (Ns::Word, "endnoteReference") => self.inline.notes.push(("endnote", id())),
            (Ns::Word, "commentReference") => self.inline.notes.push(("comment", id())),
            (Ns::Word, "drawing" | "pict" | "object") => self.inline.drawings.push(item),
            (Ns::Word, "instrText") => {
                if let Some(open) = self.open.last().filter(|open| !open.in_result) {
                    self.inline.fields[open.index].name.push_str(item.own_text());
                }
            }
            (Ns::Word, "fldChar") => match item.prefixed("fldCharType").as_deref() {
                // Real fields nest a few levels deep; the cap keeps hostile ones from costing time.
                Some("begin") if self.open.len() < MAX_OPEN_FIELDS => {
                    let index = self.field(false, "");
                    self.open.push(OpenField {
                        index,
                        in_result: false,
                    });
                }
                Some("separate") => {
                    if let Some(open) = self.open.last_mut() {
                        open.in_result = true;
                    }
                }
                Some("end") => drop(self.open.pop()),
                _ => {}
            },
            _ => {}
        }
    }

    fn piece(&mut self, text: String, run: Node<'t, 'a>, item: Node<'t, 'a>, scope: Scope) {
        // Text inside a field's instruction is no text of the document.
        if self.open.iter().any(|open| !open.in_result) || text.is_empty() {
            return;
        }
        for mark in [scope.inserted, scope.deleted].into_iter().flatten() {
            self.inline.marks[mark].text.push_str(&text);
        }
        if scope.deleted.is_none() {
            for index in self
                .open
                .iter()
                .map(|open| open.index)
                .chain(self.controls.iter().copied())
            {
                self.inline.fields[index].text.push_str(&text);
            }
            if let Some(link) = scope.link {
                self.inline.links[link].text.push_str(&text);
            }
        }
        self.inline.pieces.push(Piece {
            text,
            run,
            item,
            inserted: scope.inserted,
            deleted: scope.deleted,
            link: scope.link,
            in_field: !self.open.is_empty(),
            locked: scope.locked,
            editable: !scope.fixed,
        });
    }
}

/// A content control's name, and whether its text must not be changed here.
pub(super) fn control_properties(properties: Node<'_, '_>) -> (String, bool) {
    let name = value(properties, "alias").or_else(|| value(properties, "tag"));
    let lock =
        value(properties, "lock").is_some_and(|lock| lock == "contentLocked" || lock == "sdtContentLocked");
    // Word fills a bound control from its data when it opens the file.
    let bound = properties.children().any(|node| node.local() == "dataBinding");
    (name.unwrap_or_default(), lock || bound)
}

/// A symbol of a font: the character, out of the private area where it lies there.
fn symbol(item: Node<'_, '_>) -> String {
    let code = item
        .prefixed("char")
        .and_then(|code| u32::from_str_radix(&code, 16).ok());
    code.and_then(char::from_u32)
        .map(String::from)
        .unwrap_or_default()
}

impl Inline<'_, '_> {
    /// The text with tracked changes accepted.
    pub(super) fn text(&self) -> String {
        let shown = self.pieces.iter().filter(|piece| piece.deleted.is_none());
        shown.map(|piece| piece.text.as_str()).collect()
    }

    /// The text without the tracked changes.
    pub(super) fn original(&self) -> String {
        let kept = self.pieces.iter().filter(|piece| piece.inserted.is_none());
        kept.map(|piece| piece.text.as_str()).collect()
    }
}
