// Every lint: what it finds, what it leaves alone, how it is silenced. See ../cases.mjs.

import { runCases, unsaidDiagnostics } from '../cases.mjs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));

// It takes a large file: tests/unit/valvec/diagnostics_test.c says it.
const SAID_ELSEWHERE = ['paths-not-compared'];

const { failed, outputs } = runCases(folder, 'lint');
const unsaid = unsaidDiagnostics('lints', outputs).filter((id) => !SAID_ELSEWHERE.includes(id));
for (const id of unsaid) console.error(`no case says [${id}]`);
process.exitCode = failed === 0 && unsaid.length === 0 ? 0 : 1;
