//! Any bytes as the first ones of a TLS client: read the same however they come, and with the name that rustls reads.
#![no_main]

use deskhand_vm_proxy::{ClientHello, HelloReading, Limits, ServerName};
use libfuzzer_sys::fuzz_target;
use rustls::server::Acceptor;

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    let whole = ClientHello::read(data, &limits);
    // What is decided early stays so: more bytes change nothing.
    for end in [data.len() / 4, data.len() / 2, data.len().saturating_sub(1)] {
        match ClientHello::read(&data[..end], &limits) {
            Ok(HelloReading::More) => {}
            early => assert_eq!(early, whole, "other bytes behind it made it another hello"),
        }
    }
    let Ok(HelloReading::Whole(hello, length)) = whole else {
        return;
    };
    assert!(length <= data.len());
    let mut acceptor = Acceptor::default();
    if acceptor.read_tls(&mut &data[..length]).is_err() {
        return;
    }
    if let Ok(Some(accepted)) = acceptor.accept() {
        let theirs = accepted.client_hello().server_name().map(str::to_ascii_lowercase);
        match hello.server_name {
            // A name that is an address, or that DNS has no place for, is none to rustls.
            ServerName::Name(ours) => {
                let ours = ours.to_ascii_lowercase();
                let bare = ours.strip_suffix('.').unwrap_or(&ours);
                assert!(theirs.is_none_or(|theirs| theirs == ours || theirs == bare));
            }
            ServerName::Absent => assert_eq!(theirs, None, "rustls reads a name where none was seen"),
        }
    }
});
