//! The desktop portal's folder chooser: the one that every desktop has, also for programs in a sandbox.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use context_tray::platform::files::path_from_bytes;
use zbus::blocking::fdo::DBusProxy;
use zbus::blocking::{Connection, Proxy, connection};
use zbus::names::BusName;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

const SERVICE: &str = "org.freedesktop.portal.Desktop";
const PATH: &str = "/org/freedesktop/portal/desktop";
const CHOOSER: &str = "org.freedesktop.portal.FileChooser";
const REQUEST: &str = "org.freedesktop.portal.Request";

/// How long the portal may take to show its dialog; the user may take longer.
const ANSWER: Duration = Duration::from_secs(25);

/// Waits for the user to choose a folder; none when they chose not to.
pub(crate) fn pick_folder(title: &str) -> zbus::Result<Option<PathBuf>> {
    let bus = connection::Builder::session()?.method_timeout(ANSWER).build()?;
    if !is_offered(&bus)? {
        return Err(zbus::Error::Failure("there is no desktop portal".to_owned()));
    }
    let token = format!("context_tray_{}", std::process::id());
    let sender = bus.unique_name().map(|name| name.trim_start_matches(':').replace('.', "_")).unwrap_or_default();
    // The answer is listened for before the question is asked, at the place where it will come.
    let expected = format!("{PATH}/request/{sender}/{token}");
    let request = Proxy::new(&bus, SERVICE, expected.as_str(), REQUEST)?;
    let mut answers = request.receive_signal("Response")?;

    let chooser = Proxy::new(&bus, SERVICE, PATH, CHOOSER)?;
    let yes = || Value::from(true);
    let options = HashMap::from([("handle_token", Value::from(token)), ("directory", yes()), ("modal", yes())]);
    let handle: OwnedObjectPath = chooser.call("OpenFile", &("", title, options))?;
    if handle.as_str() != expected {
        // A portal older than these tokens.
        let request = Proxy::new(&bus, SERVICE, handle, REQUEST)?;
        answers = request.receive_signal("Response")?;
    }
    let Some(answer) = answers.next() else { return Ok(None) };
    let (response, results): (u32, HashMap<String, OwnedValue>) = answer.body().deserialize()?;
    let uris = results.get("uris").and_then(|uris| Vec::<String>::try_from(uris.try_clone().ok()?).ok());
    let chosen = uris.and_then(|uris| uris.into_iter().next()).filter(|_| response == 0);
    Ok(chosen.and_then(|uri| path_of(&uri)))
}

/// Whether the portal runs, or would.
fn is_offered(bus: &Connection) -> zbus::Result<bool> {
    let names = DBusProxy::new(bus)?;
    let runs = names.name_has_owner(BusName::from_static_str(SERVICE)?)?;
    Ok(runs || names.list_activatable_names()?.iter().any(|name| name.as_str() == SERVICE))
}

/// The path that a `file:` address names.
fn path_of(uri: &str) -> Option<PathBuf> {
    let encoded = uri.strip_prefix("file://")?.as_bytes();
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    Some(path_from_bytes(bytes)).filter(|path| path.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_address_is_a_path() {
        let path = |uri| path_of(uri).map(|path| path.to_str().unwrap().to_owned());
        assert_eq!(path("file:///home/me/a%20b%C3%BC/100%"), Some("/home/me/a bü/100%".into()));
        assert_eq!(path("file:///a%zz"), Some("/a%zz".into()));
        assert_eq!(path("https://example.org/"), None);
        assert_eq!(path("file://relative"), None);
    }
}
