//! Which lines of which section fit.

/// What is kept free for saying what was left out, in bytes.
pub(super) const LEFT_OUT: usize = 560;

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

/// How many lines of each section fit into so many bytes.
pub(super) fn fit<const N: usize>(sections: &[Section<'_>; N], room: usize) -> [usize; N] {
    if all_fit(sections, room) {
        return sections.each_ref().map(|section| section.count);
    }
    let mut left = room.saturating_sub(LEFT_OUT);
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
