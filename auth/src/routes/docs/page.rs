//! The page: the document, from top to bottom, as HTML.

use std::fmt::Write as _;

use serde_json::Value;
use utoipa::openapi::OpenApi;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// Objects in objects are shown this deep: what refers to itself would have no end.
const DEPTH: usize = 3;

/// The whole page.
pub(super) fn render(document: &OpenApi) -> String {
    // Read as JSON, the one form that is stable: its keys are the specification's.
    let document = serde_json::to_value(document).unwrap_or_default();
    let page = Page { document: &document, html: String::with_capacity(128 * 1024) };
    page.all()
}

struct Page<'a> {
    document: &'a Value,
    html: String,
}

impl<'a> Page<'a> {
    fn all(mut self) -> String {
        let info = &self.document["info"];
        let (title, version) = (text(&info["title"]), text(&info["version"]));
        self.raw("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
        self.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>");
        self.say(title);
        self.raw("</title><link rel=\"stylesheet\" href=\"/docs/style.css\"></head><body><h1>");
        self.say(title);
        self.raw("</h1>");
        for paragraph in text(&info["description"]).split("\n\n") {
            self.paragraph(paragraph);
        }
        self.raw("<p class=\"soft\">Version ");
        self.say(version);
        self.raw(". For programs: <a href=\"/openapi.json\">openapi.json</a> (OpenAPI 3.1).</p>");
        let tags = self.document["tags"].as_array().map_or(&[][..], Vec::as_slice);
        self.raw("<nav aria-label=\"Groups\"><ul>");
        for tag in tags {
            let name = escape(text(&tag["name"]));
            let _ = write!(self.html, "<li><a href=\"#{name}\">{name}</a></li>");
        }
        self.raw("</ul></nav><main>");
        for tag in tags {
            self.group(tag);
        }
        self.raw("</main></body></html>\n");
        self.html
    }

    fn group(&mut self, tag: &Value) {
        let name = text(&tag["name"]);
        let _ = write!(self.html, "<section><h2 id=\"{0}\">{0}</h2>", escape(name));
        self.paragraph(text(&tag["description"]));
        let paths = self.document["paths"].as_object();
        for (path, item) in paths.into_iter().flatten() {
            for method in METHODS {
                let operation = &item[method];
                if operation["tags"].as_array().is_some_and(|tags| tags.iter().any(|t| t == name)) {
                    self.operation(method, path, operation);
                }
            }
        }
        self.raw("</section>");
    }

    fn operation(&mut self, method: &str, path: &str, operation: &'a Value) {
        let (method, path) = (method.to_uppercase(), escape(path));
        let head = "<article><h3><span class=\"method\">";
        let _ = write!(self.html, "{head}{method}</span> <code>{path}</code></h3>");
        self.paragraph(text(&operation["summary"]));
        self.paragraph(text(&operation["description"]));
        if operation["security"].as_array().is_some_and(|needs| !needs.is_empty()) {
            self.raw("<p class=\"soft\">Needs <code>Authorization: Bearer …</code></p>");
        }
        let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        if !parameters.is_empty() {
            self.raw("<h4>Parameters</h4><div class=\"table\"><table>");
            for parameter in parameters {
                let schema = &parameter["schema"];
                let (name, about) = (text(&parameter["name"]), text(&parameter["description"]));
                self.row(name, schema, parameter["required"] == true, about);
            }
            self.raw("</table></div>");
        }
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        if !body.is_null() {
            self.raw("<h4>Body</h4>");
            self.schema(body);
        }
        self.raw("<h4>Answers</h4>");
        for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
            let about = prose(text(&answer["description"]));
            let _ = write!(self.html, "<p><code>{}</code> {about}</p>", escape(status));
            let schema = &answer["content"]["application/json"]["schema"];
            if !schema.is_null() {
                self.schema(schema);
            }
        }
        self.raw("</article>");
    }

    fn schema(&mut self, schema: &'a Value) {
        self.raw("<div class=\"table\"><table>");
        self.fields("", schema, 0);
        self.raw("</table></div>");
    }

    /// The fields of an object, and of the objects in it, each with its whole name.
    fn fields(&mut self, prefix: &str, schema: &'a Value, depth: usize) {
        let schema = self.resolve(schema);
        for part in ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|key| schema[key].as_array())
        {
            for part in part {
                self.fields(prefix, part, depth);
            }
        }
        if schema["items"].is_object() && depth < DEPTH {
            self.fields(&format!("{prefix}[]"), &schema["items"], depth + 1);
        }
        let required = schema["required"].as_array();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let needed = required.is_some_and(|names| names.iter().any(|other| other == name));
            let dot = if prefix.is_empty() { "" } else { "." };
            let name = format!("{prefix}{dot}{name}");
            self.row(&name, field, needed, text(&field["description"]));
            if depth < DEPTH {
                self.fields(&name, field, depth + 1);
            }
        }
    }

    fn row(&mut self, name: &str, schema: &'a Value, required: bool, about: &str) {
        let kind = self.kind(schema);
        let needed = if required { "" } else { ", optional" };
        let (name, kind, about) = (escape(name), escape(&kind), prose(about));
        let _ = write!(
            self.html,
            "<tr><th scope=\"row\"><code>{name}</code></th>\
             <td class=\"soft\">{kind}{needed}</td><td>{about}</td></tr>",
        );
    }

    fn kind(&self, schema: &'a Value) -> String {
        let schema = self.resolve(schema);
        let kind = match &schema["type"] {
            Value::String(kind) => kind.clone(),
            Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
            _ => "object".to_owned(),
        };
        match text(&schema["format"]) {
            "" => kind,
            format => format!("{kind} ({format})"),
        }
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let pointer = schema["$ref"].as_str().and_then(|place| place.strip_prefix('#'));
        pointer.and_then(|pointer| self.document.pointer(pointer)).unwrap_or(schema)
    }

    fn paragraph(&mut self, words: &str) {
        if !words.is_empty() {
            self.raw("<p>");
            self.say(words);
            self.raw("</p>");
        }
    }

    fn say(&mut self, words: &str) {
        self.html.push_str(&prose(words));
    }

    fn raw(&mut self, html: &str) {
        self.html.push_str(html);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;")
}

/// Text with `code` in it.
fn prose(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for (place, part) in escape(text).split('`').enumerate() {
        let _ = if place % 2 == 0 {
            write!(html, "{part}")
        } else {
            write!(html, "<code>{part}</code>")
        };
    }
    html
}
