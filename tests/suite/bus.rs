//! A desktop for tests: a session bus in this process, and on it a tray host and a notification server.
//!
//! The host does what a panel does: it learns of icons, reads their menus and clicks on lines. Needs no system package.

use std::collections::HashMap;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use zbus::blocking::fdo::DBusProxy;
use zbus::blocking::{Connection, Proxy, connection};
use zbus::message::Header;
use zbus::names::BusName;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const NOTIFICATIONS: &str = "org.freedesktop.Notifications";

/// Long enough for a slow machine; nothing waits it out unless something is wrong.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Looks again and again until there is an answer, and panics with `what` when there is none in time.
pub(crate) fn wait_within<T>(limit: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        thread::park_timeout(Duration::from_millis(10));
    }
}

/// The same with patience.
pub(crate) fn wait<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    wait_within(PATIENCE, what, look)
}

/// A session bus that lives as long as this process.
pub(crate) struct Bus {
    address: String,
    _folder: Option<TempDir>,
}

/// A session bus in a process of its own, which ends when this is dropped.
pub(crate) struct BusProcess {
    process: Child,
    socket: PathBuf,
}

impl BusProcess {
    pub(crate) fn start(address: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "bus::a_bus_for_another_process", "--nocapture"]).env(BUS_ADDRESS, address);
        let process = command.stdout(Stdio::null()).spawn().unwrap();
        let socket = PathBuf::from(address.strip_prefix("unix:path=").unwrap());
        wait("the bus", || UnixStream::connect(&socket).ok());
        Self { process, socket }
    }
}

impl Drop for BusProcess {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        std::fs::remove_file(&self.socket).unwrap();
    }
}

/// What the process of [`BusProcess`] does; in a run of the tests it does nothing.
#[test]
fn a_bus_for_another_process() {
    if let Ok(address) = std::env::var(BUS_ADDRESS) {
        serve(&address, || {});
    }
}

const BUS_ADDRESS: &str = "CONTEXT_TRAY_TEST_BUS";

/// Is the bus.
fn serve(address: &str, ready: impl FnOnce()) {
    zbus::block_on(async {
        let mut bus = busd::bus::Bus::for_address(Some(address)).await.unwrap();
        ready();
        bus.run().await.unwrap();
    });
}

impl Bus {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bus = Self::start_at(&format!("unix:path={}", folder.path().join("bus").display()));
        Self { _folder: Some(folder), ..bus }
    }

    /// One that others look for at this address.
    pub(crate) fn start_at(address: &str) -> Self {
        let (ready, listens) = mpsc::channel();
        let at = address.to_owned();
        thread::spawn(move || serve(&at, || ready.send(()).unwrap()));
        listens.recv().unwrap();
        Self::reach(address)
    }

    /// One that runs at this address already.
    pub(crate) fn reach(address: &str) -> Self {
        Self { address: address.to_owned(), _folder: None }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    fn connect(&self) -> connection::Builder<'_> {
        connection::Builder::address(self.address.as_str()).unwrap()
    }
}

/// A panel with a place for icons; it goes when this is dropped.
pub(crate) struct Host {
    connection: Connection,
    items: Arc<Mutex<Vec<String>>>,
}

impl Host {
    pub(crate) fn start(bus: &Bus) -> Self {
        Self::new(bus, false)
    }

    /// One that takes icons and never answers.
    pub(crate) fn start_hung(bus: &Bus) -> Self {
        Self::new(bus, true)
    }

    fn new(bus: &Bus, hangs: bool) -> Self {
        let items = Arc::new(Mutex::new(Vec::new()));
        let watcher = Watcher { items: Arc::clone(&items), hangs };
        let connection = bus
            .connect()
            .serve_at("/StatusNotifierWatcher", watcher)
            .and_then(|builder| builder.name(WATCHER))
            .and_then(connection::Builder::build)
            .unwrap();
        Self { connection, items }
    }

    /// Waits for the icon of the agent.
    pub(crate) fn icon(&self) -> Icon<'_> {
        let service = wait("an icon in the tray", || self.items.lock().unwrap().first().cloned());
        Icon { connection: &self.connection, service }
    }

    /// Ends it, and returns when the agent has taken its icon back.
    pub(crate) fn stop(self) {
        self.connection.release_name(WATCHER).unwrap();
        let bus = DBusProxy::new(&self.connection).unwrap();
        for service in self.items.lock().unwrap().iter() {
            let name = BusName::try_from(service.as_str()).unwrap();
            wait("the icon is gone", || (!bus.name_has_owner(name.clone()).unwrap()).then_some(()));
        }
    }
}

struct Watcher {
    items: Arc<Mutex<Vec<String>>>,
    hangs: bool,
}

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    async fn register_status_notifier_item(&self, service: &str, #[zbus(header)] header: Header<'_>) {
        let service = if service.starts_with('/') { header.sender().unwrap().to_string() } else { service.to_owned() };
        self.items.lock().unwrap().push(service);
        if self.hangs {
            std::future::pending().await
        }
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.items.lock().unwrap().clone()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

/// One icon in the tray.
pub(crate) struct Icon<'a> {
    connection: &'a Connection,
    service: String,
}

/// What a menu's `GetLayout` says of one line.
type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

impl Icon<'_> {
    /// The menu as it is now.
    pub(crate) fn menu(&self) -> Line {
        let nothing: &[&str] = &[];
        let (_, root): (u32, Layout) = self.proxy_to_menu().call("GetLayout", &(0, -1, nothing)).unwrap();
        Line::new(root)
    }

    /// Waits for a line, with the labels that lead to it; of each label the beginning is enough.
    pub(crate) fn wait_for(&self, path: &[&str]) -> Line {
        self.wait_for_within(PATIENCE, path)
    }

    pub(crate) fn wait_for_within(&self, limit: Duration, path: &[&str]) -> Line {
        wait_within(limit, &format!("{path:?} in the menu"), || self.menu().at(path).cloned())
    }

    /// Waits for a line and clicks on it; again, where the menu has got another shape meanwhile.
    pub(crate) fn click(&self, path: &[&str]) {
        wait(&format!("a click on {path:?}"), || {
            let line = self.wait_for(path);
            assert!(line.enabled, "{path:?} can't be clicked: {line:#?}");
            self.send_click(&line).then_some(())
        });
    }

    /// Clicks on a line if it is there.
    pub(crate) fn try_click(&self, path: &[&str]) {
        if let Some(line) = self.menu().at(path) {
            self.send_click(line);
        }
    }

    /// Whether there still is such a line. "Quit" may end the agent before it has given an answer.
    fn send_click(&self, line: &Line) -> bool {
        let answer: zbus::Result<()> = self.proxy_to_menu().call("Event", &(line.id, "clicked", Value::from(0), 0_u32));
        !matches!(answer, Err(zbus::Error::MethodError(error, ..)) if error == "org.freedesktop.DBus.Error.InvalidArgs")
    }

    /// Clicks on the icon itself.
    pub(crate) fn activate(&self) {
        let () = self.proxy_to_item().call("Activate", &(0, 0)).unwrap();
    }

    pub(crate) fn id(&self) -> String {
        self.proxy_to_item().get_property("Id").unwrap()
    }

    /// The widths and heights of its pictures, and their pixels.
    pub(crate) fn picture(&self) -> Vec<(i32, i32, Vec<u8>)> {
        self.proxy_to_item().get_property("IconPixmap").unwrap()
    }

    fn proxy_to_item(&self) -> Proxy<'_> {
        let uncached = zbus::proxy::CacheProperties::No;
        zbus::blocking::proxy::Builder::new(self.connection)
            .destination(self.service.as_str())
            .and_then(|builder| builder.path("/StatusNotifierItem"))
            .and_then(|builder| builder.interface("org.kde.StatusNotifierItem"))
            .and_then(|builder| builder.cache_properties(uncached).build())
            .unwrap()
    }

    fn proxy_to_menu(&self) -> Proxy<'_> {
        Proxy::new(self.connection, self.service.as_str(), "/MenuBar", "com.canonical.dbusmenu").unwrap()
    }
}

/// One line of a menu.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: i32,
    pub(crate) label: String,
    pub(crate) enabled: bool,
    /// Whether there is a mark behind the label.
    pub(crate) checked: bool,
    pub(crate) lines: Vec<Line>,
}

impl Line {
    fn new((id, properties, children): Layout) -> Self {
        let text = |name: &str| properties.get(name).and_then(|value| value.downcast_ref::<String>().ok());
        assert!(!properties.contains_key("toggle-type"), "muda's own check mark races with our thread: {properties:?}");
        let enabled = properties.get("enabled").and_then(|value| value.downcast_ref::<bool>().ok());
        // A single underscore is a mnemonic, a double one is itself.
        let label = text("label").unwrap_or_default().replace("__", "_");
        let unmarked = label.strip_suffix("  ✓");
        Self {
            id,
            label: unmarked.unwrap_or(&label).to_owned(),
            enabled: enabled.unwrap_or(true),
            checked: unmarked.is_some(),
            lines: children.into_iter().map(|child| Self::new(child.try_into().unwrap())).collect(),
        }
    }

    /// The line below this one at the end of the labels that lead to it.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Line> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        self.lines.iter().find(|line| line.label.starts_with(first)).and_then(|line| line.at(rest))
    }
}

/// A notification server that remembers everything; it goes when this is dropped.
pub(crate) struct Notifications {
    connection: Connection,
    shown: Arc<Mutex<Vec<Notification>>>,
}

/// What was asked of the server.
#[derive(Clone, Debug)]
pub(crate) struct Notification {
    pub(crate) id: u32,
    pub(crate) title: String,
    pub(crate) body: String,
    /// Keys and labels.
    pub(crate) actions: Vec<(String, String)>,
    pub(crate) closed: bool,
}

impl Notification {
    pub(crate) fn names(&self, words: &[&str]) -> bool {
        words.iter().all(|word| self.title.contains(word) || self.body.contains(word))
    }
}

impl Notifications {
    pub(crate) fn start(bus: &Bus) -> Self {
        let shown = Arc::new(Mutex::new(Vec::new()));
        let server = NotificationServer { shown: Arc::clone(&shown) };
        let connection = bus
            .connect()
            .serve_at("/org/freedesktop/Notifications", server)
            .and_then(|builder| builder.name(NOTIFICATIONS))
            .and_then(connection::Builder::build)
            .unwrap();
        Self { connection, shown }
    }

    /// All so far.
    pub(crate) fn shown(&self) -> Vec<Notification> {
        self.shown.lock().unwrap().clone()
    }

    /// Waits for one that names all of `words`.
    pub(crate) fn wait_for(&self, words: &[&str]) -> Notification {
        wait(&format!("a notification that names {words:?}"), || self.shown().into_iter().find(|it| it.names(words)))
    }

    /// Clicks on one; `default` is a click beside the buttons.
    pub(crate) fn click(&self, id: u32, action: &str) {
        let to_everyone: Option<&str> = None;
        let path = "/org/freedesktop/Notifications";
        self.connection.emit_signal(to_everyone, path, NOTIFICATIONS, "ActionInvoked", &(id, action)).unwrap();
    }
}

struct NotificationServer {
    shown: Arc<Mutex<Vec<Notification>>>,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl NotificationServer {
    fn get_capabilities(&self) -> Vec<&str> {
        vec!["actions", "body", "body-markup"]
    }

    #[expect(clippy::too_many_arguments, reason = "the specification's")]
    fn notify(
        &self,
        _app_name: &str,
        _replaces_id: u32,
        _app_icon: &str,
        summary: String,
        body: String,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _expire_timeout: i32,
    ) -> u32 {
        let mut shown = self.shown.lock().unwrap();
        let id = u32::try_from(shown.len()).unwrap() + 1;
        let actions = actions.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
        shown.push(Notification { id, title: summary, body, actions, closed: false });
        id
    }

    async fn close_notification(&self, id: u32, #[zbus(signal_emitter)] emitter: SignalEmitter<'_>) {
        for notification in self.shown.lock().unwrap().iter_mut().filter(|it| it.id == id) {
            notification.closed = true;
        }
        Self::notification_closed(&emitter, id, 3).await.unwrap();
    }

    fn get_server_information(&self) -> (&str, &str, &str, &str) {
        ("context-tray-tests", "context-tray", "1", "1.2")
    }

    #[zbus(signal)]
    async fn notification_closed(emitter: &SignalEmitter<'_>, id: u32, reason: u32) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, key: &str) -> zbus::Result<()>;
}

/// The desktop's portal, whose folder chooser answers at once; it goes when this is dropped.
pub(crate) struct Portal {
    _connection: Connection,
}

impl Portal {
    /// One in which the user chooses this folder, or thinks better of it.
    pub(crate) fn start(bus: &Bus, choice: Option<&Path>) -> Self {
        let chooser = Chooser { choice: choice.map(Path::to_path_buf) };
        let connection = bus
            .connect()
            .serve_at("/org/freedesktop/portal/desktop", chooser)
            .and_then(|builder| builder.name("org.freedesktop.portal.Desktop"))
            .and_then(connection::Builder::build)
            .unwrap();
        Self { _connection: connection }
    }
}

struct Chooser {
    choice: Option<PathBuf>,
}

#[zbus::interface(name = "org.freedesktop.portal.FileChooser")]
impl Chooser {
    async fn open_file(
        &self,
        _parent: &str,
        _title: &str,
        options: HashMap<String, OwnedValue>,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &zbus::Connection,
    ) -> OwnedObjectPath {
        assert_eq!(options["directory"].downcast_ref::<bool>(), Ok(true));
        let token: String = options["handle_token"].downcast_ref().unwrap();
        let sender = header.sender().unwrap().trim_start_matches(':').replace('.', "_");
        let handle = format!("/org/freedesktop/portal/desktop/request/{sender}/{token}");
        let uri = |path: &PathBuf| format!("file://{}", path.display()).replace(' ', "%20");
        let uris: Vec<String> = self.choice.iter().map(uri).collect();
        let response = if uris.is_empty() { 1_u32 } else { 0 };
        let results = HashMap::from([("uris", Value::from(uris))]);
        let request = "org.freedesktop.portal.Request";
        connection
            .emit_signal(header.sender().cloned(), handle.as_str(), request, "Response", &(response, results))
            .await
            .unwrap();
        OwnedObjectPath::try_from(handle).unwrap()
    }
}
