//! macOS: the network settings of the place in use, with what a configuration profile sets, out of the dynamic store.

use system_configuration::core_foundation::base::TCFType as _;
use system_configuration::core_foundation::propertylist::{create_data, kCFPropertyListBinaryFormat_v1_0};
use system_configuration::dynamic_store::SCDynamicStoreBuilder;

use super::{SystemProxies, dictionary};

pub(super) fn read() -> SystemProxies {
    let store = SCDynamicStoreBuilder::<()>::new("deskhand").build();
    let proxies = store.and_then(|store| store.get_proxies());
    let list = proxies
        .and_then(|proxies| create_data(proxies.as_CFTypeRef(), kCFPropertyListBinaryFormat_v1_0).ok());
    list.and_then(|list| dictionary::read(list.bytes()))
        .unwrap_or_default()
}
