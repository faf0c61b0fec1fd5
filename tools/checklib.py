"""What the checks of tools/ share: reading C, reporting, testing themselves.

A check is a function check(root) -> [(path, line, message)]; main() runs it over the tree, or with
--self-test over small trees made for it, some of which it must find fault with.
"""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

CORE = ["base", "wire", "buf", "net", "udp", "tcp", "sock"]
CODE_DIRS = ["include", "src", "tests", "fuzz", "bench", "examples"]


def sources(root, dirs=CODE_DIRS, ends=(".c", ".h")):
    """Paths of source files relative to root, sorted."""
    found = []
    for top in dirs:
        for folder, _, names in os.walk(os.path.join(root, top)):
            found += [os.path.relpath(os.path.join(folder, n), root) for n in names if n.endswith(ends)]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        return f.read()


TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def split_comments(text):
    """(code, comments): each as long as text, the other part blanked, strings emptied in code."""
    def blank(s):
        return re.sub(r"[^\n]", " ", s)

    code, comments, at = [], [], 0
    for m in TOKEN.finditer(text):
        code.append(text[at:m.start()])
        comments.append(blank(text[at:m.start()]))
        is_comment = m.group().startswith("/")
        quoted = m.group()[0] + blank(m.group()[1:-1]) + m.group()[-1]
        code.append(blank(m.group()) if is_comment else quoted)
        comments.append(m.group() if is_comment else blank(m.group()))
        at = m.end()
    code.append(text[at:])
    comments.append(blank(text[at:]))
    return "".join(code), "".join(comments)


def blank_directives(code):
    """The code without preprocessor lines, which may continue over several lines."""
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: re.sub(r"[^\n]", " ", m.group()), code, flags=re.M)


def includes(text):
    """[(line, name, is_quoted)] of the #include directives."""
    code = split_comments(text)[0].split("\n")
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        m = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if m and code[number - 1].lstrip().startswith("#"):
            found.append((number, m.group(2), m.group(1) == '"'))
    return found


class Function:
    """A function definition: name, first and last line, parameters, tokens of its body."""

    def __init__(self, name, first, last, params, body):
        self.name, self.first, self.last, self.params, self.body = name, first, last, params, body


def tokens(code):
    """[(text, line)] of names, numbers and single characters."""
    found, line = [], 1
    for m in re.finditer(r"\n|\w+|[^\w\s]", code):
        if m.group() == "\n":
            line += 1
        else:
            found.append((m.group(), line))
    return found


def closing(toks, i):
    """Index of the bracket that closes toks[i]."""
    pairs, depth = {"(": ")", "[": "]", "{": "}"}, 0
    opened, closed = toks[i][0], pairs[toks[i][0]]
    for j in range(i, len(toks)):
        depth += (toks[j][0] == opened) - (toks[j][0] == closed)
        if depth == 0:
            return j
    return len(toks) - 1


def count_params(toks):
    if not toks or [t for t, _ in toks] == ["void"]:
        return 0
    depth, commas = 0, 0
    for t, _ in toks:
        depth += (t in "([{") - (t in ")]}")
        commas += t == "," and depth == 0
    return commas + 1


def functions(text):
    """The function definitions of a file, TEST(name) { ... } among them."""
    toks = tokens(blank_directives(split_comments(text)[0]))
    found, i, start = [], 0, 0
    head = None        # (name, line, params) of the last name(...) at the top level
    while i < len(toks):
        t = toks[i][0]
        if t == "(":
            end = closing(toks, i)
            name = toks[i - 1][0] if i > start else ""
            if re.match(r"[A-Za-z_]\w*$", name) and name not in ("__attribute__", "_Alignas", "alignas"):
                if name == "TEST":
                    name = toks[i + 1][0]
                head = (name, toks[start][1], count_params(toks[i + 1:end]))
            i = end
        elif t == "{":
            end = closing(toks, i)
            before = toks[i - 1][0] if i else ""
            if head and before == ")":
                found.append(Function(head[0], head[1], toks[end][1], head[2], toks[i:end + 1]))
                start, head = end + 1, None
            i = end
        elif t in ";=":
            head = None
            start = i + 1 if t == ";" else start
        i += 1
    return found


class Statements:
    """Walks the statements of a body: how deep control flow nests, what each switch holds."""

    LOOPS = ("for", "while", "switch")

    def __init__(self, toks):
        self.toks, self.deepest, self.deepest_line = toks, 0, 0
        self.switches = []    # [{"labels": [...], "default": line or None}]
        self.open_switches = []
        self.statement(0, 0)

    def at(self, i):
        return self.toks[i][0] if i < len(self.toks) else ""

    def enter(self, i, depth):
        if depth > self.deepest:
            self.deepest, self.deepest_line = depth, self.toks[min(i, len(self.toks) - 1)][1]

    def statement(self, i, depth):
        """Handles the statement at i, returns the index after it."""
        t = self.at(i)
        if t == "{":
            i += 1
            while i < len(self.toks) and self.at(i) != "}":
                i = self.statement(i, depth)
            return i + 1
        if t == "if":
            return self.branch(i, depth)
        if t in self.LOOPS:
            return self.loop(i, depth)
        if t == "do":
            self.enter(i, depth + 1)
            i = self.statement(i + 1, depth + 1)
            return self.simple(i)
        if t in ("case", "default"):
            return self.label(i)
        if re.match(r"[A-Za-z_]\w*$", t) and self.at(i + 1) == "(":
            end = closing(self.toks, i + 1)
            if self.at(end + 1) == "{":    # a macro that loops
                self.enter(i, depth + 1)
                return self.statement(end + 1, depth + 1)
        return self.simple(i)

    def branch(self, i, depth):
        self.enter(i, depth + 1)
        i = self.statement(closing(self.toks, i + 1) + 1, depth + 1)
        if self.at(i) != "else":
            return i
        if self.at(i + 1) == "if":
            return self.branch(i + 1, depth)
        return self.statement(i + 1, depth + 1)

    def loop(self, i, depth):
        self.enter(i, depth + 1)
        is_switch = self.at(i) == "switch"
        if is_switch:
            self.open_switches.append({"labels": [], "default": None})
        i = self.statement(closing(self.toks, i + 1) + 1, depth + 1)
        if is_switch:
            self.switches.append(self.open_switches.pop())
        return i

    def label(self, i):
        switch = self.open_switches[-1] if self.open_switches else {"labels": [], "default": None}
        if self.at(i) == "default":
            switch["default"] = self.toks[i][1]
        while i < len(self.toks) and self.at(i) != ":":
            switch["labels"].append(self.at(i))
            i += 1
        return i + 1

    def simple(self, i):
        while i < len(self.toks) and self.at(i) not in (";", "}"):
            i = closing(self.toks, i) + 1 if self.at(i) in ("(", "[", "{") else i + 1
        return i + 1 if self.at(i) == ";" else i


def run(*command, **kwargs):
    """(exit status, output) of a command."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **kwargs)
    return done.returncode, done.stdout


def make_tree(root, files):
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as f:
            f.write(text)


def self_test(check, examples, prepare):
    """Every example is (files, what must be found): a part of one message, or None for nothing."""
    failed = 0
    for files, want in examples:
        with tempfile.TemporaryDirectory() as root:
            make_tree(root, files)
            if prepare:
                prepare(root)
            found = [f"{p}:{n}: {m}" for p, n, m in check(root)]
        if (want is None and found) or (want is not None and not any(want in f for f in found)):
            failed += 1
            print(f"self-test: wanted {want!r}, found {found} in {files}")
    print(f"self-test: {len(examples) - failed} of {len(examples)} examples judged rightly")
    return failed


def main(check, examples, prepare=None):
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(1 if self_test(check, examples, prepare) else 0)
    if sys.argv[1:]:
        sys.exit(f"usage: {os.path.basename(sys.argv[0])} [--self-test]")
    found = check(ROOT)
    for path, line, message in found:
        print(f"{path}:{line}: {message}")
    sys.exit(1 if found else 0)
