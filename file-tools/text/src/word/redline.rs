//! Changes to the text of a paragraph as tracked changes (ECMA-376 part 1, 17.13.5): runs are taken apart where a change
//! begins and ends, and keep their formatting.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use deskhand_opc::Blob;
use deskhand_opc::xml::{Node, Ns, escape};
use deskhand_operations::Refusal;

use super::block::shown;
use super::diff::Change;
use super::inline::{Inline, LINE_BREAK, Piece};
use super::names::Names;
use super::{Document, Part, Revision};

/// Ids of annotations that are not taken. They are unique over all parts of a document.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    taken: HashSet<u32>,
    next: u32,
}

impl Ids {
    /// The free ids of a document.
    pub(super) fn of(document: &Document) -> Result<Self, Refusal> {
        let mut taken = HashSet::new();
        for part in &document.parts {
            let part = Part::read(&document.package, &part.name)?;
            let tree = part.tree()?;
            for node in tree.root().descendants().filter(|node| node.tag().ns == Ns::Word) {
                taken.extend(node.prefixed("id").and_then(|id| id.parse::<u32>().ok()));
            }
        }
        Ok(Self { taken, next: 1 })
    }

    /// An id that nothing has.
    pub(super) fn fresh(&mut self) -> String {
        while !self.taken.insert(self.next) {
            self.next += 1;
        }
        self.next.to_string()
    }
}

/// How new markup is written in one part.
#[derive(Debug)]
pub(super) struct Writer<'w> {
    pub(super) names: Names,
    /// `None` to change without tracking.
    pub(super) revision: Option<&'w Revision>,
    pub(super) ids: &'w mut Ids,
}

impl Writer<'_> {
    /// `<w:ins …>` or `<w:del …>` with its author and date around some markup; the markup alone without tracking.
    pub(super) fn tracked(&mut self, element: &str, markup: &str) -> String {
        match self.marking(element) {
            Some(open) => format!("{open}{markup}{}", self.names.close(element)),
            None => markup.to_owned(),
        }
    }

    /// The start tag of a tracked change; `None` without tracking.
    pub(super) fn marking(&mut self, element: &str) -> Option<String> {
        let revision = self.revision?;
        let id = self.ids.fresh();
        let (author, date) = (escape(&revision.author), revision.date.as_deref().map(escape));
        let mut attributes = vec![("id", id.as_str()), ("author", &author)];
        attributes.extend(date.as_deref().map(|date| ("date", date)));
        Some(self.names.open(element, &attributes))
    }

    /// Text as content of a run: tabs and line breaks as their elements.
    pub(super) fn text(&self, text: &str, element: &str) -> String {
        let mut markup = String::new();
        let mut plain = String::new();
        let flush = |plain: &mut String, markup: &mut String| {
            if !plain.is_empty() {
                let tag = format!("{}{element}", self.names.element);
                let text = escape(plain);
                markup.extend(["<", &tag, " xml:space=\"preserve\">", &text, "</", &tag, ">"]);
                plain.clear();
            }
        };
        for character in text.chars() {
            let special = match character {
                '\t' => "tab",
                '\n' | LINE_BREAK => "br",
                '\r' => continue,
                other => {
                    plain.push(other);
                    continue;
                }
            };
            flush(&mut plain, &mut markup);
            markup.push_str(&self.names.empty(special, &[]));
        }
        flush(&mut plain, &mut markup);
        markup
    }
}

/// What happens to one run.
#[derive(Debug, Default)]
struct RunPlan {
    /// Deleted stretches by the start of their item, in bytes of the piece's text.
    cuts: BTreeMap<usize, Vec<Range<usize>>>,
    /// New texts by the start of their item and the place in its text.
    inserts: BTreeMap<(usize, usize), Insertion>,
    /// True in an insertion of the same author: what is taken out there leaves no trace.
    own: bool,
}

/// A new text, and the properties it takes.
#[derive(Debug)]
struct Insertion {
    text: String,
    properties: String,
}

/// The edits that make changes in a paragraph. Changes are in order and do not overlap; their ranges are bytes of the
/// paragraph's text with tracked changes accepted.
pub(super) fn edits(
    writer: &mut Writer<'_>,
    paragraph: Node<'_, '_>,
    inline: &Inline<'_, '_>,
    content: &[u8],
    changes: &[Change],
) -> Vec<(Range<usize>, Blob)> {
    let pieces: Vec<&Piece<'_, '_>> = shown(inline).collect();
    if pieces.is_empty() {
        let text: String = changes.iter().map(|change| change.text.as_str()).collect();
        return vec![empty_paragraph(writer, paragraph, content, &text)];
    }
    let mut starts = Vec::with_capacity(pieces.len());
    let mut length = 0;
    for piece in &pieces {
        starts.push(length);
        length += piece.text.len();
    }
    let mut plans: BTreeMap<usize, (Node<'_, '_>, RunPlan)> = BTreeMap::new();
    for change in changes {
        plan_change(&mut plans, writer, inline, (&pieces, &starts), content, change);
    }
    let plans = plans.into_values();
    plans
        .map(|(run, plan)| {
            (
                run.span(),
                RunWriter::new(writer, run, content, plan.own)
                    .written(&plan)
                    .into(),
            )
        })
        .collect()
}

/// Puts one change into the plans of the runs that it touches.
fn plan_change<'t, 'a>(
    plans: &mut BTreeMap<usize, (Node<'t, 'a>, RunPlan)>,
    writer: &Writer<'_>,
    inline: &Inline<'t, 'a>,
    (pieces, starts): (&[&Piece<'t, 'a>], &[usize]),
    content: &[u8],
    change: &Change,
) {
    let author = writer.revision.map(|revision| revision.author.as_str());
    let own = |piece: &Piece<'_, '_>| {
        let mark = piece.inserted.and_then(|mark| inline.marks.get(mark));
        mark.is_some_and(|mark| Some(mark.author.as_str()) == author)
    };
    let touched = |index: &usize| {
        let (from, to) = (starts[*index], starts[*index] + pieces[*index].text.len());
        if change.range.is_empty() {
            from < change.range.start && change.range.start <= to || change.range.start == 0 && from == 0
        } else {
            from < change.range.end && change.range.start < to
        }
    };
    // The first piece that ends behind the start: everything before it is not touched.
    let first = starts
        .partition_point(|start| *start < change.range.start)
        .saturating_sub(1);
    let touched: Vec<usize> = (first..pieces.len())
        .take_while(|index| starts[*index] <= change.range.end)
        .filter(touched)
        .collect();
    let Some((first, last)) = touched.first().zip(touched.last()) else {
        return;
    };
    for index in &touched {
        let piece = pieces[*index];
        let from = change.range.start.saturating_sub(starts[*index]);
        let to = (change.range.end - starts[*index].min(change.range.end)).min(piece.text.len());
        let (_, plan) = plans
            .entry(piece.run.tag().span.start)
            .or_insert_with(|| (piece.run, RunPlan::default()));
        plan.own = own(piece);
        if from < to {
            plan.cuts
                .entry(piece.item.tag().span.start)
                .or_default()
                .push(from..to);
        }
    }
    if change.text.is_empty() {
        return;
    }
    let parent = |index: usize| pieces[index].run.parent().map(|parent| parent.tag().span.start);
    // After what it replaces; where that lies in several links or controls, in the first of them.
    let together = touched.iter().all(|index| parent(*index) == parent(*first));
    let index = if together { *last } else { *first };
    let piece = pieces[index];
    let at = (change.range.end - starts[index].min(change.range.end)).min(piece.text.len());
    let insertion = Insertion {
        text: change.text.clone(),
        properties: plain_properties(pieces[*first].run, content),
    };
    if let Some((_, plan)) = plans.get_mut(&piece.run.tag().span.start) {
        plan.inserts.insert((piece.item.tag().span.start, at), insertion);
    }
}

/// A run's properties without the record of how they were before.
fn plain_properties(run: Node<'_, '_>, content: &[u8]) -> String {
    let Some(properties) = run.child("rPr") else {
        return String::new();
    };
    let span = properties.span();
    match properties.child("rPrChange") {
        Some(change) => {
            slice(content, span.start..change.span().start) + &slice(content, change.span().end..span.end)
        }
        None => slice(content, span),
    }
}

/// A stretch of a part; parts are UTF-8, and spans lie between its characters.
fn slice(content: &[u8], range: Range<usize>) -> String {
    String::from_utf8_lossy(&content[range]).into_owned()
}

/// Text in a paragraph that has none: in the formatting of its end.
fn empty_paragraph(
    writer: &mut Writer<'_>,
    paragraph: Node<'_, '_>,
    content: &[u8],
    text: &str,
) -> (Range<usize>, Blob) {
    let end = paragraph
        .child("pPr")
        .and_then(|properties| properties.child("rPr"));
    let tracked = ["ins", "del", "moveFrom", "moveTo", "rPrChange"];
    let kept: String = end
        .iter()
        .flat_map(Node::children)
        .filter(|node| !tracked.contains(&node.local()))
        .map(|node| slice(content, node.span()))
        .collect();
    let properties = if kept.is_empty() {
        kept
    } else {
        writer.names.element("rPr", &[], &kept)
    };
    let run = properties + &writer.text(text, "t");
    let run = writer.names.element("r", &[], &run);
    let markup = writer.tracked("ins", &run);
    paragraph.append(&markup)
}

/// What markup is being collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Kept,
    Deleted,
}

/// Writes one run anew, as several.
struct RunWriter<'r, 'w, 't, 'a> {
    writer: &'r mut Writer<'w>,
    run: Node<'t, 'a>,
    content: &'r [u8],
    own: bool,
    out: String,
    group: Group,
    pending: String,
    /// True once the run's properties were written: their record of changes needs an id of its own from then on.
    copied: bool,
}

impl<'r, 'w, 't, 'a> RunWriter<'r, 'w, 't, 'a> {
    fn new(writer: &'r mut Writer<'w>, run: Node<'t, 'a>, content: &'r [u8], own: bool) -> Self {
        Self {
            writer,
            run,
            content,
            own,
            out: String::new(),
            group: Group::Kept,
            pending: String::new(),
            copied: false,
        }
    }

    fn written(mut self, plan: &RunPlan) -> String {
        for item in self.run.children().filter(|item| item.local() != "rPr") {
            let at = item.tag().span.start;
            let cuts = plan.cuts.get(&at).map_or(&[][..], Vec::as_slice);
            let inserts: Vec<(usize, &Insertion)> = plan
                .inserts
                .range((at, 0)..=(at, usize::MAX))
                .map(|((_, place), insertion)| (*place, insertion))
                .collect();
            if cuts.is_empty() && inserts.is_empty() {
                let raw = slice(self.content, item.span());
                self.push(Group::Kept, &raw);
            } else {
                self.item(item, cuts, &inserts);
            }
        }
        self.flush();
        self.out
    }

    /// An item that is cut, or that new text goes into.
    fn item(&mut self, item: Node<'t, 'a>, cuts: &[Range<usize>], inserts: &[(usize, &Insertion)]) {
        let is_text = item.local() == "t";
        let text = if is_text { item.own_text() } else { "\u{fffc}" };
        let length = text.len();
        let mut places: Vec<usize> = cuts.iter().flat_map(|cut| [cut.start, cut.end]).collect();
        places.extend(inserts.iter().map(|(place, _)| *place));
        places.extend([0, length]);
        // Anything that is no text is one character to the reader, whatever its length in bytes.
        if !is_text {
            for place in places.iter_mut().filter(|place| **place > 0) {
                *place = length;
            }
        }
        places.sort_unstable();
        places.dedup();
        let at = |place: usize| if is_text || place == 0 { place } else { length };
        for (index, place) in places.iter().enumerate() {
            for (_, insertion) in inserts.iter().filter(|(own, _)| at(*own) == *place) {
                self.insert(insertion);
            }
            let Some(next) = places.get(index + 1) else { break };
            let cut = cuts
                .iter()
                .any(|cut| at(cut.start) <= *place && *next <= at(cut.end));
            let group = if cut { Group::Deleted } else { Group::Kept };
            let tracked = cut && self.writer.revision.is_some() && !self.own;
            let markup = match (is_text, tracked) {
                (false, _) => slice(self.content, item.span()),
                (true, true) => self.writer.text(&text[*place..*next], "delText"),
                (true, false) => self.writer.text(&text[*place..*next], "t"),
            };
            self.push(group, &markup);
        }
    }

    fn push(&mut self, group: Group, markup: &str) {
        if self.group != group {
            self.flush();
            self.group = group;
        }
        self.pending.push_str(markup);
    }

    fn flush(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            return;
        }
        let deleted = self.group == Group::Deleted;
        if deleted && (self.own || self.writer.revision.is_none()) {
            return;
        }
        let close = format!("</{}>", self.run.tag().name);
        let run = format!(
            "{}{}{pending}{close}",
            self.start_tag(!deleted),
            self.properties()
        );
        let markup = if deleted {
            self.writer.tracked("del", &run)
        } else {
            run
        };
        self.out.push_str(&markup);
    }

    /// The run's start tag: as it was where something is kept, without its revision marks (`rsid`) elsewhere.
    fn start_tag(&self, kept: bool) -> String {
        let tag = self.run.tag();
        let raw = slice(self.content, tag.span.clone());
        if (kept && !self.copied) || raw.contains("xmlns") {
            return raw;
        }
        format!("<{}>", tag.name)
    }

    fn properties(&mut self) -> String {
        let Some(properties) = self.run.child("rPr") else {
            self.copied = true;
            return String::new();
        };
        let span = properties.span();
        let raw = slice(self.content, span.clone());
        let first = !std::mem::replace(&mut self.copied, true);
        let Some(change) = properties.child("rPrChange").filter(|_| !first) else {
            return raw;
        };
        let tag = change.tag().span.clone();
        let renewed = self.with_fresh_id(change);
        format!(
            "{}{renewed}{}",
            slice(self.content, span.start..tag.start),
            slice(self.content, tag.end..span.end)
        )
    }

    /// A tracked change's start tag with another id.
    fn with_fresh_id(&mut self, node: Node<'_, '_>) -> String {
        let tag = node.tag();
        let raw = slice(self.content, tag.span.clone());
        let local = |name: &str| name.split_once(':').is_some_and(|(_, local)| local == "id");
        let Some(id) = tag.attributes().find(|attribute| local(attribute.name)) else {
            return raw;
        };
        let (from, to) = (
            id.value_span.start - tag.span.start,
            id.value_span.end - tag.span.start,
        );
        format!("{}{}{}", &raw[..from], self.writer.ids.fresh(), &raw[to..])
    }

    /// New text; inside an insertion of somebody else that one is closed before and opened again after it.
    fn insert(&mut self, insertion: &Insertion) {
        self.flush();
        let text = insertion.properties.clone() + &self.writer.text(&insertion.text, "t");
        let run = self.writer.names.element("r", &[], &text);
        let parent = self.run.parent().filter(|parent| parent.is(Ns::Word, "ins"));
        let markup = match parent {
            _ if self.own || self.writer.revision.is_none() => run,
            Some(parent) => {
                let again = self.with_fresh_id(parent);
                let ours = self.writer.tracked("ins", &run);
                format!("</{}>{ours}{again}", parent.tag().name)
            }
            None => self.writer.tracked("ins", &run),
        };
        self.out.push_str(&markup);
    }
}
