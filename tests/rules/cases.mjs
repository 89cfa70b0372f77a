// Runs the cases of *.test files: a rule file, a command, and all that it prints.
//
//     === name of the case
//     args: --enable missing-rule-type       more arguments (optional)
//     exit: 1                                exit status (0 when left out)
//     --- rules.yml                          the file; sections that it lacks are added at its end
//     ...
//     --- output                             what the command prints, exactly
//     ...
//
// A file whose name does not end in .yml is taken as it is. With UPDATE=1 in the environment the output
// and the exit status are written anew instead of compared: read what changed before you commit it.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));

const SECTIONS = ['record', 'event', 'rpc', 'presence'];

export function complete(text) {
    const missing = SECTIONS.filter((section) => !new RegExp(`^${section}:`, 'm').test(text));
    return text + missing.map((section) => `${section}: {"*": {}}\n`).join('');
}

function parseCase(text, defaultArgs) {
    const lines = text.split('\n');
    const found = { name: lines[0], args: defaultArgs, exit: 0, files: {}, output: '' };
    let part = null;
    for (const line of lines.slice(1)) {
        const start = part === 'output' ? null : /^--- (\S+)$/.exec(line);
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

function showCase(one, defaultArgs) {
    const args = one.args.join(' ') !== defaultArgs.join(' ') ? `args: ${one.args.join(' ')}\n` : '';
    const exit = one.exit !== 0 ? `exit: ${one.exit}\n` : '';
    const files = Object.entries(one.files).map(([name, text]) => `--- ${name}\n${text}`).join('');
    return `=== ${one.name}\n${args}${exit}${files}--- output\n${one.output}`;
}

export function runValvec(valvec, args, files) {
    const folder = mkdtempSync(join(tmpdir(), 'valvec-'));
    try {
        for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
        const run = spawnSync(valvec, args, { cwd: folder, encoding: 'utf8' });
        const after = {};
        for (const name of Object.keys(files)) after[name] = readFileSync(join(folder, name), 'utf8');
        return { status: run.status, stdout: run.stdout, stderr: run.stderr, files: after };
    } finally {
        rmSync(folder, { recursive: true });
    }
}

export function valvecArgument() {
    const at = process.argv.indexOf('--valvec');
    if (at < 0) throw new Error('--valvec PROGRAM is missing');
    return process.argv[at + 1];
}

// Which test says the messages of each region of diagnostics.def. A new region needs a test, and a line here.
const REGIONS = {
    'expression syntax': 'tests/rules/errors',
    'rule files': 'tests/unit/valvec/diagnostics_test.c',
    'meaning of expressions': 'tests/unit/valvec/diagnostics_test.c',
    'lints': 'tests/rules/lint',
    'test files': 'tests/rules/test-command',
};

// The ids of a region that none of the outputs says.
export function unsaidDiagnostics(region, outputs) {
    const list = readFileSync(join(folder, '../../grammar/diagnostics.def'), 'utf8');
    const parts = list.split(/^\/\* ---- (.+?) \(.*$/m).slice(1);
    const found = Object.fromEntries(parts.flatMap((part, i) => (i % 2 === 0 ? [[part, parts[i + 1]]] : [])));
    if (Object.keys(found).join() !== Object.keys(REGIONS).join()) throw new Error(`diagnostics.def has the regions ${Object.keys(found)}`);
    const ids = [...found[region].matchAll(/^DIAGNOSTIC\(\w+, \w+, "([^"]+)"/gm)].map((match) => match[1]);
    if (ids.length === 0) throw new Error(`diagnostics.def lists no messages of ${region}`);
    return ids.filter((id) => !outputs.some((output) => output.includes(`[${id}]`)));
}

// Runs every case of a folder by run(case), which gives its status and output; returns how many failed, and what
// all of them print.
export function runFolder(folder, defaultArgs, run) {
    const outputs = [];
    let failed = 0;
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.test')).sort()) {
        const [head, ...texts] = readFileSync(join(folder, file), 'utf8').split(/^=== /m);
        const cases = texts.map((text) => parseCase(text, defaultArgs));
        for (const one of cases) {
            const { status, output } = run(one);
            outputs.push(output);
            if (process.env.UPDATE) Object.assign(one, { output, exit: status });
            if (output === one.output && status === one.exit) continue;
            failed++;
            console.error(`${file}: ${one.name}\n--- expected, exit ${one.exit}\n${one.output}--- found, exit ${status}\n${output}`);
        }
        if (process.env.UPDATE) writeFileSync(join(folder, file), head + cases.map((one) => showCase(one, defaultArgs)).join('\n'));
    }
    console.log(`${outputs.length - failed} cases passed, ${failed} failed`);
    if (outputs.length === 0) throw new Error('no cases ran');
    return { failed, outputs };
}

// The same for cases of one file, with one command.
export function runCases(folder, command) {
    const valvec = valvecArgument();
    return runFolder(folder, [], ({ args, files }) => {
        const [[name, text]] = Object.entries(files);
        const run = runValvec(valvec, [command, ...args, name], { [name]: name.endsWith('.yml') ? complete(text) : text });
        return { status: run.status, output: run.stdout + run.stderr };
    });
}

// Runs checks by name; each throws when what its name says does not hold.
export function runChecks(checks) {
    for (const [name, check] of Object.entries(checks)) {
        try {
            check();
        } catch (error) {
            console.error(`${name}: ${error.message}`);
            process.exitCode = 1;
        }
    }
    if (!process.exitCode) console.log(`${Object.keys(checks).length} checks passed`);
}
