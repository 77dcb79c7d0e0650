//! Frames by hand: what yamux would see of them.

use tokio::io::AsyncReadExt as _;

use super::*;

const ACK: u16 = 2;

fn frame(kind: u8, flags: u16, stream: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let length = body.len() as u32;
    Header {
        kind,
        flags,
        stream,
        length,
    }
    .write(&mut bytes);
    bytes.extend(body);
    bytes
}

fn data(stream: u32, body: &[u8]) -> Vec<u8> {
    frame(DATA, 0, stream, body)
}

/// Streams that begin.
fn begun(streams: impl Iterator<Item = u32>) -> Vec<u8> {
    streams
        .flat_map(|stream| frame(WINDOW_UPDATE, SYN, stream, b""))
        .collect()
}

/// What yamux would read: each frame that has a body, and the bodies together.
async fn passed(line: &[u8], ledger: &Arc<Ledger>) -> io::Result<(Vec<(Header, usize)>, Vec<u8>)> {
    let mut gathered = Gathered::new(line, Arc::clone(ledger));
    let (mut frames, mut bodies) = (Vec::new(), Vec::new());
    let mut bytes = [0; HEADER];
    while gathered.read(&mut bytes[..1]).await? > 0 {
        gathered.read_exact(&mut bytes[1..]).await?;
        let header = Header::read(&bytes);
        let mut body = vec![
            0;
            if header.kind == DATA {
                header.length as usize
            } else {
                0
            }
        ];
        gathered.read_exact(&mut body).await?;
        frames.push((header, body.len()));
        bodies.extend(body);
    }
    Ok((frames, bodies))
}

fn with_bodies(frames: &[(Header, usize)]) -> usize {
    frames.iter().filter(|(_, length)| *length > 0).count()
}

#[tokio::test]
async fn frames_of_one_byte_that_nobody_reads_come_to_few_and_none_is_lost() {
    const WINDOW: usize = 256 * 1024;
    let mut line = begun((2..=16).step_by(2));
    let mut sent = vec![Vec::new(); 17];
    for round in 0..WINDOW {
        for stream in (2..=16_u32).step_by(2) {
            let byte = (round as u32 * 7 + stream) as u8;
            line.extend(data(stream, &[byte]));
            sent[stream as usize].push(byte);
        }
    }
    let mut gathered = Gathered::new(line.as_slice(), Arc::default());
    let mut got = vec![Vec::new(); 17];
    let (mut pieces, mut bytes) = (0, [0; HEADER]);
    while gathered.read(&mut bytes[..1]).await.unwrap() > 0 {
        gathered.read_exact(&mut bytes[1..]).await.unwrap();
        let header = Header::read(&bytes);
        if header.kind == DATA {
            // Also a side that keeps to no window has no more held for it.
            assert!(header.length as usize <= ENOUGH + SMALL);
            let mut body = vec![0; header.length as usize];
            gathered.read_exact(&mut body).await.unwrap();
            got[header.stream as usize].extend(body);
            pieces += 1;
        }
    }
    assert_eq!(got, sent);
    // Before: 8 * 262,144 pieces of memory.
    assert!(pieces <= 8 * (NEAR as usize + WINDOW / ENOUGH + 1), "{pieces}");
}

#[tokio::test]
async fn flags_make_no_more_pieces_of_it() {
    for flags in [ACK, 1 << 7] {
        let mut line = begun([2].into_iter());
        for _ in 0..100_000 {
            line.extend(frame(DATA, flags, 2, b"x"));
        }
        let (frames, bodies) = passed(&line, &Arc::default()).await.unwrap();
        assert_eq!(bodies.len(), 100_000);
        assert!(with_bodies(&frames) < 300, "{flags}");
    }
}

#[tokio::test]
async fn an_end_comes_behind_what_was_sent_before_it_and_what_follows_is_nobodys() {
    for end in [frame(DATA, FIN, 2, b"!"), frame(WINDOW_UPDATE, FIN, 2, b"")] {
        let mut line = begun([2].into_iter());
        for _ in 0..1_000 {
            line.extend(data(2, b"x"));
        }
        line.extend(&end);
        for _ in 0..1_000 {
            line.extend(frame(DATA, FIN, 2, b"y"));
        }
        let (frames, bodies) = passed(&line, &Arc::default()).await.unwrap();
        let at = frames
            .iter()
            .position(|(header, _)| header.flags & FIN != 0)
            .unwrap();
        assert_eq!(
            frames[..=at].iter().map(|(_, length)| length).sum::<usize>(),
            bodies.len()
        );
        assert!(!bodies.contains(&b'y'));
    }
}

#[tokio::test]
async fn what_comes_for_a_stream_that_nobody_reads_is_not_kept() {
    let ledger = Arc::new(Ledger::default());
    let mut line = Vec::new();
    for _ in 0..1_000 {
        line.extend(data(4, b"x"));
        line.extend(frame(DATA, RST, 4, &[7; 10_000]));
    }
    ledger.opened(1);
    ledger.opened(3);
    ledger.closed(3);
    line.extend(data(3, b"dropped here"));
    line.extend(data(1, b"still read"));
    let (_, bodies) = passed(&line, &ledger).await.unwrap();
    assert_eq!(bodies, b"still read");
}

#[tokio::test]
async fn a_reader_that_keeps_up_gets_each_frame_as_it_was_sent() {
    let ledger = Arc::new(Ledger::default());
    let mut line = begun([2].into_iter());
    for _ in 0..1_000 {
        line.extend(data(2, b"x"));
    }
    let mut gathered = Gathered::new(line.as_slice(), Arc::clone(&ledger));
    let mut bytes = [0; HEADER + 1];
    gathered.read_exact(&mut bytes[..HEADER]).await.unwrap();
    for _ in 0..1_000 {
        gathered.read_exact(&mut bytes).await.unwrap();
        assert_eq!(bytes[..], data(2, b"x"));
        ledger.read(2, 1);
    }
}

#[tokio::test]
async fn what_is_held_goes_on_when_the_reader_has_come_near() {
    let ledger = Arc::new(Ledger::default());
    let (mut other, line) = tokio::io::duplex(1 << 16);
    let mut gathered = Gathered::new(line, Arc::clone(&ledger));
    ledger.opened(1);
    let mut sent = data(1, &[7; NEAR as usize]);
    sent.extend(data(1, b"held"));
    sent.extend(data(1, b" together"));
    tokio::io::AsyncWriteExt::write_all(&mut other, &sent)
        .await
        .unwrap();
    let mut first = vec![0; HEADER + NEAR as usize];
    gathered.read_exact(&mut first).await.unwrap();
    let reading = tokio::spawn(async move {
        let mut rest = vec![0; HEADER + 13];
        gathered.read_exact(&mut rest).await.map(|_| rest)
    });
    // It waits for the line now, which says nothing more.
    tokio::task::yield_now().await;
    assert!(!reading.is_finished());
    ledger.read(1, 1);
    assert_eq!(reading.await.unwrap().unwrap(), data(1, b"held together"));
}

#[tokio::test]
async fn more_streams_than_agreed_end_the_line() {
    let most = MAX_STREAMS as u32;
    assert!(passed(&begun(1..=most), &Arc::default()).await.is_ok());
    assert!(passed(&begun(1..=most + 1), &Arc::default()).await.is_err());
    let by_data: Vec<u8> = (1..=most + 1)
        .flat_map(|stream| frame(DATA, SYN, stream, b"x"))
        .collect();
    assert!(passed(&by_data, &Arc::default()).await.is_err());
}

#[tokio::test]
async fn a_line_that_is_torn_anywhere_gives_what_was_whole_before() {
    let mut line = begun([2].into_iter());
    line.extend(data(2, &[7; 300]));
    line.extend(data(2, &[8; 5_000]));
    line.extend(data(2, b"small"));
    for end in 0..line.len() {
        let mut gathered = Gathered::new(&line[..end], Arc::default());
        let mut read = Vec::new();
        gathered.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, &line[..end], "{end}");
    }
}
