// `valvec test` from end to end: the cases of *.test files of this folder.
//
//     === name of the case
//     args: --format tap .                   arguments (default: permissions.test.yml)
//     exit: 1                                exit status (0 when left out)
//     --- permissions.test.yml               a file, as many as the case needs; RULES is there already
//     ...
//     --- output                             all that is printed, standard output first
//     ...
//
// With UPDATE=1 in the environment exit status and output are written anew instead of compared: read what
// changed before you commit it. Every diagnostic of test files must be said by some case.

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { complete, unsaidDiagnostics, valvecArgument } from '../cases.mjs';

const folder = import.meta.dirname;
const valvec = valvecArgument();
const RULES = complete(`record:
  "*": { create: false, read: false, write: false, delete: false, listen: false, notify: false }
  "note/$owner": { read: true, write: "user.id === $owner && data.text.length < 10 && now > 5" }
  "count": { write: "action === 18 && data.n > oldData.n" }
event:
  "*": {}
  "news": { publish: "user.data.role === 'editor'" }
`);

function parseCase(text) {
    const lines = text.split('\n');
    const found = { name: lines[0], args: ['permissions.test.yml'], exit: 0, files: {}, output: '' };
    let part = null;
    for (const line of lines.slice(1)) {
        const start = /^--- (\S+)$/.exec(line);
        if (start) {
            part = start[1];
            if (part !== 'output') found.files[part] = '';
        } else if (part === 'output') {
            found.output += `${line}\n`;
        } else if (part) {
            found.files[part] += `${line}\n`;
        } else if (line.startsWith('args: ')) {
            found.args = line.slice(6).split(' ');
        } else if (line.startsWith('exit: ')) {
            found.exit = Number(line.slice(6));
        }
    }
    found.output = found.output.replace(/\n+$/, '\n').replace(/^\n$/, '');
    return found;
}

function showCase(one) {
    const args = one.args.join(' ') !== 'permissions.test.yml' ? `args: ${one.args.join(' ')}\n` : '';
    const exit = one.exit !== 0 ? `exit: ${one.exit}\n` : '';
    const files = Object.entries(one.files).map(([name, text]) => `--- ${name}\n${text}`).join('');
    return `=== ${one.name}\n${args}${exit}${files}--- output\n${one.output}`;
}

function run(one) {
    const scratch = mkdtempSync(join(tmpdir(), 'valvec-'));
    try {
        for (const [name, text] of Object.entries({ 'permissions.yml': RULES, ...one.files })) {
            mkdirSync(dirname(join(scratch, name)), { recursive: true });
            writeFileSync(join(scratch, name), text);
        }
        const ran = spawnSync(valvec, ['test', ...one.args], { cwd: scratch, encoding: 'utf8' });
        return { status: ran.status, output: ran.stdout + ran.stderr };
    } finally {
        rmSync(scratch, { recursive: true });
    }
}

// Limits take large files: tests/unit/valvec/casefile_test.c says these.
const SAID_ELSEWHERE = ['test-too-large', 'test-too-many'];

let passed = 0, failed = 0;
const outputs = [];
for (const file of readdirSync(folder).filter((name) => name.endsWith('.test')).sort()) {
    const [head, ...texts] = readFileSync(join(folder, file), 'utf8').split(/^=== /m);
    const cases = texts.map(parseCase);
    for (const one of cases) {
        const { status, output } = run(one);
        outputs.push(output);
        if (process.env.UPDATE) Object.assign(one, { output, exit: status });
        if (output === one.output && status === one.exit) {
            passed++;
            continue;
        }
        failed++;
        console.error(`${file}: ${one.name}\n--- expected, exit ${one.exit}\n${one.output}--- found, exit ${status}\n${output}`);
    }
    if (process.env.UPDATE) writeFileSync(join(folder, file), head + cases.map(showCase).join('\n'));
}
const unsaid = unsaidDiagnostics('test files', outputs).filter((id) => !SAID_ELSEWHERE.includes(id));
for (const id of unsaid) console.error(`no case says [${id}]`);
console.log(`${passed} cases passed, ${failed} failed`);
process.exitCode = passed > 0 && failed === 0 && unsaid.length === 0 ? 0 : 1;
