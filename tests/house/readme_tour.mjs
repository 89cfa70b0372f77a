// Runs the README: every ```console block of the file, in order, in one scratch folder. A line that begins
// with `$ ` is a command (a here-document goes on to its end mark); the lines after it are the output it
// must print, stdout and stderr together. A line `...` stands for any lines. Commands that install or
// build are not repeated here: blocks fenced as ```sh are left alone; the npm packages that they would
// install are those of the tests. Each port that is shown is replaced by a free one throughout. What a
// command leaves running has its process id in a file NAME.pid.
//
//     node tests/house/readme_tour.mjs README.md SOURCE_ROOT FOLDER_OF_A_PROGRAM...

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

const [readme, sourceRoot, ...programs] = process.argv.slice(2);
/** Of nodes, of Redis, of NATS. */
const SHOWN_PORTS = ['6020', '6021', '6022', '6023', '6379', '4222'];

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

async function withFreePorts(text) {
    const ports = Object.fromEntries(await Promise.all(SHOWN_PORTS.map(async (shown) => [shown, await freePort()])));
    return text.replace(new RegExp(`\\b(${SHOWN_PORTS.join('|')})\\b`, 'g'), (shown) => ports[shown]);
}

const folder = mkdtempSync(join(tmpdir(), 'readme-'));
const environment = {
    ...process.env, PATH: [...programs.map((path) => resolve(path)), process.env.PATH].join(delimiter), SOURCE: resolve(sourceRoot), NO_COLOR: '1',
};
let failed = 0, run = 0;
try {
    symlinkSync(resolve(sourceRoot, 'tests/node_modules'), join(folder, 'node_modules'));
    for (const step of blocksOf(await withFreePorts(readFileSync(readme, 'utf8'))).flatMap(stepsOf)) {
        const result = spawnSync('bash', ['-c', `{ ${step.command}\n} 2>&1`], { cwd: folder, env: environment, encoding: 'utf8', input: '', timeout: 60000 });
        run++;
        if (result.error === undefined && matches(step.expected, result.stdout)) continue;
        failed++;
        console.error(`${readme}:${step.line}: $ ${step.command}\n--- the README says\n${step.expected.join('\n')}\n--- it printed${result.error === undefined ? '' : `, and did not end (${result.error.code})`}\n${result.stdout}`);
    }
} finally {
    // When a step failed before they were stopped; a number may be somebody else's by now, who is not at home here.
    spawnSync('bash', ['-c', 'for id in $(cat *.pid); do case "$(readlink /proc/$id/cwd)" in "$PWD"*) kill -9 $id;; esac; done'], { cwd: folder });
    rmSync(folder, { recursive: true, force: true });
}
if (run === 0) {
    console.error(`${readme}: no command to run`);
    failed++;
}
console.log(`${run - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
