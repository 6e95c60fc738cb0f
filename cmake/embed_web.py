#!/usr/bin/env python3
"""embed_web.py WEB OUTPUT.cpp [NAME=FILE...]: writes the files of WEB, and the named ones of others
as vendor/NAME, into OUTPUT, as text of the program."""

import sys
from pathlib import Path

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
END = ')~text~"'


def row(path, file):
    text = Path(file).read_text(encoding="utf-8")
    if END in text:
        sys.exit(f"embed_web.py: {file} holds {END}")
    kind = TYPES.get(Path(path).suffix) or sys.exit(f"embed_web.py: no content type is known for {path}")
    # The literal knows its length: the compiler need not count it.
    return f'    {{"/web/{path}"sv, "{kind}"sv, R"~text~({text}{END}sv}},\n'


def main():
    web, output, *vendor = sys.argv[1:]
    files = {path.relative_to(web).as_posix(): path
             for path in sorted(Path(web).rglob("*")) if path.is_file()}
    for named in vendor:
        name, _, file = named.partition("=")
        files[f"vendor/{name}"] = file
    rows = "".join(row(path, file) for path, file in files.items())
    Path(output).write_text(f"""// Made from web/ by cmake/embed_web.py.
#include "http/documents.hpp"

namespace troupe::http {{

using namespace std::literals;

std::span<const document> web_files() {{
  static constexpr document all[] = {{
{rows}  }};
  return all;
}}

}} // namespace troupe::http
""", encoding="utf-8")


if __name__ == "__main__":
    main()
