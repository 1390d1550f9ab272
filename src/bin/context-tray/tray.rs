//! The icon in the system tray: an [`AgentStatus`] becomes an icon, a tooltip and a menu, a click becomes a [`Request`].
//!
//! Owns the only tray icon of the process. While the menu keeps its shape it is changed in place, since on Linux a new
//! shape gives every item a new id and a click that is under way is lost; so it is built anew only when lines come or
//! go. What the lines say is decided in `context_tray::menu`.

use std::collections::HashMap;

use context_tray::menu::{self, IconState, Item};
use context_tray::request::Request;
use context_tray::status::AgentStatus;
use tray_icon::menu::{IsMenuItem, Menu, MenuEvent, MenuId, MenuItem, PredefinedMenuItem, Submenu};
use tray_icon::{Icon, MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};

use crate::event_loop::{self, CheckLine, MENU_ON_LEFT_CLICK, TITLE};

/// How the tray host knows the icon, from one start to the next.
const ID: &str = "context-tray";

/// What the user did.
#[derive(Clone, Debug)]
pub(crate) enum Click {
    /// To the icon itself.
    Icon,
    /// To a line of the menu.
    Item(MenuId),
}

/// Why there is no icon.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrayError {
    /// The system has no place for it.
    #[error(transparent)]
    Icon(#[from] tray_icon::Error),
    /// The menu could not be put together.
    #[error(transparent)]
    Menu(#[from] tray_icon::menu::Error),
    /// An embedded picture can't be read.
    #[error(transparent)]
    Picture(#[from] png::DecodingError),
    /// An embedded picture has not the pixels that an icon needs.
    #[error(transparent)]
    Pixels(#[from] tray_icon::BadIcon),
}

/// Hands every click to `forward`, which must not block: it is called from the tray's own thread, under its lock.
/// To be called before the first [`Tray`] is shown.
pub(crate) fn on_click(forward: impl Fn(Click) + Clone + Send + Sync + 'static) {
    let forward_item = forward.clone();
    MenuEvent::set_event_handler(Some(move |event: MenuEvent| forward_item(Click::Item(event.id))));
    TrayIconEvent::set_event_handler(Some(move |event: TrayIconEvent| {
        let left =
            matches!(event, TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. });
        if left && !MENU_ON_LEFT_CLICK {
            forward(Click::Icon);
        }
    }));
}

/// The icon, its menu, and what each click means now.
pub(crate) struct Tray {
    icon: TrayIcon,
    shape: IconState,
    tooltip: String,
    items: Vec<Item>,
    lines: Vec<Line>,
    requests: HashMap<MenuId, Request>,
    primary: Request,
}

impl Tray {
    /// Shows the icon.
    pub(crate) fn new(status: &AgentStatus) -> Result<Self, TrayError> {
        let items = menu::menu(status);
        let shape = menu::icon(status);
        let tooltip = menu::tooltip(status);
        let (menu, lines) = build(&items)?;
        let mut builder = TrayIconBuilder::new()
            .with_id(ID)
            // By which macOS remembers where the icon stands, and whether; that of the first icon of any program has got stuck.
            .with_autosave_name(ID)
            .with_menu(Box::new(menu))
            .with_menu_on_left_click(MENU_ON_LEFT_CLICK)
            .with_tooltip(&tooltip);
        builder = event_loop::with_picture(builder, picture(shape)?);
        if let Some(title) = TITLE {
            builder = builder.with_title(title);
        }
        let icon = builder.build()?;
        let requests = requests(&lines, &items);
        Ok(Self { icon, shape, tooltip, items, lines, requests, primary: menu::primary(status) })
    }

    /// Shows what has changed since the last time.
    pub(crate) fn update(&mut self, status: &AgentStatus) -> Result<(), TrayError> {
        let items = menu::menu(status);
        if same_shape(&self.items, &items) {
            rewrite(&self.lines, &self.items, &items);
        } else {
            let (menu, lines) = build(&items)?;
            self.icon.set_menu(Some(Box::new(menu)));
            self.lines = lines;
        }
        self.requests = requests(&self.lines, &items);
        self.items = items;
        self.primary = menu::primary(status);

        let tooltip = menu::tooltip(status);
        if tooltip != self.tooltip {
            self.icon.set_tooltip(Some(&tooltip))?;
            self.tooltip = tooltip;
        }
        let shape = menu::icon(status);
        if shape != self.shape {
            event_loop::set_picture(&self.icon, picture(shape)?)?;
            self.shape = shape;
        }
        Ok(())
    }

    /// What a click means; none for a line that is gone or can't be clicked. What is checked stays as it is until the
    /// agent says otherwise.
    pub(crate) fn request(&self, click: &Click) -> Option<&Request> {
        match click {
            Click::Icon => Some(&self.primary),
            Click::Item(id) => {
                rewrite(&self.lines, &self.items, &self.items);
                self.requests.get(id)
            }
        }
    }
}

/// An [`Item`] as the system shows it.
enum Line {
    Text(MenuItem),
    Check(CheckLine),
    Separator(PredefinedMenuItem),
    Submenu(Submenu, Vec<Line>),
}

impl Line {
    fn new(item: &Item) -> Result<Self, TrayError> {
        Ok(match item {
            Item::Command { label, enabled, .. } => Line::Text(MenuItem::new(literal(label), *enabled, None)),
            Item::Check { label, checked, .. } => Line::Check(event_loop::check_line(&literal(label), *checked)),
            Item::Label(label) => Line::Text(MenuItem::new(literal(label), false, None)),
            Item::Separator => Line::Separator(PredefinedMenuItem::separator()),
            Item::Submenu { label, items } => {
                let lines = items.iter().map(Line::new).collect::<Result<Vec<_>, _>>()?;
                let submenu = Submenu::new(literal(label), true);
                submenu.append_items(&lines.iter().map(Line::shown).collect::<Vec<_>>())?;
                Line::Submenu(submenu, lines)
            }
        })
    }

    fn shown(&self) -> &dyn IsMenuItem {
        match self {
            Line::Text(item) => item,
            Line::Check(item) => item,
            Line::Separator(item) => item,
            Line::Submenu(item, _) => item,
        }
    }
}

fn build(items: &[Item]) -> Result<(Menu, Vec<Line>), TrayError> {
    let lines = items.iter().map(Line::new).collect::<Result<Vec<_>, _>>()?;
    let menu = Menu::new();
    menu.append_items(&lines.iter().map(Line::shown).collect::<Vec<_>>())?;
    Ok((menu, lines))
}

/// Whether the lines of one can be rewritten to show the other.
fn same_shape(old: &[Item], new: &[Item]) -> bool {
    old.len() == new.len()
        && old.iter().zip(new).all(|pair| match pair {
            (Item::Submenu { items: old, .. }, Item::Submenu { items: new, .. }) => same_shape(old, new),
            (old, new) => std::mem::discriminant(old) == std::mem::discriminant(new),
        })
}

/// Changes the lines that show `old` to show `new`, which has the same shape; every change that is made wakes the host.
fn rewrite(lines: &[Line], old: &[Item], new: &[Item]) {
    for (line, (old, new)) in lines.iter().zip(old.iter().zip(new)) {
        match (line, old, new) {
            (Line::Text(line), Item::Label(was), Item::Label(is)) if was != is => line.set_text(literal(is)),
            (
                Line::Text(line),
                Item::Command { label: was, enabled: was_enabled, .. },
                Item::Command { label: is, enabled, .. },
            ) => {
                if was != is {
                    line.set_text(literal(is));
                }
                if was_enabled != enabled {
                    line.set_enabled(*enabled);
                }
            }
            (Line::Check(line), _, Item::Check { label, checked, .. }) => {
                event_loop::set_check(line, &literal(label), *checked);
            }
            (
                Line::Submenu(line, lines),
                Item::Submenu { label: was, items: old },
                Item::Submenu { label: is, items: new },
            ) => {
                if was != is {
                    line.set_text(literal(is));
                }
                rewrite(lines, old, new);
            }
            // A separator, or a label that stays.
            _ => {}
        }
    }
}

/// What a click on each line sends.
fn requests(lines: &[Line], items: &[Item]) -> HashMap<MenuId, Request> {
    let mut all = HashMap::new();
    for pair in lines.iter().zip(items) {
        match pair {
            (Line::Text(line), Item::Command { enabled: true, request, .. }) => {
                all.insert(line.id().clone(), request.clone());
            }
            (Line::Check(line), Item::Check { request, .. }) => {
                all.insert(line.id().clone(), request.clone());
            }
            (Line::Submenu(_, lines), Item::Submenu { items, .. }) => all.extend(requests(lines, items)),
            _ => {}
        }
    }
    all
}

/// The text with every `&` doubled, which alone would be a mnemonic.
fn literal(label: &str) -> String {
    label.replace('&', "&&")
}

fn picture(shape: IconState) -> Result<Icon, TrayError> {
    let (pixels, width, height) = pixels(shape)?;
    Ok(Icon::from_rgba(pixels, width, height)?)
}

/// An icon in red, green, blue and opacity, with its width and height: the one size that hosts scale down well.
fn pixels(shape: IconState) -> Result<(Vec<u8>, u32, u32), TrayError> {
    let file: &[u8] = match shape {
        IconState::Idle => include_bytes!("../../../icons/idle-48.png"),
        IconState::Recording => include_bytes!("../../../icons/recording-48.png"),
        IconState::Paused => include_bytes!("../../../icons/paused-48.png"),
        IconState::Trouble => include_bytes!("../../../icons/trouble-48.png"),
    };
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size().unwrap_or_default()];
    let frame = reader.next_frame(&mut pixels)?;
    Ok((pixels, frame.width, frame.height))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(label: &str, enabled: bool) -> Item {
        Item::Command { label: label.to_owned(), enabled, request: Request::StartAll }
    }

    fn submenu(items: Vec<Item>) -> Item {
        Item::Submenu { label: "shop".to_owned(), items }
    }

    #[test]
    fn the_shape_is_the_kinds_of_the_lines_at_every_depth() {
        let old = [Item::Label("a".to_owned()), submenu(vec![command("Start", true), Item::Separator])];
        let same = [Item::Label("b".to_owned()), submenu(vec![command("Stop", false), Item::Separator])];
        assert!(same_shape(&old, &same));
        let deeper = [Item::Label("a".to_owned()), submenu(vec![command("Start", true)])];
        assert!(!same_shape(&old, &deeper));
        let other = [command("a", false), submenu(vec![command("Start", true), Item::Separator])];
        assert!(!same_shape(&old, &other));
    }

    // Menus belong to the main thread on macOS, which is not a test's.
    #[cfg(not(target_os = "macos"))]
    #[test]
    fn lines_are_rewritten_in_place_and_only_enabled_commands_send() {
        let old = [submenu(vec![command("R & D", true), Item::Separator, command("Stop", false)])];
        let new = [submenu(vec![command("R&&D", false), Item::Separator, command("Stop", true)])];
        let (_menu, lines) = build(&old).unwrap();
        let [Line::Submenu(_, inner)] = &lines[..] else { panic!("a submenu") };
        let [Line::Text(first), _, Line::Text(last)] = &inner[..] else { panic!("two texts") };
        assert_eq!(first.text(), "R && D");
        assert_eq!(requests(&lines, &old).keys().collect::<Vec<_>>(), [first.id()]);

        rewrite(&lines, &old, &new);
        assert_eq!((first.text(), first.is_enabled()), ("R&&&&D".to_owned(), false));
        assert_eq!(requests(&lines, &new).keys().collect::<Vec<_>>(), [last.id()]);
    }

    /// Where the menu bar has its own colour, nothing but the form is left of them.
    #[test]
    fn every_state_has_a_picture_of_its_own_form() {
        let states = [IconState::Idle, IconState::Recording, IconState::Paused, IconState::Trouble];
        let forms = states.map(|state| {
            picture(state).unwrap();
            pixels(state).unwrap().0.chunks(4).map(|pixel| pixel[3] > 127).collect::<Vec<_>>()
        });
        for (at, form) in forms.iter().enumerate() {
            for other in &forms[..at] {
                let differing = form.iter().zip(other).filter(|(a, b)| a != b).count();
                assert!(differing * 50 > form.len(), "{differing} of {} pixels", form.len());
            }
        }
    }
}
