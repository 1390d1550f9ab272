//! What is asked of the configuration.

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use context_tray::config::{KEYS, Key};

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print the path of the file
    Path {
        /// That of the project that you are in, in place of your own
        #[arg(long)]
        project_file: bool,
    },
    /// Show what is in force: the defaults, your own file, and on top that of the project
    Get {
        /// Only this, as its bare value
        #[arg(value_parser = key())]
        key: Option<Key>,
    },
    /// Set a value, and leave the rest of the file as it is
    Set {
        /// What to set
        #[arg(value_parser = key())]
        key: Key,
        /// Its value; those of a list one by one, as they are
        #[arg(value_name = "VALUE", allow_negative_numbers = true)]
        values: Vec<String>,
        /// Take it out of the file
        #[arg(long, conflicts_with = "values")]
        default: bool,
        /// In the file of the project that you are in, in place of your own
        #[arg(long)]
        project_file: bool,
    },
    /// Open the file in $VISUAL or $EDITOR, and look at the result
    Edit {
        /// That of the project that you are in, in place of your own
        #[arg(long)]
        project_file: bool,
    },
}

fn key() -> impl TypedValueParser<Value = Key> {
    PossibleValuesParser::new(KEYS.iter().map(Key::name))
        .try_map(|name| Key::named(&name).ok_or("there is no such key"))
}
