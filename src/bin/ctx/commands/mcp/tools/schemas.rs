//! `schemas.json` is what the types say. `UPDATE_GOLDEN=1` writes it anew.

use std::collections::BTreeMap;
use std::fs;

use rmcp::model::JsonObject;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use super::{Brief, Check, Explain, Question, Recent, Schemas, Status};

/// A type's schema, without the names that it has among us, and those of Rust's numbers.
fn schema<T: JsonSchema>(settings: SchemaSettings) -> JsonObject {
    let settings =
        settings.with(|it| it.meta_schema = None).with_transform(RecursiveTransform(|schema: &mut Schema| {
            if schema.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
                schema.remove("format");
            }
        }));
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    schema.remove("description");
    schema.as_object().cloned().unwrap()
}

/// Not every client follows a reference, or knows an argument of two types.
fn arguments<T: JsonSchema>() -> JsonObject {
    let one_type = RecursiveTransform(|schema: &mut Schema| {
        if let Some(Value::Array(types)) = schema.get("type") {
            let first = types[0].clone();
            schema.insert("type".to_owned(), first);
        }
    });
    schema::<T>(SchemaSettings::draft2020_12().with(|it| it.inline_subschemas = true).with_transform(one_type))
}

fn schemas<Q: Question>() -> (&'static str, Schemas) {
    let mut answer = schema::<Q::Answer>(SchemaSettings::draft2020_12().for_serialize());
    let about = "What may be missing or wrong in the answer, and why.";
    answer["properties"]["warnings"] = json!({"type": "array", "items": {"type": "string"}, "description": about});
    (Q::NAME, Schemas { arguments: arguments::<Q>(), answer })
}

#[test]
fn the_schemas_of_the_tools_are_those_of_the_types() {
    let all: BTreeMap<_, _> =
        [schemas::<Status>(), schemas::<Recent>(), schemas::<Brief>(), schemas::<Check>(), schemas::<Explain>()].into();
    let text = serde_json::to_string_pretty(&all).unwrap() + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/bin/ctx/commands/mcp/schemas.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path, &text).unwrap();
    }
    assert!(fs::read_to_string(path).unwrap() == text, "{path} is not what the types say: see UPDATE_GOLDEN");
}
