// node-semver's answers and times over a generated corpus, for `bench_semver DIR`.
//
//   node bench/version/peer.mjs DIR [PATH-TO-SEMVER] && bench_semver DIR
//
// Writes DIR/versions.txt, DIR/ranges.txt and DIR/expected.txt: for each range the FNV-1a hash of
// its answers to every version, one byte each. Same corpus on every machine; the shares of the forms
// of ranges follow published package.json files, with the rare forms raised so that each is there.
import fs from 'node:fs';
import path from 'node:path';
import {createRequire} from 'node:module';
import {performance} from 'node:perf_hooks';

const dir = process.argv[2];
const semver = createRequire(import.meta.url)(path.resolve(process.argv[3] ?? 'node_modules/semver'));

let state = 20240917;
const random = (n) => {  // a linear congruential generator is random enough to mix with
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor(state / 4294967296 * n);
};
const pick = (list) => list[random(list.length)];
const number = () => pick([() => random(3), () => random(10), () => random(30), () => random(120)])();
const release = () => `${random(24)}.${number()}.${number()}`;
const tag = () => pick(['alpha', 'beta', 'rc', 'next', 'canary']);
const prerelease = () => pick([() => `${tag()}.${random(20)}`, () => tag(), () => `${tag()}${random(9)}`,
                               () => `${random(5)}`, () => `canary-${random(1e9).toString(16)}-2024${random(1e4)}`])();
const version = () => (random(10) < 9 ? release() : `${release()}-${prerelease()}`);

const forms = [
  [72, () => `^${release()}`], [8, release], [5, () => `~${release()}`], [2, () => `^${random(24)}.${number()}`],
  [2, () => `${random(24)}.x`], [1, () => `${random(24)}`], [2, () => `>=${release()}`],
  [2, () => `>=${random(9)}.${number()}.0 <${9 + random(9)}.0.0`], [1, () => '*'],
  [3, () => `^${random(9)}.0.0 || ^${10 + random(9)}.0.0`], [1, () => `^${release()}-${prerelease()}`],
  [1, () => `${random(9)}.${number()}.0 - ${9 + random(9)}.${number()}`],
];
const range = () => {
  let at = random(100);
  for (const [share, make] of forms) if ((at -= share) < 0) return make();
  return '*';
};
const distinct = (count, make) => {
  const all = new Set();
  while (all.size < count) all.add(make());
  return [...all];
};
const versions = distinct(1900, version);
const ranges = distinct(2000, range);

// The best of several rounds, in nanoseconds for one of `count`.
const time = (count, run) => {
  let best = Infinity;
  for (let round = 0; round < 7; ++round) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return (best * 1e6 / count).toFixed(1);
};

const parsed = versions.map((text) => new semver.SemVer(text));
const reqs = ranges.map((text) => new semver.Range(text));
const expected = reqs.map((req) => {
  let hash = 2166136261;
  for (const one of parsed) hash = Math.imul(hash ^ (req.test(one) ? 1 : 0), 16777619) >>> 0;
  return hash.toString();
});
fs.mkdirSync(dir, {recursive: true});
const write = (name, lines) => fs.writeFileSync(path.join(dir, name), lines.join('\n') + '\n');
write('versions.txt', versions);
write('ranges.txt', ranges);
write('expected.txt', expected);

// node-semver keeps the last 1,000 ranges that it read; going round 2,000 never meets one of them.
const rangeTime = time(ranges.length, () => { for (const text of ranges) new semver.Range(text); });
const some = reqs.slice(0, 200);
console.log(`node-semver ${JSON.parse(fs.readFileSync(path.join(path.resolve(process.argv[3] ?? 'node_modules/semver'), 'package.json'))).version}, node ${process.version}, ns each:`);
console.log(`  parse       ${time(versions.length, () => { for (const text of versions) new semver.SemVer(text); })}`);
console.log(`  range parse ${rangeTime}`);
console.log(`  match       ${time(some.length * parsed.length, () => { for (const req of some) for (const one of parsed) req.test(one); })}`);
