// Every lint: what it finds, what it leaves alone, how it is silenced. See ../cases.mjs.

import { runCases } from '../cases.mjs';

process.exitCode = runCases(import.meta.dirname, 'lint') === 0 ? 0 : 1;
