//! Who may answer a question.

use std::{borrow::Cow, collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

/// Who may answer a question: these users and everybody with one of these roles, or anyone if neither is named; but none of
/// `except`. Where anything is named at all, an answer says [by whom](crate::AnswerRun::by) it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// These users may.
    #[serde(default)]
    pub users: Vec<String>,
    /// Everybody with one of these roles may.
    #[serde(default)]
    pub roles: Vec<String>,
    /// These may not, whatever they are else.
    #[serde(default)]
    pub except: Vec<String>,
}

impl Allowed {
    /// Whether anyone may answer, without giving a name.
    pub fn is_anyone(&self) -> bool {
        self.users.is_empty() && self.roles.is_empty() && self.except.is_empty()
    }

    /// Whether this one, who has these roles, may answer.
    pub fn lets<R: AsRef<str>>(&self, by: Option<&str>, roles: &[R]) -> bool {
        let Some(by) = by else { return self.is_anyone() };
        if self.except.iter().any(|name| name == by) {
            return false;
        }
        let has_role = || self.roles.iter().any(|role| roles.iter().any(|has| has.as_ref() == role));
        (self.users.is_empty() && self.roles.is_empty()) || self.users.iter().any(|name| name == by) || has_role()
    }

    /// Whether there can be nobody who may: all users that are named are excepted.
    pub(crate) fn is_nobody(&self) -> bool {
        !self.users.is_empty() && self.roles.is_empty() && self.users.iter().all(|name| self.except.contains(name))
    }

    /// As it is stored: `None` for anyone.
    pub(crate) fn to_stored(&self) -> Option<String> {
        // Lists of texts always have a JSON form.
        (!self.is_anyone()).then(|| serde_json::to_string(self).unwrap_or_default())
    }

    /// From how it is stored. What cannot be read was written by a version to come, and lets nobody answer.
    pub(crate) fn stored(text: Option<&str>) -> Self {
        let nobody = || Allowed { users: vec![String::new()], except: vec![String::new()], ..Allowed::default() };
        text.map_or_else(Allowed::default, |text| serde_json::from_str(text).unwrap_or_else(|_| nobody()))
    }
}

/// In words: "ann, ben or anyone with role editor, but not cay".
impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roles = self.roles.iter().map(|role| Cow::Owned(format!("anyone with role {role}")));
        let mut parts: Vec<Cow<'_, str>> = self.users.iter().map(|user| user.as_str().into()).chain(roles).collect();
        if parts.is_empty() {
            parts.push("anyone".into());
        }
        f.write_str(&listed(&parts))?;
        if self.except.is_empty() {
            return Ok(());
        }
        let except: Vec<Cow<'_, str>> = self.except.iter().map(|name| name.as_str().into()).collect();
        write!(f, ", but not {}", listed(&except))
    }
}

fn listed(parts: &[Cow<'_, str>]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.to_string(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// One name, several, or none: a text, an `Option`, a list of texts.
pub trait Names {
    /// The names.
    fn into_names(self) -> Vec<String>;
}

impl Names for &str {
    fn into_names(self) -> Vec<String> {
        vec![self.to_owned()]
    }
}

impl Names for String {
    fn into_names(self) -> Vec<String> {
        vec![self]
    }
}

impl Names for &String {
    fn into_names(self) -> Vec<String> {
        vec![self.clone()]
    }
}

impl<N: Names> Names for Option<N> {
    fn into_names(self) -> Vec<String> {
        self.map(N::into_names).unwrap_or_default()
    }
}

impl<N: Names> Names for Vec<N> {
    fn into_names(self) -> Vec<String> {
        self.into_iter().flat_map(N::into_names).collect()
    }
}

impl<N: Names, const COUNT: usize> Names for [N; COUNT] {
    fn into_names(self) -> Vec<String> {
        self.into_iter().flat_map(N::into_names).collect()
    }
}

impl<T: AsRef<str>> Names for &[T] {
    fn into_names(self) -> Vec<String> {
        self.iter().map(|name| name.as_ref().to_owned()).collect()
    }
}

impl<T: AsRef<str>> Names for &Vec<T> {
    fn into_names(self) -> Vec<String> {
        self.as_slice().into_names()
    }
}

impl<T: AsRef<str>, const COUNT: usize> Names for &[T; COUNT] {
    fn into_names(self) -> Vec<String> {
        self.as_slice().into_names()
    }
}

impl<T: AsRef<str>> Names for &BTreeSet<T> {
    fn into_names(self) -> Vec<String> {
        self.iter().map(|name| name.as_ref().to_owned()).collect()
    }
}

impl<T: AsRef<str>> Names for &Option<T> {
    fn into_names(self) -> Vec<String> {
        self.iter().map(|name| name.as_ref().to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: &[&str] = &[];

    fn allowed(users: &[&str], roles: &[&str], except: &[&str]) -> Allowed {
        Allowed { users: users.into_names(), roles: roles.into_names(), except: except.into_names() }
    }

    #[test]
    fn anyone_may_answer_unless_somebody_is_named() {
        let anyone = Allowed::default();
        assert!(anyone.is_anyone() && anyone.lets(None, NONE) && anyone.lets(Some("ann"), NONE));
        assert_eq!((anyone.to_stored(), Allowed::stored(None)), (None, anyone));
        let others = allowed(&[], &[], &["ann"]);
        assert!(!others.lets(None, NONE) && !others.lets(Some("ann"), NONE) && others.lets(Some("ben"), NONE));
    }

    #[test]
    fn users_and_roles_are_either_or_and_exceptions_go_before_both() {
        let some = allowed(&["ann"], &["editor"], &["cay"]);
        assert!(some.lets(Some("ann"), NONE) && some.lets(Some("ben"), &["writer", "editor"]));
        assert!(!some.lets(Some("ben"), &["writer"]) && !some.lets(Some("cay"), &["editor"]));
        assert!(!some.lets(None, &["editor"]), "who has no name may not");
        assert_eq!(some.to_string(), "ann or anyone with role editor, but not cay");
        assert_eq!(Allowed::stored(some.to_stored().as_deref()), some);
        assert!(!some.is_nobody() && allowed(&["ann"], &[], &["ann"]).is_nobody());
    }

    #[test]
    fn what_a_later_version_has_stored_lets_nobody_answer() {
        let unknown = Allowed::stored(Some(r#"{"users":7}"#));
        assert!(!unknown.lets(Some("ann"), &["editor"]) && !unknown.lets(None, NONE) && !unknown.lets(Some(""), NONE));
    }
}
