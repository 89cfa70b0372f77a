// The canonical layout. Each formatted file must also stay as it is when formatted again.

import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCases, runValvec, valvecArgument } from '../cases.mjs';

const folder = dirname(fileURLToPath(import.meta.url));

let { failed } = runCases(folder, 'fmt');

const valvec = valvecArgument();
for (const file of readdirSync(folder).filter((name) => name.endsWith('.test'))) {
    const text = readFileSync(join(folder, file), 'utf8');
    for (const one of text.split(/^=== /m).slice(1)) {
        const [, name, output] = /^--- (\S+)\n[^]*?^--- output\n([^]*)$/m.exec(one);
        if (/^(args|exit):/m.test(one.split('---')[0])) continue;
        const again = runValvec(valvec, ['fmt', name], { [name]: output.replace(/\n+$/, '\n') });
        if (again.stdout === output.replace(/\n+$/, '\n')) continue;
        failed++;
        console.error(`${file}: formatted again, "${one.split('\n')[0]}" changes:\n${again.stdout}${again.stderr}`);
    }
}
process.exitCode = failed === 0 ? 0 : 1;
