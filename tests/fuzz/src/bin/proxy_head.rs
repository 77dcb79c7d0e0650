//! Any bytes as heads and bodies of HTTP/1: what is taken cannot be cut in two ways.
#![no_main]

use deskhand_vm_proxy::{BodyFraming, Framed, Host, Limits, RequestHead, ResponseHead, Target};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    if let Ok(Some((head, length))) = RequestHead::read(data, &limits) {
        assert!(data[..length].ends_with(b"\r\n\r\n"));
        assert!(!data[..length - 4].windows(4).any(|end| end == b"\r\n\r\n"), "a head in a head");
        for header in &head.headers {
            assert!(!header.name.is_empty() && header.name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':'));
            assert!(!header.value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
        }
        let said = |name: &str| head.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name)).count();
        if head.framing().is_ok() {
            assert!(said("content-length") + said("transfer-encoding") <= 1);
        }
        if let Ok(target) = Target::parse(&head.target, Some(80)) {
            assert_eq!(Target::parse(&target.to_string(), None), Ok(target));
        }
    }
    if let Ok(Some((head, _))) = ResponseHead::read(data, &limits) {
        assert!(head.framing("GET").is_err() || head.framing("HEAD") == Ok(BodyFraming::None));
    }
    if let Ok(host) = std::str::from_utf8(data).map_err(drop).and_then(|text| Host::parse(text).map_err(drop)) {
        let judged = deskhand_policy::hosts::Host::parse(&host.to_string()).map(|judged| judged.to_string());
        assert_eq!(judged, Some(host.to_string()), "the gate would judge another host");
    }
    for strict in [true, false] {
        let (mut whole, mut bytes) = (Framed::new(BodyFraming::Chunked, strict), Framed::new(BodyFraming::Chunked, strict));
        let taken = whole.take(data);
        let mut by_one = Ok(0);
        for byte in data {
            by_one = by_one.and_then(|so_far| bytes.take(&[*byte]).map(|one| so_far + one));
        }
        assert_eq!(taken, by_one, "the pieces of a body change where it ends");
    }
});
