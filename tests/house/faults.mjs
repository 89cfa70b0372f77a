// Looks up every test that tests/FAULTS.md names: the file has to be there, and the name in it; and no number is
// missing.
//
//     node tests/house/faults.mjs [ROOT]

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(process.argv[2] ?? '.', 'tests');
const rows = readFileSync(join(root, 'FAULTS.md'), 'utf8').split('\n').filter((line) => /^\| [FBS]\d+ \|/.test(line));
const problems = [];

const numbers = (letter, count) => Array.from({ length: count }, (_, i) => `${letter}${i + 1}`);
const listed = rows.map((row) => row.split('|')[1].trim());
for (const number of [...numbers('F', 20), ...numbers('B', 20), ...numbers('S', 15)])
    if (!listed.includes(number)) problems.push(`${number} is not listed`);

for (const row of rows) {
    const [number, proofs] = [row.split('|')[1].trim(), row.slice(row.indexOf('`'))];
    for (const [, file, names] of proofs.matchAll(/`([^`]+)` ((?:"[^"]*"(?:, )?)+)/g)) {
        const path = join(root, file);
        const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
        for (const [, name] of names.matchAll(/"([^"]*)"/g))
            if (!text.includes(name)) problems.push(`${number}: ${file} has no "${name}"`);
    }
    if (!proofs.startsWith('`')) problems.push(`${number} names no test`);
}

for (const problem of problems) console.error(problem);
console.log(`${rows.length} faults, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
