//! What checking the audit found, in words and as JSON.

use deskhand_storage::{AnchorFault, AuditAnchor, AuditFault, AuditVerdict};
use serde_json::{Value, json};

use super::when;

/// How many faults there are.
pub(super) fn faults(verdict: &AuditVerdict) -> u64 {
    let named = verdict.faults.len() + verdict.anchors.faults.len();
    named as u64 + verdict.more_faults + verdict.anchors.more_faults
}

/// For people: what is there, what is wrong, and what cannot be told.
pub(super) fn lines(verdict: &AuditVerdict) -> Vec<String> {
    let mut lines = vec![format!("Chain {}", verdict.chain)];
    lines.push(match verdict.last {
        Some(last) => format!("Records {} to {last}; {} hold.", verdict.first, verdict.records),
        None => "There are no records.".to_owned(),
    });
    if verdict.first > 1 {
        lines.push(format!(
            "Records 1 to {} were dropped, as the policy says.",
            verdict.first - 1
        ));
    }
    lines.extend(
        verdict
            .faults
            .iter()
            .map(|fault| format!("FAULT  {}", words(fault))),
    );
    let anchors = &verdict.anchors;
    lines.extend(
        anchors
            .faults
            .iter()
            .map(|fault| format!("FAULT  {}", anchor_words(fault))),
    );
    let more = verdict.more_faults + anchors.more_faults;
    if more > 0 {
        lines.push(format!("FAULT  There are {more} more."));
    }
    lines.push(bounds(verdict));
    lines
}

fn words(fault: &AuditFault) -> String {
    let range = |first: u64, last: u64| {
        if first == last {
            format!("Record {first} was")
        } else {
            format!("Records {first} to {last} were")
        }
    };
    match *fault {
        AuditFault::Missing(first, last) => format!("{} removed.", range(first, last)),
        AuditFault::Cut(first, last) => format!("{} cut off at the end.", range(first, last)),
        AuditFault::Altered(number) => format!("Record {number} was edited, re-dated or forged."),
        AuditFault::Moved(number, other) => format!("In the place of record {number} stands record {other}."),
        AuditFault::Content(number) => {
            format!("The content that was kept with record {number} is gone or another.")
        }
        AuditFault::Foreign(number) => format!("A row with the number {number} is no record of the chain."),
        AuditFault::Head => "The sealed end of the chain is lost, altered, or of an older copy.".to_owned(),
        AuditFault::Checkpoint => "The sealed beginning of the chain was altered.".to_owned(),
    }
}

fn anchor_words(fault: &AnchorFault) -> String {
    match fault {
        AnchorFault::Differs(anchor) => format!(
            "Record {} is another than the one that was anchored at {}: the chain was rebuilt since.",
            anchor.number,
            when(anchor.at)
        ),
        AnchorFault::Gone(anchor) => format!(
            "Record {} was anchored at {} and is not there: the chain was cut, or an older copy was put back.",
            anchor.number,
            when(anchor.at)
        ),
        AnchorFault::OtherChain(count) => format!(
            "None of the {count} anchors is of this chain: they are of other computers, or the chain was replaced."
        ),
    }
}

/// What cannot be told from what is here.
fn bounds(verdict: &AuditVerdict) -> String {
    let Some(last) = verdict.last else {
        return "Whether there ever were records, only anchors can show.".to_owned();
    };
    match verdict.anchors.newest {
        None => "No anchor was compared. That this user's own account rebuilt the chain with its key, or put an older copy \
                 back, only anchors can show: --anchors FILE."
            .to_owned(),
        Some(anchor) if anchor.number < last => format!(
            "{} anchors agree; the newest, of {}, holds the records up to {}. That this user's own account rebuilt the \
             records after it cannot be excluded until the next anchor.",
            verdict.anchors.agreed,
            when(anchor.at),
            anchor.number
        ),
        Some(anchor) => format!(
            "{} anchors agree; the newest, of {}, holds all records.",
            verdict.anchors.agreed,
            when(anchor.at)
        ),
    }
}

/// For programs.
pub(super) fn json(verdict: &AuditVerdict) -> Value {
    let anchors = &verdict.anchors;
    json!({
        "holds": verdict.holds(),
        "chain": verdict.chain,
        "first": verdict.first,
        "last": verdict.last,
        "records": verdict.records,
        "faults": verdict.faults.iter().map(fault).collect::<Vec<_>>(),
        "moreFaults": verdict.more_faults,
        "anchors": {
            "agreed": anchors.agreed,
            "newest": anchors.newest.as_ref().map(anchor),
            "dropped": anchors.dropped,
            "others": anchors.others,
            "faults": anchors.faults.iter().map(anchor_fault).collect::<Vec<_>>(),
            "moreFaults": anchors.more_faults,
        },
        "words": lines(verdict),
    })
}

fn fault(fault: &AuditFault) -> Value {
    match *fault {
        AuditFault::Missing(first, last) => json!({ "type": "missing", "first": first, "last": last }),
        AuditFault::Cut(first, last) => json!({ "type": "cut", "first": first, "last": last }),
        AuditFault::Altered(number) => json!({ "type": "altered", "record": number }),
        AuditFault::Moved(number, other) => json!({ "type": "moved", "record": number, "holds": other }),
        AuditFault::Content(number) => json!({ "type": "content", "record": number }),
        AuditFault::Foreign(number) => json!({ "type": "foreign", "row": number }),
        AuditFault::Head => json!({ "type": "head" }),
        AuditFault::Checkpoint => json!({ "type": "checkpoint" }),
    }
}

fn anchor_fault(fault: &AnchorFault) -> Value {
    match fault {
        AnchorFault::Differs(one) => json!({ "type": "differs", "anchor": anchor(one) }),
        AnchorFault::Gone(one) => json!({ "type": "gone", "anchor": anchor(one) }),
        AnchorFault::OtherChain(count) => json!({ "type": "otherChain", "anchors": count }),
    }
}

fn anchor(anchor: &AuditAnchor) -> Value {
    serde_json::from_str(&deskhand_trail::anchor_line(anchor)).unwrap_or_default()
}
