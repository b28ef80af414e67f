//! The bindings a random program has at some place.

use super::program::Ty;

/// Names are few, so that bindings shadow each other all the time.
pub(crate) const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

#[derive(Clone, Debug)]
pub(crate) struct Var {
    pub(crate) name: String,
    pub(crate) ty: Ty,
    pub(crate) mutable: bool,
    /// Its value is gone.
    pub(crate) moved: bool,
    /// A loop counts with it, so nothing else assigns to it.
    pub(crate) counts: bool,
}

#[derive(Default, Debug)]
pub(crate) struct Scope {
    vars: Vec<Var>,
    /// Bindings before this one belong to what is around the branch: they cannot be changed.
    pub(crate) branch_from: usize,
    /// Bindings before this one are around the loop or branch: they cannot be moved.
    pub(crate) loop_from: usize,
}

/// What to go back to at the end of a block.
pub(crate) struct Mark {
    length: usize,
    moved: Vec<bool>,
}

impl Scope {
    pub(crate) fn len(&self) -> usize {
        self.vars.len()
    }

    pub(crate) fn define(&mut self, name: &str, ty: Ty, mutable: bool) {
        self.vars.push(Var { name: name.to_owned(), ty, mutable, moved: false, counts: false });
    }

    pub(crate) fn define_counter(&mut self, name: &str) {
        self.define(name, Ty::Num, true);
        if let Some(var) = self.vars.last_mut() {
            var.counts = true;
        }
    }

    pub(crate) fn begin(&self) -> Mark {
        Mark { length: self.vars.len(), moved: self.vars.iter().map(|var| var.moved).collect() }
    }

    /// Ends a block. What was moved before it, or in it, counts as moved.
    pub(crate) fn end(&mut self, mark: &Mark) {
        self.vars.truncate(mark.length);
        for (var, moved) in self.vars.iter_mut().zip(&mark.moved) {
            var.moved |= *moved;
        }
    }

    /// The bindings that names mean here, with their positions.
    fn visible(&self) -> impl Iterator<Item = (usize, &Var)> {
        let hidden = |at: usize, name: &str| self.vars[at + 1..].iter().any(|later| later.name == name);
        self.vars.iter().enumerate().filter(move |(at, var)| !hidden(*at, &var.name))
    }

    /// The names of all values of a type.
    pub(crate) fn of(&self, ty: Ty) -> Vec<String> {
        self.visible().filter(|(_, var)| var.ty == ty && !var.moved).map(|(_, var)| var.name.clone()).collect()
    }

    /// Everything that has a value.
    pub(crate) fn all(&self) -> Vec<String> {
        self.visible().filter(|(_, var)| !var.moved).map(|(_, var)| var.name.clone()).collect()
    }

    /// What can be assigned to; what was moved, too, if it was moved in this loop.
    pub(crate) fn assignable(&self, ty: Ty) -> Vec<String> {
        self.visible()
            .filter(|(at, var)| var.ty == ty && var.mutable && !var.counts && *at >= self.branch_from)
            .map(|(_, var)| var.name.clone())
            .collect()
    }

    /// What can be changed in place.
    pub(crate) fn changeable(&self, ty: Ty) -> Vec<String> {
        let values = self.of(ty);
        self.assignable(ty).into_iter().filter(|name| values.contains(name)).collect()
    }

    /// What can be moved.
    pub(crate) fn movable(&self, ty: Ty) -> Vec<String> {
        self.visible()
            .filter(|(at, var)| var.ty == ty && !var.moved && *at >= self.loop_from)
            .map(|(_, var)| var.name.clone())
            .collect()
    }

    fn set_moved(&mut self, name: &str, moved: bool) {
        if let Some(var) = self.vars.iter_mut().rev().find(|var| var.name == name) {
            var.moved = moved;
        }
    }

    pub(crate) fn moved(&mut self, name: &str) {
        self.set_moved(name, true);
    }

    pub(crate) fn assigned(&mut self, name: &str) {
        self.set_moved(name, false);
    }
}
