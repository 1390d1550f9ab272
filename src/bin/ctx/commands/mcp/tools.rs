//! What the tools have in common: how they are described, and how a question becomes an answer.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use context_tray::line::visible;
use context_tray::platform::Directories;
use rmcp::model::{CallToolResult, ContentBlock, JsonObject, Tool, ToolAnnotations};
use serde::Deserialize;
use serde_json::Value;

use super::super::Context;
use super::questions::{Brief, Check, Explain, Question, Recent, Status};
use crate::error::Error;
use crate::output::Output;

/// What an assistant can ask.
const TOOLS: [Offer; 5] =
    [offer::<Status>(), offer::<Recent>(), offer::<Brief>(), offer::<Check>(), offer::<Explain>()];

/// The schemas of the tools' arguments and answers, made from their types by a test: no program carries what makes them.
const SCHEMAS: &str = include_str!("schemas.json");

/// One tool.
pub(super) struct Offer {
    name: &'static str,
    define: fn(Schemas) -> Tool,
    pub(super) call: fn(&Place, JsonObject) -> CallToolResult,
}

#[derive(Default, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct Schemas {
    pub(super) arguments: JsonObject,
    pub(super) answer: JsonObject,
}

/// Where the server works.
pub(super) struct Place {
    pub(super) directories: Directories,
    pub(super) folder: PathBuf,
}

/// The tool of this name.
pub(super) fn named(name: &str) -> Option<&'static Offer> {
    TOOLS.iter().find(|tool| tool.name == name)
}

/// All tools as an assistant gets to know them.
pub(super) fn all() -> serde_json::Result<Vec<Tool>> {
    let mut schemas: BTreeMap<&str, Schemas> = serde_json::from_str(SCHEMAS)?;
    Ok(TOOLS.iter().map(|tool| (tool.define)(schemas.remove(tool.name).unwrap_or_default())).collect())
}

const fn offer<Q: Question>() -> Offer {
    Offer { name: Q::NAME, define: define::<Q>, call: call::<Q> }
}

fn define<Q: Question>(schemas: Schemas) -> Tool {
    let reads_only = ToolAnnotations::with_title(Q::TITLE).read_only(true).open_world(false);
    Tool::new(Q::NAME, Q::ABOUT, schemas.arguments)
        .with_title(Q::TITLE)
        .with_raw_output_schema(Arc::new(schemas.answer))
        .with_annotations(reads_only)
}

fn call<Q: Question>(place: &Place, arguments: JsonObject) -> CallToolResult {
    let output = Output::collecting();
    let asked = serde_json::from_value::<Q>(Value::Object(arguments)).map_err(|error| {
        Error::usage(format!("the arguments are not those of `{}`: {error}", Q::NAME)).with_hint("see its input schema")
    });
    let answered = asked.and_then(|question| {
        let folder = question.project().map_or_else(|| place.folder.clone(), |project| place.folder.join(project));
        let context = Context { directories: place.directories.clone(), folder, output: &output };
        let (answer, text) = question.answer(&context)?;
        Ok((serde_json::to_value(answer).map_err(io::Error::from)?, text))
    });
    match answered {
        Ok((answer, text)) => told(answer, text, output.collected()),
        Err(Error::Failed(failure, _)) => {
            let hint =
                failure.hint.map(|hint| format!("\nhint: {}", visible(&in_own_words(&hint)))).unwrap_or_default();
            CallToolResult::error(vec![ContentBlock::text(visible(&failure.message) + &hint)])
        }
        // Nothing is printed here, so nobody can have stopped reading it.
        Err(Error::BrokenPipe) => CallToolResult::error(vec![ContentBlock::text("the answer could not be written")]),
    }
}

/// What to do, where the verbs say it in the words of the command line.
pub(super) fn in_own_words(hint: &str) -> String {
    let words =
        [("`-C DIR`", "`project`"), ("--paths", "`paths`"), ("the folder that you are in", "the project's folder")];
    words.into_iter().fold(hint.to_owned(), |hint, (theirs, ours)| hint.replace(theirs, ours))
}

/// An answer in both forms. Some clients show a model only one of them, so each has to be whole.
fn told(mut answer: Value, text: String, warnings: Vec<String>) -> CallToolResult {
    let mut content = vec![ContentBlock::text(text)];
    content.extend(warnings.iter().map(|warning| ContentBlock::text(format!("warning: {}", visible(warning)))));
    if !warnings.is_empty() {
        answer["warnings"] = warnings.into();
    }
    let mut result = CallToolResult::structured(answer);
    result.content = content;
    result
}

#[cfg(test)]
mod schemas;
