// Writes npm_ranges.jsonl: what node-semver answers, as facts to test against.
//
//   npm install --prefix ORACLE semver@7.8.6
//   node tests/golden/version/npm_ranges.mjs ORACLE > tests/golden/version/npm_ranges.jsonl
//
// One line a case: {"range","version","include_prerelease","expected"}, or {"range","valid":false} for a range that is refused.
// For each range only those versions are kept that stand where the answer changes, and a few others. The same input gives
// the same output: nothing is random but a seeded sequence.
import { createRequire } from 'node:module';
import path from 'node:path';

const oracle = createRequire(path.join(path.resolve(process.argv[2]), '/'));
const semver = oracle('semver');

let state = 20240229;
const random = (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
};
const pick = (list) => list[random(list.length)];

const written = [
    // Bare versions, x-ranges, everything.
    '', ' ', '*', 'x', 'X', '*.*', 'x.x.x', '*.*.*', '1', '1.2', '1.2.3', '0', '0.0', '0.0.0', '1.x', '1.X.x', '1.2.*', '1.*.*', '1.*',
    '1.2.3-alpha.1', '1.2.3-0', '1.2.3+build', '1.2.3-beta+build.5', '1.2.x-alpha', '1.x.x-beta', '0.x', '0.0.x', '00', '1.2.3*',
    // Prefixes and blanks.
    'v1.2.3', '=1.2.3', '=v1.2.3', 'v1', 'v1.2', '=1', '==1', '= 1.2.3', '= v1.2.3', ' 1.2.3 ', '\t1.2.3\n', '>= 1.2.3', '>=\t1.2', '> 1', '<= 2.x',
    '^ 1.2.3', '~ 1.2.3', '~> 1.2.3', '~>1.2', '~>  1', '~v1.2', '^v1.2.3', '^=1.2', '~ > 1.2', '>v1.2.3', '>=v1', '< =1.2.3',
    // Comparators.
    '>1.2.3', '>=1.2.3', '<1.2.3', '<=1.2.3', '>1.2', '>=1.2', '<1.2', '<=1.2', '>1', '>=1', '<1', '<=1', '>0', '>=0', '<0', '<=0', '>*', '>=*', '<*', '<=*',
    '>x', '<X', '=*', '>1.x', '<=1.2.x', '>=1.x.x', '>=0.0.0', '>=0.0.0-0', '<0.0.0', '<0.0.0-0', '<=0.0.0', '>0.0.0', '<1.2.3-beta', '<=1.2.3-beta',
    '>1.2.3-beta', '>=1.2.3-beta', '<1.2.3-0', '>=1.2.3-0',
    // Tilde and caret.
    '~1.2.3', '~1.2', '~1', '~0.2.3', '~0.2', '~0', '~0.0.3', '~1.2.3-beta.2', '~1.2.x', '~1.x', '~x', '~*', '~0.0.0-a', '^1.2.3', '^0.2.3', '^0.0.3', '^1.2',
    '^0.2', '^0.0', '^1', '^0', '^x', '^*', '^1.2.x', '^1.x', '^0.x', '^0.0.x', '^0.1.x', '^1.2.3-beta.2', '^0.2.3-beta', '^0.0.3-beta', '^0.0.0', '^0.0.0-0',
    '^1.2.x-beta', '^1.x.3', '~x.1',
    // Hyphens.
    '1.2.3 - 2.3.4', '1.2 - 2.3.4', '1 - 2.3.4', '1.2.3 - 2.3', '1.2.3 - 2', '1 - 2', '1.2 - 2.3', '1.x - 2.x', '* - 2', '1 - *', 'x - x', '0 - 1',
    '0.0.0 - 1.0.0', '1.2.3-beta - 2.0.0', '1.2.3 - 2.0.0-beta', '1.2.3-alpha - 1.2.3-rc', 'v1.2.3 - v2.0.0', '1.2.3  -  2.0.0', '\t1 -\t2', '1.2.3+b - 2.0.0+c',
    '2.0.0 - 1.0.0', '1.2.3 - 1.2.3', '1.2.x - 2.1.x', '=1.2 - 2',
    // Conjunctions.
    '>=1.2.7 <1.3.0', '>=1.2.3-beta <2', '>1 <2', '>=1 <=1', '>2 <1', '1.2.3 1.2.4', '1.2.3 >=1', '* 1.2.3', '* *', '^1 ^1.2', '~1.2.3 <1.2.9', '>=1.0.0-a >=1.2.3',
    '>=1.2.3-a <=1.2.3-b', '>1.2.3-a <1.2.3', '<2.0.0-beta >=1.0.0-alpha', '>=0.0.0 <=0.0.0-beta', '>=v0.0.0 <=0.0.0-beta', '0.x <=0.0.0-beta', '^0 <0.0.0-b',
    '>=1.2.3-alpha >=1.2.3-beta', '<*  >=1', '1.2.3-a 1.2.3-a', '>=1.0.0  <2.0.0\t!=1', '>=1.0.0,<2.0.0',
    // Alternatives.
    '||', '1 || 2', '1||2', '1.2.3 || 2.0.0-beta', '^1.2.3-beta || ^2', '<1 || >2', '1.2.7 || >=1.2.9 <2.0.0', '1.2.3-alpha || *', '* || 1.2.3-alpha', '1.2.3-a ||',
    '|| 1.2.3-a', '>=0.0.0 || 1.2.3-alpha', '<0.0.0-0 || 1.2.3-alpha', '<* || 1', '<* || >*', '0.0.1 - 0.0.3 || ^2 || ~3.1', '>=1.2.3-alpha <1.2.3 || 2.0.0', '1 || 1.2 || 1.2.3',
    // Refused.
    'blerg', '1.2.3.4', '1.2.3 foo', '1.2-a', '1-a', '01.2.3', '1.02', '1.2.3-01', '1.2.3-', '1.2.3+', '1..2', '1.', '.1', '1.2.', '~', '^', '>', '>=', '=', '-', '1 -', '- 1',
    '1.2.3 -2.0.0', '1.2.3- 2.0.0', '1 - 2 - 3', '1 - 2 3', '>=1 - 2', '|', '1|2', '1 ||| 2', '==1.2.3', '>==1.2.3', '> = 1', '>>1', '<>1', '=>1', '~~1', '^^1', '^~1', '~^1', '^>1', '~<1',
    'vv1.2.3', 'v=1.2.3', 'v 1.2.3', '1.x.3', 'x.1', '*.1.2', '>x.1', '1.2*', '~1.2.3*', 'latest', 'git+https://example.org/a', '1.2.3 || b', '>=09090', '>=01.02.03', '!1', '1.2.3;', '\u00c9',
    '9007199254740991.0.0', '>=9007199254740991.0.0', '9007199254740992.0.0', '9007199254740991', '^9007199254740990', '^9007199254740991', '<=1.9007199254740991', '~1.9007199254740991.0',
    '^1.9007199254740991.0', '1.2.3-9007199254740992', `1.2.3-${'a'.repeat(250)}`, `1.2.3-${'a'.repeat(251)}`, `${'1'.repeat(30)}`,
];

// Random ranges from the same grammar, some damaged by one byte.
const numbers = ['0', '0', '1', '2', '3', '10'];
const prereleases = ['0', 'alpha', 'beta', 'alpha.1', 'rc-1', '1', 'beta.2'];
const xr = () => (random(6) === 0 ? pick(['x', 'X', '*']) : pick(numbers));
const full = () => `${pick(numbers)}.${pick(numbers)}.${pick(numbers)}${random(3) === 0 ? '-' + pick(prereleases) : ''}${random(15) === 0 ? '+b.1' : ''}`;
const partial = () => [xr, () => `${xr()}.${xr()}`, () => `${xr()}.${xr()}.${xr()}`, full, full][random(5)]();
const simple = () => pick(['', '', '=', '>', '<', '>=', '<=', '~', '^', '^', '~>']) + pick(['', '', '', ' ']) + pick(['', '', '', '', 'v']) + partial();
const conjunction = () => (random(8) === 0 ? `${partial()} - ${partial()}` : Array.from({ length: 1 + random(3) }, simple).join(' '));
const disjunction = () => Array.from({ length: [1, 1, 2, 3][random(4)] }, conjunction).join(pick(['||', ' || ']));
// A star glued to a version is accepted in many places by accident; see docs/versions.md.
const has_glued_star = (range) => /[^\s|.~^v]\s*\*|\*[^\s|.]/.test(range.replace(/[<>]=?\s*\*/g, '*'));
const random_ranges = [];
while (random_ranges.length < 260) {
    let range = disjunction();
    if (random(4) === 0) {
        const at = random(range.length + 1);
        range = range.slice(0, at) + pick([...'<>=~^ -.x*v01+|a', '']) + range.slice(at + random(2));
    }
    if (!has_glued_star(range)) random_ranges.push(range);
}

const pool = [];
for (const major of [0, 1, 2, 3, 10])
    for (const minor of [0, 1, 2, 3, 10])
        for (const patch of [0, 1, 2, 3, 4, 10])
            for (const prerelease of ['', '-0', '-alpha', '-alpha.1', '-beta', '-beta.2', '-rc-1'])
                pool.push(`${major}.${minor}.${patch}${prerelease}`);
pool.push('1.2.7', '1.2.9', '9007199254740990.1.0', '9007199254740991.0.0', '1.2.3-9007199254740992');
pool.sort(semver.compare);

const line = (fields) => console.log(JSON.stringify(fields));
line({ source: `node-semver ${oracle('semver/package.json').version}`, licence: 'ISC', made_by: 'npm_ranges.mjs' });
for (const range of new Set([...written, ...random_ranges])) {
    if (semver.validRange(range) === null) {
        line({ range, valid: false });
        continue;
    }
    for (const include_prerelease of [false, true]) {
        let parsed;
        try {
            parsed = new semver.Range(range, { includePrerelease: include_prerelease });
        } catch {
            continue; // valid under one option only: not a range that anyone should write
        }
        const answers = pool.map((version) => parsed.test(version));
        const edges = pool.map((_, i) => i).filter((i) => i > 0 && answers[i] !== answers[i - 1]);
        const kept = new Set([random(pool.length), random(pool.length)]);
        // Where the answer changes most ranges change it often: pre-releases drop out one by one.
        for (const i of edges.length <= 3 ? edges : Array.from({ length: 3 }, () => pick(edges))) kept.add(i - 1).add(i);
        for (const i of [...kept].sort((a, b) => a - b))
            line({ range, version: pool[i], include_prerelease, expected: answers[i] });
    }
}
