// Fails when the tree breaks a rule of the house that a machine can see: a folder without a README, a
// README that names a file which is not there, a source file that grew too long or does not say its job,
// a header without a guard, a forbidden call.
//
//     node tests/house/layout.mjs [ROOT]

import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

const root = process.argv[2] ?? '.';
const MAX_LINES = 800;
const FORBIDDEN_CALL = /\b(strcpy|strcat|sprintf|vsprintf|gets|atoi|atof|alloca)\s*\(/;
const TOP_FOLDERS = ['runtime', 'grammar', 'valvec', 'server', 'rules-examples', 'tests'];
const SOURCE = /\.(c|h|re|y)$/;
// Unit tests mirror the sources; headers of plugins are installed as they lie; objects are of the tests above them.
const IN_README_ABOVE = /^tests\/unit\/|^server\/include\/|\/objects$/;
const SKIPPED = new Set(['build', 'node_modules', 'corpus', 'lints']);

const problems = [];

// A file with a header of its own is described there; a unit test is described by what it tests.
function needsOpening(path) {
    if (path.endsWith('.h')) return true;
    return !path.startsWith(join('tests', 'unit')) && !existsSync(join(root, path.replace(/\.c$/, '.h')));
}

function checkFile(path) {
    const text = readFileSync(join(root, path), 'utf8');
    const lines = text.split('\n');
    if (lines.length > MAX_LINES) problems.push(`${path}: ${lines.length} lines, more than ${MAX_LINES}`);
    if (needsOpening(path) && !/^(#pragma once\n)?\/\* /.test(text)) problems.push(`${path}: does not begin by saying its job`);
    if (path.endsWith('.h') && !text.includes('#pragma once')) problems.push(`${path}: no #pragma once`);
    lines.forEach((line, index) => {
        if (FORBIDDEN_CALL.test(line)) problems.push(`${path}:${index + 1}: call without a bound: ${line.trim()}`);
    });
}

// The first column of a table in a README names files of its folder, or below: `outq.[ch]`, `tls/tls.h`.
function checkReadme(folder) {
    const isBelow = (name) => readdirSync(join(root, folder), { recursive: true }).some((path) => path.endsWith(`/${name}`));
    const isThere = (name) => existsSync(join(root, folder, name)) || isBelow(name);
    for (const row of readFileSync(join(root, folder, 'README.md'), 'utf8').split('\n'))
        for (const [, name] of (/^\|([^|]*)\|/.exec(row)?.[1] ?? '').matchAll(/`([\w./-]+\.(?:c|h|\[ch\]|def|re|y|mjs))`/g))
            for (const one of name.endsWith('.[ch]') ? [name.replace('[ch]', 'c'), name.replace('[ch]', 'h')] : [name])
                if (!isThere(one)) problems.push(`${folder}/README.md: there is no ${one}`);
}

function checkFolder(folder, depth) {
    const entries = readdirSync(join(root, folder), { withFileTypes: true });
    const hasSources = entries.some((entry) => SOURCE.test(entry.name));
    const needsReadme = depth <= 2 || (hasSources && !IN_README_ABOVE.test(folder));
    if (needsReadme && !existsSync(join(root, folder, 'README.md'))) problems.push(`${folder}: no README.md`);
    if (existsSync(join(root, folder, 'README.md'))) checkReadme(folder);
    for (const entry of entries) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) {
            if (!SKIPPED.has(entry.name)) checkFolder(path, depth + 1);
        } else if (SOURCE.test(entry.name)) {
            checkFile(path);
        }
    }
}

for (const folder of TOP_FOLDERS) checkFolder(folder, 1);
for (const problem of problems) console.error(problem);
if (problems.length === 0) console.log('the layout is as it should be');
process.exitCode = problems.length === 0 ? 0 : 1;
