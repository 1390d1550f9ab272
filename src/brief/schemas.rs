//! The schemas in `packaging/schemas` are those of the types. `UPDATE_GOLDEN=1` writes them anew.

use std::fs;
use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use super::Brief;
use crate::entry::Entry;
use crate::status::ProjectStatus;

/// As somebody sees it who reads what we write.
fn schema<T: JsonSchema>(title: &str, about: &str) -> Schema {
    let mut schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    schema.insert("title".into(), title.into());
    schema.insert("description".into(), about.into());
    schema
}

#[test]
fn the_schemas_of_the_package_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/schemas");
    let schemas = [
        ("events", schema::<Entry>("An entry", "One line of .context/events.jsonl.")),
        ("status", schema::<ProjectStatus>("A project's status", "What `ctx status --json` prints.")),
        ("brief", schema::<Brief>("A brief", "What `ctx brief --json` prints.")),
    ];
    for (name, schema) in schemas {
        let path = folder.join(format!("{name}.schema.json"));
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let checked_in = fs::read_to_string(&path).unwrap_or_default();
        assert!(checked_in == text, "{} is not what the types say: see UPDATE_GOLDEN", path.display());
    }
}
