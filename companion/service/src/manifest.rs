//! `deskhand manifest`: the add-in manifest with this service's address.

/// The template and its one file of variables.
const TEMPLATE: &str = include_str!("../../../office-manifests/templates/addin.xml");
const VARIABLES: &str = include_str!("../../../office-manifests/variables.json");

/// Fills the template in for a port.
pub(crate) fn render(port: u16) -> String {
    let variables: serde_json::Value = serde_json::from_str(VARIABLES).unwrap_or_default();
    let id = variables
        .get("id")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    // Office wants four numbers.
    let version = format!("{}.0", env!("CARGO_PKG_VERSION"));
    TEMPLATE
        .replace("{{id}}", id)
        .replace("{{version}}", &version)
        .replace("{{origin}}", &format!("https://localhost:{port}"))
}

#[cfg(test)]
mod tests {
    use super::render;

    #[test]
    fn every_placeholder_is_filled() {
        let manifest = render(47_600);
        assert!(!manifest.contains("{{"), "{manifest}");
        assert!(manifest.contains("https://localhost:47600/excel/"));
        assert!(manifest.contains("https://localhost:47600/powerpoint/"));
    }
}
