# Reads YAML as seeds are written in it, JSON included, and prints a line for each text in it: its path, a tab, and the text,
# with \\, \n and \t for what a line cannot hold. A path is keys and places in lists (from 0) with / between.
#
# Known are mappings and lists, by indentation and in brackets; plain, quoted and block texts of one line or more; comments.
# Anchors, aliases, tags, texts folded without a mark and more than one document are not: the line is told, with status 1.

{
  sub(/\r$/, "")
  line[NR] = $0
}

END {
  expect("", -1)
  for (at = 1; at <= NR; at++) {
    if (line[at] ~ /^[ \t]*(#.*)?$/ || (line[at] ~ /^---( |$)/ && !begun)) continue
    if (line[at] ~ /^\.\.\. *$/) break
    if (line[at] ~ /^---( |$)/) refuse("a second document")
    if (line[at] ~ /^ *\t/) refuse("a tab as indentation")
    begun = 1
    match(line[at], /^ */)
    node(RLENGTH, substr(line[at], RLENGTH + 1))
  }
  exit status
}

function refuse(what) {
  print "line " at ": " what > "/dev/stderr"
  status = 1
  exit 1
}

# MARK: By indentation

# The levels that are open: how far in, a mapping or a list, its path, and how many entries a list has.
function node(indent, text,   path) {
  if (text ~ /^-( |$)/) {
    enter(indent, "list")
    path = below(path_of[depth], count[depth]++)
    match(text, /^- */)
    content(text == "-" ? -1 : indent + RLENGTH, substr(text, RLENGTH + 1), path, indent)
  } else if (is_entry(text)) {
    enter(indent, "mapping")
    content(-1, entry_rest, below(path_of[depth], entry_key), indent)
  } else if (is_expected && indent > expected_behind && (depth || text ~ /^[[{]/)) {
    is_expected = 0
    content(-1, text, expected, indent)
  } else {
    refuse("neither an entry nor in its place")
  }
}

function enter(indent, kind) {
  while (depth && (indent_of[depth] > indent || (indent_of[depth] == indent && kind_of[depth] == "list" && kind == "mapping"))) depth--
  if (!depth || indent_of[depth] != indent || kind_of[depth] != kind) {
    # A list may begin as far in as the key that it belongs to.
    if (!is_expected || indent < expected_behind + (kind == "mapping")) refuse("wrong indentation")
    depth++
    indent_of[depth] = indent
    kind_of[depth] = kind
    path_of[depth] = expected
    count[depth] = 0
  }
  is_expected = 0
}

function expect(path, behind) {
  expected = path
  expected_behind = behind
  is_expected = 1
}

# What stands behind a key or a dash; INDENT is where it begins if more of it may follow below, else -1.
function content(indent, text, path, behind) {
  if (text ~ /^(#.*)?$/) expect(path, behind)
  else if (text ~ /^[|>][-+]? *( #.*)?$/) block(path, behind, substr(text, 1, 1), text ~ /^.-/, text ~ /^.\+/)
  else if (text ~ /^[[{]/) brackets(path, text)
  else if (indent >= 0 && (text ~ /^-( |$)/ || is_entry(text))) {
    expect(path, behind)
    node(indent, text)
  } else scalar(path, text)
}

function is_entry(text,   length_of_key) {
  if (match(text, /^"([^"\\]|\\.)*" *:( |$)/) || match(text, /^'([^']|'')*' *:( |$)/)) {
    entry_rest = substr(text, RLENGTH + 1)
    entry_key = quoted(text)
  } else if (text !~ /^["'&*!|>%@`[{]/ && match(text, /:( |$)/)) {
    length_of_key = RSTART - 1
    entry_key = substr(text, 1, length_of_key)
    entry_rest = substr(text, length_of_key + 2)
    if (entry_key ~ / #/) return 0
    sub(/ +$/, "", entry_key)
  } else return 0
  sub(/^ +/, "", entry_rest)
  return 1
}

function scalar(path, text,   rest) {
  if (text ~ /^["']/) {
    rest = quoted(text)
    text = substr(text, quoted_length + 1)
    if (text !~ /^ *( #.*)?$/) refuse("something behind a quoted text")
    show(path, rest)
  } else if (text ~ /^[&*!%@`]/) {
    refuse("anchors, aliases and tags are not known")
  } else {
    sub(/ +#.*$/, "", text)
    sub(/ +$/, "", text)
    if (text != "~" && text != "null") show(path, text)
  }
}

# A block text: the lines that are further in than the key, as they are (|) or as one (>).
function block(path, behind, style, strips, keeps,   text, indent, blank) {
  text = ""
  indent = 0
  blank = 0
  for (; at < NR; at++) {
    match(line[at + 1], /^ */)
    if (line[at + 1] ~ /^ *$/) {
      blank++
      continue
    }
    if (RLENGTH <= behind) break
    if (!indent) indent = RLENGTH
    if (RLENGTH < indent) refuse("wrong indentation in a block of text")
    if (style == ">" && text != "" && !blank) sub(/\n$/, " ", text)
    for (; blank; blank--) text = text "\n"
    text = text substr(line[at + 1], indent + 1) "\n"
  }
  if (keeps) for (; blank; blank--) text = text "\n"
  if (strips) sub(/\n+$/, "", text)
  show(path, text)
}

# MARK: In brackets

# Reads from TEXT and the lines behind it, which `source` and `place` follow.
function brackets(path, text,   next_line, rest) {
  source = text
  place = 1
  for (next_line = at + 1; next_line <= NR; next_line++) source = source "\n" line[next_line]
  value(path)
  rest = substr(source, place)
  sub(/\n.*/, "", rest)
  if (rest !~ /^ *(#.*)?$/) refuse("something behind a closing bracket")
  at += gsub(/\n/, "\n", text = substr(source, 1, place - 1))
}

function skip() {
  while (match(substr(source, place, 400), /^([ \t\n]+|#[^\n]*)/)) place += RLENGTH
  if (place > length(source)) refuse("a bracket is not closed")
}

function value(path,   first, number, key) {
  skip()
  first = substr(source, place, 1)
  if (first == "{") {
    for (place++; !closes("}"); comma("}")) {
      key = word()
      skip()
      if (substr(source, place++, 1) != ":") refuse("no : behind a key")
      value(below(path, key))
    }
  } else if (first == "[") {
    number = 0
    for (place++; !closes("]"); comma("]")) value(below(path, number++))
  } else {
    key = word()
    if (first ~ /["']/ || (key != "null" && key != "~")) show(path, key)
  }
}

# Goes past the bracket where it stands here.
function closes(bracket) {
  skip()
  if (substr(source, place, 1) != bracket) return 0
  place++
  return 1
}

function comma(bracket) {
  skip()
  if (substr(source, place, 1) == ",") place++
  else if (substr(source, place, 1) != bracket) refuse("neither a comma nor " bracket)
}

# A quoted or plain text.
function word(   text) {
  text = substr(source, place)
  if (text ~ /^["']/) {
    text = quoted(text)
    place += quoted_length
  } else {
    if (!match(text, /^([^][{},:#\n]|:[^ \n]|[^ ]#)+/)) refuse("a text was expected")
    text = substr(text, 1, RLENGTH)
    place += RLENGTH
    sub(/ +$/, "", text)
  }
  return text
}

# MARK: Texts

# The text in the quotes that TEXT begins with, and its length with them.
function quoted(text,   mark, rest, char) {
  mark = substr(text, 1, 1)
  if (!(mark == "\"" ? match(text, /^"([^"\\]|\\.)*"/) : match(text, /^'([^']|'')*'/))) refuse("a quote is not closed")
  quoted_length = RLENGTH
  rest = substr(text, 2, RLENGTH - 2)
  text = ""
  while (mark == "\"" ? match(rest, /\\./) : match(rest, /''/)) {
    char = substr(rest, RSTART + 1, 1)
    text = text substr(rest, 1, RSTART - 1)
    rest = substr(rest, RSTART + 2)
    if (char == "n") char = "\n"
    else if (char == "t") char = "\t"
    else if (char == "r") char = "\r"
    else if (char == "u") {
      char = utf8(substr(rest, 1, 4))
      rest = substr(rest, 5)
    } else if (mark == "\"" && char !~ /["\\\/ ]/) refuse("\\" char " in quotes is not known")
    text = text char
  }
  return text rest
}

# utf8(HEX): the bytes of the character with that number.
function utf8(hex,   number, i) {
  if (hex !~ /^[0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F]$/ || hex ~ /^[dD][89a-fA-F]/ || hex == "0000") refuse("\\u" hex " in quotes is not known")
  number = 0
  for (i = 1; i <= 4; i++) number = number * 16 + index("123456789abcdef", tolower(substr(hex, i, 1)))
  if (number < 128) return sprintf("%c", number)
  if (number < 2048) return sprintf("%c%c", 192 + int(number / 64), 128 + number % 64)
  return sprintf("%c%c%c", 224 + int(number / 4096), 128 + int(number / 64) % 64, 128 + number % 64)
}

function below(path, key) { return path == "" ? key "" : path "/" key }

function show(path, text) { print escaped(path) "\t" escaped(text) }

function escaped(text,   result) {
  result = ""
  while (match(text, /[\\\n\t]/)) {
    result = result substr(text, 1, RSTART - 1) "\\" (substr(text, RSTART, 1) == "\n" ? "n" : substr(text, RSTART, 1) == "\t" ? "t" : "\\")
    text = substr(text, RSTART + 1)
  }
  return result text
}
