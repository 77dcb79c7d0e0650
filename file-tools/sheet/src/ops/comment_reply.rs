//! `comment.reply`: an answer in a thread, its author among the persons, and the note beside the thread for older readers.
//!
//! Nothing here depends on clock or chance (Invariant 10): the time comes in, ids are made of what they stand for.

use deskhand_opc::xml::{Node, Ns, Tree, escape};
use deskhand_opc::{Draft, Target};
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::CommentReply;
use deskhand_operations::{Area, RefusalCode};

use crate::addresses;
use crate::cells::Keep;
use crate::comments::{self, Held, guid, related, text};
use crate::error::{Outcome, refuse};
use crate::sheet::Worksheet;
use crate::workbook::{SheetEntry, Workbook};

const SPACE: &str = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments";
const PERSON_TYPE: &str = "application/vnd.ms-excel.person+xml";
const PERSON_RELATIONSHIP: &str = "http://schemas.microsoft.com/office/2017/10/relationships/person";
/// Who answers where nobody says.
const AUTHOR: &str = "Deskhand";
const MAX_TEXT: usize = 32_000;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, reply: &CommentReply) -> Outcome<Applied> {
    let (index, area) = addresses::area(workbook, &reply.cell)?;
    let sheet = workbook.worksheet(index)?;
    let author = reply.author.as_deref().map_or(AUTHOR, str::trim);
    check(reply, author)?;
    guard(workbook, sheet)?;
    let persons = comments::persons(workbook)?;
    for part in comments::parts(workbook, sheet)? {
        let content = workbook.package.part(&part)?;
        let tree = Tree::parse(&part, &content, workbook.package.limits())?;
        let held = comments::comments(&tree, &persons);
        let threads = comments::threads(&held);
        let of_cell = |thread: &&Vec<&Held>| thread[0].cell == Some((area.top, area.left));
        let Some(thread) = threads.iter().find(of_cell) else {
            continue;
        };
        if thread[0].resolved {
            return refuse(
                RefusalCode::Protected,
                format!(
                    "The thread at {} is resolved: reopen it in Excel to answer; nothing was changed.",
                    reply.cell
                ),
            );
        }
        let person = person(workbook, draft, author)?;
        append(draft, &part, thread, &held, reply, &person)?;
        tell_older_readers(workbook, draft, sheet, area, &thread[0].id, &reply.text)?;
        return Ok(Applied {
            target: addresses::cell(sheet, area.top, area.left),
            changed: 1,
            ..Applied::default()
        });
    }
    refuse(
        RefusalCode::NotFound,
        format!(
            "There is no thread of comments at {}; nothing was changed.",
            reply.cell
        ),
    )
}

fn check(reply: &CommentReply, author: &str) -> Outcome<()> {
    let length = reply.text.chars().count();
    if reply.text.trim().is_empty() || length > MAX_TEXT {
        return refuse(
            RefusalCode::BadInput,
            format!("An answer has 1 to {MAX_TEXT} characters; nothing was changed."),
        );
    }
    if author.is_empty() || author.chars().count() > 255 {
        return refuse(
            RefusalCode::BadInput,
            "An author's name has 1 to 255 characters; nothing was changed.",
        );
    }
    if reply.at.as_deref().is_some_and(|at| moment(at).is_none()) {
        return refuse(
            RefusalCode::BadInput,
            "The time is written as `2026-03-31T09:30:00Z`; nothing was changed.",
        );
    }
    Ok(())
}

/// A time as the part holds it: without the zone, which is UTC.
fn moment(at: &str) -> Option<&str> {
    let plain = at.strip_suffix('Z').unwrap_or(at);
    let (seconds, fraction) = plain.split_once('.').unwrap_or((plain, "0"));
    let pattern = b"0000-00-00T00:00:00";
    let fits = |(byte, wanted): (u8, &u8)| {
        if *wanted == b'0' {
            byte.is_ascii_digit()
        } else {
            byte == *wanted
        }
    };
    let sound = seconds.len() == pattern.len()
        && seconds.bytes().zip(pattern).all(fits)
        && (1..=9).contains(&fraction.len())
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    sound.then_some(plain)
}

fn guard(workbook: &Workbook, sheet: &SheetEntry) -> Outcome<()> {
    let content = workbook.package.part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    if scanned.protected {
        return refuse(
            RefusalCode::Protected,
            format!("The sheet `{}` is protected; nothing was changed.", sheet.name),
        );
    }
    Ok(())
}

/// The id of the author among the persons; a new person where there is none of this name without an account. Nobody
/// writes under an account that he has not signed in to.
fn person(workbook: &Workbook, draft: &mut Draft, author: &str) -> Outcome<String> {
    let id = guid(&["person", author]);
    let person = |prefix: &str| {
        let name = escape(author);
        format!(r#"<{prefix}person displayName="{name}" id="{id}" userId="{name}" providerId="None"/>"#)
    };
    let Some(part) = related(draft.package(), &workbook.part, "person")?
        .into_iter()
        .next()
    else {
        let part = draft.free_name("xl/persons/person", ".xml");
        let xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<personList xmlns=\"{SPACE}\">{}</personList>",
            person("")
        );
        draft.add_part(&part, xml, PERSON_TYPE)?;
        draft.add_relationship(&workbook.part, PERSON_RELATIONSHIP, &Target::Part(part))?;
        return Ok(id);
    };
    let content = draft.package().part(&part)?;
    let tree = Tree::parse(&part, &content, draft.package().limits())?;
    let same = |node: &Node<'_, '_>| {
        let without = text(*node, "providerId").is_none_or(|provider| provider == "None");
        node.local() == "person" && without && text(*node, "displayName").is_some_and(|name| name == author)
    };
    if let Some(known) = tree
        .root()
        .children()
        .find(same)
        .and_then(|node| text(node, "id"))
    {
        return Ok(known);
    }
    draft.edit(&part, [tree.root().append(&person(&tree.root().prefix_colon()))])?;
    Ok(id)
}

/// Puts the answer behind the last one of its thread.
fn append(
    draft: &mut Draft,
    part: &str,
    thread: &[&Held],
    all: &[Held],
    reply: &CommentReply,
    person: &str,
) -> Outcome<()> {
    let content = draft.package().part(part)?;
    let tree = Tree::parse(part, &content, draft.package().limits())?;
    let prefix = tree.root().prefix_colon();
    let first = thread[0];
    let at = reply.at.as_deref().and_then(moment);
    let mut count = thread.len();
    let id = loop {
        let id = guid(&[
            "reply",
            &first.id,
            &count.to_string(),
            person,
            at.unwrap_or_default(),
            &reply.text,
        ]);
        if !all.iter().any(|held| held.id.eq_ignore_ascii_case(&id)) {
            break id;
        }
        count += 1;
    };
    let time = at.map_or_else(String::new, |at| format!(r#" dT="{at}""#));
    let edges = reply.text.trim().len() != reply.text.len();
    let xml = format!(
        r#"<{prefix}threadedComment ref="{}"{time} personId="{}" id="{id}" parentId="{}"><{prefix}text{}>{}</{prefix}text></{prefix}threadedComment>"#,
        first
            .cell
            .map_or_else(String::new, |(row, column)| Area::cell(row, column).to_string()),
        escape(person),
        escape(&first.id),
        if edges { r#" xml:space="preserve""# } else { "" },
        escape(&reply.text)
    );
    let end = thread.iter().map(|held| held.end).max().unwrap_or(first.end);
    draft.edit(part, [(end..end, xml.into())])?;
    Ok(())
}

/// The note beside a thread, marked by its author `tc={id}`, repeats the thread as text.
fn tell_older_readers(
    workbook: &Workbook,
    draft: &mut Draft,
    sheet: &SheetEntry,
    area: Area,
    thread: &str,
    words: &str,
) -> Outcome<()> {
    for part in workbook.package.related(&sheet.part, "comments")? {
        let content = draft.package().part(&part)?;
        let tree = Tree::parse(&part, &content, draft.package().limits())?;
        let root = tree.root();
        let authors: Vec<String> = root
            .child("authors")
            .into_iter()
            .flat_map(|list| list.children())
            .map(|node| node.text())
            .collect();
        let mark = format!("tc={thread}");
        let beside = |node: &Node<'_, '_>| {
            let author =
                text(*node, "authorId").and_then(|index| authors.get(index.parse::<usize>().ok()?).cloned());
            let here = text(*node, "ref").and_then(|cell| Area::parse(&cell).ok());
            author.is_some_and(|author| author.eq_ignore_ascii_case(&mark))
                && here.is_some_and(|here| (here.top, here.left) == (area.top, area.left))
        };
        let mut notes = root
            .child("commentList")
            .into_iter()
            .flat_map(|list| list.children());
        let note = notes.find(beside);
        let last = note.and_then(|note| {
            note.descendants()
                .filter(|node| node.is(Ns::Spreadsheet, "t"))
                .last()
        });
        if let Some(last) = last {
            let line = if last.own_text().ends_with('\n') { "" } else { "\n" };
            let added = escape(&format!("{line}Reply:\n    {words}")).into_owned();
            draft.edit(&part, [last.append(&added)])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn times_are_taken_in_one_form() {
        assert_eq!(moment("2026-03-31T09:30:00Z"), Some("2026-03-31T09:30:00"));
        assert_eq!(moment("2026-03-31T09:30:00.25"), Some("2026-03-31T09:30:00.25"));
        for bad in [
            "2026-03-31",
            "2026-03-31T09:30:00+02:00",
            "now",
            "2026-03-31T09:30:00.",
            "\"><x/>",
        ] {
            assert_eq!(moment(bad), None, "{bad}");
        }
    }
}
