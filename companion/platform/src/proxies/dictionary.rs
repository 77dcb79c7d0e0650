//! The dictionary of proxies of macOS (`SCDynamicStoreCopyProxies`; its keys stand in `SCSchemaDefinitions.h`).

use std::io::Cursor;

use plist::{Dictionary, Value};

use super::{MAX_EXCEPTIONS, SystemProxies};

/// Reads the dictionary as a property list; `None` where it is none.
pub(super) fn read(list: &[u8]) -> Option<SystemProxies> {
    let said = Value::from_reader(Cursor::new(list)).ok()?.into_dictionary()?;
    let socks = place(&said, "SOCKS").map(|place| format!("socks://{place}"));
    let exceptions = said.get("ExceptionsList").and_then(Value::as_array);
    let exceptions = exceptions.into_iter().flatten().filter_map(Value::as_string);
    Some(SystemProxies {
        https: place(&said, "HTTPS").or_else(|| socks.clone()),
        http: place(&said, "HTTP").or(socks),
        exceptions: exceptions.take(MAX_EXCEPTIONS).map(str::to_owned).collect(),
        simple_names_direct: is_on(&said, "ExcludeSimpleHostnames"),
        script: text(&said, "ProxyAutoConfigURLString")
            .filter(|_| is_on(&said, "ProxyAutoConfigEnable"))
            .map(str::to_owned),
        detects: is_on(&said, "ProxyAutoDiscoveryEnable"),
        failure: None,
    })
}

/// Switches are the numbers 0 and 1.
fn is_on(said: &Dictionary, key: &str) -> bool {
    said.get(key).and_then(Value::as_signed_integer) == Some(1)
}

fn text<'a>(said: &'a Dictionary, key: &str) -> Option<&'a str> {
    said.get(key)?.as_string().filter(|text| !text.is_empty())
}

/// The proxy of one kind of address, where it is switched on.
fn place(said: &Dictionary, kind: &str) -> Option<String> {
    let host = text(said, &format!("{kind}Proxy")).filter(|_| is_on(said, &format!("{kind}Enable")))?;
    let host = if host.contains(':') && !host.contains(['[', '/']) {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    let port = said
        .get(&format!("{kind}Port"))
        .and_then(Value::as_signed_integer);
    Some(match port {
        Some(port) => format!("{host}:{port}"),
        None => host,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(members: &str) -> Vec<u8> {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>{members}</dict></plist>"#
        )
        .into_bytes()
    }

    const FULL: &str =
        "<key>ExceptionsList</key><array><string>*.local</string><string>169.254/16</string></array>
        <key>ExcludeSimpleHostnames</key><integer>1</integer><key>FTPPassive</key><integer>1</integer>
        <key>HTTPEnable</key><integer>1</integer><key>HTTPPort</key><integer>3128</integer>
        <key>HTTPProxy</key><string>plain.corp.example</string>
        <key>HTTPSEnable</key><integer>1</integer><key>HTTPSPort</key><integer>8080</integer>
        <key>HTTPSProxy</key><string>proxy.corp.example</string>
        <key>__SCOPED__</key><dict><key>en0</key><dict/></dict>";

    #[test]
    fn reads_what_is_switched_on() {
        let wanted = SystemProxies {
            https: Some("proxy.corp.example:8080".to_owned()),
            http: Some("plain.corp.example:3128".to_owned()),
            exceptions: vec!["*.local".to_owned(), "169.254/16".to_owned()],
            simple_names_direct: true,
            ..SystemProxies::default()
        };
        assert!(read(&list(FULL)) == Some(wanted));
    }

    #[test]
    fn what_is_switched_off_does_not_count() {
        let off = FULL.replace("<integer>1</integer>", "<integer>0</integer>");
        let found = read(&list(&off)).expect("a dictionary");
        assert_eq!((found.https, found.http), (None, None));
        assert!(!found.simple_names_direct);
        let script = |enabled| {
            let members = format!(
                "<key>ProxyAutoConfigEnable</key><integer>{enabled}</integer>
                 <key>ProxyAutoConfigURLString</key><string>http://wpad.corp.example/p.pac</string>"
            );
            read(&list(&members)).expect("a dictionary").script
        };
        assert_eq!(script(0), None);
        assert_eq!(script(1).as_deref(), Some("http://wpad.corp.example/p.pac"));
    }

    #[test]
    fn an_address_of_the_sixth_version_gets_its_brackets() {
        let members =
            "<key>HTTPSEnable</key><integer>1</integer><key>HTTPSProxy</key><string>fd00::1</string>
            <key>HTTPSPort</key><integer>8080</integer>";
        let found = read(&list(members)).expect("a dictionary");
        assert_eq!(found.https.as_deref(), Some("[fd00::1]:8080"));
    }

    #[test]
    fn a_socks_proxy_is_told_as_one() {
        let members = "<key>SOCKSEnable</key><integer>1</integer><key>SOCKSProxy</key><string>four</string>
            <key>SOCKSPort</key><integer>1080</integer>";
        let found = read(&list(members)).expect("a dictionary");
        assert_eq!(found.https.as_deref(), Some("socks://four:1080"));
    }

    #[test]
    fn anything_else_is_none() {
        assert!(read(b"no property list").is_none());
        assert!(read(b"<plist version=\"1.0\"><array/></plist>").is_none());
        assert!(read(&list("<key>HTTPSEnable</key><string>many</string>")) == Some(SystemProxies::default()));
        assert!(read(&list("")) == Some(SystemProxies::default()));
    }
}
