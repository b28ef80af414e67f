//! Starts with files: which parts a form may have.

use serde_json::{Map, Value, json};

use crate::pointer::escaped;

/// The schema of a form that starts a workflow with files, if its input has a place for any. `request` is the schema of the start
/// without files.
pub(super) fn form(input: &Value, request: &Value) -> Option<Value> {
    let mut search = Search { root: input, at: Vec::new(), inside: Vec::new(), places: Vec::new() };
    search.look(input);
    if search.places.is_empty() {
        return None;
    }
    let file = json!({ "type": "string", "contentMediaType": "application/octet-stream" });
    let mut properties = Map::from_iter([("request".to_owned(), request.clone())]);
    let mut patterns = Map::new();
    for place in search.places {
        match place.iter().map(|step| step.as_deref()).collect::<Option<Vec<&str>>>() {
            Some(names) => properties.insert(names.join("/"), file.clone()),
            None => patterns.insert(pattern(&place), file.clone()),
        };
    }
    let mut form = json!({
        "type": "object",
        "description": "The start with files: each comes into the input where the name of its part says, as a JSON Pointer \
                        without the first slash.",
        "properties": properties,
        "required": ["request"],
        "additionalProperties": false,
    });
    if !patterns.is_empty() {
        form["patternProperties"] = patterns.into();
    }
    Some(form)
}

/// Where a file may be: names of fields, and `None` for the items of an array.
type Place = Vec<Option<String>>;

/// A search for the places of files.
struct Search<'s> {
    root: &'s Value,
    at: Place,
    /// The definitions it is in. A type that contains itself is looked at once.
    inside: Vec<&'s str>,
    places: Vec<Place>,
}

impl<'s> Search<'s> {
    fn look(&mut self, schema: &'s Value) {
        if schema["format"] == "file" {
            if !self.places.contains(&self.at) {
                self.places.push(self.at.clone());
            }
            return;
        }
        let reference = schema["$ref"].as_str().filter(|reference| !self.inside.contains(reference));
        if let Some(reference) = reference {
            self.inside.push(reference);
            let definition = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            definition.into_iter().for_each(|definition| self.look(definition));
            self.inside.pop();
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            self.look_at(Some(escaped(name)), field);
        }
        if schema["items"].is_object() {
            self.look_at(None, &schema["items"]);
        }
        for several in ["anyOf", "oneOf", "allOf"] {
            schema[several].as_array().into_iter().flatten().for_each(|one| self.look(one));
        }
    }

    fn look_at(&mut self, step: Option<String>, schema: &'s Value) {
        self.at.push(step);
        self.look(schema);
        self.at.pop();
    }
}

/// The pattern of the names of parts for a place inside of an array.
fn pattern(place: &[Option<String>]) -> String {
    let step = |step: &Option<String>| step.as_ref().map_or_else(|| "[0-9]+".to_owned(), |name| quoted(name));
    format!("^{}$", place.iter().map(step).collect::<Vec<_>>().join("/"))
}

/// A name inside of a pattern.
fn quoted(name: &str) -> String {
    let special = |c: char| r"\.+*?()|[]{}^$".contains(c);
    name.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::form;

    #[test]
    fn parts_are_where_files_are() {
        let input = json!({
            "properties": {
                "scan": { "anyOf": [{ "$ref": "#/$defs/File" }, { "type": "null" }] },
                "notes": { "type": "array", "items": { "$ref": "#/$defs/Note" } },
                "a/b": { "type": "string" },
            },
            "$defs": {
                "File": { "type": "object", "format": "file", "properties": { "name": {} } },
                "Note": { "properties": { "f.1": { "$ref": "#/$defs/File" }, "more": { "$ref": "#/$defs/Note" } } },
            },
        });
        let form = form(&input, &json!({})).unwrap_or_default();
        let names = |key: &str| form[key].as_object().map(|object| object.keys().cloned().collect::<Vec<_>>());
        assert_eq!(names("properties"), Some(vec!["request".to_owned(), "scan".to_owned()]));
        let patterns = names("patternProperties").unwrap_or_default();
        assert_eq!(patterns, [r"^notes/[0-9]+/f\.1$"]);
        assert_eq!(super::form(&json!({ "type": "string" }), &json!({})), None);
    }
}
