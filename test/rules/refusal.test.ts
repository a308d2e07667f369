import t from 'tap'
import { problemLines, withIdentity } from '../fixtures/rules-text.ts'

/** One rule, its `cache` on line 6 with its keys from column 12. */
const cached = (keys: string): string => withIdentity(`- name: a\n  match: GET /a\n  cache: { ${keys} }\n`)
const purging = (keys: string): string => withIdentity(`- name: a\n  match: POST /a\n  purge: { ${keys} }\n`)
const file = (lines: string): string => `version: 1\nrules: []\n${lines}\n`

t.test('unknown keys: the nearest, the right place, or what is known', async (t) => {
  const cases: Array<[string, string]> = [
    [cached('key: k, tll: 5m'), '6:20: error: Unknown key "tll": write "ttl"'],
    [cached('xyz: 1'), '6:12: error: Unknown key "xyz": known here: "scope", "key", "query", "tags"'],
    [cached('keys: [k]'), '6:12: error: Unknown key "keys": write one "key" here; "keys" stand under "purge"'],
    [cached('set_cookie: strip'), '6:12: error: "set_cookie" stands under "rfc" only: write "override: [set-cookie]"'],
    [purging('all: true, settle: 5'), '6:31: error: "5" has no unit: write "5s" for seconds'],
    [purging('all: true, settle: 0s'), '6:31: error: A second purge after "0s" is the first one: leave it out'],
    [purging('all: true, settle: 61m'), '6:31: error: "61m" is longer than any replica lags: write how far'],
    [purging('all: true, on_purge_failure: fail'), '6:41: error: "on_purge_failure" is "fail": write "queue" or "refuse"'],
    [withIdentity('- name: a\n  match: POST /a\n  settle: 5s\n'), '6:3: error: Unknown key "settle": move it under "purge"'],
    [withIdentity('- name: a\n  match: GET /a\n  ttl: 5m\n'), '6:3: error: Unknown key "ttl": move it under "cache"'],
    [withIdentity('- name: a\n  match: GET /a\n  soft: true\n'), '6:3: error: Unknown key "soft": move it under "purge"'],
    [withIdentity('- name: a\n  match: GET /a\n  host: x\n'), '6:3: error: Unknown key "host": move it under "match"'],
    [withIdentity('- name: a\n  match: { path: /a, methds: [GET] }\n'), '5:22: error: Unknown key "methds": write "methods"'],
    [file('unmached: rfc'), '3:1: error: Unknown key "unmached": write "unmatched"'],
    [file('defaults:\n  <<: { ttl: 5m }'), '4:3: error: YAML merge keys are not read: write the keys out'],
  ]
  for (const [text, expected] of cases) t.match(problemLines(text)[0], expected, text)
})

t.test('wrong types and values: what stands there, and what to write', async (t) => {
  const cases: Array<[string, string]> = [
    ['version: 1', '1:1: error: "rules" is missing: write a list of rules, each starting with "- name:"'],
    ['version: 1\nrules: {}', '2:8: error: "rules" is a map: write a list of rules'],
    ['version: 2\nrules: []', '1:10: error: "version" is the number 2: write "version: 1"'],
    ['rules: []', '1:1: error: "version" is missing: write "version: 1"'],
    ['- a', '1:1: error: The file is a list: write a map'],
    [file('prefix: a b'), '3:9: error: The prefix "a b" has other characters'],
    [file('unmatched: always'), '3:12: error: "unmatched" is "always": write "rfc" or "pass"'],
    [file('defaults: { ttl: 5 }'), '3:18: error: "5" has no unit: write "5s" for seconds'],
    [file('identity: { from: [sub] }'), '3:20: error: "sub" names no identity: write a claim, a header or a cookie'],
    [file('identity: { from: jwt.sub }'), '3:19: error: "from" is "jwt.sub": write a list: ["jwt.sub"]'],
    [file('rfc: { set_cookie: stip }'), '3:20: error: "set_cookie" is "stip": did you mean "strip"?'],
    [withIdentity('- match: GET /a\n'), '4:3: error: "name" is missing: write a text, as in "experience-list"'],
    [withIdentity('- name: a b\n  match: GET /a\n'), `4:9: error: The rule's name "a b" has other characters`],
    [withIdentity('- name: 7\n  match: GET /a\n'), '4:9: error: "name" is the number 7: write it in quotes, as text: "7"'],
    [withIdentity('- name: a\n  match: 7\n'), '5:10: error: "match" is the number 7: write "GET /path", or a map'],
    [withIdentity('- name: a\n  match: { path: 7 }\n'), '5:18: error: "path" is the number 7: write it in quotes'],
    [
      withIdentity('- name: a\n  match: { path: /a, query: { page: 1 } }\n'),
      '5:37: error: "page" is the number 1: write it in quotes, as text: "1"',
    ],
    [withIdentity('- name: a\n  match:\n  cache: { ttl: 1m }\n'), '5:3: error: "match" is empty: write "GET /path"'],
    [withIdentity('- a\n'), '4:3: error: "rules[0]" is "a": write a map'],
    [cached('ttl: 5 minutes'), '6:17: error: "5 minutes" is not a duration: write "5m"'],
    [cached('ttl: [5m]'), '6:17: error: "ttl" is a list: write a text, as in "5m"'],
    [cached('ttl: 0s'), '6:17: error: A lifetime of "0s" stores what is never used: write a longer one, or "mode: off"'],
    [cached('negative: { 404: 0s }'), '6:29: error: A lifetime of "0s" stores what is never used'],
    [cached('negative: { abc: 1s }'), '6:24: error: "abc" is no status that can have a lifetime: write a status or a class'],
    [cached('negative: { 200: 1s }'), `6:24: error: The lifetime of 200 is the rule's ttl: leave it out here`],
    [cached('negative: { 304: 1s }'), '6:24: error: A 304 has no lifetime of its own'],
    [cached('negative: 10s'), '6:22: error: "negative" is "10s": write a map, as in { 404: 10s }'],
    [cached('scope: usr'), '6:19: error: "scope" is "usr": did you mean "user"?'],
    [cached('scope: everybody'), '6:19: error: "scope" is "everybody": write "public", "authenticated" or "user"'],
    [cached('key: {params.id}'), '6:17: error: YAML reads "key" as a map: put quotes around it: "{params.id}"'],
    [cached('tags: [x, user:{user}]'), '6:22: error: YAML reads "tags[1]" as a map: put quotes around it: "user:{user}"'],
    [cached('tags: [1]'), '6:19: error: "tags[0]" is the number 1: write it in quotes, as text: "1"'],
    [cached('tags: x'), '6:18: error: "tags" is "x": write a list: ["x"]'],
    [cached('key: "a:{params.id"'), '6:20: error: "{" is never closed: write "}" after the value'],
    [cached('key: "a:{prams.id}"'), '6:21: error: There is no value "prams": did you mean "{params.id}"?'],
    [cached('query: [a]'), '6:19: error: "query" is a list: write a map, as in { only: [page, limit] }'],
    [cached('query: { ignore: ["*x"] }'), '6:30: error: "*x" names no query parameter: "*" stands at the end only'],
    [cached('override: [max_age]'), '6:23: error: "override[0]" is "max_age": did you mean "max-age"?'],
    [cached('refresh_ahead: 100%'), '6:27: error: "100%" is no part of a lifetime: write a share between "1%" and "99%"'],
    [cached('refresh_ahead: 20'), '6:27: error: "20" has no unit: write "20%" for a part of the lifetime, or "20s" for seconds'],
    [cached('collapse: yes'), '6:22: error: "collapse" is "yes": write true, false or "fleet"'],
    [cached('collapse: 1'), '6:22: error: "collapse" is the number 1: write true, false or "fleet"'],
    [cached('min_uses: 0'), '6:22: error: 0 is no number of uses: write a whole number from 1 to 1000'],
    [cached('min_uses: many'), '6:22: error: "min_uses" is "many": write a whole number'],
    [cached('l1: 0s'), '6:16: error:'],
    [cached('l2: 30'), '6:16: error: "30" has no unit: write "30s"'],
    [cached('max_size: 10kb'), '6:22: error: "10kb" is not a size: write "10KiB"'],
    [cached('max_size: 0B'), '6:22: error: "0B" stores nothing'],
    [cached('vary: { accept: igonre }'), '6:28: error: "accept" is "igonre": did you mean "ignore"?'],
    [cached('vary: { "a b": ignore }'), '6:20: error: "a b" cannot be the name of a field'],
    [cached('mode: true'), '6:18: error: "mode" is true: write "on", "shadow" or "off"'],
    [purging('keys: "a:b"'), '6:18: error: "keys" is "a:b": write a list: ["a:b"]'],
    [purging('keys: ["a:*"]'), '6:22: error: "*" stands only in patterns: move this to "patterns"'],
    [purging('status: [200, 2x]'), '6:20: error: "2x" is no status: write classes or statuses'],
    [purging('status: []'), '6:20: error: The list of statuses is empty'],
    [purging('when: response.json.a b'), '6:33: error: A value contains no white space'],
    [purging('when: respons.json.a'), '6:18: error: There is no value'],
    [purging('when: "x:{status"'), '6:21: error: "{" is never closed'],
    [purging('soft: maybe'), '6:18: error: "soft" is "maybe": write true or false'],
  ]
  for (const [text, expected] of cases) t.equal(problemLines(text)[0]?.slice(0, expected.length), expected, text)
})

t.test('one run names every mistake', async (t) => {
  t.equal(problemLines(cached('tll: 5m, scope: usr, negative: { 404: x }, tags: [1, 2]')).length, 5)
})
