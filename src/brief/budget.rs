//! Which lines of which section fit.

/// What saying what was left out takes at most, in bytes.
const LEFT_OUT: usize = 560;

/// How much more of it is tried at a time, and how often.
const STEP: usize = 24;
const TRIES: usize = 4;

/// A section whose lines say less and less.
pub(super) struct Section<'b> {
    /// What its first line is worth beside those of the other sections; the second is worth half of it, and so on.
    pub(super) worth: usize,
    pub(super) heading: &'b str,
    pub(super) count: usize,
    /// The line at a place, without its end.
    pub(super) line: &'b dyn Fn(usize) -> String,
}

impl Section<'_> {
    /// What a line costs, with the heading if it is the first.
    fn cost(&self, at: usize) -> usize {
        let heading = if at == 0 { self.heading.len() + "\n\n".len() } else { 0 };
        heading + (self.line)(at).len() + "\n".len()
    }
}

/// How many lines of each section fit into so many bytes, with what then is to be said of the others.
pub(super) fn fit<const N: usize>(
    sections: &[Section<'_>; N],
    room: usize,
    left_out: &dyn Fn([usize; N]) -> usize,
) -> [usize; N] {
    if all_fit(sections, room) {
        return sections.each_ref().map(|section| section.count);
    }
    let fill = |kept_free: usize| fill(sections, room.saturating_sub(kept_free));
    // Mostly less is to be said than there might be, and the more fits the less.
    let safe = fill(LEFT_OUT);
    let mut tried = (left_out(safe)..LEFT_OUT).step_by(STEP).take(TRIES).map(|kept_free| (kept_free, fill(kept_free)));
    tried.find_map(|(kept_free, kept)| (left_out(kept) <= kept_free).then_some(kept)).unwrap_or(safe)
}

/// How many lines of each section fit into so many bytes, if not all do.
fn fill<const N: usize>(sections: &[Section<'_>; N], room: usize) -> [usize; N] {
    let mut left = room;
    let mut kept = [0; N];
    let mut is_full = [false; N];
    while let Some(next) = worthiest(sections, &kept, &is_full) {
        let cost = sections[next].cost(kept[next]);
        if cost <= left {
            left -= cost;
            kept[next] += 1;
        } else {
            // Behind a line that is too long, the section has none; others may still have.
            is_full[next] = true;
        }
    }
    kept
}

fn all_fit(sections: &[Section<'_>], room: usize) -> bool {
    let mut costs = sections.iter().flat_map(|section| (0..section.count).map(|at| section.cost(at)));
    costs.try_fold(room, usize::checked_sub).is_some()
}

/// The section whose next line is worth most.
fn worthiest(sections: &[Section<'_>], kept: &[usize], is_full: &[bool]) -> Option<usize> {
    let open = (0..sections.len()).filter(|at| !is_full[*at] && kept[*at] < sections[*at].count);
    // a / b > c / d, without the rounding.
    open.reduce(|best, at| {
        let is_worthier = sections[at].worth * (kept[best] + 1) > sections[best].worth * (kept[at] + 1);
        if is_worthier { at } else { best }
    })
}
