//! macOS: the network settings of the place in use, with what a configuration profile sets, out of the dynamic store.

use std::io;

use system_configuration::core_foundation::base::TCFType as _;
use system_configuration::core_foundation::propertylist::{create_data, kCFPropertyListBinaryFormat_v1_0};
use system_configuration::dynamic_store::SCDynamicStoreBuilder;

use super::{SystemProxies, dictionary};

/// The key of the proxies in force (`SCDynamicStoreKeyCreateProxies`).
const KEY: &str = "State:/Network/Global/Proxies";

pub(super) fn read() -> io::Result<SystemProxies> {
    let failed = |what: &'static str| move || io::Error::other(what);
    let store = SCDynamicStoreBuilder::<()>::new("deskhand").build();
    let store = store.ok_or_else(failed("the dynamic store does not answer"))?;
    let Some(proxies) = store.get_proxies() else {
        // Null stands for settings that nobody made and for an error alike; the list of keys tells one from the other.
        let is_unset = store.get_keys(KEY).is_some_and(|keys| keys.is_empty());
        return is_unset
            .then(SystemProxies::default)
            .ok_or_else(failed("the dynamic store does not hand out the proxies"));
    };
    let list = create_data(proxies.as_CFTypeRef(), kCFPropertyListBinaryFormat_v1_0)
        .map_err(|_| io::Error::other("the proxies are no property list"))?;
    dictionary::read(list.bytes()).ok_or_else(failed("the proxies are no dictionary"))
}
