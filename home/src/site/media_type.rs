//! File name to `Content-Type`.

/// The media type of a file and whether compressing it pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaType {
    /// As `Content-Type` has it.
    pub name: &'static str,
    /// False where the format is compressed already.
    pub compresses: bool,
}

impl MediaType {
    /// Looks at the extension only: sniffing content is how an upload turns into a page.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or_default();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let (name, compresses) = match extension.to_ascii_lowercase().as_str() {
            "html" | "htm" => ("text/html; charset=utf-8", true),
            "css" => ("text/css; charset=utf-8", true),
            "js" | "mjs" => ("text/javascript; charset=utf-8", true),
            "json" | "map" => ("application/json", true),
            "webmanifest" => ("application/manifest+json", true),
            "xml" => ("application/xml", true),
            "rss" => ("application/rss+xml", true),
            "atom" => ("application/atom+xml", true),
            "txt" => ("text/plain; charset=utf-8", true),
            "md" => ("text/markdown; charset=utf-8", true),
            "csv" => ("text/csv; charset=utf-8", true),
            "svg" => ("image/svg+xml", true),
            "wasm" => ("application/wasm", true),
            "ico" => ("image/x-icon", true),
            "bmp" => ("image/bmp", true),
            "ttf" => ("font/ttf", true),
            "otf" => ("font/otf", true),
            "woff" => ("font/woff", false),
            "woff2" => ("font/woff2", false),
            "png" => ("image/png", false),
            "jpg" | "jpeg" => ("image/jpeg", false),
            "gif" => ("image/gif", false),
            "webp" => ("image/webp", false),
            "avif" => ("image/avif", false),
            "mp4" | "m4v" => ("video/mp4", false),
            "webm" => ("video/webm", false),
            "mp3" => ("audio/mpeg", false),
            "ogg" | "oga" => ("audio/ogg", false),
            "wav" => ("audio/wav", true),
            "pdf" => ("application/pdf", false),
            "zip" => ("application/zip", false),
            "gz" => ("application/gzip", false),
            "br" | "zst" => ("application/octet-stream", false),
            // Not to be rendered, whatever is inside (with `nosniff`).
            _ => ("application/octet-stream", true),
        };
        Self { name, compresses }
    }

    /// Whether it is an HTML page, which is never cached without asking again.
    #[must_use]
    pub fn is_html(self) -> bool {
        self.name.starts_with("text/html")
    }

    /// Whether a browser may run script when it opens the file by itself.
    #[must_use]
    pub fn is_document(self) -> bool {
        self.is_html() || self.name.ends_with("xml")
    }
}

#[cfg(test)]
mod tests {
    use super::MediaType;

    #[test]
    fn types_follow_the_extension() {
        assert!(MediaType::of("docs/INDEX.HTML").is_html());
        assert_eq!(MediaType::of("a/b.min.js").name, "text/javascript; charset=utf-8");
        assert_eq!(MediaType::of("font.woff2").name, "font/woff2");
        assert_eq!(MediaType::of("v1.2/LICENSE").name, "application/octet-stream");
        assert!(MediaType::of("icon.svg").is_document());
        assert!(!MediaType::of("photo.webp").compresses);
    }
}
