//! Independent readers: Python's `plistlib`, `lxml`, `jsonschema`, and a few lines that know registry files. They read what
//! is generated here, and write what is read here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use deskhand_policy::format::{WrittenFor, read};
use deskhand_test_support::python;
use serde_json::json;

use super::value;

fn generated() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("generated")
}

/// Runs a script with arguments; it fails by an exception.
fn run(script: &str, arguments: &[&Path]) {
    let output = Command::new(python())
        .arg("-c")
        .arg(script)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn profiles_that_other_tools_write_are_read() {
    let folder = tempfile::tempdir().unwrap();
    run(
        r#"
import json, pathlib, plistlib, sys
folder = pathlib.Path(sys.argv[1])
keys = {"inferenceProvider": "gateway", "inferenceMaxTokensPerWindow": "100000", "isLocalDevMcpEnabled": False,
        "organizationInstructions": "naïve ☃ 𝄞", "inferenceModels": json.dumps(["m1", {"name": "m2"}])}
payload = {"PayloadType": "com.anthropic.claudefordesktop", "PayloadVersion": 1, "PayloadUUID": "x", "PayloadIdentifier": "x", **keys}
profile = {"PayloadType": "Configuration", "PayloadVersion": 1, "PayloadContent": [{"PayloadType": "com.apple.dock"}, payload]}
for name, form in (("xml", plistlib.FMT_XML), ("binary", plistlib.FMT_BINARY)):
    (folder / name).write_bytes(plistlib.dumps(profile, fmt=form))
def quoted(text): return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
lines = ["Windows Registry Editor Version 5.00", "", "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude]"]
lines += [f"{quoted(key)}={quoted(str(value).lower() if value is False else value)}" for key, value in keys.items()]
(folder / "reg").write_bytes("\r\n".join(lines + [""]).encode("utf-16"))
"#,
        &[folder.path()],
    );
    for name in ["xml", "binary", "reg"] {
        let profile = read(&fs::read(folder.path().join(name)).unwrap(), name).unwrap();
        assert_eq!(profile.written_for, WrittenFor::Reference);
        assert_eq!(profile.entries.len(), 5, "{name}");
        assert_eq!(
            value(&profile, "organizationInstructions"),
            json!("naïve ☃ 𝄞"),
            "{name}"
        );
        assert_eq!(
            value(&profile, "inferenceMaxTokensPerWindow"),
            json!("100000"),
            "{name}"
        );
        assert_eq!(
            value(&profile, "inferenceModels"),
            json!(r#"["m1", {"name": "m2"}]"#),
            "{name}"
        );
        let local = if name == "reg" {
            json!("false")
        } else {
            json!(false)
        };
        assert_eq!(value(&profile, "isLocalDevMcpEnabled"), local, "{name}");
    }
}

#[test]
fn the_administrative_template_is_whole() {
    run(
        r#"
import pathlib, re, sys
from lxml import etree
folder = pathlib.Path(sys.argv[1])
admx, adml = (etree.parse(folder / name).getroot() for name in ("deskhand.admx", "en-US/deskhand.adml"))
ns = {"p": admx.nsmap[None]}
assert adml.nsmap[None] == ns["p"]
ids = lambda root, path, name="name": [element.get(name) for element in root.findall(path, ns)]
strings, shown = ids(adml, ".//p:string", "id"), ids(adml, ".//p:presentation", "id")
policies = admx.findall(".//p:policy", ns)
for names in (strings, shown, [policy.get("name") for policy in policies], ids(admx, ".//p:category")):
    assert len(names) == len(set(names)) and names, "an id stands there twice"
used = set(re.findall(r"\$\(string\.(\w+)\)", etree.tostring(admx).decode()))
assert used == set(strings), used ^ set(strings)
categories, supported = set(ids(admx, ".//p:category")), set(ids(admx, ".//p:definition"))
controls = {"decimal": "decimalTextBox", "text": "textBox", "enum": "dropdownList"}
presentations = {p.get("id"): p for p in adml.findall(".//p:presentation", ns)}
named = set()
for policy in policies:
    assert policy.get("class") == "Both" and policy.get("key") == "SOFTWARE\\Policies\\Deskhand"
    assert policy.find("p:parentCategory", ns).get("ref") in categories
    assert policy.find("p:supportedOn", ns).get("ref") in supported
    elements = policy.findall("p:elements/*", ns)
    if not elements:
        assert policy.get("valueName") == policy.get("name") and policy.find("p:disabledValue", ns) is not None
        continue
    (element,) = elements
    kind = etree.QName(element).localname
    presentation = presentations[re.fullmatch(r"\$\(presentation\.(\w+)\)", policy.get("presentation"))[1]]
    named.add(presentation.get("id"))
    (control,) = presentation
    assert etree.QName(control).localname == controls[kind], policy.get("name")
    assert control.get("refId") == element.get("id") and element.get("valueName") == policy.get("name")
    if kind == "decimal":
        assert 0 <= int(element.get("minValue")) < int(element.get("maxValue")) <= 2**32 - 1
        assert int(control.get("defaultValue", element.get("minValue"))) >= int(element.get("minValue"))
    if kind == "text":
        assert element.get("expandable") is None and 0 < int(element.get("maxLength"))
assert named == set(presentations)
"#,
        &[&generated()],
    );
}

#[test]
fn property_lists_registry_files_and_schemas_are_read_by_others() {
    run(
        r#"
import json, pathlib, plistlib, sys, uuid
import jsonschema
folder = pathlib.Path(sys.argv[1])
schema = json.loads((folder / "settings.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
check = jsonschema.Draft202012Validator(schema).validate
check(json.loads((folder / "managed-settings.json").read_text()))
for wrong in ({"deskhandEnabled": "maybe"}, {"deskhandEnalbed": True}, {"deskhandMaxStepsPerTurn": 0}):
    try: check(wrong)
    except jsonschema.ValidationError: continue
    raise AssertionError(wrong)
keys = set(schema["properties"]) - {"$comment", "$schema"}

template = plistlib.loads((folder / "deskhand.mobileconfig").read_bytes())
assert not keys & set(template["PayloadContent"][0]), "the template sets something"
manifest = plistlib.loads((folder / "dev.deskhand.Deskhand.plist").read_bytes())
assert manifest["pfm_domain"] == "dev.deskhand.Deskhand"
subkeys = {key["pfm_name"]: key for key in manifest["pfm_subkeys"]}
assert keys <= set(subkeys) and all(subkeys[key]["pfm_type"] in ("boolean", "integer", "string") for key in keys)
segments = subkeys["PFC_SegmentedControl_0"]["pfm_segments"]
assert sorted(name for names in segments.values() for name in names) == sorted(keys)
jamf = json.loads((folder / "deskhand.jamf.json").read_text())
assert set(jamf["properties"]) == keys
assert all(entry["anyOf"][0]["type"] == "null" for entry in jamf["properties"].values())

def registry(path):
    lines = path.read_bytes().decode("utf-16").split("\r\n")
    assert lines[0] == "Windows Registry Editor Version 5.00" and lines[-1] == ""
    found = {}
    for line in lines[1:]:
        if not line or line.startswith((";", "[")): continue
        name, data = json.JSONDecoder().raw_decode(line)
        data = line[data + 1:]
        found[name] = int(data[6:], 16) if data.startswith("dword:") else json.loads(data)
    return found
assert registry(folder / "deskhand.reg") == {}, "the template sets something"

for name in ("standard", "restricted", "locked-down"):
    wanted = json.loads((folder / "profiles" / f"{name}.json").read_text())
    check(wanted)
    del wanted["$comment"]
    flat = lambda value: value if isinstance(value, (bool, int, str)) else json.dumps(value, separators=(",", ":"))
    wanted = {key: flat(value) for key, value in wanted.items()}
    profile = plistlib.loads((folder / "profiles" / f"{name}.mobileconfig").read_bytes())
    (payload,) = profile["PayloadContent"]
    assert payload["PayloadType"] == "dev.deskhand.Deskhand" and uuid.UUID(payload["PayloadUUID"]) != uuid.UUID(profile["PayloadUUID"])
    assert {key: value for key, value in payload.items() if not key.startswith("Payload")} == wanted
    text = {key: str(value).lower() if isinstance(value, bool) else value for key, value in wanted.items()}
    assert registry(folder / "profiles" / f"{name}.reg") == text
"#,
        &[&generated()],
    );
}

#[test]
fn the_list_for_intune_leads_to_the_policies_of_the_template() {
    run(
        r#"
import json, pathlib, sys
from lxml import etree
folder = pathlib.Path(sys.argv[1])
admx = etree.parse(folder / "deskhand.admx").getroot()
ns = {"p": admx.nsmap[None]}
policies = {p.get("name"): p for p in admx.findall(".//p:policy", ns)}
files = [folder / "deskhand.intune.json", *(folder / "profiles").glob("*.intune.json")]
assert len(files) == 4
for file in files:
    first, *rest = json.loads(file.read_text())["omaSettings"]
    assert first["omaUri"].startswith("./Device/Vendor/MSFT/Policy/ConfigOperations/ADMXInstall/Deskhand/Policy/")
    assert first["value"] == (folder / "deskhand.admx").read_text()
    assert file.parent != folder or len(rest) == len(policies)
    for setting in rest:
        path, name = setting["omaUri"].rsplit("/", 1)
        policy = policies[name]
        section = policy.find("p:parentCategory", ns).get("ref")
        assert path == f"./Device/Vendor/MSFT/Policy/Config/Deskhand~Policy~Deskhand~{section}", path
        state, *data = etree.fromstring(f"<value>{setting['value']}</value>")
        elements = policy.findall("p:elements/*", ns)
        if state.tag == "disabled" or not elements:
            assert not data
            continue
        assert [entry.get("id") for entry in data] == [element.get("id") for element in elements]
        words = [item.text for item in elements[0].findall("p:item/p:value/p:string", ns)]
        assert not words or data[0].get("value") in words
"#,
        &[&generated()],
    );
}
