const numbers =
  `0 00 07 08 0008 0644 0o644 0O17 0o8 0x1F 0XfF 0x 0xg 0b101 0B1 0b2 1_000 _1 1_ 0_7 0x_1 0b_1 0o_7 1e3 1E+3 1e-3 1e
1e400 12e45678 1. .5 1.5 1.. . 1.5.2 0. 00.5 01.5 1:30 190:20:30 .inf .Inf .nan .NAN 9007199254740991 9007199254740992
9007199254740993 18446744073709551615 18446744073709551616 9223372036854775807 9223372036854775808 99999999999999999999
100000000000000000000 2024-01-01 2024-1-1 2024-01-01T10:00:00Z 2024-13-45 123abc 12-34 1,000 1__0 1e1_0 1e10 1_e1 0e0 0x1p3
0x1.8 infinity Inf nan NaN 0777_ 1._5 ._5 .5e3 .5_0 1e+ 0b 0o 0640 420 420.0 4.2e2 0.1 1073741824`.split(/\s+/);

const scalars = [
  ...numbers.flatMap((number) => ['', '-', '+'].map((sign) => `${sign}${number}`)),
  ...`y Y n N yes Yes YES yEs no No NO on On ON off Off OFF true True TRUE tRUE false False FALSE null Null NULL nULL ~ = <<
@a \`a %a &a *a !a | > ? - :: : , [] {} [a "a '' "" # "#" a#b a:b http://x -a -- --- ... é 😀 !!int !custom`.split(
    /\s+/,
  ),
  ...['', 'a b', 'a: b', 'a #b', '- a', '? a', "'a''b'", '"\\x41"', '"\\u263a"', '"\\/"', '"\\\\/"', '"\\q"', '"\\0"'],
  ...[
    '"a\\nb"',
    '"\\e"',
    '"\\N"',
    '!!str 1',
    '!!int "5"',
    '!!int 5',
    '!!int x',
    '!!float 1',
    '!!float 1.5',
    '!!bool yes',
  ],
  ...['!!bool "true"', '!!null ""', '!!binary aGVsbG8=', '!!timestamp 2024-01-01', '!!set {a}', '!!omap [a: 1]'],
  ...['!!map {a: 1}', '!!seq [a]', '!custom x', '!<tag:yaml.org,2002:str> 1', '! 1', 'a\\b', 'a"b', 'null null', '0 1'],
  ...['[1, 0o7, yes]', '{a: 0o7}', '[a, b,]', '{a, b}', '{a: , b: 1}', '[[1], {a: 1}]', '{a: 1, a: 2}', '{? a : b}'],
  ...['a - b', '\u00a0', 'x\u2028y', 'x\u0001y', '"x\u0085y"', '2024-01-01 10:00:00'],
];

const whole = [
  // Merge keys, anchors and aliases.
  'a: &x {p: 1}\nb: {<<: *x, q: 2}',
  'a: &x {p: 1}\nb: {<<: *x, p: 2}',
  'a: &x {p: 1}\nb: {p: 2, <<: *x}',
  'a: &x {p: 1}\nc: &y {q: 2}\nb: {<<: [*x, *y]}',
  'a: &x {p: 1}\nc: &y {p: 2}\nb: {<<: [*x, *y]}',
  'a: &x {p: 1}\nb: {<<: [*x, {r: 3}], p: 9}',
  'a: &x {p: 1}\nb: &y {<<: *x, q: 2}\nc: {<<: *y, r: 3}',
  'a: &x {p: 1}\nb: &y {<<: *x, q: 2}\nc: {<<: *y, p: 3}',
  'a: &x {p: 1}\nb: {"<<": *x}',
  'a: &x [1]\nb: {<<: *x}',
  'a: &x 5\nb: {<<: *x}',
  'b: {<<: {a: 1}}',
  'b: {<<: 1}',
  'a: &x 5\nb: *x',
  'a: &x 0o7\nb: *x',
  'a: *undefined',
  'a: &a [*a]',
  'a: &a {b: *a}',
  '*x : 1',
  '&x a: 1\nb: *x',
  'a: &x b\n*x : 1',
  'a: &x 1\na2: &x 2\nb: *x',
  'a: &x\n',
  // Blocks and quotes over several lines.
  ...['|', '|-', '|+', '>', '>-', '>+'].flatMap((style) => [
    `a: ${style}\n  x\n  y`,
    `a: ${style}\n  x\n  y\n`,
    `a: ${style}\n  x\n\n  y\n\n\nb: 1\n`,
  ]),
  'a: |2\n   x\n',
  'a: |\r\n  x\r\n',
  'a: "x\n  y"\n',
  "a: 'x\n\n  y'\n",
  'a: x\n  y\n',
  'a: x\n\n  y\n',
  'a: "\\\n  x"\n',
  // Maps, lists and documents.
  'a:\n- 1\n- 2\n',
  'a:\n  b:\n c: 1\n',
  'a: 1\n b: 2\n',
  'a:\n\tb: 1\n',
  'a:\tb',
  'a: {\n b: 1\n}\n',
  'a: [\n1,\n2]\n',
  '{"a": 1, "b": [true, null]}',
  '{"a": 0644}',
  '---\na: 1\n',
  '--- {a: 1}\n',
  'a: 1\n...',
  'a: 1\n---\nb: 1\n',
  '%YAML 1.1\n---\na: 0644\n',
  '%YAML 1.2\n---\na: 0644\n',
  '%TAG ! tag:x,2000:\n---\na: !y 1\n',
  '\ufeffa: 1\n',
  'a: 1\r\nb: 2\r\n',
  'a : 1',
  '"a" : 1',
  '? a\n: b',
  '? a\n',
  'a: !!str\n',
  '- a: 1\n  b: 2\n',
  'a: b: c',
  'a: "b" c',
  "a: 'b' 'c'",
  'a: [b]c',
  'a: 1 # c\n',
  'a: 1# c\n',
  'yes: a\ntrue: b\n',
  'a: 1\na: 2',
  '\ta: b',
  'a: b\n\n\n',
  '# c\n',
  '[1, 2]',
  '5',
];

/** Documents for comparison: each scalar as a value, in lists of both styles and as a key; and whole ones. */
export const yamlDocuments: readonly string[] = [
  ...scalars.flatMap((scalar) => [`a: ${scalar}`, `a: [${scalar}]`, `a:\n  - ${scalar}\n`, `${scalar}: x`]),
  ...whole,
];
