"""Reads what the harness has printed for each FILE (a command's arguments, separated by NUL), a line of JSON each, and compares."""
import base64, json, sys

MOST = 64                                           # arguments, as in harness.c
lines = sys.stdin.buffer.read().splitlines()
if len(lines) != len(sys.argv) - 1:
    sys.exit(f"fuzz: {len(lines)} lines of JSON for {len(sys.argv) - 1} inputs")
for name, line in zip(sys.argv[1:], lines):
    with open(name, "rb") as file:
        words = file.read().split(b"\0")[:MOST]
    found = json.loads(line)                        # of bytes: not UTF-8 is an error
    try:
        plain = [word.decode() for word in words]
    except UnicodeDecodeError:
        plain = None
    if plain is not None:
        good = found == {"command": plain}
    else:
        good = [base64.b64decode(word, validate=True) for word in found["command_base64"]] == words and set(found) == {"command", "command_base64"} \
            and all("\ufffd" in text for text, word in zip(found["command"], words) if word.decode(errors="ignore").encode() != word)
    if not good:
        sys.exit(f"fuzz: {name}: {words} became {line}")
