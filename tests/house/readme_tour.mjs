// Runs the README: every ```console block of the file, in order, in one scratch folder. A line that begins
// with `$ ` is a command (a here-document goes on to its end mark); the lines after it are the output it
// must print, stdout and stderr together. A line `...` stands for any lines. Commands that install or
// build are not repeated here: blocks fenced as ```sh are left alone; the npm packages that they would
// install are those of the tests. The server's port, 6020, is replaced by a free one throughout.
//
//     node tests/house/readme_tour.mjs README.md SOURCE_ROOT FOLDER_OF_A_PROGRAM...

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

const [readme, sourceRoot, ...programs] = process.argv.slice(2);
const SHOWN_PORT = /\b6020\b/g;

function blocksOf(text) {
    return [...text.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map((match) => ({
        line: text.slice(0, match.index).split('\n').length + 1,
        lines: match[1].split('\n').slice(0, -1),
    }));
}

/** Splits a block into commands, each with the output that is shown for it. */
function stepsOf({ line, lines }) {
    const steps = [];
    let endMark = null;
    lines.forEach((text, i) => {
        const step = steps.at(-1);
        if (endMark !== null) {
            step.command += `\n${text}`;
            if (text === endMark) endMark = null;
        } else if (text.startsWith('$ ')) {
            steps.push({ line: line + i, command: text.slice(2), expected: [] });
            endMark = /<<\s*'?(\w+)'?/.exec(text)?.[1] ?? null;
        } else if (step === undefined) {
            throw new Error(`${readme}:${line + i}: output before any command`);
        } else {
            step.expected.push(text);
        }
    });
    return steps;
}

function matches(expected, actual) {
    const pattern = expected.map((line) =>
        line === '...' ? '(?:.*\\n)*' : `${line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\n`).join('');
    return new RegExp(`^${pattern}$`).test(actual === '' || actual.endsWith('\n') ? actual : `${actual}\n`);
}

async function freePort() {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address();
    probe.close();
    await once(probe, 'close');
    return String(port);
}

const port = await freePort();
const folder = mkdtempSync(join(tmpdir(), 'readme-'));
const environment = {
    ...process.env, PATH: [...programs.map((path) => resolve(path)), process.env.PATH].join(delimiter), SOURCE: resolve(sourceRoot), NO_COLOR: '1',
};
let failed = 0, run = 0;
try {
    symlinkSync(resolve(sourceRoot, 'tests/node_modules'), join(folder, 'node_modules'));
    for (const step of blocksOf(readFileSync(readme, 'utf8').replace(SHOWN_PORT, port)).flatMap(stepsOf)) {
        const result = spawnSync('bash', ['-c', `{ ${step.command}\n} 2>&1`], { cwd: folder, env: environment, encoding: 'utf8', input: '', timeout: 60000 });
        run++;
        if (matches(step.expected, result.stdout)) continue;
        failed++;
        console.error(`${readme}:${step.line}: $ ${step.command}\n--- the README says\n${step.expected.join('\n')}\n--- it printed\n${result.stdout}`);
    }
} finally {
    spawnSync('bash', ['-c', 'kill -9 $(cat server.pid) 2>/dev/null'], { cwd: folder }); // when a step failed before it was stopped
    rmSync(folder, { recursive: true, force: true });
}
if (run === 0) {
    console.error(`${readme}: no command to run`);
    failed++;
}
console.log(`${run - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
