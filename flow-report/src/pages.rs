//! How much a page of a list holds: so many lines, and so many bytes.

/// How many lines are read at first, while nobody knows how large they are, and at most at a time.
const FIRST: usize = 10;
const CHUNK: usize = 50;

/// From how many bytes on a page ends, however few lines it has. A page is never empty for that.
const FULL: usize = 8 << 20;

/// What is left of a page.
pub(crate) struct Room {
    limit: usize,
    lines: usize,
    bytes: usize,
}

impl Room {
    /// A page of so many lines at most.
    pub(crate) fn of(limit: u32) -> Self {
        Room { limit: limit.max(1) as usize, lines: 0, bytes: 0 }
    }

    /// How many lines to read now: about as many as have room, and one more than that, so that nobody is sent to a page with
    /// nothing on it.
    pub(crate) fn chunk(&self) -> u32 {
        let each = self.bytes.checked_div(self.lines).map(|each| each.max(1));
        let fit = each.map_or(FIRST, |each| FULL.saturating_sub(self.bytes) / each);
        let wanted = (self.limit - self.lines).min(fit.min(CHUNK)) + 1;
        u32::try_from(wanted).unwrap_or(u32::MAX)
    }

    /// Takes a line of so many bytes, if the page does not end before it.
    pub(crate) fn takes(&mut self, bytes: usize) -> bool {
        if self.is_full() {
            return false;
        }
        self.lines += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        true
    }

    pub(crate) fn is_full(&self) -> bool {
        self.lines >= self.limit || self.bytes >= FULL
    }
}

#[cfg(test)]
mod tests {
    use super::{FULL, Room};

    /// How many lines of this size are on a page, and how many were read at most at a time.
    fn fill(limit: u32, bytes: usize) -> (usize, u32) {
        let (mut room, mut largest) = (Room::of(limit), 0);
        while !room.is_full() {
            let chunk = room.chunk();
            largest = largest.max(chunk);
            (0..chunk).for_each(|_| _ = room.takes(bytes));
        }
        (room.lines, largest)
    }

    #[test]
    fn a_page_ends_when_it_has_its_lines_or_its_bytes() {
        assert_eq!(fill(0, 100), (1, 2));
        assert_eq!(fill(5, 100), (5, 6));
        assert_eq!(fill(1_000, 0), (1_000, 51));
        assert_eq!(fill(1_000, 100), (1_000, 51));
        assert_eq!(fill(1_000, 1 << 20), (8, 11), "large lines are not read by the dozen");
        assert_eq!(fill(1_000, FULL / 100), (101, 51));
        assert_eq!(fill(1_000, 2 * FULL), (1, 11));
    }
}
