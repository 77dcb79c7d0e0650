//! Hosts in every spelling: one that is judged is the one that is dialled, compared and told.

use deskhand_vm_proxy::{Host, Target};
use proptest::prelude::*;

use super::party::{Stage, until};

/// A spelling, and the host that the door is asked for; or the code of the refusal.
const TABLE: &[(&str, Result<&str, &str>)] = &[
    ("files.example:443", Ok("files.example")),
    ("FILES.Example:443", Ok("files.example")),
    ("files.example.:443", Ok("files.example")),
    ("xn--bcher-kva.example:443", Ok("xn--bcher-kva.example")),
    ("XN--BCHER-KVA.example:443", Ok("xn--bcher-kva.example")),
    ("my_host.example:443", Ok("my_host.example")),
    ("127.0.0.1:443", Ok("127.0.0.1")),
    ("127.1:443", Ok("127.0.0.1")),
    ("0x7f.1:443", Ok("127.0.0.1")),
    ("0X7F000001:443", Ok("127.0.0.1")),
    ("0177.0.0.01:443", Ok("127.0.0.1")),
    ("2130706433:443", Ok("127.0.0.1")),
    ("127.0.0.1.:443", Ok("127.0.0.1")),
    ("[::1]:443", Ok("[::1]")),
    ("[2001:DB8:0::1]:443", Ok("[2001:db8::1]")),
    ("[::ffff:10.0.0.1]:443", Ok("10.0.0.1")),
    ("[::ffff:a00:1]:443", Ok("10.0.0.1")),
    ("files.example:0443", Ok("files.example")),
    ("files.example:0", Err("bad_port")),
    ("files.example:65536", Err("bad_port")),
    ("files.example:100443", Err("bad_port")),
    ("files.example:+443", Err("bad_port")),
    ("files.example:-1", Err("bad_port")),
    ("files.example:0x1bb", Err("bad_port")),
    ("files.example:", Err("bad_port")),
    ("files.example", Err("bad_port")),
    ("[::1]", Err("bad_port")),
    (":443", Err("bad_host")),
    (".:443", Err("bad_host")),
    ("..:443", Err("bad_host")),
    ("a..example:443", Err("bad_host")),
    (".example:443", Err("bad_host")),
    ("files.example..:443", Err("bad_host")),
    ("::1:443", Err("bad_host")),
    ("a:b:443", Err("bad_host")),
    ("[127.0.0.1]:443", Err("bad_host")),
    ("[files.example]:443", Err("bad_host")),
    ("[::1]files.example:443", Err("bad_host")),
    ("[::1:443", Err("bad_host")),
    ("::1]:443", Err("bad_host")),
    ("[fe80::1%25eth0]:443", Err("bad_host")),
    ("[fe80::1%eth0]:443", Err("bad_host")),
    ("user@files.example:443", Err("bad_host")),
    ("user:word@files.example:443", Err("bad_host")),
    ("files.example:443@evil.example:443", Err("bad_host")),
    ("%66iles.example:443", Err("bad_host")),
    ("files%2eexample:443", Err("bad_host")),
    ("files.example%00.evil.example:443", Err("bad_host")),
    ("files.example/:443", Err("bad_host")),
    ("files.example\\.evil.example:443", Err("bad_host")),
    ("files.example#:443", Err("bad_host")),
    ("files.example,evil.example:443", Err("bad_host")),
    ("256.256.256.256:443", Err("bad_host")),
    ("1.2.3.4.5:443", Err("bad_host")),
    ("0x100000000:443", Err("bad_host")),
    ("files.example.0x7f:443", Err("bad_host")),
    ("xn--a:443", Err("bad_host")),
    ("xn--ascii-.example:443", Err("bad_host")),
    ("http://files.example:443", Err("bad_host")),
];

#[tokio::test(start_paused = true)]
async fn each_spelling_has_one_host_or_is_refused_by_name() {
    for (spelling, wanted) in TABLE {
        let stage = Stage::open();
        match wanted {
            Ok(host) => {
                let mut guest = stage.guest();
                guest.connect(spelling).await;
                drop(stage.far().await);
                assert_eq!(stage.asked(), [((*host).to_owned(), 443)], "{spelling}");
            }
            Err(code) => {
                let request = format!("CONNECT {spelling} HTTP/1.1\r\n\r\n");
                let (found, answer) = stage.refused_before_the_door(request.as_bytes()).await;
                assert_eq!(found, *code, "{spelling}");
                let told = format!("X-Deskhand-Refusal: {code}\r\n");
                assert!(
                    answer.starts_with("HTTP/1.1 400 ") && answer.contains(&told),
                    "{spelling}: {answer}"
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn unicode_and_control_characters_are_refused() {
    for spelling in [
        "bücher.example",
        "files。example",
        "ｆiles.example",
        "１２７.0.0.1",
        "files\0.example",
        "a\tb",
        "a b",
    ] {
        let stage = Stage::open();
        let request = format!("CONNECT {spelling}:443 HTTP/1.1\r\n\r\n");
        let (code, _) = stage.refused_before_the_door(request.as_bytes()).await;
        assert!(
            ["bad_host", "bad_request"].contains(&code.as_str()),
            "{spelling}: {code}"
        );
    }
    let unicode = Host::parse("bücher.example").expect_err("not in its ASCII form");
    assert!(unicode.message().contains("xn--"), "{unicode}");
    let zero = Host::parse("files\0.example").expect_err("a NUL");
    assert!(
        zero.message().contains("\\0") && !zero.message().contains('\0'),
        "{zero}"
    );
}

#[tokio::test(start_paused = true)]
async fn names_end_at_the_length_that_dns_has() {
    let label = "a".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}", "b".repeat(61));
    assert_eq!(longest.len(), 253);
    assert_eq!(Host::parse(&longest), Ok(Host::Name(longest.clone())));
    assert_eq!(
        Host::parse(&format!("{longest}.")),
        Ok(Host::Name(longest.clone()))
    );
    for long in [
        format!("{longest}c"),
        format!("{label}a.example"),
        "a.".repeat(20_000),
    ] {
        let refusal = Host::parse(&long).expect_err("too long");
        assert_eq!(refusal.code(), "bad_host");
        // It is not even taken apart.
        assert_eq!(
            refusal.message().contains("longer than"),
            long.len() > 254,
            "{refusal}"
        );
        assert!(refusal.message().len() < 300, "{refusal}");
    }
}

#[tokio::test(start_paused = true)]
async fn plain_http_goes_to_the_same_host_as_connect() {
    for (spelling, wanted) in TABLE {
        let stage = Stage::open();
        let spelling = spelling
            .strip_suffix(":443")
            .map_or((*spelling).to_owned(), |host| format!("{host}:81"));
        let request = format!("GET http://{spelling}/ HTTP/1.1\r\nHost: {spelling}\r\n\r\n");
        match wanted {
            Ok(host) if spelling.ends_with(":81") => {
                let mut guest = stage.guest();
                guest.send(request.as_bytes()).await;
                let head = until(&mut stage.far().await, b"\r\n\r\n").await;
                let head = String::from_utf8(head).expect("text");
                assert_eq!(stage.asked(), [((*host).to_owned(), 81)], "{spelling}");
                assert!(
                    head.contains(&format!("\r\nHost: {host}:81\r\n")),
                    "{spelling}: {head}"
                );
            }
            // Without a port it is 80, and 443 is refused in another test.
            Ok(_) => {}
            Err("bad_port") if !spelling.contains(':') || spelling == "[::1]" => {}
            Err(_) => {
                let (code, _) = stage.refused_before_the_door(request.as_bytes()).await;
                assert!(
                    ["bad_host", "bad_port", "bad_request", "host_mismatch"].contains(&code.as_str()),
                    "{spelling}: {code}"
                );
            }
        }
    }
}

proptest! {
    /// The gate judges hosts by the policy crate's reading: whatever is taken here is there the same, letter by letter.
    #[test]
    fn the_gate_reads_every_host_as_it_stands(text in r"(\[?[a-fA-F0-9:.%]{0,20}\]?|[a-zA-Z0-9._-]{0,40}|(xn--[a-z0-9-]{1,12}\.)?[a-z0-9.]{1,12}|\PC{0,20}|0[xX]?[0-9a-f]{1,9}(\.[0-9]{1,3}){0,3}\.?)") {
        if let Ok(host) = Host::parse(&text) {
            let host = host.to_string();
            let judged = deskhand_policy::hosts::Host::parse(&host).map(|judged| judged.to_string());
            prop_assert_eq!(judged.as_deref(), Some(host.as_str()), "{}", &text);
            // And what the client wrote is there the same host.
            let as_written = deskhand_policy::hosts::Host::parse(&text).map(|judged| judged.to_string());
            prop_assert_eq!(as_written.as_deref(), Some(host.as_str()), "{}", &text);
            prop_assert_eq!(Host::parse(&host).map(|again| again.to_string()), Ok(host));
        }
    }

    #[test]
    fn a_target_that_is_read_is_written_and_read_the_same(text in r"([a-zA-Z0-9.-]{0,20}|\[[0-9a-f:.]{0,20}\])(:[0-9]{0,6})?") {
        if let Ok(target) = Target::parse(&text, Some(80)) {
            prop_assert_eq!(Target::parse(&target.to_string(), None), Ok(target));
        }
    }
}
