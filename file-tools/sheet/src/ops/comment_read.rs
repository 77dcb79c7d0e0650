//! `comment.read`.

use deskhand_opc::xml::Tree;
use deskhand_operations::answer::{Comment, CommentThread, CommentThreads};
use deskhand_operations::workbook::CommentRead;

use crate::addresses;
use crate::comments::{self, Held};
use crate::error::Outcome;
use crate::workbook::{SheetKind, Workbook};

/// Threads, and comments in all of them, that one read answers.
const MAX_THREADS: usize = 500;
const MAX_COMMENTS: usize = 5_000;

pub(super) fn answer(workbook: &Workbook, read: &CommentRead) -> Outcome<CommentThreads> {
    let place = read
        .range
        .as_deref()
        .map(|range| addresses::place(workbook, range))
        .transpose()?;
    let persons = comments::persons(workbook)?;
    let mut answer = CommentThreads::default();
    let mut told = 0;
    for (index, sheet) in workbook.sheets.iter().enumerate() {
        let asked = place.is_none_or(|(wanted, _)| wanted == index);
        if sheet.kind != SheetKind::Worksheet || !asked {
            continue;
        }
        for part in comments::parts(workbook, sheet)? {
            let content = workbook.package.part(&part)?;
            let tree = Tree::parse(&part, &content, workbook.package.limits())?;
            let held = comments::comments(&tree, &persons);
            for thread in comments::threads(&held) {
                let Some((row, column)) = thread[0].cell else {
                    continue;
                };
                let area = place.and_then(|(_, area)| area);
                if area.is_some_and(|area| !area.contains(row, column)) {
                    continue;
                }
                told += thread.len();
                if answer.threads.len() == MAX_THREADS || told > MAX_COMMENTS {
                    answer.truncated = true;
                    return Ok(answer);
                }
                answer.threads.push(CommentThread {
                    cell: addresses::cell(sheet, row, column),
                    resolved: thread[0].resolved,
                    comments: thread.into_iter().map(comment).collect(),
                });
            }
        }
    }
    Ok(answer)
}

fn comment(held: &Held) -> Comment {
    Comment {
        author: held.author.clone(),
        text: held.text.clone(),
        at: held.at.clone(),
        mentions: held.mentions.clone(),
    }
}
