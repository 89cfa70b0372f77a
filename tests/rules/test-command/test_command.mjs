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

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { complete, runFolder, unsaidDiagnostics, valvecArgument } from '../cases.mjs';

const folder = dirname(fileURLToPath(import.meta.url));

const valvec = valvecArgument();
const RULES = complete(`record:
  "*": { create: false, read: false, write: false, delete: false, listen: false, notify: false }
  "note/$owner": { read: true, write: "user.id === $owner && data.text.length < 10 && now > 5" }
  "count": { write: "action === 18 && data.n > oldData.n" }
event:
  "*": {}
  "news": { publish: "user.data.role === 'editor'" }
`);

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

const { failed, outputs } = runFolder(folder, ['permissions.test.yml'], run);
const unsaid = unsaidDiagnostics('test files', outputs).filter((id) => !SAID_ELSEWHERE.includes(id));
for (const id of unsaid) console.error(`no case says [${id}]`);
process.exitCode = failed === 0 && unsaid.length === 0 ? 0 : 1;
