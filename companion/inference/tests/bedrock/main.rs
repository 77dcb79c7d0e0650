//! Amazon Bedrock over the wire: what is sent, what comes of the answers, and of everything else that can come.

#[path = "../conformance/answers.rs"]
#[expect(dead_code, reason = "shared with the conformance suite")]
mod answers;
mod asking;
mod faults;
#[path = "../conformance/line.rs"]
#[expect(dead_code, reason = "shared with the conformance suite")]
mod line;
mod places;
mod standin;
mod subject;
mod wire;
