//! From "these paths differ" to an ordered list of changes that can be replayed one by one.
//!
//! Three steps: pair what is gone with what arrived by file id (a move); turn the rest into created, edited and deleted;
//! put all of it into an order in which a path's folder exists before the path does, and in which nothing is written
//! over before it has left.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::{Change, Difference, FileId, Meta, Replaced};
use crate::entry::EntryKind;

/// The changes that lead from `before` to `after`, by the order of the observations as far as exactness allows.
pub(super) fn changes(difference: &Difference, order: &HashMap<PathBuf, usize>) -> Vec<Change> {
    let mut apart = HashSet::new();
    loop {
        let moves = pair(difference, &apart);
        let steps = Steps::new(difference, &moves, order);
        match Sequence::new(difference, &steps).run() {
            Ok(changes) => return changes,
            // A move that would have to come before itself is told as deleted and created.
            Err(source) => apart.insert(source),
        };
    }
}

/// Which gone path each arrived path was before.
struct Moves {
    source: BTreeMap<PathBuf, PathBuf>,
    gone: HashSet<PathBuf>,
    /// Where folders have arrived.
    folders: HashSet<PathBuf>,
}

impl Moves {
    /// Whether a move of a folder above says this one too.
    fn is_implied(&self, target: &Path, source: &Path) -> bool {
        self.counterpart(target).is_some_and(|counterpart| counterpart == source)
    }

    /// Whether a path lies below a folder that was moved there: what was at the path before has left with what the folder
    /// took the place of.
    fn is_below_arrival(&self, path: &Path) -> bool {
        !self.folders.is_empty() && path.ancestors().skip(1).any(|above| self.folders.contains(above))
    }

    /// Where a path below a moved folder was before; none where a folder between the two has gone elsewhere.
    fn counterpart(&self, target: &Path) -> Option<PathBuf> {
        if self.source.is_empty() {
            return None;
        }
        let folder = target.parent()?;
        let before = match self.source.get(folder) {
            Some(source) => source.clone(),
            None => self.counterpart(folder).filter(|before| !self.gone.contains(before))?,
        };
        Some(before.join(target.file_name()?))
    }
}

fn is_same_file(before: &Meta, after: &Meta) -> bool {
    let same_id = before.kind == after.kind && before.file == after.file;
    let vouched = after.file.is_for_ever() || (before.size == after.size && before.mtime_ns == after.mtime_ns);
    same_id && vouched
}

fn pair(difference: &Difference, apart: &HashSet<PathBuf>) -> Moves {
    let Difference { before, after } = difference;
    let mut candidates: HashMap<FileId, Vec<&PathBuf>> = HashMap::new();
    for (path, meta) in before.iter().rev() {
        if meta.file != FileId::UNKNOWN && !after.contains_key(path) && !apart.contains(path) {
            candidates.entry(meta.file).or_default().push(path);
        }
    }
    let mut moves = Moves { source: BTreeMap::new(), gone: HashSet::new(), folders: HashSet::new() };
    for (target, meta) in after {
        if before.get(target).is_some_and(|old| old.file == FileId::UNKNOWN || is_same_file(old, meta)) {
            continue;
        }
        let Some(sources) = candidates.get_mut(&meta.file) else { continue };
        let counterpart = moves.counterpart(target);
        let implied = sources.iter().position(|source| Some(*source) == counterpart.as_ref());
        let index = implied.or(sources.len().checked_sub(1));
        if let Some(index) = index.filter(|index| is_same_file(&before[sources[*index]], meta)) {
            let source = sources.remove(index).clone();
            moves.gone.insert(source.clone());
            moves.source.insert(target.clone(), source);
            if meta.kind == EntryKind::Dir {
                moves.folders.insert(target.clone());
            }
        }
    }
    moves
}

/// One change whose place in the order is not settled; paths are as they were before, or are after.
#[derive(Debug)]
enum Step {
    Created(PathBuf, Meta),
    Edited(PathBuf, Meta),
    Deleted(PathBuf, EntryKind),
    Moved(PathBuf, PathBuf, Meta),
}

/// All steps, in the order in which they are wished for.
struct Steps<'a> {
    moves: &'a Moves,
    all: Vec<Step>,
    /// The step after which a path exists.
    arrivals: HashMap<PathBuf, usize>,
    /// The step after which a path of before is free.
    departures: BTreeMap<PathBuf, usize>,
    /// The departures from each folder.
    leaving: HashMap<PathBuf, Vec<usize>>,
}

impl<'a> Steps<'a> {
    fn new(difference: &Difference, moves: &'a Moves, order: &HashMap<PathBuf, usize>) -> Self {
        let Difference { before, after } = difference;
        let mut all = Vec::new();
        // What only changed inside a moved folder is neither deleted nor created.
        let mut kept = HashSet::new();
        for (path, meta) in after {
            if let Some(source) = moves.source.get(path) {
                if !moves.is_implied(path, source) {
                    all.push(Step::Moved(source.clone(), path.clone(), *meta));
                } else if before[source] != *meta && meta.kind != EntryKind::Dir {
                    all.push(Step::Edited(path.clone(), *meta));
                }
                continue;
            }
            let counterpart = moves
                .counterpart(path)
                .filter(|old| before.contains_key(old) && !after.contains_key(old) && !moves.gone.contains(old));
            let itself = Some(path).filter(|path| !moves.is_below_arrival(path));
            match counterpart.as_ref().or(itself).and_then(|old| before.get(old)) {
                Some(old) if old.kind == meta.kind => {
                    kept.extend(counterpart);
                    if !old.agrees_with(meta) && meta.kind != EntryKind::Dir {
                        all.push(Step::Edited(path.clone(), *meta));
                    }
                }
                Some(old) => {
                    if counterpart.is_none() {
                        all.push(Step::Deleted(path.clone(), old.kind));
                    }
                    all.push(Step::Created(path.clone(), *meta));
                }
                None => all.push(Step::Created(path.clone(), *meta)),
            }
        }
        for (path, meta) in before {
            // Nothing that is moved takes the place of a file and a folder alike.
            let is_dir = |meta: &Meta| meta.kind == EntryKind::Dir;
            let gives_way = moves.source.contains_key(path) && is_dir(&after[path]) != is_dir(meta);
            let has_left = !after.contains_key(path) || gives_way || moves.is_below_arrival(path);
            if has_left && !moves.gone.contains(path) && !kept.contains(path) {
                all.push(Step::Deleted(path.clone(), meta.kind));
            }
        }
        let mut ranks = Ranks { order, known: HashMap::new() };
        all.sort_by_cached_key(|step| match step {
            Step::Created(path, _) | Step::Edited(path, _) | Step::Deleted(path, _) => ranks.of(path),
            Step::Moved(from, to, _) => ranks.of(from).min(ranks.of(to)),
        });
        let (mut arrivals, mut departures) = (HashMap::new(), BTreeMap::new());
        let mut leaving: HashMap<PathBuf, Vec<usize>> = HashMap::new();
        for (index, step) in all.iter().enumerate() {
            if let Step::Created(path, _) | Step::Moved(_, path, _) = step {
                arrivals.insert(path.clone(), index);
            }
            if let Step::Deleted(path, _) | Step::Moved(path, _, _) = step {
                departures.insert(path.clone(), index);
                if let Some(folder) = path.parent() {
                    leaving.entry(folder.to_path_buf()).or_default().push(index);
                }
            }
        }
        Self { moves, all, arrivals, departures, leaving }
    }

    /// Whether no step takes away what was at a path: it is there until something takes its place.
    fn stays(&self, path: &Path) -> bool {
        !self.moves.gone.contains(path) && !self.departures.contains_key(path)
    }

    /// The steps that must come before this one.
    fn needs(&self, index: usize, before: &BTreeMap<PathBuf, Meta>) -> Vec<usize> {
        let arrival_above = |path: &Path| path.ancestors().skip(1).find_map(|above| self.arrivals.get(above)).copied();
        let departures_below = |path: &Path| -> Vec<usize> {
            let below = self.departures.range(path.to_path_buf()..).take_while(|(gone, _)| gone.starts_with(path));
            below.filter(|(gone, _)| gone.as_path() != path).map(|(_, index)| *index).collect()
        };
        match &self.all[index] {
            Step::Edited(path, _) => arrival_above(path).into_iter().collect(),
            // What lies deeper has left before what it lies in.
            Step::Deleted(path, EntryKind::Dir) => self.leaving.get(path).cloned().unwrap_or_default(),
            Step::Deleted(_, _) => Vec::new(),
            Step::Created(path, _) | Step::Moved(_, path, _) => {
                let mut needs: Vec<usize> = arrival_above(path).into_iter().collect();
                for old in [Some(path.clone()), self.moves.counterpart(path)].into_iter().flatten() {
                    needs.extend(self.departures.get(&old).filter(|departure| **departure != index));
                    if before.get(&old).is_some_and(|meta| meta.kind == EntryKind::Dir) {
                        needs.extend(departures_below(&old));
                    }
                }
                needs
            }
        }
    }
}

/// When a path's place was first looked at: its own observation's, or that of the nearest folder above.
struct Ranks<'a> {
    order: &'a HashMap<PathBuf, usize>,
    /// Of the folders above what was asked for: a deep tree would be climbed from each of its paths.
    known: HashMap<PathBuf, usize>,
}

impl Ranks<'_> {
    fn of(&mut self, path: &Path) -> (usize, PathBuf) {
        let mut climbed = Vec::new();
        let mut first = usize::MAX;
        for above in path.ancestors() {
            if let Some(rank) = self.order.get(above).or_else(|| self.known.get(above)) {
                first = *rank;
                break;
            }
            climbed.push(above);
        }
        self.known.extend(climbed.into_iter().skip(1).map(|above| (above.to_path_buf(), first)));
        (first, path.to_path_buf())
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    Open,
    Done,
}

/// Puts the steps into an order in which each comes after what it needs.
struct Sequence<'a> {
    difference: &'a Difference,
    steps: &'a Steps<'a>,
    marks: Vec<Mark>,
    /// The folders moved so far, for what is still named by its path of before.
    moved_folders: Vec<(PathBuf, PathBuf)>,
    done: Vec<Change>,
}

impl<'a> Sequence<'a> {
    fn new(difference: &'a Difference, steps: &'a Steps<'a>) -> Self {
        let count = steps.all.len();
        let marks = vec![Mark::New; count];
        Self { difference, steps, marks, moved_folders: Vec::new(), done: Vec::with_capacity(count) }
    }

    /// # Errors
    ///
    /// The source of a move that would have to come before itself.
    fn run(mut self) -> Result<Vec<Change>, PathBuf> {
        for index in 0..self.steps.all.len() {
            self.place(index)?;
        }
        Ok(self.done)
    }

    fn place(&mut self, index: usize) -> Result<(), PathBuf> {
        if self.marks[index] == Mark::Done {
            return Ok(());
        }
        self.marks[index] = Mark::Open;
        let needs = self.steps.needs(index, &self.difference.before);
        for need in needs {
            if self.marks[need] != Mark::Open {
                self.place(need)?;
            } else if let Some(source) = self.open_move(index, need) {
                return Err(source);
            }
        }
        self.marks[index] = Mark::Done;
        let change = match &self.steps.all[index] {
            Step::Created(path, meta) => Change::Created(path.clone(), *meta),
            Step::Edited(path, meta) => Change::Edited(path.clone(), *meta),
            Step::Deleted(path, kind) => Change::Deleted(self.now(path), *kind),
            Step::Moved(from, to, meta) => {
                let is_replaced = self.difference.before.contains_key(to) && self.steps.stays(to);
                let from = self.now(from);
                if meta.kind == EntryKind::Dir {
                    self.moved_folders.push((from.clone(), to.clone()));
                }
                Change::Moved(from, to.clone(), *meta, Replaced(is_replaced))
            }
        };
        self.done.push(change);
        Ok(())
    }

    /// A move among the steps of a circle: every circle has one, since only a move both leaves and arrives.
    fn open_move(&self, index: usize, need: usize) -> Option<PathBuf> {
        let open = (0..self.marks.len()).filter(|step| self.marks[*step] == Mark::Open);
        [index, need].into_iter().chain(open).find_map(|step| match &self.steps.all[step] {
            Step::Moved(from, _, _) => Some(from.clone()),
            _ => None,
        })
    }

    /// Where a path of before is, after the folders moved so far.
    fn now(&self, path: &Path) -> PathBuf {
        self.moved_folders.iter().fold(path.to_path_buf(), |path, (from, to)| match path.strip_prefix(from) {
            Ok(rest) if !rest.as_os_str().is_empty() => to.join(rest),
            _ => path,
        })
    }
}
