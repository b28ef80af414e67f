//! JSON Pointers (RFC 6901) to fields of requests, and their form as URI fragments.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What does not stand for itself in the fragment of a URI (RFC 3986, section 3.5).
const FRAGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'?');

/// A name as a step of a pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The name that a step of a pointer stands for.
pub(crate) fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// A name as a step of a pointer in a URI fragment (RFC 6901, section 6).
pub(crate) fn step(name: &str) -> String {
    utf8_percent_encode(&escaped(name), FRAGMENT).to_string()
}

/// A JSON Pointer as a URI fragment, below `root`, from the path of a [`JsonError`](flow_runtime::JsonError) and its message:
/// `Publish.by` is `#/answer/Publish/by`, and a field that is missing is meant itself. The path is a text, so that a name with a
/// dot or a bracket in it looks like several.
pub(crate) fn pointer(root: &str, path: &str, message: &str) -> String {
    let mut pointer = format!("#{root}");
    let mut push = |part: &str| {
        pointer.push('/');
        pointer.push_str(&step(part));
    };
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let (name, rest) = part.find('[').map_or((part, ""), |at| part.split_at(at));
        if !name.is_empty() {
            push(name);
        }
        rest.split(['[', ']']).filter(|index| !index.is_empty()).for_each(&mut push);
    }
    if let Some(missing) = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        push(missing);
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_pointers() {
        assert_eq!(pointer("/input", "", "x"), "#/input");
        assert_eq!(pointer("/answer", "Publish.by", "x"), "#/answer/Publish/by");
        assert_eq!(pointer("", "items[3].title", "x"), "#/items/3/title");
        assert_eq!(pointer("/input", "[0][1]", "x"), "#/input/0/1");
        assert_eq!(pointer("/input", "a/b~", "missing field `c`"), "#/input/a~1b~0/c");
        assert_eq!(pointer("/input", "a b.x#2", "missing field `100%`"), "#/input/a%20b/x%232/100%25");
        assert_eq!(pointer("", "größe?", "x"), "#/gr%C3%B6%C3%9Fe?");
    }
}
