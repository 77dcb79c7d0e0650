//! Drawings of old, which show notes and controls (ECMA-376 part 4, 19; [MS-OI29500] 2.1): their text as XML, and the
//! boxes of notes in it. What the boxes are for is not known here.

use std::borrow::Cow;

use deskhand_opc::xml::{Node, Tree};

/// What Excel 2007 wrote for line ends in captions, and never closed.
const OPEN_BREAK: &[u8] = b"<br>";

/// The drawing of a part with open line breaks blanked out: XML, and every offset is as in the part.
pub(crate) fn readable(content: &[u8]) -> Cow<'_, [u8]> {
    let is_break = |bytes: &[u8]| bytes.eq_ignore_ascii_case(OPEN_BREAK);
    let closes = |bytes: &[u8]| bytes.eq_ignore_ascii_case(b"</br");
    if !content.windows(4).any(is_break) || content.windows(4).any(closes) {
        return Cow::Borrowed(content);
    }
    let mut text = content.to_vec();
    let mut at = 0;
    while at + OPEN_BREAK.len() <= text.len() {
        if is_break(&text[at..at + OPEN_BREAK.len()]) {
            text[at..at + OPEN_BREAK.len()].fill(b' ');
        }
        at += 1;
    }
    Cow::Owned(text)
}

/// The box of a note.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoteBox<'t, 'a> {
    /// The shape.
    pub(crate) shape: Node<'t, 'a>,
    /// What Excel keeps with it: `x:ClientData`.
    pub(crate) data: Node<'t, 'a>,
    /// The note's cell: row and column from 0.
    pub(crate) cell: (u32, u32),
}

impl<'t, 'a> NoteBox<'t, 'a> {
    /// The box that this element of Excel's says it is, where it is one of a note.
    fn of(data: Node<'t, 'a>) -> Option<Self> {
        if data.local() != "ClientData" || data.attribute("ObjectType")? != "Note" {
            return None;
        }
        let number = |local: &str| child(data, local)?.text().trim().parse::<u32>().ok();
        Some(Self {
            shape: data.parent()?,
            data,
            cell: (number("Row")?, number("Column")?),
        })
    }

    /// A child of what Excel keeps, by its local name.
    pub(crate) fn child(&self, local: &str) -> Option<Node<'t, 'a>> {
        child(self.data, local)
    }
}

fn child<'t, 'a>(node: Node<'t, 'a>, local: &str) -> Option<Node<'t, 'a>> {
    node.children().find(|child| child.local() == local)
}

/// The boxes of all notes.
pub(crate) fn note_boxes<'t, 'a>(tree: &'t Tree<'a>) -> impl Iterator<Item = NoteBox<'t, 'a>> {
    tree.root().descendants().filter_map(NoteBox::of)
}

/// `x:Anchor`: column, offset, row and offset of one corner, then of the other.
pub(crate) fn anchor(node: Node<'_, '_>) -> Option<[i64; 8]> {
    let text = node.text();
    let fields: Option<Vec<i64>> = text.split(',').map(|field| field.trim().parse().ok()).collect();
    fields?.try_into().ok()
}

/// An anchor as the part holds it.
pub(crate) fn written(anchor: [i64; 8]) -> String {
    anchor.map(|field| field.to_string()).join(", ")
}

#[cfg(test)]
mod tests {
    use deskhand_opc::Limits;
    use deskhand_opc::xml::Tree;

    use super::{note_boxes, readable};

    #[test]
    fn open_line_breaks_are_no_hindrance_and_move_nothing() {
        let text = br#"<xml><v:shape><div>One<br>two<BR></div><x:ClientData ObjectType="Note"><x:Row> 4</x:Row><x:Column>2</x:Column></x:ClientData></v:shape></xml>"#;
        let held = readable(text);
        assert_eq!(held.len(), text.len());
        let tree = Tree::parse("drawing", &held, &Limits::default()).unwrap();
        let boxes: Vec<_> = note_boxes(&tree).collect();
        assert_eq!(boxes.len(), 1);
        assert_eq!(boxes[0].cell, (4, 2));
        assert_eq!(&text[boxes[0].shape.span()][..9], b"<v:shape>");
    }
}
