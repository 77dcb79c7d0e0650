//! Any bytes as the stream of an answer: the same events whole and byte by byte, then put together.
#![no_main]

use deskhand_inference::fault::WireError;
use deskhand_inference::messages::AnswerReader;
use deskhand_inference::sse::{EventReader, SseError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let whole = events(data, data.len().max(1));
    assert_eq!(whole, events(data, 1), "the split changes the events");
    let mut answer = AnswerReader::new();
    for event in &whole.0 {
        if answer.event(event, &[]).is_err() {
            break;
        }
    }
    let _ = AnswerReader::new().whole_message(data, &[]);
    let _ = WireError::read(data);
});

fn events(data: &[u8], piece: usize) -> (Vec<String>, Result<(), SseError>) {
    let (mut reader, mut events) = (EventReader::new(), Vec::new());
    let outcome = data.chunks(piece).try_for_each(|piece| {
        reader.read(piece, |event| {
            events.push(event.to_owned());
            Ok::<_, SseError>(())
        })
    });
    (events, outcome)
}
