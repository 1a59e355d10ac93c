// Writes cargo_ranges.jsonl: what Cargo answers, as facts to test against.
//
//   node tests/golden/version/cargo_ranges.mjs > tests/golden/version/cargo_ranges.jsonl
//
// Each case is asked by making two local packages, one of that version and one that requires it, and letting
// `cargo generate-lockfile --offline` lock them; no registry takes part. Takes some minutes.
// One line a case: {"range","version","expected"}, or {"range","valid":false} for a requirement that is refused.
// The same input gives the same output: nothing is random but a seeded sequence.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

let state = 20240301;
const random = (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
};
const pick = (list) => list[random(list.length)];

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'cargo-ranges-'));
for (const name of ['a', 'b']) {
    fs.mkdirSync(path.join(root, name, 'src'), { recursive: true });
    fs.writeFileSync(path.join(root, name, 'src', 'lib.rs'), '');
}
const ask = (range, version) => {
    fs.writeFileSync(path.join(root, 'b', 'Cargo.toml'), `[package]\nname = "b"\nversion = "${version}"\nedition = "2021"\n`);
    fs.writeFileSync(path.join(root, 'a', 'Cargo.toml'),
        `[package]\nname = "a"\nversion = "0.0.1"\nedition = "2021"\n[dependencies]\nb = { path = "../b", version = ${JSON.stringify(range)} }\n[workspace]\n`);
    fs.rmSync(path.join(root, 'a', 'Cargo.lock'), { force: true });
    const run = spawnSync('cargo', ['generate-lockfile', '--offline'], { cwd: path.join(root, 'a'), encoding: 'utf8' });
    if (run.status === 0) return 'yes';
    if (run.stderr.includes('failed to parse the version requirement') || run.stderr.includes('expected a version')) return 'invalid';
    if (run.stderr.includes('failed to select a version')) return 'no';
    throw new Error(`${range} ${version}: ${run.stderr}`);
};

const pairs = [];
const add = (range, ...versions) => pairs.push([range, versions]);
// The tables of the Cargo book.
add('1.2.3', '1.2.2', '1.2.3', '1.9.9', '2.0.0', '1.2.3-a', '2.0.0-a');
add('1.2', '1.1.9', '1.2.0', '1.9.0', '2.0.0', '1.2.0-a');
add('1', '0.9.9', '1.0.0', '1.9.9', '2.0.0', '1.0.0-a');
add('0.2.3', '0.2.2', '0.2.3', '0.2.9', '0.3.0');
add('0.2', '0.1.9', '0.2.0', '0.2.9', '0.3.0');
add('0.0.3', '0.0.2', '0.0.3', '0.0.4', '0.0.3-a');
add('0.0', '0.0.0', '0.0.9', '0.1.0');
add('0', '0.0.0', '0.9.9', '1.0.0');
add('~1.2.3', '1.2.2', '1.2.3', '1.2.9', '1.3.0');
add('~1.2', '1.1.9', '1.2.0', '1.2.9', '1.3.0');
add('~1', '0.9.9', '1.0.0', '1.9.9', '2.0.0');
add('*', '0.0.0', '9.9.9', '1.0.0-a');
add('1.*', '0.9.9', '1.0.0', '1.9.9', '2.0.0', '1.1.0-a');
add('1.2.*', '1.1.9', '1.2.0', '1.2.9', '1.3.0', '1.2.1-a');
add('>= 1.2.0', '1.1.9', '1.2.0', '2.0.0', '1.2.0-a');
add('> 1', '1.0.0', '1.9.9', '2.0.0', '2.0.0-a');
add('< 2', '1.9.9', '2.0.0', '2.0.0-a');
add('= 1.2.3', '1.2.2', '1.2.3', '1.2.4', '1.2.3+build');
add('>= 1.2, < 1.5', '1.1.9', '1.2.0', '1.4.9', '1.5.0');
add('1.2.3-alpha', '1.2.3-alpha', '1.2.3-beta', '1.2.3', '1.2.4-alpha', '1.3.0');
add('=1.2.3-alpha', '1.2.3-alpha', '1.2.3-beta', '1.2.3');
// Partial comparators and pre-releases.
for (const partial of ['~1.2', '1.2.*', '=1.2', '>=1.2', '>=1.1', '<=1.2', '<=1.3', '>=1', '^1.2', '^1', '1.*', '~1', '<1.3', '>1.1', '=1', '<2', '^1.*', '>=1.2.*'])
    add(`${partial}, >=1.2.3-a`, '1.2.3-b', '1.2.4');
add('^1.2, <=1.2.0-b', '1.2.0-a');
add('>=1.2.0, <=1.2.0-b', '1.2.0-a');
add('<2.0.0, >=2.0.0-a', '2.0.0-b', '2.0.0');
add('<2.0.0-b', '2.0.0-a', '1.0.0-a', '1.0.0');
// Syntax.
for (const range of ['', ' ', ' * ', 'x', 'X', '*.*', '*.1', '1.*.*', '1.x.X', '1.*.3', '1.2.*.4', '^1.*', '>1.*', '=1.x', '~1.2.x', '>*', '^x', '1, *', '*, 1', '1.2.3,', ',1', '1,,2', '1 2',
    '1 || 2', '1.0 - 2.0', 'v1', '==1', '> =1', '>=  1', '^ 1', '~>1', '^^1', '!=1', '1.', '1.2.', '.1', '1..2', '1.2.3.4', '01', '1.02', '1.2.3-', '1.2.3-01', '1.2.3-0a', '1.2.3-a..b', '1.2.3+',
    '1.2.3+b', '1.2.3-a+b.01', '1.2+b', '1.2-a', '1.*-a', '1.2.3 , <2', ' 1 ', '1\t', '1.2.3-\u00e4', 'latest', '1.2.3a', '>=1.2.3,<=1.2.3', '1.2.3 - 2', '<', '1.2.3-a b', '1.2.3 ,', 'x.1', 'X.X',
    Array.from({ length: 32 }, () => '<9').join(','), Array.from({ length: 33 }, () => '<9').join(',')])
    add(range, '1.2.3');

const numbers = ['0', '0', '1', '2', '3'];
const prereleases = ['0', 'a', 'a.1', 'b'];
const partial = () => {
    const count = 1 + random(4);
    if (count === 1) return pick(numbers) + pick(['', '', '.*', '.x.x']);
    if (count === 2) return `${pick(numbers)}.${pick(numbers)}${pick(['', '', '.*'])}`;
    return `${pick(numbers)}.${pick(numbers)}.${pick(numbers)}${random(2) ? '-' + pick(prereleases) : ''}`;
};
for (let i = 0; i < 150; ++i) {
    const range = Array.from({ length: 1 + random(3) }, () => pick(['', '^', '~', '=', '>', '>=', '<', '<=']) + partial()).join(', ');
    // Versions close to what the requirement names, or nothing would match.
    const named = range.match(/\d+(\.\d+)*/g);
    const versions = new Set();
    while (versions.size < 3) {
        const parts = pick(named).split('.').map(Number);
        while (parts.length < 3) parts.push(Number(pick(numbers)));
        if (random(2)) parts[random(3)] += pick([-1, 1, 1]);
        versions.add(parts.slice(0, 3).map((n) => Math.max(n, 0)).join('.') + (random(2) ? '-' + pick(prereleases) : ''));
    }
    add(range, ...versions);
}

const cargo = spawnSync('cargo', ['--version'], { encoding: 'utf8' }).stdout.trim().split(' ')[1];
const line = (fields) => console.log(JSON.stringify(fields));
line({ source: `cargo ${cargo}`, licence: 'MIT OR Apache-2.0', made_by: 'cargo_ranges.mjs' });
for (const [range, versions] of pairs) {
    for (const version of versions) {
        const answer = ask(range, version);
        if (answer === 'invalid') {
            line({ range, valid: false });
            break;
        }
        line({ range, version, expected: answer === 'yes' });
    }
}
fs.rmSync(root, { recursive: true });
