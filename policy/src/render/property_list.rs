//! Property lists in XML, with comments.

use std::fmt::Write as _;

use super::xml::{comment, escape};

/// A value of a property list.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Boolean(bool),
    Integer(u64),
    Text(String),
    List(Vec<Self>),
    Dictionary(Vec<Member>),
}

/// What stands in a dictionary.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Member {
    /// A key with its value.
    Value(&'static str, Node),
    /// Lines for people.
    Comment(Vec<String>),
}

impl Node {
    /// Text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

/// The document of a dictionary. `about` stands in a comment at its head.
pub(super) fn document(about: &str, members: Vec<Member>) -> String {
    let mut document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <!-- {} -->\n<plist version=\"1.0\">\n",
        comment(about)
    );
    write_node(&mut document, &Node::Dictionary(members), 0);
    document.push_str("</plist>\n");
    document
}

fn write_node(document: &mut String, node: &Node, depth: usize) {
    let indent = "\t".repeat(depth);
    match node {
        Node::Boolean(value) => {
            let _ = writeln!(document, "{indent}<{value}/>");
        }
        Node::Integer(value) => {
            let _ = writeln!(document, "{indent}<integer>{value}</integer>");
        }
        Node::Text(text) => {
            let _ = writeln!(document, "{indent}<string>{}</string>", escape(text, false));
        }
        Node::List(entries) => {
            let _ = writeln!(document, "{indent}<array>");
            for entry in entries {
                write_node(document, entry, depth + 1);
            }
            let _ = writeln!(document, "{indent}</array>");
        }
        Node::Dictionary(members) => {
            let _ = writeln!(document, "{indent}<dict>");
            for member in members {
                write_member(document, member, depth + 1);
            }
            let _ = writeln!(document, "{indent}</dict>");
        }
    }
}

fn write_member(document: &mut String, member: &Member, depth: usize) {
    let indent = "\t".repeat(depth);
    match member {
        Member::Value(key, node) => {
            let _ = writeln!(document, "{indent}<key>{}</key>", escape(key, false));
            write_node(document, node, depth);
        }
        Member::Comment(lines) => {
            let lines: Vec<String> = lines.iter().map(|line| comment(line)).collect();
            let gap = format!("\n{indent}     ");
            let _ = writeln!(document, "{indent}<!-- {} -->", lines.join(&gap));
        }
    }
}
