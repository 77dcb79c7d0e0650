//! Property lists in XML, with comments.

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
    write(&mut document, &Node::Dictionary(members), 0);
    document.push_str("</plist>\n");
    document
}

fn write(document: &mut String, node: &Node, depth: usize) {
    let indent = "\t".repeat(depth);
    match node {
        Node::Boolean(value) => document.push_str(&format!("{indent}<{value}/>\n")),
        Node::Integer(value) => document.push_str(&format!("{indent}<integer>{value}</integer>\n")),
        Node::Text(text) => {
            document.push_str(&format!("{indent}<string>{}</string>\n", escape(text, false)));
        }
        Node::List(entries) => {
            document.push_str(&format!("{indent}<array>\n"));
            entries.iter().for_each(|entry| write(document, entry, depth + 1));
            document.push_str(&format!("{indent}</array>\n"));
        }
        Node::Dictionary(members) => {
            document.push_str(&format!("{indent}<dict>\n"));
            members
                .iter()
                .for_each(|member| write_member(document, member, depth + 1));
            document.push_str(&format!("{indent}</dict>\n"));
        }
    }
}

fn write_member(document: &mut String, member: &Member, depth: usize) {
    let indent = "\t".repeat(depth);
    match member {
        Member::Value(key, node) => {
            document.push_str(&format!("{indent}<key>{}</key>\n", escape(key, false)));
            write(document, node, depth);
        }
        Member::Comment(lines) => {
            let lines: Vec<String> = lines.iter().map(|line| comment(line)).collect();
            let gap = format!("\n{indent}     ");
            document.push_str(&format!("{indent}<!-- {} -->\n", lines.join(&gap)));
        }
    }
}
